package report_test

import (
	"bytes"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

// replayed is what a target shows after some of its failures were mended.
func replayed() (*conformance.Result, []report.Replayed) {
	before := violating()
	now := violating()
	at := func(r *conformance.Result, id string) conformance.CheckResult {
		for _, c := range r.Checks {
			if c.ID == operation+"/"+id {
				return c
			}
		}
		panic("no check " + id)
	}
	mended := at(before, "201/repeat")
	mended.Outcome, mended.Expected, mended.Actual, mended.Exchanges = conformance.Pass, "", "", nil
	worse := at(before, "201/minimal")
	worse.Outcome, worse.Expected, worse.Actual = conformance.Fail, "201 Created", "418 I'm a teapot"
	list := []report.Replayed{
		{Before: at(before, "401/missing-key"), Now: at(now, "401/missing-key")},
		{Before: at(before, "201/repeat"), Now: mended},
		{Before: at(before, "401/www-authenticate"), Now: at(now, "401/www-authenticate")},
		{Before: at(before, "201/minimal"), Now: worse},
		{Before: at(before, "201/simultaneous"), Now: at(now, "201/simultaneous")},
	}
	now.Reason = operation + "/201/simultaneous is undecided"
	return now, list
}

func replayText(t *testing.T, now *conformance.Result, list []report.Replayed, o report.TextOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.Replay(&b, now, list, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReplay(t *testing.T) {
	now, list := replayed()
	out := replayText(t, now, list, report.TextOptions{})
	compareGolden(t, "replay.txt", out)
	harmless(t, "text", out)
	quiet := string(replayText(t, now, list, report.TextOptions{Quiet: true}))
	if strings.Count(quiet, "\n") != 1 || !strings.HasPrefix(quiet, "2 still fail, 1 fails now, 1 passes now, 1 is undecided  http://") {
		t.Errorf("%q", quiet)
	}
	if err := report.Replay(full{}, now, list, report.TextOptions{}); err == nil {
		t.Error("to a full disk: no error")
	}
	if err := report.Replay(&bytes.Buffer{}, nil, list, report.TextOptions{}); err == nil {
		t.Error("of no result: no error")
	}
}

func TestReplayDrivesNoTerminal(t *testing.T) {
	r := hostile("")
	var list []report.Replayed
	for _, c := range r.Checks {
		list = append(list, report.Replayed{Before: c, Now: c})
	}
	harmless(t, "text", replayText(t, r, list, report.TextOptions{Verbose: true}))
	for _, c := range r.Checks {
		harmless(t, "text", []byte(report.Facts(r, &c)))
	}
}
