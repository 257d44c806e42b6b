package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

// subcommand returns what the first argument asks for beside a run, nil for a
// run.
func subcommand(args []string) func(context.Context, []string, streams, func(string) string) int {
	if len(args) == 0 {
		return nil
	}
	switch args[0] {
	case "replay":
		return replay
	case "diff":
		return diff
	}
	return nil
}

// parseFlags reads the arguments of a subcommand. Where done is true the
// program ends with the code.
func parseFlags(flags *pflag.FlagSet, head string, args []string, std streams) (code int, done bool) {
	flags.SortFlags = false
	flags.Usage = func() {}
	switch err := flags.Parse(args); {
	case errors.Is(err, pflag.ErrHelp):
		printHelp(std.out, head, flags)
		return conformance.ExitConforms, true
	case err != nil:
		return usage(std, cli.FlagError(err, flags)), true
	}
	return 0, false
}

// readReport reads a report from a file, - for standard input.
func readReport(name string, std streams) (*conformance.Result, error) {
	if name == "-" {
		return report.Read(std.in, "standard input")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, &conformance.UsageError{Problem: fmt.Sprintf("the report %s cannot be read: %v", name, cli.WithoutPath(err))}
	}
	defer f.Close()
	return report.Read(f, name)
}
