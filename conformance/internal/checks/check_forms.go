package checks

import (
	"fmt"
	"net/url"
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
	other := nobody(t)
	var out []schema.Member
	for _, name := range []string{"hasOwnProperty", "toString", "$where", "a.b", "", "length", "@type", "$ref", "id", "_id", "userId", "manufacturer_id", "manufacturer", "tenant", "role", "status", "name", "email", "error", "device_id", "version", "é", strings.Repeat("long", 50), rules.Identity, rules.Echo, rules.Subject + "[]", " " + rules.Subject} { // in other letter case it is the subject to some readers, that of Go among them
		if name != rules.Subject {
			out = append(out, schema.Member{Name: name, Value: other})
		}
	}
	return append(out,
		schema.Member{Name: "data", Value: schema.Object{{Name: rules.Subject, Value: other}}},
		schema.Member{Name: "user", Value: schema.Object{{Name: rules.Subject, Value: other}, {Name: "id", Value: other}}},
		schema.Member{Name: "nothing", Value: nil},
		schema.Member{Name: "number", Value: schema.Literal("1.5e+3")},
		schema.Member{Name: "negative", Value: schema.Literal("-0")},
		schema.Member{Name: "list", Value: []any{true, nil, []any{[]any{}}}},
		schema.Member{Name: "none", Value: []any{}},
		schema.Member{Name: "escapes", Value: schema.Literal(`"\b\f\n\r\t\"\\\/\u00e9\ud83d\ude00"`)},
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
			t.RequireEcho(t.Expect(t.RequestFor(user).WithBody(body, wire.Fits), status, t.Op.InvalidStatus(), "413"))
		})
	}
	b.add(status, checkText{
		name: "resolve-forms", ground: contractSays, prod: conformance.Creates, requests: 2, newUsers: 1, pointer: b.memberPointer(b.op.Rules.Identity),
		summary: "the spelling of the JSON does not change the id: white space, and escapes in either case, in property names, and without need",
		sends:   `one user as plain text, with \/, with lower and upper case escapes, with every character escaped, with escapes in the property name, and with white space around every token`,
		why:     "Clients store the id. If it changes, they lose access to the user's devices.", formerly: []string{"resolve-escapes", "resolve-escaped-pairs", "resolve-white-space"},
	}, trial.StageAccept, func(t *trial.Trial) {
		user := "é/ü漢😀-" + t.User()
		if t.IsSparing() {
			user = t.User()
		}
		before := t.ExpectSuccess(t.RequestFor(user))
		if len(t.Body(user)) > 1 {
			t.Skip("the minimal valid body has more than one property")
		}
		name, value := string(schema.Encode(rules.Subject)), string(schema.Encode(user))
		first, rest := rules.Subject[:1], rules.Subject[1:]
		for _, text := range trial.Sample(t, []string{
			fmt.Sprintf("\r\n\t{ %s\t:\n %s }\r", name, value),
			fmt.Sprintf(`{%s:%s}`, name, schema.EncodeEscaped(user)),
			fmt.Sprintf(`{%s:%s}`, name, strings.Replace(value, "é/ü", `é\/ü`, 1)),
			fmt.Sprintf(`{%s:%s}`, name, strings.Replace(value, "é/ü", `\u00E9/\u00FC`, 1)),
			fmt.Sprintf(`{%s:%s}`, name, strings.Replace(value, "é/ü", `\u00e9\u002f\u00fc`, 1)),
			fmt.Sprintf(`{"\u%04x%s":%s}`, first[0], rest, value),
		}) {
			again := t.ExpectSuccess(t.RequestFor(user).WithText([]byte(text), wire.Fits))
			t.RequireEcho(again)
			requireSame(t, before, again)
		}
	})
}

func openNames(t *trial.Trial) {
	all := undeclaredMembers(t)
	// A user who is new is asked for, so that a property that is stored shows.
	ask := func(t *trial.Trial, members []schema.Member) {
		user := t.User()
		body := t.Body(user)
		a := t.Send(t.RequestFor(user).WithBody(append(body[:len(body):len(body)], members...), wire.Fits).Attack())
		if isInvalid(t, a) {
			t.Warn(trial.DescribeStatus(t.Op.SuccessStatus()), a.Summary(), a)
		}
		t.RequireStatus(a, t.Op.SuccessStatus())
		t.RequireEcho(a)
		if rules := t.Op.Rules; rules.Identity != "" && t.IdentityOf(a) == nobody(t) {
			t.Fail("a "+rules.Identity+" of the target's own", wire.Quote(nobody(t))+", as in the request", a)
		}
		requireSame(t, a, t.ExpectSuccess(t.RequestFor(user)))
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
	name := func(m schema.Member) string { return fmt.Sprintf("the property %q", shortened(m.Name)) }
	trial.Each(t, suspects, name, func(t *trial.Trial, m schema.Member) { ask(t, slices.Clip([]schema.Member{m})) })
}

// nobody is the value of undeclared properties: a user of the run who is asked
// for nowhere else.
func nobody(t *trial.Trial) string { return t.Session.UserPrefix + "nobody" }

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
		`{"$ne":"","$gt":"","$regex":".*","$exists":true,"$in":[` + text + "]}", "{" + string(schema.Encode(name)) + ":" + text + "}",
		`{"id":` + text + `,"value":` + text + `,"$oid":` + text + `,"$eq":` + text + `,"#text":` + text + "}", `{` + convertsToText + `:{"a":{"b":` + text + "}}}", `{"length":1}`,
		"[" + strings.TrimSuffix(strings.Repeat(`"a",`, 200), ",") + "]",
	}
}

