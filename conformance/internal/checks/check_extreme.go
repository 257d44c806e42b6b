package checks

import (
	"bytes"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// largeBody is one byte more than a mebibyte, where many servers draw a line.
const largeBody = 1<<20 + 1

// extremeChecks send what is valid, or nearly, and hard to digest. The target
// may take it or refuse it; it may not break down.
func extremeChecks(b *builder) {
	status := b.op.InvalidStatus()
	if status == "" || !b.op.TakesJSON() || !b.op.Body.Schema.HasType("object") {
		return
	}
	oddTextChecks(b, status)
	oddSubjectChecks(b, status)
	b.add(status, checkText{
		name: "large-body", ground: staysUp, prod: conformance.NotInProduction, pointer: b.op.Pointer + "/requestBody",
		summary: "a body over 1 MiB is accepted or rejected, without a server error",
		sends:   "a valid body of more than 1,048,576 bytes",
		why:     "One large request must not take the service down.",
	}, trial.StageReject, func(t *trial.Trial) {
		body := t.Body(t.User()).With([]string{"undeclared"}, strings.Repeat("x", largeBody))
		a := t.Try(t.Request().WithBody(body, wire.Either).Fresh().MayClose().Excused())
		if a.Failure == wire.ConnectionClosed {
			return // as good a way to refuse it as any
		}
		t.RequireResponse(a)
		t.RequireExcused(a, "2XX", "4XX")
	})
	if b.op.Rules.Identity != "" {
		nothingKeptCheck(b, status)
	}
}

// oddText is a JSON text that the grammar allows and readers differ on.
type oddText struct {
	name, what string
	ground     ground
	prod       conformance.ProductionClass
	undeclared bool // it needs a property that the schema does not name
	// texts are sent in turn; those from the place excused on may be answered
	// by a documented server error, for a warning.
	texts   func(body schema.Object) [][]byte
	excused int
}

// oddTexts lists them.
func oddTexts() []oddText {
	// undeclared puts literals into an undeclared property.
	undeclared := func(values ...string) func(schema.Object) [][]byte {
		return func(o schema.Object) [][]byte {
			var out [][]byte
			for _, v := range values {
				out = append(out, schema.Encode(o.With([]string{"undeclared"}, schema.Literal(v))))
			}
			return out
		}
	}
	nested := func(levels int) string { // with the body around it
		return strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1)
	}
	return []oddText{
		{"deep-nesting", "arrays nested 500 and 1,000 deep in an undeclared property", staysUp, conformance.NotInProduction, true, undeclared(nested(500), nested(1000)), 1},
		{"long-number", "a number of 1,000 digits in an undeclared property", staysUp, conformance.NotInProduction, true, undeclared("1" + strings.Repeat("0", 999)), 0},
		{"huge-exponent", "the number 1e400 in an undeclared property", staysUp, conformance.NotInProduction, true, undeclared("1e400"), 0},
		{"duplicate-keys", "the same property twice", strangers, conformance.LaxOnly, false, func(o schema.Object) [][]byte {
			return [][]byte{schema.Encode(append(o[:len(o):len(o)], o[0]))}
		}, 0},
		{"byte-order-mark", "a byte order mark before the JSON text", strangers, conformance.LaxOnly, false, func(o schema.Object) [][]byte {
			return [][]byte{append(bytes.Clone(wire.ByteOrderMark), schema.Encode(o)...)}
		}, 1},
	}
}

func oddTextChecks(b *builder, status string) {
	closedObject := !b.op.Body.Schema.AllowsUndeclared()
	for _, e := range oddTexts() {
		if e.undeclared && closedObject {
			continue
		}
		b.add(status, checkText{
			name: e.name, ground: e.ground, prod: e.prod, pointer: b.op.Pointer + "/requestBody/content",
			summary: "accepted or rejected, without a server error: " + e.what,
			sends:   "a body with " + e.what,
			why:     "Unexpected input must not crash the server. No client should be able to cause a 500.",
		}, trial.StageReject, func(t *trial.Trial) {
			user := t.User()
			body := t.Body(user)
			if len(body) == 0 {
				t.Skip("the minimal valid body has no property")
			}
			for i, text := range e.texts(body) {
				send := t.Expect
				if i >= e.excused {
					send = t.ExpectExcused
				}
				t.RequireEcho(send(t.RequestFor(user).WithText(text, wire.Either), t.Op.SuccessStatus(), status))
			}
		})
	}
}

