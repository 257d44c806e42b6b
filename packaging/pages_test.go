package packaging_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPagesNameWhatExists holds the pages about packaging to files that are there.
func TestPagesNameWhatExists(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#]+)`)
	path := regexp.MustCompile("`((?:\\.ci|\\.github|cmd|conformance|mock|packaging|spec|templates|testdata)/[A-Za-z0-9_./-]+)`")
	for _, page := range []string{
		"CHANGELOG.md", ".github/CONTRIBUTING.md", "packaging/README.md", "packaging/pipelines/README.md",
		"cmd/nox-mock/compared.md", "cmd/nox-conformance/compared.md",
	} {
		text := read(t, page)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
		for _, m := range path.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(m[1]); err != nil {
				t.Errorf("%s names %s: %v", page, m[1], err)
			}
		}
	}
}

// TestReleaseNamesWhatExists holds the configuration of releases to files that are
// there, or that packaging/generate writes.
func TestReleaseNamesWhatExists(t *testing.T) {
	t.Parallel()
	found := regexp.MustCompile(`src: "?([^",}]+)`).FindAllStringSubmatch(read(t, ".goreleaser.yaml"), -1)
	if len(found) < 10 {
		t.Errorf("only %d files were found", len(found))
	}
	for _, m := range found {
		if strings.HasPrefix(m[1], "packaging/generated/") || strings.HasPrefix(m[1], "LICENSE") {
			continue
		}
		if files, err := filepath.Glob(m[1]); err != nil || len(files) == 0 {
			t.Errorf(".goreleaser.yaml packages %s, which is not there", m[1])
		}
	}
}
