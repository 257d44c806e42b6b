package programs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	stacksFolder = "testdata/stacks"
	stacksPage   = stacksFolder + "/README.md"
)

// readStacks returns the findings of each stack in testdata/stacks, as check ids
// without the operation.
func readStacks(t *testing.T) map[string][]string {
	t.Helper()
	entries, err := os.ReadDir(stacksFolder)
	if err != nil {
		t.Fatal(err)
	}
	stacks := map[string][]string{}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		findings, err := readFindings(filepath.Join(stacksFolder, e.Name(), "findings.json"))
		if err != nil {
			t.Error(err)
		}
		stacks[e.Name()] = findings
	}
	return stacks
}

func readFindings(name string) ([]string, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var file struct {
		Known []struct{ ID, Reason string }
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(file.Known) == 0 {
		return nil, fmt.Errorf("%s: no findings; remove the file", name)
	}
	var ids []string
	for _, known := range file.Known {
		ids = append(ids, strings.TrimPrefix(known.ID, "createManufacturerDeviceConnection/"))
	}
	slices.Sort(ids)
	return ids, nil
}

// TestPageListsTheStacks compares the table with testdata/stacks: one
// row for each stack, in order, which names each of its findings and no other.
func TestPageListsTheStacks(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(stacksPage)
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| \[([^]]+)\]\(([^)]+)/start\) \|.*$`)
	checkID := regexp.MustCompile("`((?:[1-5][0-9][0-9]|http)/[^`]+)`")
	stacks := readStacks(t)
	var listed []string
	for _, m := range row.FindAllStringSubmatch(string(data), -1) {
		name := m[1]
		listed = append(listed, name)
		if m[2] != name {
			t.Errorf(stacksPage+": the row of %s links to %s", name, m[2])
		}
		if columns := strings.Count(m[0], "|") - 1; columns != 5 {
			t.Errorf(stacksPage+": the row of %s has %d columns; want 5", name, columns)
		}
		var named []string
		for _, id := range checkID.FindAllStringSubmatch(m[0], -1) {
			named = append(named, id[1])
		}
		slices.Sort(named)
		if !slices.Equal(named, stacks[name]) {
			t.Errorf(stacksPage+": the row of %s names the findings %q; its findings.json lists %q", name, named, stacks[name])
		}
		delete(stacks, name)
	}
	if !slices.IsSorted(listed) {
		t.Errorf(stacksPage+": the stacks are not sorted: %q", listed)
	}
	for name := range stacks {
		t.Errorf(stacksPage+": no row for %s/%s", stacksFolder, name)
	}
}

// TestStacksCanStart checks what .ci/stacks expects of each folder, as a script
// without the executable bit would be passed over.
func TestStacksCanStart(t *testing.T) {
	t.Parallel()
	for name := range readStacks(t) {
		for _, script := range []string{"start", "install"} {
			info, err := os.Stat(filepath.Join(stacksFolder, name, script))
			if errors.Is(err, fs.ErrNotExist) && script == "install" {
				continue
			}
			if err != nil {
				t.Error(err)
			} else if info.Mode()&0o111 == 0 {
				t.Errorf("%s/%s/%s is not executable", stacksFolder, name, script)
			}
		}
	}
}
