package checks

import (
	"fmt"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// specimen is a value that servers are apt to change on its way through.
type specimen struct {
	name string
	what string
	// value makes it from a fresh user's name, which makes it unique.
	value func(user string) string
	kind  specimenKind
	// parts are asked for one by one where the whole is refused, as it may be.
	parts []func(user string) string
	// values take the place of value where there are several.
	values []func(user string) string
	was    []string // ids that the check had before
}

// ask asks for the user of a specimen, or for its parts.
func (sp specimen) ask(t *trial.Trial) {
	ask := echoes
	if sp.kind&foreign != 0 {
		skipWhereBlocked(t)
		ask = askTwice
	}
	if ask(t, sp.value(t.User()), sp.kind).Succeeded() {
		return
	}
	trial.Each(t, sp.parts, func(func(string) string) string { return "a part of it" }, func(t *trial.Trial, part func(string) string) {
		echoes(t, part(t.User()), sp.kind)
	})
}

// specimenKind is how a target may answer a specimen other than by its echo.
type specimenKind int

const (
	lenient specimenKind = 1 << iota // beyond what every server must take: a documented refusal is as good
	attack                           // what no user is called: a firewall's page is only worth a warning
	foreign                          // it has no mark of the run, and may be somebody's
	usual   specimenKind = 0
)

func affix(before, after string) func(string) string {
	return func(user string) string { return before + user + after }
}

// exactly is a value that is the same in every run: only the bare word is
// mistaken for something else.
func exactly(value string) func(string) string { return func(string) string { return value } }

// markup is sent to see whether it comes back where a browser would run it.
const markup = `<b onclick="x">`

// ofLength fills or cuts to a number of characters, keeping what is unique.
func ofLength(n int) func(string) string {
	return func(user string) string {
		if n <= len(user) {
			return user[len(user)-n:]
		}
		return strings.Repeat("x", n-len(user)) + user
	}
}

// specimens are at most 64 characters long, but for those that are about
// length: a target may have a limit there.
func specimens() []specimen {
	one := func(name, what string, value func(user string) string, kind specimenKind, parts ...func(user string) string) specimen {
		return specimen{name: name, what: what, value: value, kind: kind, parts: parts}
	}
	return []specimen{
		one("case", "upper and lower case letters", affix("MiXed-", "-CaSe"), usual),
		one("digits", "digits only", digitsOf, usual),
		one("leading-zeros", "leading zeros", func(u string) string { return "000" + digitsOf(u) }, usual),
		one("inner-space", "spaces inside", affix("two  spaces ", " end"), usual),
		one("outer-space", "leading and trailing spaces", affix(" ", " "), usual),
		one("html", "HTML markup", affix(markup, "</b>&amp;"), attack),
		one("apostrophe", "an apostrophe, as in O'Brien", affix("O'Brien-", ""), usual),
		one("quotes", "quotes", affix(`"double" 'single' `, "`back`"), attack),
		one("backslash", "backslashes", affix(`C:\new\table\`, `\\end\`), attack),
		one("percent", "percent signs", affix("100%25-%41-%zz-%%-%PATH%-", "%"), attack),
		one("percent-encoded", "text that looks percent-encoded", affix("a%20b%41-", "%2F"), attack),
		one("punctuation", "other punctuation", affix("~,?|=[](){0}//!#$^;:*$1 %d :)", ":x:"), attack),
		one("plus", "a plus sign in an e-mail address of mixed case", trial.MailForm, usual),
		one("slash", "slashes and dots", affix("../a/b/", "/.."), attack),
		one("template", "template placeholders", affix("{{7*7}}${7*7}%s#{7}", "<%=7*7%>%{7}"), attack),
		one("sql", "text that looks like SQL", affix("';DROP TABLE u/*", "*/--'OR'1'='1"), attack),
		one("proto", "__proto__, a special name in JavaScript", exactly("__proto__"), attack|foreign),
		one("null", "the word null", exactly("null"), foreign),
		one("boolean", "the word true", exactly("true"), foreign),
		one("false", "the word false", exactly("false"), foreign),
		one("undefined", "the word undefined", exactly("undefined"), foreign),
		one("not-a-number", "the word NaN", exactly("NaN"), foreign),
		one("exponent", "a number with an exponent, as text", exactly("12e5"), foreign),
		one("fraction", "a number with a trailing zero, as text", exactly("1.50"), foreign),
		one("hexadecimal", "a hexadecimal number, as text", exactly("0x1F"), foreign),
		one("signed", "a number with a plus sign, as text", exactly("+15"), foreign),
		one("uuid", "an upper-case UUID", func(u string) string { return "A987FBC9-4BED-4078-8F07-" + lastOf(digitsOf(u), 12) }, usual),
		one("date", "a timestamp", exactly("2024-02-29T10:00:00.000+01:00"), foreign),
		one("json", "text that looks like JSON", affix(`{"id": "`, `"}`), attack),
		one("multibyte", "letters of two and three bytes in UTF-8", affix("Žluťoučký-ß-ا-漢字-", "-한국어"), usual),
		one("astral", "emoji and other characters above U+FFFF", affix("😀-𝒳-", "-👩🚀"), usual),
		one("combining", "letters with combining marks (decomposed)", affix("e\u0301a\u0308-", "-o\u0302"), usual),
		one("precomposed", "accented letters (precomposed)", affix("\u00e9\u00e4-", "-\u00f4"), usual),
		one("right-to-left", "right-to-left letters", affix("مستخدم-", "-משתמש"), usual),
		one("length-1", "one character", func(string) string { return "x" }, foreign),
		one("length-36", "36 characters", ofLength(36), usual),
		one("length-64", "64 characters", ofLength(64), usual),
		one("empty", "the empty string", exactly(""), lenient|foreign),
		one("blank", "spaces only", exactly("   "), lenient|foreign),
		one("invisible", "invisible characters", affix("a\u200b\u200d\u00ad\u200e\u200fb\ufe0f\u2028c\ufeffd\u200c\u202e\u202c\u2060\u2066\u2069\u2029\U000e0041-", "e"), lenient|attack, around("\u200b", "\u200d", "\u200c", "\u00ad", "\u200e", "\u202e\u202c", "\u2060", "\ufe0f", "\u2028", "\ufeff")...),
		one("control", "tab, line feed, carriage return and other control characters", affix("a\tb\nc\r\nd\u0001\u0085-", "\u007f\n"), lenient|attack, around("\t", "\n", "\r\n", "\u0001", "\u0085", "\u007f")...),
		one("noncharacter", "noncharacters, U+FFFD and private-use characters", affix("a\ufffe\uffff\ufdd0\ufffdb-", "\ue000\U0010ffff"), lenient|attack, around("\uffff", "\ufdd0", "\ufffd", "\ue000", "\U0010ffff")...),
		one("unpaired", "unclosed brackets and quotes", affix("a([{b\"'`<c-", ""), attack),
		one("multibyte-64", "64 characters of three or more bytes", func(u string) string { return u + strings.Repeat("漢字", (64-len(u))/2) }, usual),
	}
}

// lastOf is the end of a text, with zeros before it where it is shorter.
func lastOf(text string, n int) string {
	text = strings.Repeat("0", n) + text
	return text[len(text)-n:]
}

// digitsOf makes digits of a user's name, as unique as the name.
func digitsOf(user string) string {
	var b strings.Builder
	b.WriteByte('7')
	for _, c := range []byte(user) {
		if c >= '0' && c <= '9' {
			b.WriteByte(c)
		} else {
			b.WriteByte('0' + c%10)
		}
	}
	return b.String()
}

// echoChecks hold the property that returns what was sent to it, code point by
// code point.
func echoChecks(b *builder) {
	rules := b.op.Rules
	if rules.Echo == "" {
		return
	}
	status, rejection := b.op.SuccessStatus(), b.op.InvalidStatus()
	pointer := b.memberPointer(rules.Echo)
	for _, sp := range append(specimens(), echoGroups()...) {
		summary := fmt.Sprintf("%s repeats %s exactly: %s", rules.Echo, rules.Subject, sp.what)
		if sp.kind&lenient != 0 {
			summary += ", or the request is rejected with " + rejection
		}
		stage, class := trial.StageAccept, conformance.Creates
		if sp.kind&foreign != 0 {
			stage, class = trial.StageForeign, conformance.NotInProduction
		}
		sends, run := rules.Subject+" with "+sp.what, sp.ask
		if len(sp.values) > 0 {
			sends, run = fmt.Sprintf("%d requests, %s", len(sp.values), sends), func(t *trial.Trial) { echoEach(t, sp) }
		}
		b.add(status, checkText{
			name: "echo-" + sp.name, ground: contractSays, prod: class, newUsers: 1, isForeign: sp.kind&foreign != 0, pointer: pointer, summary: summary,
			sends: sends, why: whyEcho, formerly: sp.was,
		}, stage, run)
	}
	echoThroughoutCheck(b, pointer)
}

const whyEcho = "A client finds its user by the echo. If one character changes, it finds another user or none."

// around makes users with one of several texts inside.
func around(texts ...string) []func(string) string {
	var out []func(string) string
	for _, text := range texts {
		out = append(out, affix("a"+text+"b-", ""))
	}
	return out
}

// echoes asks for a user and ends the trial unless the user comes back as sent,
// or is refused where that is as good.
func echoes(t *trial.Trial, user string, kind specimenKind) *wire.Response {
	allowed := contract.Statuses{t.Op.SuccessStatus()}
	if kind&lenient != 0 && t.Op.InvalidStatus() != "" {
		allowed = append(allowed, t.Op.InvalidStatus())
	}
	r := t.RequestFor(user)
	if kind&attack != 0 {
		r = r.Attack()
	}
	a := t.Expect(r, allowed...)
	t.RequireEcho(a)
	return a
}
