package causes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/textchange"
	"nox.energy/contract/conformance/internal/trial"
)

// Describe puts groups of failed checks into words, those that fail the run
// first, the largest first. Checks that a list excuses are left out.
func (f *Causes) Describe(checks []conformance.CheckResult) []conformance.Cause {
	var out []conformance.Cause
	fails := map[string]bool{}
	for _, g := range f.groups {
		lead, members := suspect{}, []string(nil)
		for _, s := range append([]suspect{g.lead}, g.members...) {
			c := checks[s.index]
			if c.Known || c.Outcome != conformance.Fail && c.Outcome != conformance.Warn || slices.Contains(members, c.ID) {
				continue
			}
			if members = append(members, c.ID); len(members) == 1 {
				lead = s
			}
			fails[members[0]] = fails[members[0]] || c.Outcome == conformance.Fail
		}
		if members == nil {
			continue
		}
		summary, fix := f.causeText(g, lead, checks[lead.index])
		if reason := checks[lead.index].Reason; lead.check.Stage == trial.StageGate && reason != "" {
			fix = reason
		}
		out = append(out, conformance.Cause{Check: members[0], Summary: f.session.Redactor.Redact(summary), Fix: f.session.Redactor.Redact(fix), Checks: members})
	}
	slices.SortStableFunc(out, func(a, b conformance.Cause) int {
		if fails[a.Check] != fails[b.Check] {
			if fails[a.Check] {
				return -1
			}
			return 1
		}
		return cmp.Compare(len(b.Checks), len(a.Checks))
	})
	return out
}

// causeText says what a group of failed checks has in common, and how to fix it.
func (f *Causes) causeText(g *group, lead suspect, c conformance.CheckResult) (summary, fix string) {
	k := g.symptom
	op := f.session.Operation(lead.check)
	to := "" // what was sent, by the first experiment
	for _, s := range append([]suspect{lead}, g.members...) {
		if s.check.Run != nil && to == "" {
			to = s.check.Sends
		}
	}
	subject, identity, echo := op.Rules.Subject, op.Rules.Identity, op.Rules.Echo
	answer := ""
	if k.status != 0 {
		answer = contract.StatusText(k.status)
		switch k.body {
		case "", trial.BodyAsDocumented:
		case trial.BodyNone:
			answer += " without a body"
		default:
			answer += " with " + k.body
		}
	}
	if g.race && len(lead.blamed) > 0 && k.what != racyID && k.what != blockedPage {
		if k.what == silent {
			answer = "no response"
		}
		if answer != "" {
			return fmt.Sprintf("concurrent first requests for one %s: some get %s", subject, answer),
				raceFix(subject)
		}
	}
	switch k.what {
	case racyID:
		return fmt.Sprintf("concurrent first requests for one %s get different values of %s", subject, identity), raceFix(subject)
	case changedUser:
		return changeText(k.about, subject, echo, lead)
	case splitID:
		return fmt.Sprintf("one %s gets several values of %s", subject, identity),
			fmt.Sprintf("store the %s at the user's first request, and look it up only by the decoded %s and the manufacturer", identity, subject)
	case sharedID:
		return fmt.Sprintf("different values of %s get the same %s", subject, identity),
			fmt.Sprintf("create and look up the %s by the whole %s, compared byte by byte", identity, subject)
	case silent:
		return "the connection closes without a usable response", "look in the server's log for a crash or a limit at the time of the request; return a documented status"
	case breakdown:
		fix = "find the error in the server's log; return " + cmp.Or(op.InvalidStatus(), "4xx") + " for an invalid request and " + cmp.Or(op.SuccessStatus(), "2xx") + " for a valid one"
		if k.body != trial.BodyAsDocumented && op.ErrorStatus() != "" {
			fix += "; give every " + op.ErrorStatus() + " the documented shape"
		}
		if to == "" {
			to = "an ordinary request"
		}
		return answer + " in response to " + to, fix
	case redirected:
		return fmt.Sprintf("%s instead of a response from the API", answer), "serve the operation at the documented path without a redirect"
	case blockedPage:
		name := ""
		if found := frontName(lead.blamed[0]); found != "" {
			name = fmt.Sprintf(" (it says %q)", found)
		}
		if k.status/100 == 5 {
			return answer + " looks like a proxy that got no response from the API" + name, "check the server behind the proxy for a crash or a timeout; if the proxy limits the request rate, lower --rate"
		}
		if to != "" {
			name += ": it rejects " + to
		}
		return answer + " looks like a firewall or proxy, not the API" + name, "let these requests through to the API: exempt the operation's JSON body and key header from the rule that matched"
	case accepted:
		return fmt.Sprintf("%s where the contract requires %s: %s", answer, trial.DescribeStatus(k.about), to), acceptedFix(k, op, lead.check.Clause.Pointer)
	case refused:
		return fmt.Sprintf("%s in response to %s", answer, to), "accept what the schema allows; return " + op.SuccessStatus()
	}
	if k.status != 0 {
		return fmt.Sprintf("%s where the contract requires %s", answer, trial.DescribeStatus(k.about)),
			fmt.Sprintf("return %s with the documented body", k.about)
	}
	return generalWords(c)
}

