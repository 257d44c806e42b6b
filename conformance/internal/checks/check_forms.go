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

// undeclaredMember is a property that the schema does not name and a careless
// server gives a meaning of its own.
func undeclaredMembers(t *trial.Trial) []schema.Member {
	rules := t.Op.Rules
	other := t.Session.UserPrefix + "nobody"
	var out []schema.Member
	for _, name := range []string{"hasOwnProperty", "toString", "$where", "a.b", "", "length", "@type", "$ref", "id", "_id", "userId", "manufacturer_id", rules.Identity, rules.Echo, rules.Subject + "[]"} {
		if name != rules.Subject {
			out = append(out, schema.Member{Name: name, Value: other})
		}
	}
	return append(out,
		schema.Member{Name: "nested", Value: schema.Object{{Name: rules.Subject, Value: other}}},
		schema.Member{Name: "nothing", Value: nil},
		schema.Member{Name: "number", Value: schema.Literal("1.5e+3")},
		schema.Member{Name: "list", Value: []any{true, nil, []any{}}},
		schema.Member{Name: "truth", Value: true},
		schema.Member{Name: "constructor", Value: other},
		schema.Member{Name: "__proto__", Value: schema.Object{{Name: rules.Subject, Value: other}}},
	)
}

// manyMembers is how many properties a body has that has many.
const manyMembers = 250

// formChecks send what JSON and the schema leave open, many at once.
func formChecks(b *builder) {
	rules, status := b.op.Rules, b.op.SuccessStatus()
	if b.op.Body == nil || rules.Subject == "" {
		return
	}
	if b.op.Body.Schema.AllowsUndeclared() {
		b.add(status, checkText{
			name: "open-names", ground: contractSays, prod: conformance.NotInProduction, pointer: b.op.Pointer + "/requestBody/content",
			summary: "undocumented properties change nothing, whatever their names (rejecting them is only a warning)",
			sends:   "a body with many undocumented properties, such as hasOwnProperty, $where, an empty name and " + rules.Identity + "; if that fails, each one alone",
			why:     "A client that can set an internal property can act as anybody.",
		}, trial.StageAccept, openNames)
		b.add(status, checkText{
			name: "open-many", ground: contractSays, prod: conformance.NotInProduction, pointer: b.op.Pointer + "/requestBody/content",
			summary: fmt.Sprintf("a body of %d properties is accepted, or rejected as documented", manyMembers),
			sends:   fmt.Sprintf("a body with %d properties", manyMembers),
			why:     "A limit must cause a rejection, not a server error.",
		}, trial.StageReject, func(t *trial.Trial) {
			user := t.FirstUser()
			body := t.Body(user)
			for i := range manyMembers {
				body = append(body, schema.Member{Name: fmt.Sprintf("property_%d", i), Value: "value"})
			}
			a := t.Expect(t.RequestFor(user).WithBody(body, wire.Fits), status, t.Op.InvalidStatus(), "413")
			if a.Succeeded() {
				t.RequireEcho(a, user)
			}
		})
	}
	c := b.add(status, checkText{
		name: "resolve-forms", ground: contractSays, prod: conformance.Creates, pointer: identityPointer(b),
		summary: "the spelling of the JSON does not change the id: escapes in either case, in property names, and without need",
		sends:   `one user as plain text, with \/, with lower and upper case escapes, and with escapes in the property name`,
		why:     "Clients store the id. If it changes, they lose access to the user's devices.",
	}, trial.StageAccept, func(t *trial.Trial) {
		user := "é/ü-" + t.User()
		before := t.ExpectSuccess(t.RequestFor(user))
		name := schema.Encode(rules.Subject)
		rest := string(schema.Encode(user))
		rest = rest[strings.Index(rest, "-") : len(rest)-1]
		if len(t.Body(user)) > 1 {
			t.Skip("the minimal valid body has more than one property")
		}
		texts := []string{
			fmt.Sprintf(`{%s:"é\/ü%s"}`, name, rest),
			fmt.Sprintf(`{%s:"\u00E9/\u00FC%s"}`, name, rest),
			fmt.Sprintf(`{%s:"\u00e9\u002f\u00fc%s"}`, name, rest),
			fmt.Sprintf(`{"\u0075%s":"é/ü%s"}`, rules.Subject[1:], rest),
		}
		if rules.Subject[0] != 'u' {
			texts = texts[:3]
		}
		for _, text := range texts {
			again := t.ExpectSuccess(t.RequestFor(user).WithText([]byte(text), wire.Fits))
			t.RequireEcho(again, user)
			requireSame(t, before, again)
		}
	})
	c.NewUsers = 1
}

