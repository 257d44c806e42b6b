package checks

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// identityChecks hold the id that is resolved or newly created: one user, one
// id, for ever; another user, another id; for each manufacturer apart.
func identityChecks(b *builder) {
	rules := b.op.Rules
	if rules.Identity == "" {
		return
	}
	resolveChecks(b)
	createChecks(b)
	status := b.op.SuccessStatus()
	pointer := b.memberPointer(b.op.Rules.Identity)
	b.add(status, checkText{
		name: "simultaneous", ground: contractSays, prod: conformance.NotInProduction, runsAlone: true, pointer: pointer,
		summary: "concurrent requests for a new user return the same id",
		sends:   fmt.Sprintf("%d concurrent requests for a new user, in %d rounds", trial.ConcurrentRequests, rounds),
		why:     "Clients retry and run in parallel. Two ids for one user split that user's devices.",
	}, trial.StageAccept, simultaneous)
	b.add(status, checkText{
		name: "tenants", ground: contractSays, prod: conformance.Creates, needs: trial.NeedsOther, newUsers: 1, requests: 3, pointer: pointer,
		summary: "the same user id under two manufacturers gets two ids",
		sends:   "one " + rules.Subject + " with the keys of two manufacturers",
		why:     "Manufacturers choose user ids independently. A shared id gives one user's devices to another.",
	}, trial.StageAccept, func(t *trial.Trial) {
		user := t.User()
		first := t.IdentityOf(t.ExpectSuccess(t.RequestFor(user)))
		other := t.RequestFor(user).WithKeys(t.Session.OtherKey())
		if refusal := t.Op.UnauthorizedStatus(); refusal != "" {
			if a := t.Send(other); t.Op.EquivalentStatuses(refusal).Contains(a.Status) {
				t.Abort("the target rejects the other key: check that NOX_OTHER_API_KEY belongs to this target and that its manufacturer is enabled", a)
			}
		}
		second := t.ExpectSuccess(other)
		t.RequireEcho(second)
		if id := t.IdentityOf(second); id == first {
			t.Fail("a different "+rules.Identity+" for the other manufacturer", fmt.Sprintf("%q for both", id))
		}
		if id := t.IdentityOf(t.ExpectSuccess(t.RequestFor(user))); id != first {
			t.Fail(fmt.Sprintf("%s %q as before", rules.Identity, first), fmt.Sprintf("%q after the other manufacturer's request", id))
		}
	})
	knownChecks(b)
	otherManufacturerCheck(b)
	wholeRunChecks(b)
}

func resolveChecks(b *builder) {
	rules := b.op.Rules
	about := func(called func(string) string, name, summary, sends string, again func(t *trial.Trial, user string) []*wire.Request) {
		b.add(b.op.SuccessStatus(), checkText{
			name: "resolve-" + name, ground: contractSays, prod: conformance.Creates, requests: 2, pointer: b.memberPointer(b.op.Rules.Identity),
			summary: summary, sends: sends,
			why: "Clients store the id. If it changes, they lose access to the user's devices.",
		}, trial.StageAccept, func(t *trial.Trial) {
			user := t.UserLike(called)
			if name == "at-once" {
				user = t.MailUser() // whom the keys are tried about
			}
			first := t.ExpectSuccess(t.RequestFor(user))
			id := t.IdentityOf(first)
			for _, r := range again(t, user) {
				a := t.ExpectSuccess(r)
				t.RequireEcho(a)
				if got := t.IdentityOf(a); got != id {
					t.Fail(fmt.Sprintf("%s %q, as in the first response", rules.Identity, id), fmt.Sprintf("%q", got), first, a)
				}
			}
		})
	}
	add := func(name, summary, sends string, again func(t *trial.Trial, user string) []*wire.Request) {
		about(affix("", ""), name, summary, sends, again)
	}
	plainly := func(n int) func(*trial.Trial, string) []*wire.Request {
		return func(t *trial.Trial, user string) []*wire.Request {
			out := trial.Sample(t, make([]*wire.Request, n))
			for i := range out {
				out[i] = t.RequestFor(user)
			}
			return out
		}
	}
	about(affix("Known-", ""), "at-once", "a repeated request for a user returns the same id",
		"one user, six times in a row", plainly(5))
	add("other-connection", "a user has the same id on every connection",
		"one user, on several new connections", func(t *trial.Trial, user string) []*wire.Request {
			out := plainly(3)(t, user)
			for i := range out {
				out[i] = out[i].Fresh()
			}
			return out
		})
	keyOrderCheck(b)
	b.add(b.op.SuccessStatus(), checkText{
		name: "resolve-later", ground: contractSays, prod: conformance.Creates, requests: lookBack, pointer: b.memberPointer(b.op.Rules.Identity),
		summary: "a user has the same id after other users were created",
		sends:   "the first users of the run again, at its end",
		why:     "An id must last forever, not only while a cache holds it.",
	}, trial.StageRecover, resolveLater)
}