// jsonKinds are texts that no parser could mean.
func jsonKinds(name string, user string) []string {
	n, u := string(schema.Encode(name)), string(schema.Encode(user))
	return []string{
		"{" + n + ":}", "}", "[", `"`, "false", "{" + n, "{" + n + "}", "{" + n + ":" + u[:len(u)-1] + `\"}`, "{" + n + "::" + u + "}",
		"{" + n + ":" + u + "]", name + "=" + user, "<" + name + ">" + user + "</" + name + ">", "undefined", string(schema.Encode("{" + n + ":" + u + "}")), "\x1f\x8b\x08\x00",
	}
}

// aliasesOf are names that frameworks and careless code take for another.
func aliasesOf(subject, echo string) (out []string) {
	words := strings.Split(subject, "_")
	camel := words[0]
	for _, w := range words[1:] {
		camel += strings.ToUpper(w[:min(1, len(w))]) + w[min(1, len(w)):]
	}
	for _, name := range []string{camel, strings.Join(words, "-"), strings.Join(words, ""), subject + "[]", echo, "id", "user", "username", "uid", "sub"} {
		if name != "" && name != subject && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
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
		name: rules.Subject + "-elsewhere", ground: contractSays, prod: conformance.NotInProduction, pointer: b.op.Body.Schema.Pointer + "/required",
		summary: rules.Subject + " is required, whatever else names a user",
		sends:   "a body without " + rules.Subject + " but with userId, id, " + rules.Echo + " and similar properties; with " + rules.Subject + " inside another property; with " + rules.Subject + " in the query, to accept which is only worth a warning",
		why:     "A server that guesses which user is meant will guess wrong one day.",
	}, trial.StageReject, func(t *trial.Trial) {
		user := t.User()
		var flat, nested schema.Object
		for _, name := range aliasesOf(rules.Subject, rules.Echo) {
			flat = append(flat, schema.Member{Name: name, Value: user})
		}
		for _, name := range []string{"data", "user", "body", "attributes", "params"} {
			nested = append(nested, schema.Member{Name: name, Value: schema.Object{{Name: rules.Subject, Value: user}, {Name: "id", Value: user}}})
		}
		if !b.confirmed(flat, wire.Breaks) || !b.confirmed(nested, wire.Breaks) {
			t.Skip("not applicable: the schema gives other names a meaning")
		}
		t.Expect(t.RequestFor(user).WithBody(flat, wire.Breaks).WithoutSubject(), status)
		t.Expect(t.RequestFor(user).WithBody(nested, wire.Breaks).WithoutSubject(), status)
		inQuery := t.RequestFor(user).WithBody(schema.Object{}, wire.Breaks).WithoutSubject().WithHeader("X-User-Id", user)
		inQuery.Query = url.Values{rules.Subject: {user}}.Encode()
		if a := t.Send(inQuery); a.Succeeded() { // as frameworks do that make one of query and body
			t.Warn(trial.DescribeStatus(status), a.Summary(), a)
		} else {
			t.RequireStatus(a, status, "404") // a server may take a query for another path
		}
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
		sends:   "a valid body padded with an undeclared property to just over 8 and 32 KiB, and with white space to just over 16 and just under 64 KiB",
		why:     "Common buffers have these sizes. A server must not silently drop what exceeds them.",
	}, trial.StageReject, func(t *trial.Trial) {
		user := t.FirstUser()
		text := string(schema.Encode(t.Body(user)))
		sizes := []int{8<<10 + 1, 16<<10 + 1, 32<<10 + 1, 64<<10 - 1}
		trial.Each(t, sizes, func(n int) string { return fmt.Sprintf("%d bytes", n) }, func(t *trial.Trial, n int) {
			padded := "{" + strings.Repeat(" ", n-len(text)) + text[1:]
			if slices.Index(sizes, n)%2 == 0 && b.op.Body.Schema.AllowsUndeclared() {
				const name, end = `,"undeclared":"`, `"}`
				padded = text[:len(text)-1] + name + strings.Repeat("x", n-len(text)+1-len(name+end)) + end
			}
			r := t.RequestFor(user).WithText([]byte(padded), wire.Fits)
			t.RequireEcho(t.Expect(r, t.Op.SuccessStatus(), status, "413"))
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
			t.RequireEcho(t.Expect(r, t.Op.SuccessStatus(), status))
		})
	})
}
