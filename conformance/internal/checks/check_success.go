package checks

import (
	"fmt"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// successChecks are about valid requests: the plainest, the documented
// example, each freedom that the schema declares.
func successChecks(b *builder) {
	status := b.op.SuccessStatus()
	if status == "" {
		b.addUnjudged(trial.StatusHTTP, "minimal", "a minimal valid request succeeds", b.op.Pointer+"/responses",
			"the contract documents no success of the operation, only "+strings.Join(b.op.Statuses, ", "))
		return
	}
	b.add(status, checkText{
		name: "minimal", ground: contractSays, prod: conformance.Creates,
		summary: "a minimal valid request returns " + status,
		sends:   "a request with only the required parts",
		why:     "Everything else depends on this request. If it fails, no other check can judge the target.",
	}, trial.StageGate, gate)
	for _, r := range b.op.Responses {
		if types := r.Unread(); len(types) > 0 {
			b.addUnjudged(r.Status, "body-of-other-type", "what the schema says of bodies in "+strings.Join(types, ", "), r.Pointer+"/content",
				"the schema of responses in "+strings.Join(types, ", ")+"; only their media type is")
		}
	}
	if b.op.Body != nil {
		exampleCheck(b, status)
		otherBodyChecks(b, status)
		variants := schema.Variants(b.op.Body.Schema, b.maxDerived())
		if len(variants) > b.maxDerived() {
			variants = variants[:b.maxDerived()]
			tooManyCheck(b, status, "more-freedoms")
		}
		for _, v := range variants {
			if !b.confirmed(v.Body, wire.Fits) {
				continue
			}
			b.add(status, checkText{
				name: v.Name, ground: groundOf(v.Firmness), prod: conformance.Creates, newUsers: 1, pointer: v.Pointer,
				summary: "a valid body is accepted: " + v.Description,
				sends:   "a valid body: " + v.Description,
				why:     "Clients send whatever the schema allows.",
			}, trial.StageAccept, func(t *trial.Trial) {
				body := v.Body
				if o, ok := body.(schema.Object); ok && t.Op.Rules.Subject != "" {
					body = o.With([]string{t.Op.Rules.Subject}, t.User())
				}
				t.Expect(t.Request().WithBody(body, wire.Fits), status)
			})
		}
	}
	b.add(status, checkText{
		name: "repeat", ground: contractSays, prod: conformance.Creates, isUniform: true, requests: trial.FewRepeats, takesMeasured: true,
		summary: "valid requests succeed every time",
		sends:   fmt.Sprintf("the same valid request at least %d times, each on a new connection", trial.ManyRepeats),
		why:     "If one response in ten fails, one client in ten has an outage.",
	}, trial.StageAccept, repeat)
}

// otherBodyChecks send what the contract has beside a body in its first media type.
func otherBodyChecks(b *builder, status string) {
	if b.op.Rules.Subject != "" {
		return // the checks of the user say all
	}
	add := func(name, what string, change func(*wire.Request) *wire.Request) {
		if b.contract.Confirm(change(wire.MinimalRequest(b.op))) != nil {
			return
		}
		b.add(status, checkText{
			name: name, ground: contractSays, prod: conformance.Creates, newUsers: 1, pointer: b.op.Pointer + "/requestBody",
			summary: what + " is accepted",
			sends:   "an otherwise minimal request with " + what,
			why:     "Clients send whatever the contract allows.",
		}, trial.StageAccept, func(t *trial.Trial) { t.Expect(change(t.Request()), status) })
	}
	for _, w := range b.op.Body.Twists() {
		if w.Fits {
			add(w.Name, w.Description, func(r *wire.Request) *wire.Request { return r.WithText(w.Body, wire.Fits) })
		}
	}
	for _, other := range b.op.Body.Others {
		for i, v := range []any{other.Minimal, other.Full} {
			if i == 0 || !schema.Equal(v, other.Minimal) {
				add("as-"+schema.IDWord(other.MediaType)+[]string{"", "-all"}[i], "a body in "+other.MediaType, func(r *wire.Request) *wire.Request { return r.WithBodyIn(other, v, wire.Fits) })
			}
		}
	}
	if !b.op.Body.Required {
		add("body-left-out", "no body, which the contract allows,", func(r *wire.Request) *wire.Request {
			r = r.WithoutBody().WithHeader("Content-Type")
			r.Intent = wire.Fits
			return r
		})
	}
}

// exampleCheck sends the contract's own example. On a shared target that user
// may exist already, which changes nothing for an operation that resolves.
func exampleCheck(b *builder, status string) {
	body := schema.Sample(b.op.Body.Schema, true)
	if b.op.Body.HasExample {
		body = b.op.Body.Example
	}
	wrong := !b.confirmed(body, wire.Fits)
	b.add(status, checkText{
		name: "example", ground: contractSays, prod: conformance.Creates, newUsers: 1, pointer: b.op.Body.Schema.Pointer + "/properties",
		summary: "the documented example is accepted",
		sends:   "the example request body of the contract",
		why:     "Developers try the documented example first.",
	}, trial.StageAccept, func(t *trial.Trial) {
		if wrong {
			t.Skip("the example of the contract does not match its own schema")
		}
		t.Expect(t.Request().WithBody(body, wire.Fits), status)
	})
}

// repeat sends one request many times and demands the same response of each.
func repeat(t *trial.Trial) {
	user := t.FirstUser()
	answers := t.TakeMeasured()
	if len(answers) == 0 {
		requests := make([]*wire.Request, t.Repeats())
		for i := range requests {
			requests[i] = t.RequestFor(user).Fresh()
		}
		answers = t.SendAll(requests)
	}
	t.RequireEach(answers, trial.DescribeStatus(t.Op.SuccessStatus()), func(a *wire.Response) string {
		if !a.Succeeded() && !t.Op.DependsOnState(a.Status) {
			return a.Summary()
		}
		return ""
	})
	if !slices.ContainsFunc(answers, (*wire.Response).Succeeded) {
		t.Skip("no response was a success: " + answers[0].Summary())
	}
	rules := t.Op.Rules
	if rules.Echo == "" {
		return
	}
	first := answers[slices.IndexFunc(answers, (*wire.Response).Succeeded)]
	if _, ok := first.Member(rules.Echo); ok && !slices.ContainsFunc(answers, func(a *wire.Response) bool { echo, _ := a.Member(rules.Echo); return echo == user }) {
		t.RequireEcho(first) // which other checks find as well
	}
	t.RequireEach(answers, "the same echo and the same id each time", func(a *wire.Response) string {
		echo, ok := a.Member(rules.Echo)
		id, _ := a.Member(rules.Identity)
		first, _ := answers[0].Member(rules.Identity)
		switch {
		case !ok:
			return "" // the schema's business
		case echo != user:
			return fmt.Sprintf("%s %q", rules.Echo, echo)
		case id != first:
			return fmt.Sprintf("%s %q for a user whose id was %q before", rules.Identity, id, first)
		}
		return ""
	})
}
