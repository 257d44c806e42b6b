package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nox.energy/contract/conformance"
)

// place names a clause: "contract.yaml:62".
func place(r *conformance.Result, c *conformance.CheckResult) string {
	source := r.Contract.Source
	switch source {
	case "":
		source = "the contract"
	case "-":
		source = "standard input"
	}
	if c.Clause.Line <= 0 {
		return source
	}
	return source + ":" + strconv.Itoa(c.Clause.Line)
}

// tries says how often an intermittent check failed, "" for any other.
func tries(c *conformance.CheckResult) string {
	if c.Tried <= 0 || c.Failed <= 0 || c.Failed >= c.Tried {
		return ""
	}
	return fmt.Sprintf("intermittent: %d of %d tries failed", c.Failed, c.Tried)
}

// tally writes the summary of a run, what is zero left out.
func tally(s conformance.Summary) string {
	parts := []string{thousands(int64(s.Pass)) + " passed"}
	add := func(n int, one, many string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+one)
		case n > 1:
			parts = append(parts, thousands(int64(n))+" "+many)
		}
	}
	add(s.Fail, "failed", "failed")
	add(s.Error, "error", "errors")
	add(s.Warn, "warning", "warnings")
	add(s.Known, "known failure", "known failures")
	add(s.Skip, "skipped", "skipped")
	return strings.Join(parts, ", ")
}

// notExercised returns the documented responses that no exchange brought.
func notExercised(r *conformance.Result) []string {
	var list []string
	for _, d := range r.Responses {
		if d.Verdict == conformance.NotExercised {
			list = append(list, d.Operation+"/"+d.Status)
		}
	}
	return list
}

// standingWords is the verdict on a documented response, which is only so far
// where the run ended before all of its checks were decided.
func standingWords(r *conformance.Result, d conformance.ResponseResult) string {
	if d.Verdict == conformance.Conforms && r.Verdict == conformance.Inconclusive && slices.ContainsFunc(r.Checks, func(c conformance.CheckResult) bool {
		return c.Operation == d.Operation && c.Status == d.Status && c.Outcome == conformance.Err
	}) {
		return string(d.Verdict) + " so far"
	}
	excused := 0
	for i := range r.Checks {
		if c := &r.Checks[i]; c.Operation == d.Operation && c.Status == d.Status && standingOf(c) == known {
			excused++
		}
	}
	return verdictWords(d.Verdict, excused)
}

// exchangesWords counts the answers of a documented response, and says why it
// is violated where there was none.
func exchangesWords(d conformance.ResponseResult) string {
	if d.Verdict == conformance.Violates && d.Exchanges == 0 {
		return "no response was " + line(d.Status, 20)
	}
	return count(d.Exchanges, "exchange")
}
