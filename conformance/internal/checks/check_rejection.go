package checks

import (
	"fmt"
	"net/http"
	"slices"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// rejectionChecks send bodies that break one rule of the schema each.
func rejectionChecks(b *builder) {
	status := b.op.InvalidStatus()
	if status == "" || b.op.Body == nil {
		return
	}
	mutations := schema.Mutations(b.op.Body.Schema, b.maxDerived())
	if len(mutations) > b.maxDerived() {
		mutations = mutations[:b.maxDerived()]
		tooManyCheck(b, status, "more-rules")
	}
	all := slices.DeleteFunc(mutations, func(m schema.Mutation) bool {
		return m.Firmness != schema.Annotated && !b.confirmed(m.Body, wire.Breaks)
	})
	for _, m := range all {
		b.add(status, checkText{
			name: m.Name, ground: groundOf(m.Firmness), prod: conformance.LaxOnly, pointer: m.Pointer,
			summary: "an invalid body is rejected: " + m.Description,
			sends:   "an otherwise valid body, " + m.Description,
			why:     "A server that accepts invalid data stores it, and returns it to some client later.",
		}, trial.StageReject, func(t *trial.Trial) { t.Expect(withSubject(t, m), status) })
	}
	for _, w := range b.op.Body.Twists() {
		if r := wire.MinimalRequest(b.op).WithText(w.Body, wire.Breaks); !w.Fits && b.contract.Confirm(r) == nil {
			b.add(status, checkText{
				name: w.Name, ground: groundOf(w.Firmness), prod: conformance.LaxOnly, pointer: w.Pointer,
				summary: "an invalid part is rejected: " + w.Description,
				sends:   "an otherwise valid form with " + w.Description,
				why:     "A server that accepts invalid data stores it, and returns it to some client later.",
			}, trial.StageReject, func(t *trial.Trial) { t.Expect(t.Request().WithText(w.Body, wire.Breaks), status) })
		}
	}
	for _, other := range b.op.Body.Others {
		for _, m := range schema.Mutations(other.Schema, b.maxDerived()/4) {
			if r := wire.MinimalRequest(b.op).WithBodyIn(other, m.Body, wire.Breaks); m.Firmness != schema.Firm || r.Body == nil || b.contract.Confirm(r) != nil {
				continue
			}
			b.add(status, checkText{
				name: "as-" + schema.IDWord(other.MediaType) + "-" + m.Name, ground: contractSays, prod: conformance.LaxOnly, pointer: m.Pointer,
				summary: "an invalid body in " + other.MediaType + " is rejected: " + m.Description,
				sends:   "an otherwise valid body in " + other.MediaType + ", " + m.Description,
				why:     "A server that accepts invalid data stores it, and returns it to some client later.",
			}, trial.StageReject, func(t *trial.Trial) { t.Expect(t.Request().WithBodyIn(other, m.Body, wire.Breaks), status) })
		}
	}
	bodilessChecks(b, status)
	mediaTypeChecks(b, status)
	// Description some readers take by default would look as if it came and went.
	plainest := slices.DeleteFunc(slices.Clone(all), func(m schema.Mutation) bool { return m.Firmness != schema.Firm })
	plainest = plainest[:min(2, len(plainest))]
	if len(plainest) == 0 && !b.op.TakesJSON() {
		return // nothing is known to break it
	}
	b.add(status, checkText{
		name: "steady", ground: contractSays, prod: conformance.LaxOnly, isUniform: true, requests: trial.FewRepeats, pointer: b.op.Body.Schema.Pointer + "/required",
		summary: "invalid bodies are rejected every time",
		sends:   fmt.Sprintf("simple invalid bodies in turn, %d requests in all", trial.ManyRepeats),
		why:     "Validation that sometimes fails lets bad data in every day.",
	}, trial.StageReject, func(t *trial.Trial) {
		requests := make([]*wire.Request, t.Repeats())
		for i := range requests {
			if len(plainest) > 0 && (i%2 == 0 || !t.Op.TakesJSON()) {
				requests[i] = withSubject(t, plainest[(i/2)%len(plainest)])
			} else {
				requests[i] = t.Request().WithText([]byte("{"), wire.Breaks)
			}
			requests[i] = requests[i].Fresh() // so that a connection that is dropped shows
		}
		t.SendAlternating(requests, status)
	})
}

// withSubject makes the request of a mutation about a fresh user, where the
// mutation left the user alone.
func withSubject(t *trial.Trial, m schema.Mutation) *wire.Request { return mutated(t.Request(), m) }

// mutated breaks a valid request as a mutation says.
func mutated(r *wire.Request, m schema.Mutation) *wire.Request {
	op, user, body := r.Op, r.Subject, m.Body
	if op.Rules.Subject != "" {
		body = about(body, sampleOf(op), user)
	}
	how := wire.Breaks
	if m.Firmness == schema.Annotated {
		how = wire.Either
	}
	r = r.WithBody(body, how)
	if o, _ := body.(schema.Object); !names(o, op.Rules.Subject, user) {
		r.Subject = "" // whoever it is about, if it is taken
	}
	return r
}

// names reports whether a property of an object has this value.
func names(o schema.Object, property, user string) bool {
	v, _ := o.Get(property)
	return v == user
}

// sampleOf is the user whom bodies made from the schema alone name.
func sampleOf(op *contract.Operation) any {
	body, _ := schema.Sample(op.Body.Schema, true).(schema.Object)
	user, _ := body.Get(op.Rules.Subject)
	return user
}

// about returns a copy of a body in which a user stands wherever the body names
// the one that it was made with, or has a filler: under whatever name, and
// however deep. So whoever takes such a body creates a user that can be
// recognised.
func about(body, from any, user string) any {
	switch body := body.(type) {
	case string:
		if body == from || body == schema.Filler {
			return user
		}
	case []any:
		out := slices.Clone(body)
		for i := range out {
			out[i] = about(out[i], from, user)
		}
		return out
	case schema.Object:
		out := slices.Clone(body)
		for i := range out {
			out[i].Value = about(out[i].Value, from, user)
		}
		return out
	}
	return body
}

// maxDerived bounds the checks that are derived from one body in each direction: a
// schema of thousands of places would be judged for hours. Of a contract of many
// operations each gets fewer.
func (b *builder) maxDerived() int { return max(20, min(300, 4000/len(b.contract.Operations))) }

// tooManyCheck stands for what is left out beyond that.
func tooManyCheck(b *builder, status, name string) {
	b.addUnjudged(status, name, "what the schema says beyond the checks that are derived from it", b.op.Body.Schema.Pointer,
		fmt.Sprintf("beyond the first %d bodies that the schema gives rise to", b.maxDerived()))
}

// bodilessChecks leave the required body out.
func bodilessChecks(b *builder, status string) {
	if !b.op.Body.Required {
		return
	}
	weight := contractSays
	if b.op.Body.Schema.Fits(schema.Object{}) {
		weight = stacksDiffer // which read no body as an empty object, and that is valid
	}
	for _, e := range []struct {
		name, what string
		change     func(*wire.Request) *wire.Request
	}{
		{"body-none", "no body and no Content-Length", (*wire.Request).WithoutBody},
		{"body-empty", "an empty body", func(r *wire.Request) *wire.Request { return r.WithText([]byte{}, wire.Breaks) }},
		{"body-blank", "a body of white space", func(r *wire.Request) *wire.Request { return r.WithText([]byte(" \r\n\t "), wire.Breaks) }},
	} {
		if b.contract.Confirm(e.change(wire.MinimalRequest(b.op))) != nil {
			continue // a form or a text may be empty
		}
		b.add(status, checkText{
			name: e.name, ground: weight, prod: conformance.Harmless, pointer: b.op.Pointer + "/requestBody/required",
			summary: "a missing body is rejected: " + e.what,
			sends:   "the right media type with " + e.what,
			why:     "A client whose serialiser fails sends such a request.",
		}, trial.StageReject, func(t *trial.Trial) {
			statuses := []string{status}
			if e.name == "body-none" {
				statuses = append(statuses, "411") // what HTTP has for it (RFC 9110, section 15.5.12)
			}
			a := t.Send(e.change(t.Request()).WithoutSubject())
			if e.name == "body-none" && a.Status == http.StatusForbidden && a.IsFromFirewall() {
				// Firewalls refuse a POST that does not say how long its body is.
				t.Warn(contract.Statuses(statuses).String(), a.Summary(), a)
			}
			t.RequireStatus(a, statuses...)
		})
	}
}

// mediaTypeChecks send what the contract does not declare, or does not name.
// Whether such a body is read as JSON is the target's choice.
func mediaTypeChecks(b *builder, status string) {
	for _, e := range []struct {
		name, what string
		values     []string
	}{
		{"media-type-other", "text/plain", []string{"text/plain"}},
		{"media-type-none", "no media type", nil},
		{"media-type-nonsense", "an invalid media type", []string{"nonsense"}},
	} {
		if slices.Contains(e.values, b.op.Body.MediaType) {
			continue
		}
		b.add(status, checkText{
			name: e.name, ground: goodPractice, prod: conformance.LaxOnly, pointer: b.op.Pointer + "/requestBody/content",
			summary: e.what + " as Content-Type is rejected as documented or with 415, or read as " + b.op.Body.MediaType,
			sends:   "a valid body with " + e.what,
			why:     "Clients forget this header. The response should say so.",
		}, trial.StageReject, func(t *trial.Trial) {
			r := t.Request()
			if e.name == "media-type-other" { // with markup for the clause about that, which looks at every response
				r = t.RequestFor(t.UserLike(affix(markup, ""))).Attack()
			}
			a := t.Send(r.WithHeader("Content-Type", e.values...).Unconfirmed())
			if a.Status/100 == 4 && !a.IsBlocked() {
				documentedShape(t, a)
			}
			t.RequireStatus(a, t.Op.SuccessStatus(), status, "415")
		})
	}
}

// documentedShape ends the trial unless a refusal has the shape of one that the
// contract documents, whatever its status.
func documentedShape(t *trial.Trial, a *wire.Response) {
	if t.Op.ResponseFor(a.Status) != nil || a.Status == http.StatusUnsupportedMediaType {
		return // every response of a documented status is judged; 415 is HTTP's own word for it, often a proxy's
	}
	if a.Status == http.StatusForbidden && a.IsFromFirewall() {
		return // the markup in it was refused, which is for other checks to say
	}
	shape := &wire.Response{Request: a.Request, Header: a.Header, Body: a.Body, IsPartial: a.IsPartial, Status: trial.StatusNumber(t.Op.InvalidStatus()), Proto: a.Proto}
	t.Session.Contract.Assess(shape)
	for _, f := range shape.Findings {
		if f.Clause == wire.ClauseContentType || f.Clause == wire.ClauseJSON || f.Clause == wire.ClauseSchema {
			t.Fail("an error in the shape of "+t.Op.InvalidStatus(), contract.StatusText(a.Status)+" with "+f.Actual, a)
		}
	}
}
