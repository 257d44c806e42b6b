// Package causes says of the failures of a run which of them have one cause, how
// that is put, and which of them may be absent from the next run.
package causes

import "nox.energy/contract/conformance/internal/trial"

// Causes are those of the failures of one run.
type Causes struct {
	session  *trial.Session
	checks   []*trial.Check
	verdicts []trial.Verdict
	groups   []*group
	chances  []chance
}

// Find finds the causes of the failures among the verdicts on checks, and sets
// [trial.Verdict.Cause] of each failure that another one explains.
func Find(s *trial.Session, checks []*trial.Check, verdicts []trial.Verdict) *Causes {
	f := &Causes{session: s, checks: checks, verdicts: verdicts}
	f.groups = f.group()
	f.chances = f.chancesOf()
	return f
}

// IsIntermittent reports whether the failure of a check may be absent from
// another run.
func (f *Causes) IsIntermittent(check int) bool { return f.chances[check].intermittent }

// Origins returns the ids of the checks that an intermittent failure comes with.
func (f *Causes) Origins(check int) []string { return f.chances[check].origins }
