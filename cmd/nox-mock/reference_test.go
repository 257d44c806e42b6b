package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"nox.energy/contract/cmd/internal/golden"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/control"
	"nox.energy/contract/spec"
)

// TestReference compares the reference page with the flags, the scenarios and
// the control API.
func TestReference(t *testing.T) {
	p, err := newProgram(streams{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("\n## Scenarios\n\nEvery way to bring about a response, as `nox-mock scenarios` prints it.\n\n| who asks | ask | outcome |\n|---|---|---|\n")
	for _, s := range mock.Scenarios() {
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", s.Layer, s.Ask, s.Outcome)
	}
	b.WriteString("\n## Control API\n\nThe mock serves the whole description at `/openapi.json`.\n\n| request | |\n|---|---|\n")
	document := controlDocument(t)
	var paths struct {
		Paths map[string]map[string]struct{ Summary string }
	}
	if err := json.Unmarshal(document.Bytes(), &paths); err != nil {
		t.Fatal(err)
	}
	for _, op := range document.Operations() {
		fmt.Fprintf(&b, "| `%s %s` | %s |\n", op.Method, op.Path, paths.Paths[op.Path][strings.ToLower(op.Method)].Summary)
	}
	golden.Compare(t, "topics/reference.md", p.Reference(b.String()))
}

// TestHelpFitsATerminal bounds every line of every help text.
func TestHelpFitsATerminal(t *testing.T) {
	p, err := newProgram(streams{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range append(p.Root.Commands(), p.Root) {
		for line := range strings.Lines(p.Help(c)) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
				t.Errorf("%s: %d columns: %s", c.CommandPath(), n, line)
			}
		}
	}
}

func controlDocument(t *testing.T) *spec.Document {
	t.Helper()
	m, err := mock.New(mock.Config{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := control.New(m, control.Config{})
	if err != nil {
		t.Fatal(err)
	}
	document, err := c.Document()
	if err != nil {
		t.Fatal(err)
	}
	return document
}
