package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/spec"
)

// streams are what the program reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run is the whole program; it returns the exit code.
func run(ctx context.Context, args []string, std streams, getenv func(string) string) int {
	code := conformance.ExitConforms
	p, err := newProgram(std, getenv, &code)
	if err == nil {
		err = p.Run(ctx, args, std.in, std.out, std.err)
	}
	if err != nil {
		return fail(std, err)
	}
	return code
}

// perform acts on the flags of the root command.
func (o *options) perform(ctx context.Context, flags *pflag.FlagSet, args []string, std streams) int {
	switch err := o.conflict(flags); {
	case err != nil:
		return usage(std, err)
	case o.list || o.explain != "":
		return fail(std, o.catalogue(ctx, std))
	case o.selfTest:
		return o.runSelfTest(ctx, std)
	case len(o.har) > 0:
		return o.judgeRecordings(ctx, args, std)
	}
	return o.judge(ctx, args, std)
}

// judge checks a target.
func (o *options) judge(ctx context.Context, args []string, std streams) int {
	cfg, err := o.config(ctx, args, std)
	if err != nil {
		return fail(std, err)
	}
	outputs, err := o.outputs(std)
	if err != nil {
		return usage(std, err)
	}
	line := newProgressLine(std.err, o.quiet, o.getenv("TERM") == "dumb")
	cfg.Progress = line.show
	cfg.Record = recordTo(outputs)
	judging, err := cli.Interruptible(ctx, func() (*runner.Runner, error) { return runner.New(cfg) })
	if err != nil {
		return fail(std, err)
	}
	if o.dryRun {
		return fail(std, o.printPlan(std.out, judging.DryRun(ctx)))
	}
	limitMemory(memoryToRun)
	if !o.quiet {
		o.thorough.announce(std.err, o.rate)
	}
	result := judging.Run(ctx)
	line.clear()
	return o.deliver(result, cfg.Known, outputs, std)
}

// deliver writes a result to all its destinations and returns the exit code.
func (o *options) deliver(result *conformance.Result, excused []conformance.Known, outputs []output, std streams) int {
	code := result.ExitCode
	if o.updateKnown != "" {
		known := conformance.UpdateKnown(excused, result, time.Now())
		outputs = append(outputs, output{to: o.updateKnown, write: func(*conformance.Result) error {
			err := writeReport(o.updateKnown, func(w io.Writer) error { return conformance.WriteKnown(w, known) })
			if err == nil && !o.quiet && o.output == "text" {
				fmt.Fprintf(std.err, "%s: %s\n", o.updateKnown, countChanges(excused, known))
			}
			return err
		}})
	}
	for _, out := range outputs {
		if err := out.deliver(result); err != nil {
			fmt.Fprintf(std.err, "nox-conformance: %v\n", err)
			code = conformance.ExitInconclusive
			if out.to == standardOutput { // print the verdict anyway
				_ = report.Text(std.err, result, report.TextOptions{Quiet: true})
			}
		}
	}
	return code
}

// countChanges says how a list of known failures changed.
func countChanges(before, after []conformance.Known) string {
	kept := 0
	for _, k := range after {
		if slices.ContainsFunc(before, func(old conformance.Known) bool { return old.ID == k.ID }) {
			kept++
		}
	}
	return fmt.Sprintf("%d added, %d removed, %d kept", len(after)-kept, len(before)-kept, kept)
}

// usage prints a mistake in the command line.
func usage(std streams, err error) int {
	fmt.Fprintf(std.err, "nox-conformance: %v\n", err)
	return conformance.ExitUsage
}

// fail prints an error and returns the exit code of its kind.
func fail(std streams, err error) int {
	var (
		wrongUse    *conformance.UsageError
		commandLine *cli.UsageError
		contract    *spec.Error
		path        *os.PathError
	)
	switch {
	case err == nil:
		return conformance.ExitConforms
	case errors.As(err, &wrongUse), errors.As(err, &commandLine), errors.As(err, &contract), errors.As(err, &path):
		return usage(std, err)
	}
	fmt.Fprintf(std.err, "nox-conformance: %v\n", err)
	return conformance.ExitInconclusive
}
