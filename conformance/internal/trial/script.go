package trial

import (
	"context"
	"sync"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/wire"
)

// Decides reports whether a response, or its absence, says something of the target.
func (t *Trial) Decides(a *wire.Response) bool {
	switch {
	case a.Failure.IsInconclusive():
		return false
	case a.Failure == wire.TimedOut:
		return t.Session.usuallyQuick()
	}
	return a.Arrived() || a.IsBroken()
}

// Deviation returns what a response that decides should have been, and is instead;
// "" where it has the status and keeps the clauses of it that must hold.
func (t *Trial) Deviation(a *wire.Response, status string) (expected, actual string) {
	if !a.Arrived() || a.Failure == wire.TimedOut || !t.Op.EquivalentStatuses(status).Contains(a.Status) {
		return DescribeStatus(status), a.Summary()
	}
	for _, f := range a.Findings {
		if f.Clause == wire.ClauseJSON || f.Clause == wire.ClauseSchema || f.Clause == wire.ClauseContentType {
			return f.Expected, f.Actual
		}
	}
	return "", ""
}

// SendUnremembered sends requests side by side and returns the responses in order.
// The run does not keep them: there may be more than memory should hold.
func (t *Trial) SendUnremembered(ctx context.Context, requests []*wire.Request) []*wire.Response {
	responses := make([]*wire.Response, len(requests))
	if len(requests) == 1 {
		responses[0] = t.Session.exchange(ctx, t.Check, t.numbered(requests[0]))
		return responses
	}
	var wg sync.WaitGroup
	for i, r := range requests {
		wg.Go(func() { responses[i] = t.Session.exchange(ctx, t.Check, t.numbered(r)) })
	}
	wg.Wait()
	return responses
}

// FailScript ends the trial with a sequence of requests that shows a failure. Played
// is how often it was sent, failed how often it failed; note says what the exchanges
// do not show of it.
func (t *Trial) FailScript(expected, actual, note string, failed, played int, script []*wire.Response) {
	for _, a := range script {
		if err := t.Session.Contract.Confirm(a.Request); err != nil {
			t.Abort("error in this check, not in the target: "+err.Error(), a)
		}
	}
	if note != "" {
		actual += " (with " + note + ")"
	}
	t.End(Verdict{Outcome: conformance.Fail, Expected: expected, Actual: actual, Evidence: script, IsScript: true, Failed: failed, Tried: played})
}
