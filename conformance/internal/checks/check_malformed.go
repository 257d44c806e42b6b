package checks

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// malformation spoils a JSON text. text is a whole valid body, value the
// quoted string within it that may be spoilt.
type malformation struct {
	name   string
	ground ground
	what   string
	spoil  func(text, value []byte) []byte
}

func replacing(with func(value []byte) []byte) func(text, value []byte) []byte {
	return func(text, value []byte) []byte { return bytes.Replace(text, value, with(value), 1) }
}

func malformations() []malformation {
	// within puts bytes into the quoted string.
	within := func(extra string) func(text, value []byte) []byte {
		return replacing(func(v []byte) []byte {
			return append(append(append([]byte{}, v[:len(v)-1]...), extra...), '"')
		})
	}
	behind := func(extra string) func(text, value []byte) []byte {
		return func(text, _ []byte) []byte { return append(append([]byte{}, text...), extra...) }
	}
	beforeEnd := func(extra string) func(text, value []byte) []byte {
		return func(text, _ []byte) []byte {
			return append(append([]byte{}, text[:len(text)-1]...), extra+"}"...)
		}
	}
	return []malformation{
		{"cut-short", meansNothing, "truncated", func(text, _ []byte) []byte { return text[:len(text)-2] }},
		{"unclosed", meansNothing, "a missing closing brace", func(text, _ []byte) []byte { return text[:len(text)-1] }},
		{"trailing-comma", parsersDiffer, "a trailing comma", beforeEnd(",")},
		{"leading-comma", parsersDiffer, "a leading comma", func(text, _ []byte) []byte { return append([]byte("{,"), text[1:]...) }},
		{"missing-comma", parsersDiffer, "a missing comma between properties", beforeEnd(` "undeclared":"value"`)},
		{"single-quotes", parsersDiffer, "single quotes", func(text, _ []byte) []byte { return bytes.ReplaceAll(text, []byte(`"`), []byte(`'`)) }},
		{"comment", parsersDiffer, "a block comment", func(text, _ []byte) []byte { return append([]byte("{/* comment */"), text[1:]...) }},
		{"line-comment", parsersDiffer, "a line comment", func(text, _ []byte) []byte { return append([]byte("{// comment\n"), text[1:]...) }},
		{"trailing-text", parsersDiffer, "text after the JSON", behind("xyz")},
		{"extra-brace", parsersDiffer, "an extra closing brace", behind("}")},
		{"two-texts", parsersDiffer, "two JSON texts in one body", func(text, _ []byte) []byte { return bytes.Repeat(text, 2) }},
		{"unquoted-key", parsersDiffer, "a property name without quotes", func(text, _ []byte) []byte {
			end := bytes.IndexByte(text[2:], '"') + 2
			return append(append([]byte("{"), text[2:end]...), text[end+1:]...)
		}},
		{"nan", parsersDiffer, "NaN", beforeEnd(`,"undeclared":NaN`)},
		{"leading-zero", parsersDiffer, "a number with a leading zero", beforeEnd(`,"undeclared":012`)},
		{"bare-word", parsersDiffer, "an unquoted string", replacing(func(v []byte) []byte { return bytes.Trim(v, `"`) })},
		{"control-character", parsersDiffer, "an unescaped line feed in a string", within("\n")},
		{"tab", parsersDiffer, "an unescaped tab in a string", within("\t")},
		{"invalid-utf8", parsersDiffer, "invalid UTF-8", within("\xff\xfe\xc0")},
		{"utf16", parsersDiffer, "UTF-16, which RFC 8259 no longer allows", func(text, _ []byte) []byte {
			out := []byte{0xff, 0xfe}
			for _, unit := range schema.UTF16Units(string(text)) {
				out = append(out, byte(unit), byte(unit>>8))
			}
			return out
		}},
		{"bad-escape", parsersDiffer, "an invalid escape sequence", within(`\x41`)},
	}
}

// malformedChecks send what is no JSON text at all (RFC 8259).
func malformedChecks(b *builder) {
	status := b.op.InvalidStatus()
	if status == "" || !b.op.TakesJSON() || !b.op.Body.Schema.HasType("object") {
		return
	}
	for _, m := range malformations() {
		b.add(status, checkText{
			name: "json-" + m.name, ground: m.ground, prod: conformance.Harmless, pointer: b.op.Pointer + "/requestBody/content",
			summary: "invalid JSON is rejected: " + m.what,
			sends:   "a valid body made invalid JSON: " + m.what,
			why:     "A parser that guesses will guess wrong one day, and two parsers guess differently (RFC 8259).",
		}, trial.StageReject, func(t *trial.Trial) {
			r := t.Request()
			text, value := spoilable(t, r)
			spoilt := m.spoil(text, value)
			r = r.WithText(spoilt, wire.Breaks).WithoutSubject()
			if !utf8.Valid(spoilt) { // many languages fail on it far from the parser
				r = r.Excused()
			}
			t.RequireExcused(t.Send(r), status)
		})
	}
}

// spoilable returns a valid body with a string in it, and that string as it
// stands there.
func spoilable(t *trial.Trial, r *wire.Request) (text, value []byte) {
	body := t.Body(r.Subject)
	for _, m := range body {
		if s, ok := m.Value.(string); ok && !strings.ContainsAny(s, `"\`) {
			return schema.Encode(body), schema.Encode(s)
		}
	}
	body = append(body, schema.Member{Name: "undeclared", Value: "value"})
	return schema.Encode(body), schema.Encode("value")
}
