// Package golden compares checked-in texts with the texts that tests generate.
package golden

import (
	"flag"
	"os"
	"strings"
	"testing"
)

func init() {
	flag.Bool("update", false, "write the checked-in texts that differ")
}

// Updating reports whether the test was started with -update.
func Updating() bool { return flag.Lookup("update").Value.String() == "true" }

// Compare fails the test if the file name does not contain want. With -update it
// writes want to the file instead.
func Compare(t *testing.T, name, want string) {
	t.Helper()
	if Updating() {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v; to write it, run the test %s with -update", err, t.Name())
	}
	have, wanted := strings.Split(string(data), "\n"), strings.Split(want, "\n")
	for i := range max(len(have), len(wanted)) {
		if line(have, i) != line(wanted, i) {
			t.Fatalf("%s:%d is out of date:\n  is     %s\n  would be %s\nIf this is intended, run the test %s with -update", name, i+1, line(have, i), line(wanted, i), t.Name())
		}
	}
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}