// oddSubjectChecks send names that JSON can write and a store may not hold.
func oddSubjectChecks(b *builder, status string) {
	rules := b.op.Rules
	if rules.Subject == "" {
		return
	}
	pointer := b.op.Body.Schema.Pointer + "/properties/" + rules.Subject
	why := "A database that drops or replaces such characters merges two users into one."
	b.add(status, checkText{
		name: rules.Subject + "-nul", ground: contractSays, prod: conformance.LaxOnly, newUsers: 1, pointer: pointer,
		summary: "U+0000 in " + rules.Subject + " is echoed exactly or rejected",
		sends:   rules.Subject + " with the escape \\u0000", why: why,
	}, trial.StageReject, func(t *trial.Trial) {
		user := "a\u0000" + t.User()
		// Firewalls refuse it by default, as no honest client sends it.
		t.RequireEcho(t.ExpectExcused(t.RequestFor(user).Attack(), t.Op.SuccessStatus(), status))
	})
	b.add(status, checkText{
		name: rules.Subject + "-lone-surrogate", ground: staysUp, prod: conformance.LaxOnly, newUsers: 1, pointer: pointer,
		summary:  "a lone surrogate in " + rules.Subject + " is echoed exactly or rejected, without a server error",
		sends:    rules.Subject + " with the escape \\ud800 and no second half",
		why:      why,
		formerly: []string{rules.Subject + "-lone-surrogate-echo"},
	}, trial.StageReject, func(t *trial.Trial) {
		user := t.User()
		text := append(append([]byte(`"\ud800`), user...), '"')
		r := t.RequestFor(user).WithBody(t.Body(user).With([]string{rules.Subject}, schema.Literal(text)), wire.Either).WithoutSubject()
		a := t.ExpectExcused(r, t.Op.SuccessStatus(), status)
		if !a.Succeeded() {
			return
		}
		t.RequireReadable(a)
		// RFC 8259, section 8.2, leaves to the reader what becomes of it.
		sent, _ := wire.MemberCodeUnits(a.Request.Body, rules.Subject)
		if got, ok := wire.MemberCodeUnits(a.Body, rules.Echo); ok && !slices.Equal(got, sent) {
			t.Warn("an exact echo, or "+contract.Statuses{status}.String(), "a different text in "+rules.Echo, a)
		}
	})
}

// nothingKeptCheck looks, where it can be seen, whether a refused request left
// its user behind.
func nothingKeptCheck(b *builder, status string) {
	rules := b.op.Rules
	b.add(status, checkText{
		name: "nothing-kept", ground: noHarm, prod: conformance.NotInProduction, pointer: b.op.Body.Schema.Pointer,
		summary: "a rejected request stores nothing",
		sends:   "a user in an invalid body, then in a valid one",
		why:     "A client must be able to rely on a rejection.",
	}, trial.StageReject, func(t *trial.Trial) {
		user := t.User()
		text := schema.Encode(t.Body(user))
		text = text[:len(text)-1] // no brace at its end: hardly a reader takes that
		refused := t.Send(t.RequestFor(user).WithText(text, wire.Breaks))
		if !contract.Statuses([]string{status}).Contains(refused.Status) {
			t.Skip("the target accepted the invalid body")
		}
		a := t.ExpectSuccess(t.RequestFor(user))
		if leaked, ok := refused.Member(rules.Identity); ok && leaked == t.IdentityOf(a) {
			t.Fail("an error response without "+rules.Identity, "the error response contains the id that the user gets later", refused, a)
		}
	})
}
