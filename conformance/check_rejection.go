package conformance

import (
	"fmt"
	"net/http"
	"slices"

	"nox.energy/contract/conformance/internal/schema"
)

// rejectionChecks send bodies that break one rule of the schema each.
func (b *builder) rejectionChecks() {
	status := b.op.rejection()
	if status == "" || b.op.body == nil {
		return
	}
	all := slices.DeleteFunc(schema.Mutations(b.op.body.schema), func(m schema.Mutation) bool {
		return m.Hold != schema.Annotated && !b.confirmed(m.Body, breaks)
	})
	for _, m := range all {
		b.add(status, checkText{
			name: m.Name, ground: groundOf(m.Hold), prod: LaxOnly, pointer: m.Pointer,
			summary: "a body that breaks the schema is refused: " + m.About,
			sends:   "an otherwise valid body, " + m.About,
			why:     "What is taken in spite of the schema is stored, and comes back as somebody's wrong data.",
		}, stageReject, func(t *trial) { t.expect(t.withSubject(m), status) })
	}
	b.bodilessChecks(status)
	b.mediaTypeChecks(status)
	// What some readers take by default would look as if it came and went.
	plainest := slices.DeleteFunc(slices.Clone(all), func(m schema.Mutation) bool { return m.Hold != schema.Firm })
	plainest = plainest[:min(2, len(plainest))]
	steady := b.add(status, checkText{
		name: "steady", ground: contractSays, prod: LaxOnly, pointer: b.op.body.schema.Pointer + "/required",
		summary: "what breaks the schema is refused every time",
		sends:   fmt.Sprintf("the plainest broken bodies, %d times in turn", repeats),
		why:     "A check that fails to bite now and then lets bad data in every day.",
	}, stageReject, func(t *trial) {
		n := repeats
		if t.s.cfg.Profile == Production {
			n = productionRepeats
		}
		requests := make([]*request, n)
		for i := range requests {
			if i%2 == 0 && len(plainest) > 0 {
				requests[i] = t.withSubject(plainest[(i/2)%len(plainest)])
			} else {
				requests[i] = t.request().withText([]byte("{"), breaks)
			}
			requests[i].fresh = true // so that a connection that is dropped shows
		}
		t.inTurn(requests, status)
	})
	steady.uniform, steady.requests = true, productionRepeats
}

// withSubject makes the request of a mutation about a fresh user, where the
// mutation left the user alone.
func (t *trial) withSubject(m schema.Mutation) *request {
	r := t.request()
	user := r.subject
	body := m.Body
	if t.op.rules.subject != "" {
		body = about(body, sampleOf(t.op), user)
	}
	how := breaks
	if m.Hold == schema.Annotated {
		how = open
	}
	r = r.withBody(body, how)
	if o, _ := body.(schema.Object); !names(o, t.op.rules.subject, user) {
		r.subject = "" // whoever it is about, if it is taken
	}
	return r
}

// names tells whether a property of an object has this value.
func names(o schema.Object, property, user string) bool {
	v, _ := o.Get(property)
	return v == user
}

// sampleOf is the user whom bodies made from the schema alone name.
func sampleOf(op *operation) any {
	body, _ := schema.Sample(op.body.schema, true).(schema.Object)
	user, _ := body.Get(op.rules.subject)
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

// bodilessChecks leave the required body out.
func (b *builder) bodilessChecks(status string) {
	if !b.op.body.required {
		return
	}
	for _, e := range []struct {
		name, what string
		change     func(*request)
	}{
		{"body-none", "neither a body nor a length", func(r *request) { r.body, r.bodiless = nil, true }},
		{"body-empty", "a body of no bytes", func(r *request) { r.body = []byte{} }},
		{"body-blank", "a body of white space only", func(r *request) { r.body = []byte(" \r\n\t ") }},
	} {
		b.add(status, checkText{
			name: e.name, ground: contractSays, prod: Harmless, pointer: b.op.Pointer + "/requestBody/required",
			summary: "a required body that is missing is refused: " + e.what,
			sends:   "the right media type and " + e.what,
			why:     "It is what a client sends whose serialiser failed.",
		}, stageReject, func(t *trial) {
			statuses := []string{status}
			if e.name == "body-none" {
				statuses = append(statuses, "411") // what HTTP has for it (RFC 9110, section 15.5.12)
			}
			t.expect(t.request().on(func(r *request) { e.change(r); r.intent = breaks; r.subject = "" }), statuses...)
		})
	}
}

// mediaTypeChecks send what the contract does not declare, or does not name.
// Whether such a body is read as JSON is the target's choice.
func (b *builder) mediaTypeChecks(status string) {
	for _, e := range []struct {
		name, what string
		values     []string
	}{
		{"media-type-other", "text/plain", []string{"text/plain"}},
		{"media-type-none", "no media type", nil},
		{"media-type-nonsense", "a media type that is none", []string{"nonsense"}},
	} {
		b.add(status, checkText{
			name: e.name, ground: goodPractice, prod: LaxOnly, pointer: b.op.Pointer + "/requestBody/content",
			summary: "a body under " + e.what + " is refused in a documented shape or with 415, or read as " + b.op.body.mediaType,
			sends:   "a valid body with " + e.what,
			why:     "Clients forget the header; the answer should tell them so.",
		}, stageReject, func(t *trial) {
			// The markup is for the clause about markup, which looks at every answer.
			r := t.requestFor(t.markupUser()).withHeader("Content-Type", e.values...)
			a := t.expect(r.on(func(r *request) { r.intent = open }), t.op.success(), "4XX")
			t.documentedShape(a)
		})
	}
}

// documentedShape ends the trial unless a refusal has the shape of one that the
// contract documents, whatever its status.
func (t *trial) documentedShape(a *answer) {
	if t.op.documented(a.status) != nil || a.status == http.StatusUnsupportedMediaType {
		return // every answer of a documented status is judged; 415 is HTTP's own word for it, often a proxy's
	}
	shape := &answer{request: a.request, header: a.header, body: a.body, status: documentedNumber(t.op.rejection()), proto: a.proto}
	t.s.contract.assess(shape)
	for _, f := range shape.findings {
		if f.clause == clauseContentType || f.clause == clauseJSON || f.clause == clauseSchema {
			t.fail("a refusal in the shape of "+t.op.rejection(), statusText(a.status)+" with "+f.actual, a)
		}
	}
}

// documentedNumber is a status as a number; of a range, its first.
func documentedNumber(status string) int {
	for n := http.StatusOK; n < 600; n++ {
		if want([]string{status}).has(n) {
			return n
		}
	}
	return 0
}