// keyOrderCheck needs a second property; where the schema declares none it
// uses one of its own, which the schema allows and a target may refuse.
func keyOrderCheck(b *builder) {
	rules := b.op.Rules
	if !b.op.Body.Schema.AllowsUndeclared() {
		return
	}
	b.add(b.op.SuccessStatus(), checkText{
		name: "resolve-key-order", ground: contractSays, prod: conformance.Creates, requests: 2, pointer: b.memberPointer(b.op.Rules.Identity),
		summary: "the order of the properties does not change the id",
		sends:   "one user, with another property before and after " + rules.Subject,
		why:     "JSON objects are unordered (RFC 8259, section 4), and client libraries write them in any order.",
	}, trial.StageAccept, func(t *trial.Trial) {
		user := t.User()
		body := t.Body(user)
		front := append(schema.Object{{Name: "undeclared", Value: "value"}}, body...)
		back := append(body[:len(body):len(body)], schema.Member{Name: "undeclared", Value: "value"})
		first := t.Send(t.RequestFor(user).WithBody(front, wire.Fits))
		if first.Arrived() && first.Status/100 != 4 {
			t.RequireStatus(first, t.Op.SuccessStatus())
		}
		if !first.Succeeded() {
			if other := t.Send(t.RequestFor(user).WithBody(back, wire.Fits)); other.Succeeded() {
				t.Fail("the same status in either order", first.Summary()+" with "+rules.Subject+" last, "+other.Summary()+" with it first", first, other)
			}
			t.Skip("the target rejects undocumented properties, so there is no order to change")
		}
		t.RequireReadable(first)
		second := t.ExpectSuccess(t.RequestFor(user).WithBody(back, wire.Fits))
		if x, y := t.IdentityOf(first), t.IdentityOf(second); x != y {
			t.Fail(fmt.Sprintf("%s %q in both orders", rules.Identity, x), fmt.Sprintf("%q in the second order", y), first, second)
		}
	})
}

// lookBack is how many of the first users are asked for again at the end.
const lookBack = 3

// resolveLater asks for the first users of the run once more. Nothing it
// needs is sent where nothing was asked for before.
func resolveLater(t *trial.Trial) {
	seen := map[string]bool{}
	var before []*wire.Response
	var requests []*wire.Request
	for _, s := range t.Session.Sort(t.Session.AllSeen()) {
		a := s.Response
		_, ok := a.Member(t.Op.Rules.Identity)
		user := a.Request.Subject
		if !ok || len(before) == lookBack || a.Request.Op != t.Op || !a.Succeeded() || !trial.HasOwnKey(a.Request) || seen[user] || len(user) > 64 {
			continue
		}
		seen[user] = true
		before, requests = append(before, a), append(requests, t.RequestFor(user))
	}
	if len(before) == 0 {
		t.Skip("no response of this run contains an id")
	}
	for i, again := range t.ExpectAll(requests, t.Op.SuccessStatus()) {
		t.RequireReadable(again)
		id := t.IdentityOf(before[i])
		if got := t.IdentityOf(again); got != id {
			t.Fail(fmt.Sprintf("%s %q, as in the first response for %s", t.Op.Rules.Identity, id, wire.Quote(again.Request.Subject)), fmt.Sprintf("%q", got), before[i], again)
		}
	}
}

const rounds = 2

