package defect_test

import (
	"os"
	"regexp"
	"testing"
)

var checkRow = regexp.MustCompile("(?m)^\\| <a id=\"[^\"]+\"></a>`([^`]+)`[^|]*\\| (must|should|may) ")

// levels returns the level of each of the runner's checks, by its id without
// the operation. The runner writes them into the page that is read here; this
// half of the project does not import it.
func levels(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../CHECKS.md")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, m := range checkRow.FindAllStringSubmatch(string(page), -1) {
		found[m[1]] = m[2]
	}
	if len(found) < 200 {
		t.Fatalf("CHECKS.md holds %d checks; is it written otherwise now?", len(found))
	}
	return found
}

// weight orders levels.
func weight(level string) int { return map[string]int{"may": 1, "should": 2, "must": 3}[level] }
