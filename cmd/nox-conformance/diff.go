package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

const diffHead = `nox-conformance diff compares two JSON reports: what broke, what was fixed, what is
new. Nothing is sent.

  nox-conformance diff old.json new.json
  nox-conformance diff --output markdown old.json new.json

A check broke if it fails in the new report, is not a known failure there, and
did not fail in the old one: because it passed, or was not judged, or was not
there. Ids are compared, so that reports of several targets, contracts and
versions of this program can be compared; what of that differs is said.

Exit codes: 0 nothing broke · 1 something broke · 2 usage, or a report that cannot
be used · 3 no check was judged in both reports, or the comparison not written

Flags:
`

// diff compares two reports.
func diff(_ context.Context, args []string, std streams, getenv func(string) string) int {
	o := &options{getenv: getenv}
	flags := pflag.NewFlagSet("nox-conformance diff", pflag.ContinueOnError)
	format := flags.String("output", "text", "`FORMAT` of what goes to standard output: "+strings.Join(report.ComparisonFormats(), ", "))
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "print how many checks changed, and no more")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "print every change, however many there are")
	if code, done := parseFlags(flags, diffHead, args, std); done {
		return code
	}
	if flags.NArg() != 2 {
		return usage(std, fmt.Errorf("diff takes two reports, the old one and the new one, and there are %d", flags.NArg()))
	}
	if !slices.Contains(report.ComparisonFormats(), *format) {
		return usage(std, fmt.Errorf("--output %q: choose one of %s", *format, strings.Join(report.ComparisonFormats(), ", ")))
	}
	before, err := readReport(flags.Arg(0), std)
	if err != nil {
		return fail(std, err)
	}
	after, err := readReport(flags.Arg(1), std)
	if err != nil {
		return fail(std, err)
	}
	c := report.Compare(before, after)
	if err := o.writeComparison(std, *format, c); err != nil {
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

// comparisonCode is never that of a success where nothing could be compared.
func comparisonCode(c *report.Comparison) int {
	switch {
	case len(c.Broke) > 0:
		return conformance.ExitViolates
	case c.Judged == 0:
		return conformance.ExitInconclusive
	}
	return conformance.ExitConforms
}
