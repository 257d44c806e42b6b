package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/spec"
)

// printContract prints the embedded contract.
func printContract(args []string, std streams) int {
	if len(args) > 0 {
		return usage(std, fmt.Errorf("unknown argument %q; contract takes none", args[0]))
	}
	doc, err := spec.Embedded()
	if err == nil {
		_, err = std.out.Write(doc.Bytes())
	}
	return fail(std, err)
}

// finding is one thing that lint says of a contract.
type finding struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Kind      string `json:"kind"` // "warning", "contradiction" or "not judged"
	Operation string `json:"operation,omitempty"`
	Text      string `json:"text"`
}

// lint prints what is weak or contradictory in a contract, and which of its
// operations cannot be judged.
func lint(ctx context.Context, format string, args []string, std streams) int {
	if len(args) != 1 {
		return usage(std, errors.New("lint takes one contract: a file, a URL or -"))
	}
	if format != "text" && format != "json" {
		return usage(std, fmt.Errorf("--output %q: choose text or json", format))
	}
	doc, err := cli.Interruptible(ctx, func() (*spec.Document, error) { return spec.Load(ctx, args[0], std.in) })
	if err != nil {
		return fail(std, err)
	}
	checks, err := cli.Interruptible(ctx, func() ([]conformance.Check, error) { return runner.Catalogue(doc) })
	if err != nil {
		return fail(std, err)
	}
	found := []finding{}
	code := conformance.ExitConforms
	for _, w := range doc.Warnings() {
		f := finding{File: cmp.Or(w.File, doc.Source()), Line: w.Line, Kind: "warning", Text: w.Text}
		if w.Contradiction {
			f.Kind, code = "contradiction", conformance.ExitViolates
		}
		found = append(found, f)
	}
	for _, c := range checks {
		if obstacle, is := strings.CutPrefix(c.Sends, "nothing: "); is && strings.HasSuffix(c.ID, "/minimal") {
			found = append(found, finding{File: doc.Source(), Line: c.Clause.Line, Kind: "not judged", Operation: c.Operation, Text: obstacle})
		}
	}
	if err := printFindings(std.out, format, found); err != nil {
		return fail(std, err)
	}
	return code
}

func printFindings(w io.Writer, format string, found []finding) error {
	if format == "json" {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(found)
	}
	for _, f := range found {
		place := f.File
		if f.Line > 0 {
			place += ":" + strconv.Itoa(f.Line)
		}
		text := f.Text
		if f.Operation != "" {
			text = f.Operation + ": " + text
		}
		if _, err := fmt.Fprintf(w, "%s: %s: %s\n", place, f.Kind, text); err != nil {
			return err
		}
	}
	return nil
}
