package main

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"

	"nox.energy/contract/conformance/runner"
)

// printPlan prints the requests that a run would send.
func (o *options) printPlan(w io.Writer, plan iter.Seq[runner.Planned]) error {
	if o.output == "json" {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(slices.Collect(plan))
	}
	last := ""
	total := 0
	for p := range plan {
		total++
		if p.Check != last {
			if _, err := fmt.Fprintf(w, "# %s\n", p.Check); err != nil {
				return err
			}
			last = p.Check
		}
		if _, err := fmt.Fprintln(w, p.Curl); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "# %d requests, none sent\n", total)
	return err
}
