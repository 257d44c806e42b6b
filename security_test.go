package contract_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityNamesItsTests holds the promises of SECURITY.md to tests that
// exist.
func TestSecurityNamesItsTests(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(".github", "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "*_test.go").Output()
	if err != nil {
		t.Skip("no git: ", err)
	}
	var tests strings.Builder
	for name := range strings.FieldsSeq(string(listed)) {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // deleted, and not yet committed
		}
		tests.Write(text)
	}
	for _, name := range regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z]+)`").FindAllStringSubmatch(string(page), -1) {
		if !strings.Contains(tests.String(), "\nfunc "+name[1]+"(") {
			t.Errorf("SECURITY.md names %s, which is not there", name[1])
		}
	}
}
