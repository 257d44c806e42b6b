package cli_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nox.energy/contract/cmd/internal/cli"
)

func names(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestFileAppearsWhole(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "report")
	f, err := cli.CreateFile(name, 0o640)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, "half")
	if _, err := os.Stat(name); err == nil {
		t.Error("the file appears before it is complete")
	}
	io.WriteString(f, " and half")
	if err := f.Finish(nil); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(name)
	info, statErr := os.Stat(name)
	if err != nil || statErr != nil || string(data) != "half and half" || info.Mode().Perm() != 0o640 {
		t.Errorf("%q, %v, %v", data, info, err)
	}
}

func TestFailedFileLeavesTheOlderOne(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "report")
	if err := os.WriteFile(name, []byte("older"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := cli.WriteFile(name, 0o644, func(w io.Writer) error {
		io.WriteString(w, "newer")
		return errors.New("no result")
	})
	if err == nil || err.Error() != name+": no result" {
		t.Errorf("error %v", err)
	}
	if data, err := os.ReadFile(name); err != nil || string(data) != "older" || names(t, folder) != "report" {
		t.Errorf("%q, %v, folder: %s", data, err, names(t, folder))
	}
}

func TestErrorsNameTheFileThatWasAskedFor(t *testing.T) {
	folder := t.TempDir()
	for name, want := range map[string]string{
		filepath.Join(folder, "missing", "report"): "no such file or directory",
		folder: "is a directory",
	} {
		for _, err := range []error{cli.CheckWritable(name), cli.WriteFile(name, 0o644, func(io.Writer) error { return nil })} {
			if err == nil || err.Error() != name+": "+want {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if err := cli.CheckWritable(filepath.Join(folder, "report")); err != nil || names(t, folder) != "" {
		t.Errorf("%v, folder: %s", err, names(t, folder))
	}
}

func TestDeviceIsWrittenDirectly(t *testing.T) {
	write := func(w io.Writer) error { _, err := io.WriteString(w, "text"); return err }
	if err := cli.WriteFile(os.DevNull, 0o644, write); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("%s was replaced: %v, %v", os.DevNull, info, err)
	}
}
