package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/spec"
)

// replayOptions adds the flags of a replay to those of a run.
type replayOptions struct {
	*options
	target    string
	sameUsers bool
}

// replay performs checks of a report again.
func (o *replayOptions) replay(ctx context.Context, flags *pflag.FlagSet, args []string, std streams) int {
	if len(args) == 0 {
		return usage(std, &conformance.UsageError{Problem: "replay needs a report, as --report json=FILE writes it, or recorded traffic (HAR)"})
	}
	if sniffRecording(args[0], &std) {
		return o.replayRecordings(ctx, flags, args, std)
	}
	for _, flag := range recordingFlags() {
		if flags.Changed(flag) {
			return usage(std, &conformance.UsageError{Problem: "--" + flag + " goes with recorded traffic; a report has settled it"})
		}
	}
	name, patterns := args[0], args[1:]
	before, err := readReport(name, std)
	if err != nil {
		return fail(std, err)
	}
	chosen, err := selectChecks(before, name, patterns)
	if err != nil {
		return fail(std, err)
	}
	cfg, err := o.replayConfig(ctx, flags, before, name, std)
	if err != nil {
		return fail(std, err)
	}
	if err := requireChecks(cfg.Contract, chosen, name); err != nil {
		return fail(std, err)
	}
	cfg.Strict = cfg.Strict || before.Strict
	line := newProgressLine(std.err, o.quiet, o.getenv("TERM") == "dumb")
	cfg.Progress = line.show
	now, list, err := perform(ctx, cfg, before, chosen)
	line.clear()
	if err != nil {
		return fail(std, err)
	}
	if err := report.Replay(std.out, now, list, o.textOptions(std.out)); err != nil {
		return fail(std, err)
	}
	return replayCode(list)
}

// selectChecks returns the checks of a report that match a pattern; without patterns,
// those that failed.
func selectChecks(before *conformance.Result, name string, patterns []string) ([]conformance.CheckResult, error) {
	var chosen []conformance.CheckResult
	if len(patterns) == 0 {
		for _, c := range before.Checks {
			if c.Outcome == conformance.Fail && !c.Known {
				chosen = append(chosen, c)
			}
		}
		if len(chosen) == 0 {
			return nil, &conformance.UsageError{Problem: name + ": no check failed in it; name the checks to run again"}
		}
		return chosen, nil
	}
	all := make([]conformance.Check, len(before.Checks))
	for i, c := range before.Checks {
		all[i].ID, all[i].Aliases = c.ID, c.Aliases
	}
	wanted := map[string]bool{}
	for _, p := range patterns {
		matched, err := runner.Select(all, p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, c := range matched {
			wanted[c.ID] = true
		}
	}
	for _, c := range before.Checks {
		if wanted[c.ID] {
			chosen = append(chosen, c)
		}
	}
	return chosen, nil
}

// replayConfig fills what the flags leave open from the report.
func (o *replayOptions) replayConfig(ctx context.Context, flags *pflag.FlagSet, before *conformance.Result, name string, std streams) (conformance.Config, error) {
	target := before.Target
	if flags.Changed("target") {
		target = o.target
	}
	cfg, err := o.config(ctx, []string{target}, std)
	if err != nil {
		return cfg, err
	}
	if !flags.Changed("spec") {
		if cfg.Contract, err = contractOf(ctx, before, name, std); err != nil {
			return cfg, err
		}
	}
	if !flags.Changed("profile") && before.Profile != "" {
		cfg.Profile = before.Profile
	}
	if cfg.Seed = before.Seed; o.sameUsers {
		cfg.RunID = before.RunID
	}
	return cfg, nil
}

// contractOf finds the contract of a report: the embedded one, or the one at its
// source if it did not change.
func contractOf(ctx context.Context, before *conformance.Result, name string, std streams) (*spec.Document, error) {
	embedded, err := spec.Embedded()
	if err != nil || embedded.SHA256() == before.Contract.SHA256 {
		return embedded, err
	}
	source := before.Contract.Source
	if source != "" && source != "-" {
		if doc, err := spec.Load(ctx, source, std.in); err == nil && doc.SHA256() == before.Contract.SHA256 {
			return doc, nil
		}
	}
	return nil, &conformance.UsageError{Problem: fmt.Sprintf("%s: its contract (%q) is not the built-in one and was not found unchanged; pass it with --spec", name, source)}
}

// requireChecks returns an error if the contract does not give rise to one of the
// checks.
func requireChecks(doc *spec.Document, chosen []conformance.CheckResult, name string) error {
	ids, err := idsOf(doc)
	if err != nil {
		return err
	}
	for _, c := range chosen {
		if !slices.Contains(ids, c.ID) {
			return &conformance.UsageError{Problem: fmt.Sprintf("%s: %q is not a check of this contract; the nearest is %s", name, c.ID, conformance.Nearest(c.ID, ids))}
		}
	}
	return nil
}

func idsOf(doc *spec.Document) ([]string, error) {
	checks, err := runner.Catalogue(doc)
	var ids []string
	for _, c := range checks {
		ids = append(append(ids, c.ID), c.Aliases...)
	}
	return ids, err
}

// perform runs the chosen checks alone, and then those that passed once more among
// all checks of the report: a check may depend on what others sent.
func perform(ctx context.Context, cfg conformance.Config, before *conformance.Result, chosen []conformance.CheckResult) (*conformance.Result, []report.Replayed, error) {
	list := make([]report.Replayed, len(chosen))
	for i, c := range chosen {
		list[i].Before = c
		cfg.Run = append(cfg.Run, c.ID)
	}
	now, err := performOnce(ctx, cfg, list)
	if err != nil || ctx.Err() != nil || !slices.ContainsFunc(list, func(p report.Replayed) bool { return !failsNow(p) }) {
		return now, list, err
	}
	ids, err := idsOf(cfg.Contract)
	if err != nil {
		return nil, nil, err
	}
	cfg.Run = nil
	for _, c := range before.Checks {
		if slices.Contains(ids, c.ID) {
			cfg.Run = append(cfg.Run, c.ID)
		}
	}
	now, err = performOnce(ctx, cfg, list)
	return now, list, err
}

// performOnce runs checks and records the outcome of those that did not fail yet.
func performOnce(ctx context.Context, cfg conformance.Config, list []report.Replayed) (*conformance.Result, error) {
	judging, err := runner.New(cfg)
	if err != nil {
		return nil, err
	}
	now := judging.Run(ctx)
	for i := range list {
		for _, c := range now.Checks {
			if (c.ID == list[i].Before.ID || slices.Contains(c.Aliases, list[i].Before.ID)) && !failsNow(list[i]) {
				list[i].Now = c
			}
		}
	}
	return now, nil
}

func failsNow(p report.Replayed) bool {
	return p.State() == report.StillFails || p.State() == report.FailsNow
}

func replayCode(list []report.Replayed) int {
	switch {
	case slices.ContainsFunc(list, failsNow):
		return conformance.ExitViolates
	case slices.ContainsFunc(list, func(p report.Replayed) bool { return p.State() == report.Undecided }):
		return conformance.ExitInconclusive
	}
	return conformance.ExitConforms
}
