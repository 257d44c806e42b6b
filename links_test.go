package contract_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestPagesNameWhatExists holds the pages to name no file, line, folder or flag
// that is not there.
func TestPagesNameWhatExists(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#]*)(?:#(?:L([0-9]+))?[^)]*)?\)`)
	path := regexp.MustCompile("`([A-Za-z0-9_.*/-]+(?:/|\\.(?:go|md|txt|txtar|yml))|\\.ci/run)`")
	for _, page := range append(pages(t), "ARCHITECTURE.md", "CHECKS.md", "testdata/stacks/README.md") {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if m[1] == "" || strings.Contains(m[1], "://") {
				continue
			}
			target, err := os.ReadFile(filepath.Join(filepath.Dir(page), m[1]))
			if err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			if n, _ := strconv.Atoi(m[2]); n > strings.Count(string(target), "\n") {
				t.Errorf("%s: %s has no line %d", page, m[1], n)
			}
		}
		for _, m := range path.FindAllStringSubmatch(text, -1) {
			if found, err := filepath.Glob(m[1]); err != nil || len(found) == 0 {
				t.Errorf("%s names %s, which is not there", page, m[1])
			}
		}
	}
}