func openNames(t *trial.Trial) {
	user := t.FirstUser()
	before := t.ExpectSuccess(t.RequestFor(user))
	all := undeclaredMembers(t)
	ask := func(t *trial.Trial, members []schema.Member) {
		body := t.Body(user)
		a := t.Send(t.RequestFor(user).WithBody(append(body[:len(body):len(body)], members...), wire.Fits).Attack())
		if isInvalid(t, a) {
			t.Warn(trial.DescribeStatus(t.Op.SuccessStatus()), a.Summary(), a)
		}
		t.RequireStatus(a, t.Op.SuccessStatus())
		t.RequireEcho(a, user)
		requireSame(t, before, a)
	}
	// The last two only attackers send: some readers refuse a body that has them.
	plain, hostile := all[:len(all)-2], all[len(all)-2:]
	failed := func(members []schema.Member) bool {
		sub := trial.Sub(t, func(t *trial.Trial) { ask(t, members) })
		return sub.Outcome != conformance.Pass
	}
	var suspects []schema.Member
	for _, some := range [][]schema.Member{plain, hostile} {
		if failed(some) {
			suspects = append(suspects, some...)
		}
	}
	name := func(m schema.Member) string { return fmt.Sprintf("the property %q", m.Name) }
	trial.Each(t, suspects, name, func(t *trial.Trial, m schema.Member) { ask(t, slices.Clip([]schema.Member{m})) })
}

// beyondIntegers is a number that no integer of 64 bits holds.
const beyondIntegers = "123456789012345678901234567890"

// convertsToText is the name of the method by which JavaScript writes any value as
// text. Validators that quote an invalid value break down over an object that
// has something else by that name.
const convertsToText = `"toString"`

// moreTypes are values for a text that are none, beyond the first of each type.
func moreTypes(name, user string) []string {
	text := string(schema.Encode(user))
	return []string{
		"1", "-1", "1.5", "1e3", "1e400", "9007199254740993", beyondIntegers,
		"[null]", "[" + text + "," + text + "]", "[17]", "[[" + text + "]]", `[{"id":` + text + "}]",
		`{"$ne":""}`, "{" + string(schema.Encode(name)) + ":" + text + "}", `{"id":` + text + "}", `{` + convertsToText + `:` + text + "}", `{"length":1}`,
		"[" + strings.TrimSuffix(strings.Repeat(`"a",`, 200), ",") + "]",
	}
}

// jsonKinds are texts that no parser could mean.
func jsonKinds(name string, user string) []string {
	n, u := string(schema.Encode(name)), string(schema.Encode(user))
	return []string{
		"{" + n + ":}", "}", "[", `"`, "{" + n, "{" + n + "}", "{" + n + ":" + u[:len(u)-1] + `\"}`, "{" + n + "::" + u + "}",
		"{" + n + ":" + u + "]", name + "=" + user, "<" + name + ">" + user + "</" + name + ">", "undefined", "\x1f\x8b\x08\x00",
	}
}

// halfEscape is a Unicode escape that breaks off.
const halfEscape = `\u12`

// oddKinds are texts that readers may take, or break down over, as only those
// notice who send them.
func oddKinds(name, user string) []string {
	n, u := string(schema.Encode(name)), string(schema.Encode(user))
	return []string{
		strings.Repeat("[", 5000), "{" + n + ":" + u[:len(u)-1] + "\xc3\"}", "{" + n + ":" + u[:len(u)-1] + "\xe2\x82\"}", "{" + n + `:"` + halfEscape + `"}`, "{" + n + ":" + u + ",,}",
	}
}

// expectOrWarn expects a rejection, and only warns where the request is accepted.
func expectOrWarn(t *trial.Trial, r *wire.Request, status string) {
	a := t.Send(r)
	if a.Succeeded() {
		t.Warn(trial.DescribeStatus(status), a.Summary(), a)
	}
	t.RequireExcused(a, status)
}

