// Package findings says what a result comes to: what each check counts as,
// what fails for one cause, and the words that every format has for it.
package findings

import (
	"slices"
	"strings"

	"nox.energy/contract/conformance"
)

// Standing is what a check counts as in a report: its outcome, with known
// failures apart.
type Standing string

const (
	Failed  Standing = "failed"
	Broke   Standing = "error"
	Warned  Standing = "warning"
	Known   Standing = "known failure"
	Skipped Standing = "skipped"
	Passed  Standing = "passed"
)

// Standings returns every standing, the gravest first.
func Standings() []Standing {
	return []Standing{Failed, Broke, Warned, Known, Skipped, Passed}
}

// StandingOf returns what c counts as.
func StandingOf(c *conformance.CheckResult) Standing {
	switch c.Outcome {
	case conformance.Fail:
		if c.Known {
			return Known
		}
		return Failed
	case conformance.Warn:
		if c.Known {
			return Known
		}
		return Warned
	case conformance.Skip:
		return Skipped
	case conformance.Pass:
		return Passed
	}
	return Broke
}

// Of returns the checks that count as s, in the order of the result.
func Of(r *conformance.Result, s Standing) []*conformance.CheckResult {
	var list []*conformance.CheckResult
	for i := range r.Checks {
		if c := &r.Checks[i]; StandingOf(c) == s {
			list = append(list, c)
		}
	}
	return list
}

// ReasonGroup is the checks skipped, or undecided, for one reason.
type ReasonGroup struct {
	Reason string
	IDs    []string
}

// SkippedByReason groups the skipped checks, the largest group first.
func SkippedByReason(r *conformance.Result) []ReasonGroup {
	return ByReason(Of(r, Skipped), func(c *conformance.CheckResult) string { return c.Reason })
}

// ByReason groups checks, the largest group first.
func ByReason(checks []*conformance.CheckResult, why func(*conformance.CheckResult) string) []ReasonGroup {
	var groups []ReasonGroup
	at := map[string]int{}
	for _, c := range checks {
		reason := why(c)
		if strings.TrimSpace(reason) == "" {
			reason = "no reason was given"
		}
		i, there := at[reason]
		if !there {
			i = len(groups)
			at[reason] = i
			groups = append(groups, ReasonGroup{Reason: reason})
		}
		groups[i].IDs = append(groups[i].IDs, c.ID)
	}
	slices.SortStableFunc(groups, func(a, b ReasonGroup) int { return len(b.IDs) - len(a.IDs) })
	return groups
}
