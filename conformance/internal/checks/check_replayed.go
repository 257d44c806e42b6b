package checks

import (
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// ReplayedCatalogue makes the checks that a replay is judged by: those of a
// recording, and those that compare each response with the one that the client
// was given when it was recorded. before returns that one, nil where there is
// none to compare with.
func ReplayedCatalogue(c *trial.Contract, before func(*wire.Response) *wire.Response) []*trial.Check {
	all := RecordedCatalogue(c)
	for _, op := range c.Operations {
		b := &builder{contract: c, op: op, ids: map[string]bool{}}
		for _, each := range replayedRules() {
			b.replayedCheck(each, before)
		}
		if op.Rules.Identity != "" {
			b.replayedIdentityCheck(before)
		}
		for _, each := range b.checks {
			each.Sends = "the requests of the recording"
		}
		all = append(all, b.checks...)
	}
	return all
}

// replayedRule compares a response with the one before it.
type replayedRule struct {
	name, summary, why string
	compare            func(before, now *wire.Response) (wire.Finding, bool)
}

func replayedRules() []replayedRule {
	return []replayedRule{
		{
			"replayed-status", "each request returns the same status as in the recording",
			"The client was tested with these statuses and acts on them.",
			func(before, now *wire.Response) (wire.Finding, bool) {
				f := wire.Finding{Expected: before.Summary() + ", as before"}
				if now.Status != before.Status || !now.Arrived() {
					f.Actual = now.Summary()
				}
				return f, true
			},
		},
		{
			"replayed-shape", "each response has the media type and the property types of the recorded one",
			"The client reads the properties that existed when it was written. It may ignore new ones.",
			func(before, now *wire.Response) (wire.Finding, bool) {
				if now.Status != before.Status {
					return wire.Finding{}, false // which says enough
				}
				lost := lostShape(before, now)
				return wire.Finding{Expected: "a response of the same shape as before", Actual: strings.Join(lost, ", ")}, true
			},
		},
		{
			"replayed-echo", "each echo in the recording is still exact",
			"The client finds its user by the echo.",
			func(before, now *wire.Response) (wire.Finding, bool) {
				f := wire.Finding{}
				subject, known := now.Request.Subject, false
				for _, name := range membersEqualTo(before, subject) {
					known, f.Expected = true, fmt.Sprintf("%s %s, as before", name, wire.Quote(subject))
					if got, _ := now.Member(name); got != subject {
						f.Actual = fmt.Sprintf("%s %s", name, trial.QuoteDifference(got, subject))
						break
					}
				}
				return f, known && now.Status == before.Status
			},
		},
	}
}

// replayedCheck adds a check over all responses that can be compared.
func (b *builder) replayedCheck(rule replayedRule, before func(*wire.Response) *wire.Response) {
	skippedAs(b.addJudged(trial.StatusHTTP, checkText{
		name: rule.name, ground: clientRelies, pointer: b.op.Pointer, summary: rule.summary, why: rule.why,
	}, true, func(a *wire.Response) (wire.Finding, bool) {
		old := before(a)
		if old == nil || a.Failure.IsInconclusive() {
			return wire.Finding{}, false
		}
		return rule.compare(old, a)
	}), "not exercised: no response can be compared with a recorded one")
}

// replayedIdentityCheck compares which requests got the same id: whoever was one
// user before is one user now.
func (b *builder) replayedIdentityCheck(before func(*wire.Response) *wire.Response) {
	name := b.op.Rules.Identity
	b.addJudgement(b.op.SuccessStatus(), checkText{
		name: "replayed-identity", ground: clientRelies,
		summary: "requests with the same " + name + " in the recording still have the same, and others still differ",
		why:     "To the client, two ids are two users and one id is one user.",
	}, func(s *trial.Session) trial.Verdict { return judgeReplayedIdentities(s.AllSeen(), name, before) })
}

func judgeReplayedIdentities(seen []trial.SeenResponse, name string, before func(*wire.Response) *wire.Response) trial.Verdict {
	v := trial.Verdict{Outcome: conformance.Pass}
	now, then := map[string]*wire.Response{}, map[string]*wire.Response{} // the first response by the id before, and by the id now
	for _, each := range seen {
		a := each.Response
		old := before(a)
		if old == nil {
			continue
		}
		was, known := old.Member(name)
		is, ok := a.Member(name)
		if !known || !ok || !a.Succeeded() {
			continue
		}
		v.Tried++
		one, other := now[was], then[is]
		if one == nil {
			now[was], one = a, a
		}
		if other == nil {
			then[is], other = a, a
		}
		first, _ := one.Member(name)
		differs := first != is
		if !differs && other != nil {
			id, _ := before(other).Member(name)
			differs = id != was
			one = other
		}
		if !differs {
			continue
		}
		if v.Failed++; v.Failed == 1 {
			firstBefore, _ := before(one).Member(name)
			firstNow, _ := one.Member(name)
			v.Outcome = conformance.Fail
			v.Expected = fmt.Sprintf("one %s for both requests, as before", name)
			if firstBefore != was {
				v.Expected = fmt.Sprintf("a different %s for each of the two requests, as before", name)
			}
			v.Actual = fmt.Sprintf("%q for %s, %q for %s", firstNow, wire.Quote(one.Request.Subject), is, wire.Quote(a.Request.Subject))
			v.Evidence = []*wire.Response{one, a}
		}
	}
	if v.Tried == 0 {
		return trial.Verdict{Outcome: conformance.Skip, Reason: "not exercised: no two responses contain a " + name + " to compare"}
	}
	v.Failed, v.Tried = 0, 0
	return v
}

// lostShape lists what of the shape of a response is missing in another one.
func lostShape(before, now *wire.Response) []string {
	var lost []string
	was, _, err := mime.ParseMediaType(before.Header.Get("Content-Type"))
	is, _, errNow := mime.ParseMediaType(now.Header.Get("Content-Type"))
	if err == nil && was != is {
		if errNow != nil {
			is = "no media type"
		}
		lost = append(lost, fmt.Sprintf("%s instead of %s", is, was))
	}
	if before.Failure == trial.BodyUnrecorded || before.Value == nil {
		return lost
	}
	return append(lost, lostValue("", before.Value, now.Value)...)
}

// lostValue compares two JSON values, place being theirs. Of arrays the first
// elements stand for all.
func lostValue(place string, was, is any) []string {
	if kindOf(was) != kindOf(is) {
		where := place
		if where == "" {
			where = "the body"
		}
		return []string{fmt.Sprintf("%s is %s instead of %s", where, kindOf(is), kindOf(was))}
	}
	var lost []string
	switch was := was.(type) {
	case map[string]any:
		object := is.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(was)) {
			inner := strings.TrimPrefix(place+"."+name, ".")
			value, has := object[name]
			if !has {
				lost = append(lost, inner+" is missing")
				continue
			}
			lost = append(lost, lostValue(inner, was[name], value)...)
		}
	case []any:
		if array := is.([]any); len(was) > 0 && len(array) > 0 {
			lost = append(lost, lostValue(place+"[0]", was[0], array[0])...)
		}
	}
	return lost
}

// kindOf names the type of a JSON value.
func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null or nothing"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case map[string]any:
		return "an object"
	case []any:
		return "an array"
	}
	return "a number"
}

// membersEqualTo lists the properties of a body that hold a text.
func membersEqualTo(a *wire.Response, text string) []string {
	object, _ := a.Value.(map[string]any)
	var names []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if value, is := object[name].(string); is && text != "" && value == text {
			names = append(names, name)
		}
	}
	return names
}
