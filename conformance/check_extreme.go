package conformance

import (
	"bytes"
	"strings"
)

// largeBody is one byte more than a mebibyte, where many servers draw a line.
const largeBody = 1<<20 + 1

// extremeChecks send what is valid, or nearly, and hard to digest. The target
// may take it or refuse it; it may not break down.
func (b *builder) extremeChecks() {
	status := b.op.rejection()
	if status == "" || b.op.body == nil || !b.op.body.schema.is("object") {
		return
	}
	b.oddTexts(status)
	b.oddSubjects(status)
	b.add(status, checkText{
		name: "large-body", level: Should, prod: NotInService, pointer: b.op.Pointer + "/requestBody",
		summary: "a body over one mebibyte is taken or refused, without a breakdown",
		sends:   "a valid body of 1,048,577 bytes and more",
		why:     "One large request must not take the service down.",
	}, stageReject, func(t *trial) {
		body := t.body(t.user()).with([]string{"undeclared"}, strings.Repeat("x", largeBody))
		a := t.try(t.request().withBody(body, open).on(func(r *request) { r.fresh, r.mayClose, r.hostile = true, true, true }))
		if a.failure == closed {
			return // as good a way to refuse it as any
		}
		t.answered(a)
		t.hasStatus(a, "2XX", "4XX")
	})
	if b.op.rules.identity != "" {
		b.nothingKeptCheck(status)
	}
}

// oddTexts are JSON texts that the grammar allows and readers differ on.
func (b *builder) oddTexts(status string) {
	closedObject := !b.op.body.schema.takesMore()
	for _, e := range []struct {
		name, what string
		level      Level
		prod       ProductionClass
		text       func(body object) []byte
		undeclared bool
	}{
		{"deep-nesting", "arrays nested 1,000 deep in an undeclared property", Must, NotInService, func(o object) []byte {
			return encode(o.with([]string{"undeclared"}, literal(strings.Repeat("[", 1000)+strings.Repeat("]", 1000))))
		}, true},
		{"long-number", "a number of 1,000 digits in an undeclared property", Must, NotInService, func(o object) []byte {
			return encode(o.with([]string{"undeclared"}, literal("1"+strings.Repeat("0", 999))))
		}, true},
		{"huge-exponent", "the number 1e400 in an undeclared property", Must, NotInService, func(o object) []byte {
			return encode(o.with([]string{"undeclared"}, literal("1e400")))
		}, true},
		{"duplicate-keys", "one property twice", Should, LaxOnly, func(o object) []byte {
			return encode(append(o[:len(o):len(o)], o[0]))
		}, false},
		{"byte-order-mark", "a byte order mark before the JSON text", Should, LaxOnly, func(o object) []byte {
			return append(bytes.Clone(byteOrderMark), encode(o)...)
		}, false},
	} {
		if e.undeclared && closedObject {
			continue
		}
		b.add(status, checkText{
			name: e.name, level: e.level, prod: e.prod, pointer: b.op.Pointer + "/requestBody/content",
			summary: "accepted or refused, without a breakdown: " + e.what,
			sends:   "a body with " + e.what,
			why:     "What a reader does not expect must not bring it down; nobody should be able to cause a 500.",
		}, stageReject, func(t *trial) {
			r := t.request()
			if len(t.body(r.subject)) == 0 {
				t.skip("the smallest valid body has no property")
			}
			a := t.expect(r.withText(e.text(t.body(r.subject)), open), t.op.success(), status)
			if a.succeeded() {
				t.echoed(a, r.subject)
			}
		})
	}
}

// oddSubjects are names that JSON can write and a store may not hold.
func (b *builder) oddSubjects(status string) {
	rules := b.op.rules
	if rules.subject == "" {
		return
	}
	pointer := b.op.body.schema.pointer + "/properties/" + rules.subject
	why := "A store that drops or replaces what it cannot hold makes one user of two."
	b.add(status, checkText{
		name: rules.subject + "-nul", level: Must, prod: LaxOnly, pointer: pointer,
		summary: "U+0000 in " + rules.subject + " is echoed exactly or refused",
		sends:   rules.subject + " with the escape \\u0000 inside", why: why,
	}, stageReject, func(t *trial) {
		user := "a\u0000" + t.user()
		a := t.expect(t.requestFor(user), t.op.success(), status)
		if a.succeeded() {
			t.echoed(a, user)
		}
	}).newUsers = 1
	lone := func(t *trial) *answer {
		user := t.user()
		text := append(append([]byte(`"\ud800`), user...), '"')
		return t.expect(t.requestFor(user).withBody(t.body(user).with([]string{rules.subject}, literal(text)), open).on(func(r *request) { r.subject = "" }), t.op.success(), status)
	}
	b.add(status, checkText{
		name: rules.subject + "-lone-surrogate", level: Must, prod: LaxOnly, pointer: pointer,
		summary: "half a surrogate pair in " + rules.subject + " is accepted or refused, without a breakdown",
		sends:   rules.subject + " with the escape \\ud800 alone", why: why,
	}, stageReject, func(t *trial) { lone(t) }).newUsers = 1
	b.add(status, checkText{
		name: rules.subject + "-lone-surrogate-echo", level: Should, prod: LaxOnly, pointer: pointer,
		summary: "half a surrogate pair in " + rules.subject + ", if accepted, is echoed exactly",
		sends:   rules.subject + " with the escape \\ud800 alone",
		// RFC 8259, section 8.2, leaves to the reader what becomes of it.
		why: why,
	}, stageReject, func(t *trial) {
		a := lone(t)
		if !a.succeeded() {
			return
		}
		t.readable(a)
		sent, _ := codeUnits(a.request.body, rules.subject)
		if got, ok := codeUnits(a.body, rules.echo); ok && string16(got) != string16(sent) {
			t.fail("the echo of what was sent, or "+want{status}.String(), "another text in "+rules.echo, a)
		}
	}).newUsers = 1
}

// string16 makes code units comparable.
func string16(units []uint16) string {
	var b strings.Builder
	for _, u := range units {
		b.WriteString(hex4(u))
	}
	return b.String()
}

// nothingKeptCheck looks, where it can be seen, whether a refused request left
// its user behind.
func (b *builder) nothingKeptCheck(status string) {
	rules := b.op.rules
	b.add(status, checkText{
		name: "nothing-kept", level: May, prod: NotInService, pointer: b.op.body.schema.pointer,
		summary: "a refused request leaves nothing behind",
		sends:   "a user in a body that is refused, then in a valid one",
		why:     "A client that was told no must be able to rely on it.",
	}, stageReject, func(t *trial) {
		user := t.user()
		text := append(encode(t.body(user)), "xyz"...)
		refused := t.send(t.requestFor(user).withText(text, breaks))
		if !want([]string{status}).has(refused.status) {
			t.skip("the broken body was not refused")
		}
		a := t.accepted(t.requestFor(user))
		if leaked, ok := refused.member(rules.identity); ok && leaked == t.identity(a) {
			t.fail("a refusal that names no "+rules.identity, "the id that the user has later, in the refusal", refused, a)
		}
	})
}