// moreRejections send many bodies that are refused, each for its own reason.
func moreRejections(b *builder) {
	status, rules := b.op.InvalidStatus(), b.op.Rules
	if status == "" || b.op.Body == nil || rules.Subject == "" || !b.op.Body.Schema.HasType("object") {
		return
	}
	b.add(status, checkText{
		name: rules.Subject + "-more-types", ground: contractSays, prod: conformance.NotInProduction, pointer: b.op.Body.Schema.Pointer + "/properties/" + rules.Subject,
		summary: rules.Subject + " of a wrong type is rejected, whatever its value",
		sends:   fmt.Sprintf("%d values that are not strings: numbers of every kind, arrays and objects", len(moreTypes("", ""))),
		why:     "A server that accepts invalid data stores it, and returns it to some client later.",
	}, trial.StageReject, func(t *trial.Trial) {
		user := t.User()
		trial.Each(t, moreTypes(rules.Subject, user), shortened, func(t *trial.Trial, value string) {
			r := t.RequestFor(user).WithBody(t.Body(user).With([]string{rules.Subject}, schema.Literal(value)), wire.Breaks).WithoutSubject()
			switch {
			case value == "1e400" || value == beyondIntegers:
				expectOrWarn(t, r.Excused(), status) // some parsers hand such a number on as a text
			case strings.Contains(value, convertsToText):
				t.ExpectExcused(r, status)
			default:
				t.Expect(r, status)
			}
		})
	})
	b.add(status, checkText{
		name: "json-kinds", ground: meansNothing, prod: conformance.NotInProduction, pointer: b.op.Pointer + "/requestBody/content",
		summary: "a body without any JSON meaning is rejected",
		sends:   "bodies with no value, half an escape, a lone punctuation character, another format, thousands of brackets, or half a character",
		why:     "A parser that guesses will guess wrong one day, and two parsers guess differently (RFC 8259).",
	}, trial.StageReject, func(t *trial.Trial) {
		user := t.User()
		name := func(text string) string { return wire.Quote(shortened(text)) }
		trial.Each(t, jsonKinds(rules.Subject, user), name, func(t *trial.Trial, text string) {
			t.Expect(t.RequestFor(user).WithText([]byte(text), wire.Breaks).WithoutSubject(), status)
		})
		trial.Each(t, oddKinds(rules.Subject, user), name, func(t *trial.Trial, text string) {
			r := t.RequestFor(user).WithText([]byte(text), wire.Breaks).WithoutSubject()
			if !strings.Contains(text, halfEscape) { // over which nobody need break down
				r = r.Excused()
			}
			expectOrWarn(t, r, status)
		})
	})
	b.add(status, checkText{
		name: "body-sizes", ground: staysUp, prod: conformance.NotInProduction, pointer: b.op.Pointer + "/requestBody",
		summary: "a valid body of 8 to 64 KiB is accepted, or rejected as documented or with 413",
		sends:   "a valid body padded with white space to just over 8, 16 and 32 KiB and just under 64 KiB",
		why:     "Common buffers have these sizes. A server must not silently drop what exceeds them.",
	}, trial.StageReject, func(t *trial.Trial) {
		user := t.FirstUser()
		text := string(schema.Encode(t.Body(user)))
		trial.Each(t, []int{8<<10 + 1, 16<<10 + 1, 32<<10 + 1, 64<<10 - 1}, func(n int) string { return fmt.Sprintf("%d bytes", n) }, func(t *trial.Trial, n int) {
			r := t.RequestFor(user).WithText([]byte("{"+strings.Repeat(" ", n-len(text))+text[1:]), wire.Fits)
			if a := t.Expect(r, t.Op.SuccessStatus(), status, "413"); a.Succeeded() {
				t.RequireEcho(a, user)
			}
		})
	})
	if !b.op.Body.Schema.AllowsUndeclared() {
		return
	}
	b.add(status, checkText{
		name: "depths", ground: staysUp, prod: conformance.NotInProduction, pointer: b.op.Pointer + "/requestBody",
		summary: "a valid body nested 40 to 400 levels deep is accepted, or rejected as documented",
		sends:   "arrays nested 40, 70, 130 and 400 deep in an undeclared property",
		why:     "Unexpected input must not crash the server. No client should be able to cause a 500.",
	}, trial.StageReject, func(t *trial.Trial) {
		user := t.FirstUser()
		trial.Each(t, []int{40, 70, 130, 400}, func(n int) string { return fmt.Sprintf("%d levels", n) }, func(t *trial.Trial, n int) {
			deep := schema.Literal(strings.Repeat("[", n-1) + strings.Repeat("]", n-1))
			r := t.RequestFor(user).WithBody(t.Body(user).With([]string{"undeclared"}, deep), wire.Fits)
			if a := t.Expect(r, t.Op.SuccessStatus(), status); a.Succeeded() {
				t.RequireEcho(a, user)
			}
		})
	})
}
