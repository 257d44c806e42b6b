package main

import (
	"context"
	"errors"
	"fmt"
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

// lint prints what is weak or contradictory in a contract, and which of its
// operations cannot be judged.
func lint(ctx context.Context, args []string, std streams) int {
	if len(args) != 1 {
		return usage(std, errors.New("lint takes one contract: a file, a URL or -"))
	}
	doc, err := cli.Interruptible(ctx, func() (*spec.Document, error) { return spec.Load(ctx, args[0], std.in) })
	if err != nil {
		return fail(std, err)
	}
	checks, err := cli.Interruptible(ctx, func() ([]conformance.Check, error) { return runner.Catalogue(doc) })
	if err != nil {
		return fail(std, err)
	}
	lines, contradictions := doc.Lint()
	for _, line := range lines {
		fmt.Fprintln(std.out, line)
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
