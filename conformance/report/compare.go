package report

import (
	"strings"
	"time"

	"nox.energy/contract/conformance"
)

// ComparisonFormat names the version of [Comparison] as JSON. Within a major
// version fields are added, never changed or removed.
const ComparisonFormat = "nox-conformance-comparison/1"

// Comparison is what differs between two runs, by id of the checks. A check
// stands in one list of Broke to NewlyJudged at most, and in the order of the new
// run.
type Comparison struct {
	Format string   `json:"format"`
	Old    Compared `json:"old"`
	New    Compared `json:"new"`
	Notes  []string `json:"notes"` // why the runs are hard to compare, in words

	Broke        []Change `json:"broke"`         // fails, not excused, and did not fail
	Fixed        []Change `json:"fixed"`         // failed, excused or not, and passes
	StillFail    []Change `json:"still_fail"`    // failed, and does not pass: excuses that came or went are here
	NewWarnings  []Change `json:"new_warnings"`  // warns, and neither warned nor failed
	GoneWarnings []Change `json:"gone_warnings"` // warned, and passes
	Excused      []Change `json:"excused"`       // fails or warns as a known failure, and did neither
	NotJudged    []Change `json:"not_judged"`    // passed or warned, and is skipped or broke
	NotSeen      []Change `json:"not_seen"`      // failed, and is skipped or broke: no fix
	NewlyJudged  []Change `json:"newly_judged"`  // was skipped or broke, and passes
	Added        []Change `json:"added"`         // was not in the old run; if it fails or warns, above as well
	Removed      []Change `json:"removed"`       // is not in the new run
	Same         int      `json:"same"`          // checks in both runs and in none of the lists
	Judged       int      `json:"judged"`        // checks that were judged in both
}

// Compared says which run was compared.
type Compared struct {
	Target   string               `json:"target"`
	Contract conformance.Contract `json:"contract"`
	Tool     conformance.Tool     `json:"tool"`
	Profile  conformance.Profile  `json:"profile"`
	RunID    string               `json:"run_id"`
	Started  time.Time            `json:"started"`
	Verdict  conformance.Verdict  `json:"verdict"`
	Reason   string               `json:"reason,omitempty"`
	Summary  conformance.Summary  `json:"summary"`
}

// Change is a check that stands otherwise in the new run than in the old one.
type Change struct {
	ID       string              `json:"id"`
	Level    conformance.Level   `json:"level"`
	Old      conformance.Outcome `json:"old,omitempty"` // empty: was not there
	New      conformance.Outcome `json:"new,omitempty"` // empty: is not there
	Known    bool                `json:"known"`         // excused, in the new run or, of a removed one, in the old
	Expected string              `json:"expected,omitempty"`
	Actual   string              `json:"actual,omitempty"` // what came, in the new run or, if it does not say, in the old
	Reason   string              `json:"reason,omitempty"`
}

// Compare compares two runs. nil stands for a run without checks.
func Compare(before, after *conformance.Result) *Comparison {
	if before == nil {
		before = &conformance.Result{}
	}
	if after == nil {
		after = &conformance.Result{}
	}
	c := &Comparison{Format: ComparisonFormat, Old: compared(before), New: compared(after), Notes: notes(before, after)}
	for _, list := range c.lists() {
		*list = []Change{}
	}
	was := map[string]*conformance.CheckResult{}
	for i := range before.Checks {
		was[before.Checks[i].ID] = &before.Checks[i]
	}
	is := map[string]bool{}
	for i := range after.Checks {
		n := &after.Checks[i]
		is[n.ID] = true
		o := was[n.ID]
		for _, alias := range n.Aliases { // checks that it has taken in since
			is[alias] = true
			if old := was[alias]; o == nil || old != nil && fails(old) && !fails(o) {
				o = old
			}
		}
		c.sort(o, n)
	}
	for i := range before.Checks {
		if o := &before.Checks[i]; !is[o.ID] {
			c.Removed = append(c.Removed, change(o, nil))
		}
	}
	return c
}

