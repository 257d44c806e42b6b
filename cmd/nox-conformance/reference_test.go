package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/cmd/internal/golden"
)

func testProgram(t *testing.T) *cli.Program {
	t.Helper()
	p, err := newProgram(streams{}, func(string) string { return "" }, new(int))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestReference compares the reference page with the flags.
func TestReference(t *testing.T) {
	golden.Compare(t, "topics/reference.md", testProgram(t).Reference(""))
}

// TestHelpFitsATerminal bounds every line of every help text.
func TestHelpFitsATerminal(t *testing.T) {
	p := testProgram(t)
	for _, c := range append(p.Root.Commands(), p.Root) {
		for line := range strings.Lines(p.Help(c)) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
				t.Errorf("%s: %d columns: %s", c.CommandPath(), n, line)
			}
		}
	}
}
