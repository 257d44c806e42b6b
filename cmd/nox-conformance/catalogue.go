package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"text/tabwriter"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
)

// catalogue prints the checks, or explains one of them.
func (o *options) catalogue(ctx context.Context, std streams) error {
	doc, err := o.contract(ctx, std)
	if err != nil {
		return err
	}
	checks, err := cli.Interruptible(ctx, func() ([]conformance.Check, error) { return runner.Catalogue(doc) })
	if err != nil {
		return err
	}
	if o.explain != "" {
		recorded, err := runner.RecordedCatalogue(doc)
		if err != nil {
			return err
		}
		for _, c := range recorded { // checks for recordings only
			if !slices.ContainsFunc(checks, func(have conformance.Check) bool { return have.ID == c.ID }) {
				checks = append(checks, c)
			}
		}
		return o.explainOne(std, checks, doc.Source())
	}
	if o.output == "json" {
		e := json.NewEncoder(std.out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(checks)
	}
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	for _, c := range checks {
		fmt.Fprintf(w, "%s\t%s\t%s\n", c.ID, c.Level, c.Summary)
	}
	return w.Flush()
}

func (o *options) explainOne(std streams, checks []conformance.Check, source string) error {
	chosen, err := runner.Select(checks, o.explain)
	if err != nil {
		return err
	}
	for i, c := range chosen {
		if i > 0 {
			fmt.Fprintln(std.out)
		}
		fmt.Fprintf(std.out, "%s (%s)\n  %s\n\n  sends:   %s\n  why:     %s\n  %-8s because %s\n  since:   %s\n  clause:  %s\n           %s:%d, %s\n  production profile: %s\n",
			c.ID, c.Level, c.Summary, c.Sends, c.Why, string(c.Level)+":", c.Because, c.Since, c.Clause.Quote, source, c.Clause.Line, c.Clause.Pointer, productionText(c.Production))
	}
	return nil
}

// productionText says what the production profile does with a check. Nobody knows
// beforehand what a target makes of a request, so no text says that nothing is
// created.
func productionText(class conformance.ProductionClass) string {
	switch class {
	case conformance.Harmless:
		return "sends nothing that asks the target to create or change anything"
	case conformance.LaxOnly:
		return "sends what the target should refuse; one that takes it may create a user, with the run's prefix where the type allows"
	case conformance.Creates:
		return "creates a user with the run's prefix; sent as far as the limits of the profile allow"
	}
	return "never sent"
}