// atOneMoment sends n requests for a user whose bodies are let go together.
func atOneMoment(t *trial.Trial, user string, n int) []*wire.Response {
	n = t.Session.Client.LimitConcurrent(n)
	together := wire.NewBarrier(t.Context, n, 0)
	requests := make([]*wire.Request, n)
	for i := range requests {
		requests[i] = t.RequestFor(user).Held(together)
	}
	return t.SendAll(requests)
}

// simultaneous asks for one fresh user several times at one moment: the
// connections are open and the headers written before the bodies are let go.
func simultaneous(t *trial.Trial) {
	ids := make([]map[string]*wire.Response, rounds)
	afterwards := make([]*wire.Request, rounds)
	for round := range rounds {
		user := t.User()
		answers := atOneMoment(t, user, trial.ConcurrentRequests)
		if slices.ContainsFunc(answers, func(a *wire.Response) bool { return !a.Arrived() && !a.Failure.IsOurs() }) {
			// A target may take few connections at a time, and need not wait for
			// a body for long.
			t.Session.Client.ReleaseIdle()
			user = t.User()
			answers = t.SendAll([]*wire.Request{t.RequestFor(user), t.RequestFor(user)})
		}
		t.RequireEach(answers, trial.DescribeStatus(t.Op.SuccessStatus()), func(a *wire.Response) string {
			if !a.Succeeded() {
				return a.Summary()
			}
			return ""
		})
		ids[round] = map[string]*wire.Response{}
		for _, a := range answers {
			t.RequireReadable(a)
			ids[round][t.IdentityOf(a)] = a
		}
		afterwards[round] = t.RequestFor(user)
	}
	for round, a := range t.ExpectAll(afterwards, t.Op.SuccessStatus()) {
		t.RequireReadable(a)
		if id := t.IdentityOf(a); ids[round][id] == nil {
			ids[round][id] = a // else one of those at one moment shows it
		}
		if all := slices.Sorted(maps.Keys(ids[round])); len(all) > 1 {
			var evidence []*wire.Response
			for _, id := range all {
				evidence = append(evidence, ids[round][id])
			}
			t.Fail("one "+t.Op.Rules.Identity+" for one user", fmt.Sprintf("%d values: %s", len(all), strings.Join(all, ", ")), evidence...)
		}
	}
}

// wholeRunChecks are judged over every response of the run, so that an id that is
// wrong now and then is found wherever it shows.
func wholeRunChecks(b *builder) {
	rules := b.op.Rules
	b.addJudgement(b.op.SuccessStatus(), checkText{
		name: "resolve-throughout", ground: contractSays, pointer: b.memberPointer(b.op.Rules.Identity),
		summary: "over the whole run, each user has one id",
		sends:   "nothing; it compares every response of the run",
		why:     "An id that is only sometimes wrong still cuts a user off.",
	}, func(s *trial.Session) trial.Verdict {
		return s.JudgeIdentities(b.op, func(a, other *wire.Response) string {
			if a.Request.Subject == other.Request.Subject {
				return fmt.Sprintf("one %s for %s", rules.Identity, wire.Quote(a.Request.Subject))
			}
			return ""
		}, false)
	})
	b.addJudgement(b.op.SuccessStatus(), checkText{
		name: "create-throughout", ground: contractSays, pointer: b.memberPointer(b.op.Rules.Identity),
		summary: "over the whole run, no two users share an id",
		sends:   "nothing; it compares every response of the run",
		why:     "A collision, however rare, gives one user's devices to another.",
	}, func(s *trial.Session) trial.Verdict {
		return s.JudgeIdentities(b.op, func(a, other *wire.Response) string {
			if folded(a.Request.Subject) != folded(other.Request.Subject) || a.Request.Keys[0].Label != other.Request.Keys[0].Label {
				return "a different " + rules.Identity + " for each user of each manufacturer"
			}
			return ""
		}, true)
	})
}

// folded is what servers that fold take two users to be the same by: case,
// outer spaces, normal form, the way a UUID is written. Whether they should is
// another check's question.
func folded(user string) string {
	user = strings.ToLower(strings.TrimFunc(norm.NFKC.String(user), unicode.IsSpace))
	unpunctuated := strings.NewReplacer("urn:uuid:", "", "-", "", "{", "", "}", "")
	if digits := unpunctuated.Replace(user); len(digits) == 32 && strings.Trim(digits, "0123456789abcdef") == "" {
		return digits
	}
	return user
}
