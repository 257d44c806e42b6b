package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/findings"
	"nox.energy/contract/conformance/report/internal/safe"
	"nox.energy/contract/conformance/report/internal/terminal"
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
	t := terminal.New(o.Color, o.Verbose, o.Width)
	if !o.Quiet {
		for _, p := range list {
			p.text(t)
		}
		t.Printf("\n")
		for _, p := range list {
			if fails(&p.Now) {
				writeReplayFacts(t, now, &p.Now)
			}
		}
	}
	t.Printf("%s  %s against %s", replayTally(list), safe.Line(now.Target, 200), safe.Line(strings.TrimSpace(now.Contract.Title+" "+now.Contract.Version), 200))
	if now.Reason != "" && slices.ContainsFunc(list, func(p Replayed) bool { return p.State() == Undecided }) {
		t.Printf(": %s", safe.Line(now.Reason, 400))
	}
	t.Printf("\n")
	return t.Flush(w)
}

func (p Replayed) text(t *terminal.Screen) {
	state := p.State()
	behind := ""
	switch {
	case state == Undecided:
		behind = findings.Headline(&p.Now)
	case state == PassesNow && findings.Tries(&p.Before) != "":
		behind = findings.Tries(&p.Before) + " before, so one pass proves little"
	}
	color := map[ReplayState]string{StillFails: terminal.Red, FailsNow: terminal.Red, PassesNow: terminal.Green, Undecided: terminal.Yellow}[state]
	t.Printf("%s  %s", t.Paint(color, fmt.Sprintf("%-11s", state)), t.Paint(terminal.Bold, safe.Line(p.Now.ID, 200)))
	if behind != "" {
		t.Printf("  %s", t.Paint(terminal.Dim, safe.Line(behind, 300)))
	}
	t.Printf("\n")
}

func writeReplayFacts(t *terminal.Screen, r *conformance.Result, c *conformance.CheckResult) {
	if c.Outcome == conformance.Warn {
		t.Title(terminal.Yellow, "WARN", c.ID, "")
	} else {
		t.Title(terminal.Red, "FAIL", c.ID, findings.Weight(r, c))
	}
	t.Facts(r, c)
	t.Exchanges(c)
	t.Printf("\n")
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
		if n[s.state] > 0 {
			parts = append(parts, safe.Several(n[s.state], s.one, s.many))
		}
	}
	if len(parts) == 0 {
		return "no check was repeated"
	}
	return strings.Join(parts, ", ")
}
