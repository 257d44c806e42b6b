package report

import (
	"cmp"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
)

// standing is what a check counts as in a report: its outcome, with known
// failures apart.
type standing string

const (
	failed  standing = "failed"
	broke   standing = "error"
	warned  standing = "warning"
	known   standing = "known failure"
	skipped standing = "skipped"
	passed  standing = "passed"
)

// standings is every standing, the gravest first.
func standings() []standing {
	return []standing{failed, broke, warned, known, skipped, passed}
}

func standingOf(c *conformance.CheckResult) standing {
	switch c.Outcome {
	case conformance.Fail:
		if c.Known {
			return known
		}
		return failed
	case conformance.Warn:
		if c.Known {
			return known
		}
		return warned
	case conformance.Skip:
		return skipped
	case conformance.Pass:
		// An excuse for what does not fail any more hides the next failure.
		if c.Known {
			return failed
		}
		return passed
	}
	return broke
}

// of returns the checks that stand so, in the order of the result.
func of(r *conformance.Result, s standing) []*conformance.CheckResult {
	var list []*conformance.CheckResult
	for i := range r.Checks {
		if c := &r.Checks[i]; standingOf(c) == s {
			list = append(list, c)
		}
	}
	return list
}

// failure is a failed check with the ids of those that fell to the same cause.
type failure struct {
	*conformance.CheckResult
	fell []string
}

// failures returns the failed checks in the order of the result. One whose
// cause is among them stands under it.
func failures(r *conformance.Result) []failure {
	checks := of(r, failed)
	byID := map[string]*conformance.CheckResult{}
	for _, c := range checks {
		byID[c.ID] = c
	}
	fell := map[string][]string{}
	var roots []*conformance.CheckResult
	for _, c := range checks {
		if root := rootCause(c, byID); root != c {
			fell[root.ID] = append(fell[root.ID], c.ID)
		} else {
			roots = append(roots, c)
		}
	}
	list := make([]failure, len(roots))
	for i, c := range roots {
		list[i] = failure{c, fell[c.ID]}
	}
	return list
}

// rootCause follows causes to the first check that has none among byID; a
// check on a circle of causes is its own.
func rootCause(c *conformance.CheckResult, byID map[string]*conformance.CheckResult) *conformance.CheckResult {
	at := c
	for range len(byID) {
		next := byID[at.Cause]
		if at.Cause == "" || next == nil || next == at {
			return at
		}
		at = next
	}
	return c
}

// reasonGroup is the checks skipped, or undecided, for one reason.
type reasonGroup struct {
	reason string
	ids    []string
}

// skippedByReason groups the skipped checks, the largest group first.
func skippedByReason(r *conformance.Result) []reasonGroup {
	return byReason(of(r, skipped), func(c *conformance.CheckResult) string { return c.Reason })
}

// byReason groups checks, the largest group first.
func byReason(checks []*conformance.CheckResult, why func(*conformance.CheckResult) string) []reasonGroup {
	var groups []reasonGroup
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
			groups = append(groups, reasonGroup{reason: reason})
		}
		groups[i].ids = append(groups[i].ids, c.ID)
	}
	slices.SortStableFunc(groups, func(a, b reasonGroup) int { return len(b.ids) - len(a.ids) })
	return groups
}

// headline says in one sentence what a check came to: what came instead of
// what was expected, or why it was not judged.
func headline(c *conformance.CheckResult) string {
	if c.Known && c.Outcome == conformance.Pass {
		return "a known failure that passes: take it out of the file of known failures"
	}
	for _, s := range []string{c.Actual, c.Reason, c.Summary} {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return string(standingOf(c))
}

// sentence is headline with what was expected, for formats that have one line
// for a check.
func sentence(c *conformance.CheckResult) string {
	s := headline(c)
	if expected := strings.TrimSpace(c.Expected); expected != "" && strings.TrimSpace(c.Actual) != "" && s == c.Actual {
		s = "expected: " + shorten(expected, 300) + "; actual: " + shorten(s, 300)
	}
	if often := tries(c); often != "" {
		s += " (" + often + ")"
	}
	return s
}

// noteLabel names the reason of a check.
func noteLabel(c *conformance.CheckResult) string {
	if c.Known {
		return "excused"
	}
	return "note"
}

// shortID is the id of a check without its operation, "401/missing-key".
func shortID(c *conformance.CheckResult) string {
	return strings.TrimPrefix(c.ID, c.Operation+"/")
}

// name is what follows "<operation>/<status>/" in the id of a check.
func name(c *conformance.CheckResult) string {
	return strings.TrimPrefix(shortID(c), c.Status+"/")
}

// reasons returns what the verdict of a run rests on beside its checks: what is
// wrong with the list of known failures, and the reason of the run.
func reasons(r *conformance.Result) []string {
	var list []string
	for _, p := range r.Problems {
		if strings.TrimSpace(p) != "" {
			list = append(list, p)
		}
	}
	// The reason of a run repeats the problems where there is no other.
	if strings.TrimSpace(r.Reason) != "" && (len(list) == 0 || !strings.HasPrefix(r.Reason, list[0])) {
		list = append(list, r.Reason)
	}
	return list
}

// unexplained returns why a run does not conform, where its checks do not say:
// nothing where they do.
func unexplained(r *conformance.Result) []string {
	if r.Verdict == conformance.Conforms {
		return nil
	}
	if why := reasons(r); len(why) > 0 {
		return why
	}
	for i := range r.Checks {
		if s := standingOf(&r.Checks[i]); s == failed || s == broke {
			return nil
		}
	}
	return []string{"the verdict of the run is: " + cmp.Or(string(r.Verdict), "none")}
}
