package report

import (
	"cmp"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/safe"
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

// failure is a failed check, or a warning, with the ids of those that fail or
// warn for the same cause.
type failure struct {
	*conformance.CheckResult
	fell, warned []string
}

// failures returns the failed checks in the order of the causes, then of the
// result. Those that fail or warn for the same cause stand under the one that
// leads it; if that is not among them, as when a list excuses it, under the
// first.
func failures(r *conformance.Result) []failure {
	list, at := grouped(r, failed)
	for _, c := range of(r, warned) {
		if i, there := at[rootID(r, c)]; there {
			list[i].warned = append(list[i].warned, c.ID)
		}
	}
	return inOrderOfCauses(r, list)
}

// warnings returns the warnings likewise, without those under a failure.
func warnings(r *conformance.Result) []failure {
	_, fails := grouped(r, failed)
	list, _ := grouped(r, warned)
	list = slices.DeleteFunc(list, func(f failure) bool { _, there := fails[rootID(r, f.CheckResult)]; return there })
	return inOrderOfCauses(r, list)
}

// grouped returns the checks that stand so, by their cause, and the place of
// each cause.
func grouped(r *conformance.Result, s standing) (list []failure, at map[string]int) {
	at = map[string]int{}
	for _, c := range of(r, s) {
		root := rootID(r, c)
		i, there := at[root]
		switch {
		case !there:
			if c.ID != "" {
				at[root] = len(list)
			}
			list = append(list, failure{CheckResult: c})
		case c.ID == root:
			list[i].fell = append([]string{list[i].ID}, list[i].fell...)
			list[i].CheckResult = c
		default:
			list[i].fell = append(list[i].fell, c.ID)
		}
	}
	return list, at
}

func inOrderOfCauses(r *conformance.Result, list []failure) []failure {
	place := func(f failure) int {
		if i := slices.IndexFunc(r.Causes, func(c conformance.Cause) bool { return slices.Contains(c.Checks, f.ID) }); i >= 0 {
			return i
		}
		return len(r.Causes)
	}
	slices.SortStableFunc(list, func(a, b failure) int { return place(a) - place(b) })
	return list
}

// rootID follows causes to the first check that has none; a check on a circle of
// causes is its own.
func rootID(r *conformance.Result, c *conformance.CheckResult) string {
	at := c
	for range len(r.Checks) {
		i := slices.IndexFunc(r.Checks, func(other conformance.CheckResult) bool { return other.ID == at.Cause })
		if at.Cause == "" || at.Cause == at.ID || i < 0 {
			return at.ID
		}
		at = &r.Checks[i]
	}
	return c.ID
}

// causeOf finds the cause that a check leads or falls to, nil where the result
// names none.
func causeOf(r *conformance.Result, id string) *conformance.Cause {
	for i := range r.Causes {
		if slices.Contains(r.Causes[i].Checks, id) {
			return &r.Causes[i]
		}
	}
	return nil
}

// causeLine is a cause as the summaries tell it.
type causeLine struct {
	id           string // of the check that shows it
	summary, fix string
	extent       string // how many checks fail for it; the id is to follow
}

// causes returns a line for each cause that a run fails for; none where that
// says no more than the one failure does.
func causes(r *conformance.Result) []causeLine {
	var list []causeLine
	all := failures(r)
	for _, f := range all {
		l := causeLine{id: f.ID, summary: sentence(f.CheckResult), extent: named(f.extent())}
		if c := causeOf(r, f.ID); c != nil {
			l.summary, l.fix = c.Summary, c.Fix
		}
		list = append(list, l)
	}
	if len(all) == 1 && len(all[0].fell) == 0 {
		return nil
	}
	return list
}

// causesTitle heads a list of causes.
func causesTitle(r *conformance.Result, list []causeLine) string {
	return safe.Count(len(list), "cause") + " of " + safe.Count(len(of(r, failed)), "failed check")
}

// extent says how many checks share a cause.
func (f failure) extent() string {
	s := safe.Count(1+len(f.fell), "check") + " failed"
	if n := len(f.warned); n > 0 {
		s += ", " + safe.Count(n, "warning")
	}
	if len(f.fell)+len(f.warned) > 0 {
		s += "; see" // the check that is named next
	}
	return s
}

// others says how many more checks share a cause, "" for none.
func (f failure) others() string {
	var parts []string
	if n := len(f.fell); n > 0 {
		parts = append(parts, safe.Count(n, "more check"))
	}
	if n := len(f.warned); n > 0 {
		parts = append(parts, safe.Count(n, "warning"))
	}
	if parts == nil {
		return ""
	}
	return strings.Join(parts, " and ") + " with the same cause"
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
		return "a known failure that passes: remove it from the file of known failures"
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
		s = "expected: " + safe.Shorten(expected, 300) + "; actual: " + safe.Shorten(s, 300)
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

// verdictWords is a verdict in words. A run that conforms because a list excuses
// failures does so except for those.
func verdictWords(v conformance.Verdict, known int) string {
	if v == conformance.Conforms && known > 0 {
		return string(v) + " except for " + safe.Count(known, "known failure")
	}
	return string(v)
}

// verdictInCapitals is the same with the verdict itself in capitals.
func verdictInCapitals(v conformance.Verdict, known int) string {
	return strings.ToUpper(safe.Line(string(v), 40)) + strings.TrimPrefix(verdictWords(v, known), string(v))
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

// named puts the words before the check that they are about.
func named(extent string) string {
	if strings.HasSuffix(extent, " see") {
		return extent + " "
	}
	return extent + ": "
}
