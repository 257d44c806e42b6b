package main

import (
	"fmt"
	"slices"
	"strings"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

// diff compares two reports.
func (o *diffOptions) diff(args []string, std streams) int {
	if len(args) != 2 {
		return usage(std, fmt.Errorf("diff takes two reports, the old one and the new one, not %d", len(args)))
	}
	if !slices.Contains(report.ComparisonFormats(), o.format) {
		return usage(std, fmt.Errorf("--output %q: choose one of %s", o.format, strings.Join(report.ComparisonFormats(), ", ")))
	}
	before, err := readReport(args[0], std)
	if err != nil {
		return fail(std, err)
	}
	after, err := readReport(args[1], std)
	if err != nil {
		return fail(std, err)
	}
	c := report.Compare(before, after)
	if err := o.writeComparison(std, o.format, c); err != nil {
		return fail(std, fmt.Errorf("the comparison cannot be written: %w", cli.WithoutPath(err)))
	}
	return comparisonCode(c)
}

func (o *options) writeComparison(std streams, format string, c *report.Comparison) error {
	if format == "text" {
		return report.ComparisonText(std.out, c, o.textOptions(std.out))
	}
	return report.WriteComparison(std.out, format, c)
}

// comparisonCode returns the exit code of a comparison, never 0 if no check was
// judged in both reports.
func comparisonCode(c *report.Comparison) int {
	switch {
	case len(c.Broke) > 0:
		return conformance.ExitViolates
	case c.Judged == 0:
		return conformance.ExitInconclusive
	}
	return conformance.ExitConforms
}
