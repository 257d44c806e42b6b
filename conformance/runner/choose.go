package runner

import (
	"regexp"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/checks"
	"nox.energy/contract/conformance/internal/trial"
)

// choose selects the checks that a configuration asks for. A pattern that
// matches none is an error that names the nearest id, so that a misspelt one
// never runs less than was meant.
func choose(all []*trial.Check, cfg *conformance.Config) ([]*trial.Check, error) {
	var ids []string
	for _, c := range all {
		ids = append(ids, c.IDs()...)
	}
	wanted, err := wantedChecks(cfg, ids)
	if err != nil {
		return nil, err
	}
	// What is provoked comes along with what judges the responses to it.
	provoked := map[string]bool{}
	for _, c := range all {
		if wanted(c.IDs()) && c.Passive && c.Status != "http" {
			provoked[c.Operation+"/"+c.Status+"/provoked"] = true
		}
	}
	var out []*trial.Check
	any := false
	for _, c := range all {
		if c.OnRequest != nil && !c.OnRequest(cfg) && len(cfg.Run) == 0 {
			continue
		}
		any = any || wanted(c.IDs())
		// The gate is always passed: nothing else can be judged without it.
		if wanted(c.IDs()) || c.Stage == trial.StageGate || provoked[c.ID] {
			out = append(out, c)
		}
	}
	if !any {
		return nil, conformance.UsageErrorf("--run and --skip together select no check")
	}
	return out, nil
}

// wantedChecks makes a predicate of --run and --skip on the names of a check.
func wantedChecks(cfg *conformance.Config, ids []string) (func(names []string) bool, error) {
	run, err := matcher(cfg.Run, ids)
	if err != nil {
		return nil, err
	}
	skip, err := matcher(cfg.Skip, ids)
	if err != nil {
		return nil, err
	}
	return func(names []string) bool {
		return (len(cfg.Run) == 0 || slices.ContainsFunc(names, run)) && !(len(cfg.Skip) > 0 && slices.ContainsFunc(names, skip))
	}, nil
}

// undecidedChoice says why a run that was to do some checks only did none of
// them, "" where it did one.
func undecidedChoice(cfg *conformance.Config, checks []conformance.CheckResult) string {
	if len(cfg.Run)+len(cfg.Skip) == 0 {
		return ""
	}
	var ids []string
	for _, c := range checks {
		ids = append(ids, c.IDs()...)
	}
	wanted, err := wantedChecks(cfg, ids)
	if err != nil {
		return "" // New has refused it
	}
	first := ""
	for _, c := range checks {
		switch {
		case !wanted(c.IDs()):
		case c.Outcome != conformance.Skip && c.Outcome != conformance.Err:
			return ""
		case first == "":
			first = c.ID + ": " + c.Reason
		}
	}
	return "no selected check reached a verdict; " + first
}

// matcher makes one predicate of patterns. In a pattern * stands for anything
// within a segment of an id, ** for anything across segments.
func matcher(patterns, ids []string) (func(string) bool, error) {
	var all []*regexp.Regexp
	for _, p := range patterns {
		re := checks.CompilePattern(p)
		matched := false
		for _, id := range ids {
			matched = matched || re.MatchString(id)
		}
		if !matched {
			return nil, conformance.UsageErrorf("%q matches no check; the nearest is %s", p, conformance.Nearest(strings.Trim(p, "*"), ids))
		}
		all = append(all, re)
	}
	return func(id string) bool {
		for _, re := range all {
			if re.MatchString(id) {
				return true
			}
		}
		return false
	}, nil
}

// Select returns the checks whose id a pattern matches; a [*UsageError] names
// the nearest id where there is none.
func Select(checks []conformance.Check, pattern string) ([]conformance.Check, error) {
	var ids []string
	for _, c := range checks {
		ids = append(ids, c.IDs()...)
	}
	match, err := matcher([]string{pattern}, ids)
	if err != nil {
		return nil, err
	}
	var out []conformance.Check
	for _, c := range checks {
		if slices.ContainsFunc(c.IDs(), match) {
			out = append(out, c)
		}
	}
	return out, nil
}
