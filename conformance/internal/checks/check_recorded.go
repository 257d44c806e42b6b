package checks

import (
	"fmt"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/judge"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// RecordedCatalogue makes the checks that a recording is judged by: the clauses
// of the catalogue that hold for every response, and what recorded requests
// themselves give rise to.
func RecordedCatalogue(c *trial.Contract) []*trial.Check {
	var all []*trial.Check
	for _, op := range c.Operations {
		b := &builder{contract: c, op: op, ids: map[string]bool{}}
		if op.Rules.Identity != "" {
			wholeRunChecks(b)
		}
		acceptedCheck(b)
		echoedCheck(b)
		refusedCheck(b)
		documentedCheck(b)
		neverChecks(b)
		everyResponseChecks(b)
		// Why no response was recorded is not known.
		b.checks = slices.DeleteFunc(b.checks, func(c *trial.Check) bool { return strings.HasSuffix(c.ID, "/"+trial.StatusHTTP+"/answered") })
		for _, each := range b.checks {
			each.Sends = "nothing; it judges recorded responses"
			onlyRecorded(each)
		}
		publishedCheck(b)
		order(op, b.checks)
		all = append(all, b.checks...)
	}
	return all
}

// onlyRecorded keeps a clause from being judged by what was not recorded: the
// body, or fields beyond the media type.
func onlyRecorded(c *trial.Check) {
	over := c.JudgeRun
	name := c.ID[strings.LastIndex(c.ID, "/")+1:]
	ofBody := slices.Contains([]string{wire.ClauseJSON, wire.ClauseSchema, wire.ClauseNonEmpty, wire.ClauseUniqueNames, wire.ClauseInternals, wire.ClauseKey}, name)
	c.JudgeRun = func(s *trial.Session) trial.Verdict {
		seen := &trial.Session{Config: s.Config, Contract: s.Contract}
		missing, masked := 0, 0
		for _, each := range s.AllSeen() {
			a := each.Response
			switch {
			case name == "resolve-throughout" && slices.ContainsFunc(a.Request.Keys, func(k wire.Credential) bool { return k.IsMasked }):
				masked++
			case ofBody && a.Failure == trial.BodyUnrecorded:
				if a.HasStatus(c.Status) {
					missing++
				}
			case name == wire.ClauseHeaders && len(a.Header) < 2: // an export without the fields
			default:
				seen.Seen = append(seen.Seen, each)
			}
		}
		v := over(seen)
		switch {
		case v.Outcome == conformance.Skip && missing > 0:
			v.Reason = fmt.Sprintf("not exercised: the recording contains no %s with its body", c.Status)
		case v.Outcome == conformance.Skip && masked > 0:
			v.Reason = "the recording masks the keys: two ids for one user may belong to two manufacturers"
		}
		return v
	}
}

// recorded adds a check over the recorded responses that a rule is about.
func recorded(b *builder, status string, t checkText, rule func(*wire.Response) (wire.Finding, bool)) {
	skippedAs(b.addJudged(status, t, true, func(a *wire.Response) (wire.Finding, bool) {
		if a.Request.ProvokedStatus != "" || !a.Arrived() {
			return wire.Finding{}, false
		}
		return rule(a)
	}), "not exercised: the recording contains no exchange that this check can judge")
}

// acceptedCheck is about valid requests. A 401 or 403 may be right, as nobody
// knows whether the key is; a redirect and a 5xx have checks of their own.
func acceptedCheck(b *builder) {
	status := b.op.SuccessStatus()
	if status == "" {
		return
	}
	recorded(b, status, checkText{
		name: "recorded-accepted", ground: contractSays,
		summary: "every recorded valid request returns " + status + ", unless its key is rejected",
		why:     "The server turned away a client that follows the contract.",
	}, func(a *wire.Response) (wire.Finding, bool) {
		r := a.Request
		keyed := len(r.Op.Security) == 0 || len(r.Keys) == 1 && (r.Keys[0].IsValid || judge.IsOrdinaryKey(r.Keys[0].Value))
		if r.Intent != wire.Fits || !keyed || a.RefusesKey() || a.Status/100 == 3 || a.Status/100 == 5 {
			return wire.Finding{}, false
		}
		f := wire.Finding{Expected: trial.DescribeStatus(status)}
		if !a.IsDocumentedSuccess() {
			f.Actual = a.Summary() + " to a valid request"
		}
		return f, true
	})
}

// echoedCheck holds the echo, wherever a request names somebody.
func echoedCheck(b *builder) {
	rules := b.op.Rules
	if rules.Echo == "" {
		return
	}
	status := b.op.SuccessStatus()
	recorded(b, status, checkText{
		name: "recorded-echo", ground: contractSays, pointer: b.memberPointer(rules.Echo),
		summary: "every recorded " + status + " repeats the " + rules.Subject + " of its request exactly",
		why:     "A client finds its user by the echo. If one character changes, it finds another user or none.",
	}, func(a *wire.Response) (wire.Finding, bool) {
		user := a.Request.Subject
		got, ok := a.Member(rules.Echo)
		if !a.HasStatus(status) || user == "" || !ok { // an echo that is missing breaks the schema
			return wire.Finding{}, false
		}
		f := wire.Finding{Expected: rules.Echo + " " + trial.QuoteDifference(user, got)}
		if got != user {
			f.Actual = rules.Echo + " " + trial.QuoteDifference(got, user)
		}
		return f, true
	})
}

// refusedCheck is about requests that break the contract for certain.
func refusedCheck(b *builder) {
	status := b.op.InvalidStatus()
	if status == "" || b.op.Body == nil {
		return
	}
	recorded(b, status, checkText{
		name: "recorded-refused", ground: contractSays,
		summary: "no recorded invalid request succeeds",
		why:     "If the server accepts an invalid request today, clients rely on it tomorrow.",
	}, func(a *wire.Response) (wire.Finding, bool) {
		f := wire.Finding{Expected: trial.DescribeStatus(status)}
		if a.Request.Intent != wire.Breaks {
			return f, false
		}
		if a.Status/100 == 2 {
			f.Actual = a.Summary() + " to an invalid request"
		}
		return f, a.Status/100 == 2 || a.HasStatus(status)
	})
}

// documentedCheck is about statuses that the contract does not name. A redirect
// and a 5xx have checks of their own.
func documentedCheck(b *builder) {
	recorded(b, trial.StatusHTTP, checkText{
		name: "recorded-documented", ground: goodPractice, pointer: b.op.Pointer + "/responses",
		summary: "every recorded response has a documented status",
		why:     "Clients cannot handle a status that they do not know.",
	}, func(a *wire.Response) (wire.Finding, bool) {
		f := wire.Finding{Expected: "one of " + strings.Join(b.op.Statuses, ", ")}
		if b.op.ResponseFor(a.Status) == nil {
			f.Actual = a.Summary()
		}
		return f, a.Status/100 != 3 && a.Status/100 != 5
	})
}
