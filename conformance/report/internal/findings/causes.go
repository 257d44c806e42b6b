package findings

import (
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/safe"
)

// Failure is a failed check, or a warning, with the ids of those that fail or
// warn for the same cause.
type Failure struct {
	*conformance.CheckResult
	AlsoFailed, AlsoWarned []string // ids of the others
}

// Failures returns the failed checks in the order of the causes, then of the
// result. Those that fail or warn for the same cause stand under the one that
// leads it; if that is not among them, as when a list excuses it, under the
// first.
func Failures(r *conformance.Result) []Failure {
	list, at := grouped(r, Failed)
	for _, c := range Of(r, Warned) {
		if i, there := at[rootID(r, c)]; there {
			list[i].AlsoWarned = append(list[i].AlsoWarned, c.ID)
		}
	}
	return inOrderOfCauses(r, list)
}

// Warnings returns the warnings likewise, without those under a failure.
func Warnings(r *conformance.Result) []Failure {
	_, fails := grouped(r, Failed)
	list, _ := grouped(r, Warned)
	list = slices.DeleteFunc(list, func(f Failure) bool { _, there := fails[rootID(r, f.CheckResult)]; return there })
	return inOrderOfCauses(r, list)
}

// grouped returns the checks that stand so, by their cause, and the place of
// each cause.
func grouped(r *conformance.Result, s Standing) (list []Failure, at map[string]int) {
	at = map[string]int{}
	for _, c := range Of(r, s) {
		root := rootID(r, c)
		i, there := at[root]
		switch {
		case !there:
			if c.ID != "" {
				at[root] = len(list)
			}
			list = append(list, Failure{CheckResult: c})
		case c.ID == root:
			list[i].AlsoFailed = append([]string{list[i].ID}, list[i].AlsoFailed...)
			list[i].CheckResult = c
		default:
			list[i].AlsoFailed = append(list[i].AlsoFailed, c.ID)
		}
	}
	return list, at
}

func inOrderOfCauses(r *conformance.Result, list []Failure) []Failure {
	place := func(f Failure) int {
		if i := slices.IndexFunc(r.Causes, func(c conformance.Cause) bool { return slices.Contains(c.Checks, f.ID) }); i >= 0 {
			return i
		}
		return len(r.Causes)
	}
	slices.SortStableFunc(list, func(a, b Failure) int { return place(a) - place(b) })
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

// CauseOf finds the cause that a check leads or falls to, nil where the result
// names none.
func CauseOf(r *conformance.Result, id string) *conformance.Cause {
	for i := range r.Causes {
		if slices.Contains(r.Causes[i].Checks, id) {
			return &r.Causes[i]
		}
	}
	return nil
}

// CauseLine is a cause as the summaries tell it.
type CauseLine struct {
	ID           string // of the check that shows it
	Summary, Fix string
	Extent       string // how many checks fail for it; the id is to follow
}

// Causes returns a line for each cause that a run fails for; none where that
// says no more than the one failure does.
func Causes(r *conformance.Result) []CauseLine {
	var list []CauseLine
	all := Failures(r)
	for _, f := range all {
		l := CauseLine{ID: f.ID, Summary: Sentence(f.CheckResult), Extent: f.extent()}
		if c := CauseOf(r, f.ID); c != nil {
			l.Summary, l.Fix = c.Summary, c.Fix
		}
		list = append(list, l)
	}
	if len(all) == 1 && len(all[0].AlsoFailed) == 0 {
		return nil
	}
	return list
}

// CausesTitle heads a list of causes.
func CausesTitle(r *conformance.Result, list []CauseLine) string {
	return safe.Count(len(list), "cause") + " of " + safe.Count(len(Of(r, Failed)), "failed check")
}

// extent says how many checks share a cause; the id of one is to follow.
func (f Failure) extent() string {
	s := safe.Count(1+len(f.AlsoFailed), "check") + " failed"
	if n := len(f.AlsoWarned); n > 0 {
		s += ", " + safe.Count(n, "warning")
	}
	if len(f.AlsoFailed)+len(f.AlsoWarned) > 0 {
		return s + "; see "
	}
	return s + ": "
}

// Others says how many more checks share a cause, "" for none.
func (f Failure) Others() string {
	var parts []string
	if n := len(f.AlsoFailed); n > 0 {
		parts = append(parts, safe.Count(n, "more check"))
	}
	if n := len(f.AlsoWarned); n > 0 {
		parts = append(parts, safe.Count(n, "warning"))
	}
	if parts == nil {
		return ""
	}
	return strings.Join(parts, " and ") + " with the same cause"
}