func raceFix(subject string) string {
	return fmt.Sprintf("find or create the user in one atomic step: add a unique index on manufacturer and %s, and return the existing row on a conflict", subject)
}

// generalWords tells a check that shares its cause with no other.
func generalWords(c conformance.CheckResult) (summary, fix string) {
	summary = "broken rule: " + c.Summary
	switch {
	case c.Actual == "":
	case c.Expected == "" || c.Expected == c.Summary:
		summary += fmt.Sprintf(" (found: %s)", c.Actual)
	default:
		summary += fmt.Sprintf(" (expected: %s; found: %s)", c.Expected, c.Actual)
	}
	return summary, c.Reason
}

func changeText(about, subject, echo string, lead suspect) (summary, fix string) {
	fix = "return it exactly as sent"
	example := ""
	for _, a := range lead.blamed {
		if got, ok := a.Member(echo); ok && got != a.Request.Subject {
			example = fmt.Sprintf(": %s as %s", trial.QuoteDifference(a.Request.Subject, got), trial.QuoteDifference(got, a.Request.Subject))
			break
		}
	}
	how := "changed"
	for _, n := range textchange.Normalizers() {
		if about == n.Name {
			how, fix = n.Effect, "store, compare and return it exactly as sent: "+n.Fix
		}
	}
	switch {
	case about == textchange.OtherText:
		how = "as another text"
	case strings.HasPrefix(about, textchange.CutAfter):
		how, fix = about, "store the whole value, or reject long values with the documented status"
	case example == "":
		return fmt.Sprintf("users whose %s differs only in %s get one id", subject, about), fix
	}
	return fmt.Sprintf("%s comes back %s%s", subject, how, example), fix
}

func acceptedFix(k symptom, op *contract.Operation, pointer string) string {
	switch {
	case k.about == op.UnauthorizedStatus() && k.detail == "": // most of them
		return "check the key of every request before anything else"
	case k.detail == "no key":
		return "reject requests without a key in the documented place"
	case k.about == op.UnauthorizedStatus() && k.detail == trial.DisabledKeyLabel:
		return "reject the keys of manufacturers that are not enabled; if the server does, check that NOX_DISABLED_API_KEY belongs to one"
	case k.about == op.UnauthorizedStatus():
		return "compare the whole key exactly, and read it only from the documented header"
	case k.detail == "":
		return "validate every body against the schema before using it"
	case strings.Contains(pointer, "/parameters/"):
		return "reject requests in which the parameter is missing or does not match the contract"
	case strings.Contains(k.detail, "/schema"):
		return "enforce " + k.detail + " of the contract before using the body; do not coerce values"
	}
	return "parse the body with a strict JSON parser, and reject what it rejects"
}
