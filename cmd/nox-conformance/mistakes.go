package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// conflict reports flags that exclude each other or a target.
func (o *options) conflict(flags *pflag.FlagSet) error {
	for _, f := range []struct{ name, reason string }{
		{"self-test", "starts a target of its own"},
		{"list", "sends nothing"},
		{"explain", "sends nothing"},
	} {
		if flags.Changed(f.name) && flags.NArg() > 0 {
			return fmt.Errorf("--%s %s: remove the target", f.name, f.reason)
		}
	}
	for _, name := range []string{"self-test", "list", "explain", "dry-run", "wait", "patience", "rate", "parallel", "timeout", "thorough", "profile", "run-id", "seed", "header"} {
		if len(o.har) > 0 && flags.Changed(name) {
			return fmt.Errorf("--har sends nothing: remove --%s", name)
		}
	}
	if o.spec == "-" && slices.Contains(o.har, "-") || len(slices.DeleteFunc(slices.Clone(o.har), func(f string) bool { return f != "-" })) > 1 {
		return errors.New("standard input can be read only once")
	}
	if flags.Changed("explain") && o.explain == "" {
		return errors.New("--explain needs the id of a check: --list prints them")
	}
	if flags.Changed("deadline") && o.deadline == 0 {
		return errors.New("--deadline 0s leaves no time for a run: remove it for the default")
	}
	if o.output != "text" && o.output != "json" {
		return fmt.Errorf("--output %q: choose text or json", o.output)
	}
	if flags.Changed("output") {
		for _, r := range o.report {
			if strings.HasSuffix(r, "=-") {
				return fmt.Errorf("--output and --report %s both go to standard output: remove one", r)
			}
		}
	}
	return nil
}