func (c *Comparison) lists() []*[]Change {
	return []*[]Change{&c.Broke, &c.Fixed, &c.StillFail, &c.NewWarnings, &c.GoneWarnings, &c.Excused, &c.NotJudged, &c.NotSeen, &c.NewlyJudged, &c.Added, &c.Removed}
}

// sort puts a check of the new run into the list that it belongs to; o is nil
// where it was not in the old one.
func (c *Comparison) sort(o, n *conformance.CheckResult) {
	if o == nil {
		c.Added = append(c.Added, change(nil, n))
		o = &conformance.CheckResult{}
	} else if judged(o) && judged(n) {
		c.Judged++
	}
	var list *[]Change
	switch failed, warned := o.Outcome == conformance.Fail, o.Outcome == conformance.Warn; {
	case failed && n.Outcome == conformance.Pass:
		list = &c.Fixed
	case failed && !judged(n):
		list = &c.NotSeen
	case failed && fails(n):
		list = &c.StillFail
	case fails(n) && n.Known && !warned:
		list = &c.Excused
	case n.Outcome == conformance.Fail && !n.Known:
		list = &c.Broke
	case n.Outcome == conformance.Warn && !warned:
		list = &c.NewWarnings
	case warned && n.Outcome == conformance.Pass:
		list = &c.GoneWarnings
	case judged(o) && !judged(n):
		list = &c.NotJudged
	case o.ID != "" && !judged(o) && n.Outcome == conformance.Pass:
		list = &c.NewlyJudged
	case o.ID != "":
		c.Same++
	}
	if list == nil {
		return
	}
	if o.ID == "" {
		o = nil
	}
	*list = append(*list, change(o, n))
}

// judged tells whether the target got its say.
func judged(c *conformance.CheckResult) bool {
	return c.Outcome == conformance.Pass || fails(c)
}

// change tells a check by its new state, and by its old one where the new one
// says nothing. One of the two may be nil.
func change(o, n *conformance.CheckResult) Change {
	var out Change
	if o != nil {
		out = Change{ID: o.ID, Level: o.Level, Old: o.Outcome, Known: o.Known, Expected: o.Expected, Actual: o.Actual}
	}
	if n != nil {
		out.ID, out.Level, out.New, out.Known, out.Reason = n.ID, n.Level, n.Outcome, n.Known, n.Reason
		if n.Actual != "" {
			out.Expected, out.Actual = n.Expected, n.Actual
		}
	}
	return out
}

func compared(r *conformance.Result) Compared {
	return Compared{
		Target: r.Target, Contract: r.Contract, Tool: r.Tool, Profile: r.Profile, RunID: r.RunID,
		Started: r.Started, Verdict: r.Verdict, Reason: r.Reason, Summary: r.Summary,
	}
}

// notes says in what else than their target's behaviour two runs differ.
func notes(before, after *conformance.Result) []string {
	out := []string{}
	for _, d := range []struct{ what, before, after string }{
		{"targets", before.Target, after.Target},
		{"contracts", contractWords(before), contractWords(after)},
		{"profiles", string(before.Profile), string(after.Profile)},
		{"versions of nox-conformance", before.Tool.Version, after.Tool.Version},
	} {
		if d.before != d.after {
			out = append(out, "the "+d.what+" differ: "+orNone(d.before)+", then "+orNone(d.after))
		}
	}
	if after.Verdict == conformance.Inconclusive {
		out = append(out, "the new run is inconclusive: "+orNone(after.Reason))
	}
	return out
}

func contractWords(r *conformance.Result) string {
	words := strings.TrimSpace(r.Contract.Title + " " + r.Contract.Version)
	if digest := r.Contract.SHA256; digest != "" {
		words += " (sha256 " + digest[:min(len(digest), 12)] + ")"
	}
	return words
}

func orNone(s string) string {
	if strings.TrimSpace(s) == "" {
		return "none"
	}
	return s
}
