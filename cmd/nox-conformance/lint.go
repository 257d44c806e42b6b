package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/spec"
)

// lint prints what is weak or contradictory in a contract, and which of its
// operations cannot be judged.
func lint(ctx context.Context, args []string, std streams) int {
	if len(args) != 1 {
		return usage(std, errors.New("lint takes one contract: a file, a URL or -"))
	}
	doc, err := spec.Load(ctx, args[0], std.in)
	if err != nil {
		return usage(std, err)
	}
	checks, err := runner.Catalogue(doc)
	if err != nil {
		return usage(std, err)
	}
	contradictions := 0
	for _, w := range doc.Warnings() {
		kind := "warning"
		if w.Contradiction {
			contradictions++
			kind = "contradiction"
		}
		place := doc.Source()
		if w.Line > 0 {
			place += ":" + strconv.Itoa(w.Line)
		}
		fmt.Fprintf(std.out, "%s: %s: %s\n", place, kind, w.Text)
	}
	for _, c := range checks {
		if obstacle, is := strings.CutPrefix(c.Sends, "nothing: "); is && strings.HasSuffix(c.ID, "/minimal") {
			fmt.Fprintf(std.out, "%s:%d: not judged: %s: %s\n", doc.Source(), c.Clause.Line, c.Operation, obstacle)
		}
	}
	if contradictions > 0 {
		return conformance.ExitViolates
	}
	return conformance.ExitConforms
}
