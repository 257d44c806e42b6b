package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
)

// Replayed is a check of a report that was performed again.
type Replayed struct {
	Before, Now conformance.CheckResult
}

// ReplayState is what performing a check again showed.
type ReplayState string

// The states of a check that was performed again.
const (
	StillFails ReplayState = "still fails" // or still warns
	FailsNow   ReplayState = "fails now"   // and did not in the report
	PassesNow  ReplayState = "passes now"
	Undecided  ReplayState = "undecided" // skipped, or the experiment broke
)

// State tells what performing the check again showed. A known failure that
// fails is one that fails.
func (p Replayed) State() ReplayState {
	switch {
	case fails(&p.Now) && fails(&p.Before):
		return StillFails
	case fails(&p.Now):
		return FailsNow
	case p.Now.Outcome == conformance.Pass:
		return PassesNow
	}
	return Undecided
}

// fails tells whether the target fell short of a check, whatever it weighs and
// whether or not it is excused.
func fails(c *conformance.CheckResult) bool {
	return c.Outcome == conformance.Fail || c.Outcome == conformance.Warn
}

// Replay writes for a person at a terminal what performing checks again
// showed: a line each, then the facts of those that fail as in [Text], then how
// many of each there are. now is the run that performed them. Of the options
// Quiet leaves the last line only.
func Replay(w io.Writer, now *conformance.Result, list []Replayed, o TextOptions) error {
	if now == nil {
		return errNoResult
	}
	t := newScreen(o.Color, o.Verbose, o.Width)
	if !o.Quiet {
		for _, p := range list {
			p.text(t)
		}
		t.printf("\n")
		for _, p := range list {
			if fails(&p.Now) {
				writeReplayFacts(t, now, &p.Now)
			}
		}
	}
	t.printf("%s  %s against %s", replayTally(list), line(now.Target, 200), line(strings.TrimSpace(now.Contract.Title+" "+now.Contract.Version), 200))
	if now.Reason != "" && slices.ContainsFunc(list, func(p Replayed) bool { return p.State() == Undecided }) {
		t.printf(": %s", line(now.Reason, 400))
	}
	t.printf("\n")
	return t.flush(w)
}

func (p Replayed) text(t *screen) {
	state := p.State()
	behind := ""
	switch {
	case state == Undecided:
		behind = headline(&p.Now)
	case state == PassesNow && tries(&p.Before) != "":
		behind = tries(&p.Before) + " before, so one pass proves little"
	}
	color := map[ReplayState]string{StillFails: red, FailsNow: red, PassesNow: green, Undecided: yellow}[state]
	t.printf("%s  %s", t.paint(color, fmt.Sprintf("%-11s", state)), t.paint(bold, line(p.Now.ID, 200)))
	if behind != "" {
		t.printf("  %s", t.paint(dim, line(behind, 300)))
	}
	t.printf("\n")
}

func writeReplayFacts(t *screen, r *conformance.Result, c *conformance.CheckResult) {
	if c.Outcome == conformance.Warn {
		t.title(yellow, "WARN", c.ID, "")
	} else {
		t.title(red, "FAIL", c.ID, weight(r, c))
	}
	t.facts(r, c)
	t.exchanges(c)
	t.printf("\n")
}

func replayTally(list []Replayed) string {
	n := map[ReplayState]int{}
	for _, p := range list {
		n[p.State()]++
	}
	var parts []string
	for _, s := range []struct {
		state     ReplayState
		one, many string
	}{{StillFails, "still fails", "still fail"}, {FailsNow, "fails now", "fail now"}, {PassesNow, "passes now", "pass now"}, {Undecided, "is undecided", "are undecided"}} {
		switch {
		case n[s.state] == 1:
			parts = append(parts, "1 "+s.one)
		case n[s.state] > 1:
			parts = append(parts, thousands(int64(n[s.state]))+" "+s.many)
		}
	}
	if len(parts) == 0 {
		return "no check was repeated"
	}
	return strings.Join(parts, ", ")
}
