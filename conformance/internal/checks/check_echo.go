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
	return []specimen{
		{"case", "upper and lower case letters", affix("MiXed-", "-CaSe"), usual, nil},
		{"digits", "digits only", digitsOf, usual, nil},
		{"leading-zeros", "leading zeros", func(u string) string { return "000" + digitsOf(u) }, usual, nil},
		{"inner-space", "spaces inside", affix("two  spaces ", " end"), usual, nil},
		{"outer-space", "leading and trailing spaces", affix(" ", " "), usual, nil},
		{"html", "HTML markup", affix(markup, "</b>&amp;"), attack, nil},
		{"apostrophe", "an apostrophe, as in O'Brien", affix("O'Brien-", ""), usual, nil},
		{"quotes", "quotes", affix(`"double" 'single' `, "`back`"), attack, nil},
		{"backslash", "backslashes", affix(`C:\new\table\`, `\\end\`), attack, nil},
		{"percent", "percent signs", affix("100%25-%41-%zz-%%-%PATH%-", "%"), attack, nil},
		{"percent-encoded", "text that looks percent-encoded", affix("a%20b%41-", "%2F"), attack, nil},
		{"punctuation", "other punctuation", affix("~,?|=[](){0}//!#$^;:*$1 %d :)", ":x:"), attack, nil},
		{"plus", "a plus sign in an e-mail address of mixed case", trial.MailForm, usual, nil},
		{"slash", "slashes and dots", affix("../a/b/", "/.."), attack, nil},
		{"template", "template placeholders", affix("{{7*7}}${7*7}%s#{7}", "<%=7*7%>%{7}"), attack, nil},
		{"sql", "text that looks like SQL", affix("';DROP TABLE u/*", "*/--'OR'1'='1"), attack, nil},
		{"proto", "__proto__, a special name in JavaScript", exactly("__proto__"), attack | foreign, nil},
		{"null", "the word null", exactly("null"), foreign, nil},
		{"boolean", "the word true", exactly("true"), foreign, nil},
		{"false", "the word false", exactly("false"), foreign, nil},
		{"undefined", "the word undefined", exactly("undefined"), foreign, nil},
		{"not-a-number", "the word NaN", exactly("NaN"), foreign, nil},
		{"exponent", "a number with an exponent, as text", exactly("12e5"), foreign, nil},
		{"fraction", "a number with a trailing zero, as text", exactly("1.50"), foreign, nil},
		{"hexadecimal", "a hexadecimal number, as text", exactly("0x1F"), foreign, nil},
		{"signed", "a number with a plus sign, as text", exactly("+15"), foreign, nil},
		{"uuid", "an upper-case UUID", func(u string) string { return "A987FBC9-4BED-4078-8F07-" + lastOf(digitsOf(u), 12) }, usual, nil},
		{"date", "a timestamp", exactly("2024-02-29T10:00:00.000+01:00"), foreign, nil},
		{"json", "text that looks like JSON", affix(`{"id": "`, `"}`), attack, nil},
		{"multibyte", "letters of two and three bytes in UTF-8", affix("Žluťoučký-ß-ا-漢字-", "-한국어"), usual, nil},
		{"astral", "emoji and other characters above U+FFFF", affix("😀-𝒳-", "-👩🚀"), usual, nil},
		{"combining", "letters with combining marks (decomposed)", affix("e\u0301a\u0308-", "-o\u0302"), usual, nil},
		{"precomposed", "accented letters (precomposed)", affix("\u00e9\u00e4-", "-\u00f4"), usual, nil},
		{"right-to-left", "right-to-left letters", affix("مستخدم-", "-משתמש"), usual, nil},
		{"length-1", "one character", func(string) string { return "x" }, foreign, nil},
		{"length-36", "36 characters", ofLength(36), usual, nil},
		{"length-64", "64 characters", ofLength(64), usual, nil},
		{"empty", "the empty string", exactly(""), lenient | foreign, nil},
		{"blank", "spaces only", exactly("   "), lenient | foreign, nil},
		{"invisible", "invisible characters", affix("a\u200b\u200d\u00ad\u200e\u200fb\ufe0f\u2028c\ufeffd\u200c\u202e\u202c\u2060\u2066\u2069\u2029\U000e0041-", "e"), lenient | attack, around("\u200b", "\u200d", "\u200c", "\u00ad", "\u200e", "\u202e\u202c", "\u2060", "\ufe0f", "\u2028", "\ufeff")},
		{"control", "tab, line feed, carriage return and other control characters", affix("a\tb\nc\r\nd\u0001\u0085-", "\u007f\n"), lenient | attack, around("\t", "\n", "\r\n", "\u0001", "\u0085", "\u007f")},
		{"noncharacter", "noncharacters, U+FFFD and private-use characters", affix("a\ufffe\uffff\ufdd0\ufffdb-", "\ue000\U0010ffff"), lenient | attack, around("\uffff", "\ufdd0", "\ufffd", "\ue000", "\U0010ffff")},
		{"unpaired", "unclosed brackets and quotes", affix("a([{b\"'`<c-", ""), attack, nil},
		{"multibyte-64", "64 characters of three or more bytes", func(u string) string { return u + strings.Repeat("漢字", (64-len(u))/2) }, usual, nil},
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
	pointer := b.op.Pointer + "/responses/" + status + "/content/application~1json/schema/properties/" + rules.Echo
	for _, sp := range specimens() {
		summary := fmt.Sprintf("%s repeats %s exactly: %s", rules.Echo, rules.Subject, sp.what)
		if sp.kind&lenient != 0 {
			summary += ", or the request is rejected with " + rejection
		}
		stage, class := trial.StageAccept, conformance.Creates
		if sp.kind&foreign != 0 {
			stage, class = trial.StageForeign, conformance.NotInProduction
		}
		c := b.add(status, checkText{
			name: "echo-" + sp.name, ground: contractSays, prod: class, pointer: pointer, summary: summary,
			sends: rules.Subject + " with " + sp.what, why: whyEcho,
		}, stage, func(t *trial.Trial) {
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
		})
		c.NewUsers, c.IsForeign = 1, sp.kind&foreign != 0
	}
	echoGroupChecks(b, pointer)
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
	if a.Succeeded() {
		t.RequireEcho(a, user)
	}
	return a
}
