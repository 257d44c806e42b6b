package checks

import (
	"fmt"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/trial"
)

// specimen is a value that servers are apt to change on its way through.
type specimen struct {
	name string
	what string
	// value makes it from a fresh user's name, which makes it unique.
	value func(user string) string
	kind  specimenKind
}

// specimenKind is how a target may answer a specimen other than by its echo.
type specimenKind int

const (
	lenient specimenKind = 1 << iota // beyond what every server must take: a documented refusal is as good
	attack                           // what no user is called: a firewall's page is only worth a warning
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
		{"case", "upper and lower case letters", affix("MiXed-", "-CaSe"), usual},
		{"digits", "digits only", digitsOf, usual},
		{"leading-zeros", "leading zeros", func(u string) string { return "000" + digitsOf(u) }, usual},
		{"inner-space", "spaces inside", affix("two  spaces ", " end"), usual},
		{"outer-space", "leading and trailing spaces", affix(" ", " "), usual},
		{"html", "HTML markup", affix(markup, "</b>&amp;"), attack},
		{"apostrophe", "an apostrophe, as in O'Brien", affix("O'Brien-", ""), usual},
		{"quotes", "quotes", affix(`"double" 'single' `, "`back`"), attack},
		{"backslash", "backslashes", affix(`C:\new\table\`, `\\end\`), attack},
		{"percent", "percent signs", affix("100%25-%41-%zz-", "%"), attack},
		{"percent-encoded", "text that looks percent-encoded", affix("a%20b%41-", "%2F"), attack},
		{"punctuation", "other punctuation", affix("~,?|=[](){0}//!#$^;:*", ""), attack},
		{"plus", "a plus sign in an e-mail address", affix("user+tag-", "@example.com"), usual},
		{"slash", "slashes and dots", affix("../a/b/", "/.."), attack},
		{"template", "template placeholders", affix("{{7*7}}${7*7}%s", "<%=7*7%>"), attack},
		{"sql", "text that looks like SQL", affix("';DROP TABLE u;--", "'OR'1'='1"), attack},
		{"proto", "__proto__, a special name in JavaScript", exactly("__proto__"), attack},
		{"null", "the word null", exactly("null"), usual},
		{"boolean", "the word true", exactly("true"), usual},
		{"false", "the word false", exactly("false"), usual},
		{"undefined", "the word undefined", exactly("undefined"), usual},
		{"not-a-number", "the word NaN", exactly("NaN"), usual},
		{"exponent", "a number with an exponent, as text", exactly("12e5"), usual},
		{"fraction", "a number with a trailing zero, as text", exactly("1.50"), usual},
		{"hexadecimal", "a hexadecimal number, as text", exactly("0x1F"), usual},
		{"signed", "a number with a plus sign, as text", exactly("+15"), usual},
		{"uuid", "an upper-case UUID", func(u string) string { return "A987FBC9-4BED-4078-8F07-" + lastOf(digitsOf(u), 12) }, usual},
		{"date", "a timestamp", exactly("2024-02-29T10:00:00.000+01:00"), usual},
		{"json", "text that looks like JSON", affix(`{"id": "`, `"}`), attack},
		{"multibyte", "letters of two and three bytes in UTF-8", affix("Žluťoučký-ß-ا-漢字-", "-한국어"), usual},
		{"astral", "emoji and other characters above U+FFFF", affix("😀-𝒳-", "-👩🚀"), usual},
		{"combining", "letters with combining marks (decomposed)", affix("e\u0301a\u0308-", "-o\u0302"), usual},
		{"precomposed", "accented letters (precomposed)", affix("\u00e9\u00e4-", "-\u00f4"), usual},
		{"right-to-left", "right-to-left letters", affix("مستخدم-", "-משתמש"), usual},
		{"length-1", "one character", func(string) string { return "x" }, usual},
		{"length-36", "36 characters", ofLength(36), usual},
		{"length-64", "64 characters", ofLength(64), usual},
		{"length-255", "255 characters", ofLength(255), lenient},
		{"length-256", "256 characters", ofLength(256), lenient},
		{"length-1000", "1,000 characters", ofLength(1000), lenient},
		{"empty", "the empty string", exactly(""), lenient},
		{"blank", "spaces only", exactly("   "), lenient},
		{"invisible", "invisible characters", affix("a\u200b\u00adb\u2028-", "\ufeff"), lenient | attack},
		{"control", "tab, line feed and other control characters", affix("a\tb\nc\u0001-", "\u007f"), lenient | attack},
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
		b.add(status, checkText{
			name: "echo-" + sp.name, ground: contractSays, prod: conformance.Creates, pointer: pointer, summary: summary,
			sends: rules.Subject + " with " + sp.what,
			why:   "A client finds its user by the echo. If one character changes, it finds another user or none.",
		}, trial.StageAccept, func(t *trial.Trial) { echoes(t, sp.value(t.User()), sp.kind) }).NewUsers = 1
	}
}

func echoes(t *trial.Trial, user string, kind specimenKind) {
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
}
