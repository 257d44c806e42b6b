package checks

import (
	"encoding/base64"
	"fmt"
	"strings"

	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

func each(values ...string) []func(string) string {
	var out []func(string) string
	for _, v := range values {
		out = append(out, exactly(v))
	}
	return out
}

// echoGroups are specimens of several values, each of which is asked for by itself.
func echoGroups() []specimen {
	return []specimen{
		{name: "characters", what: "characters of many scripts, symbols and emoji", values: []func(string) string{
			affix("x\u00a0y‘’“”‐–—…²³½№", "€₹™¥µıİﬁ"), affix("Ａｂ１！-ไทย-हिन्दी-", "-Ёж-Σςẞ"), affix("\u1112\u1161\u11ab-٣٤-ｱﾞ𠮷-", "-👍🏽🇩🇪❤️"),
		}},
		{name: "number-like", what: "texts that look like a number, a date or an address", kind: foreign, values: append(
			each("-17", "1e3", "017", "1,000", "1_000", "1,5", "12:30", "2024-01-02", "192.168.1.17", "1.10.0"),
			func(u string) string { return "-" + digitsOf(u) },
			func(u string) string { return "+49 170 " + lastOf(digitsOf(u), 7) },
			func(u string) string { return "4" + lastOf(digitsOf(u), 15) })},
		{name: "words", what: "words and characters with a special meaning to parsers", kind: attack | foreign,
			values: each("NO", "yes", "None", "nil", "NULL", "Infinity", `\N`, "[]", "{}", ".", "..", "%2e", "0", "-", "~", "admin", "constructor")},
		{name: "text-like", what: "texts that look like a link, a list, a formula, a variable or a token", kind: attack, values: []func(string) string{
			affix(`["`, `"]`), affix("=1+1+", ""), affix("@", ""), affix("${", "}"), affix("$HOME-", ""), affix("*)(uid=", "*"), affix(`"`, `"`), affix("'", "'"), affix("#", ""),
			affix("https://example.com/", "?token=1&x"), affix("-", ""), affix("/", "/"), affix("urn:user:", ""), affix("<script>", "</script>"), affix("user@", ""), affix("auth0|", ""), affix("password=", ""),
			func(u string) string { return "01" + lastOf(digitsOf(u), 24) },
			func(u string) string { return "65F0c" + lastOf(digitsOf(u), 19) },
			func(u string) string { return lastOf(digitsOf(u), 18) },
			func(u string) string {
				return "eyJhbGciOiJub25lIn0." + u[max(0, len(u)-36):] + ".sig"
			},
			func(u string) string {
				text := base64.StdEncoding.EncodeToString([]byte(u))
				return strings.TrimRight(text[max(0, len(text)-60):], "=") + "="
			},
		}},
		{name: "lengths", what: "lengths just over common limits of indexes, columns and buffers, up to 4,097 characters", kind: lenient, was: []string{"echo-length-255", "echo-length-256", "echo-length-1000"},
			values: func() (out []func(string) string) {
				for _, n := range []int{65, 101, 129, 192, 256, 257, 1001, 2049, 4097} {
					out = append(out, func(u string) string { return (u + strings.Repeat("0123456789", n/10))[:n] })
				}
				return append(out, func(u string) string { return "a" + (u + strings.Repeat("0123456789", 30))[1:257] })
			}()},
	}
}

// foreignBatch is how many users without the mark of the run are asked for
// before a plain one.
const foreignBatch = 17

// echoEach asks for the users of a group. Those that a target must not share an id
// with another are compared as well.
func echoEach(t *trial.Trial, g specimen) {
	name := func(user string) string { return wire.Quote(shortened(user)) }
	user := t.User()
	users := make([]string, len(g.values))
	for i, value := range g.values {
		users[i] = value(user)
	}
	if g.kind&foreign == 0 {
		trial.Each(t, users, name, func(t *trial.Trial, user string) { askSized(t, user, g.kind) })
		if t.Op.Rules.Identity != "" {
			requireApart(t, t.Responses)
		}
		return
	}
	for len(users) > 0 {
		n := min(foreignBatch, len(users))
		skipWhereBlocked(t)
		trial.Each(t, users[:n], name, func(t *trial.Trial, user string) { echoes(t, user, g.kind) })
		users = users[n:]
		if plain := t.Try(t.RequestFor(t.FirstUser())); plain.IsFromFirewall() {
			t.Session.NoteBlocked()
		}
	}
}

// skipWhereBlocked ends the trial where what was sent before has made a firewall
// shut the run out.
func skipWhereBlocked(t *trial.Trial) {
	if t.Session.IsBlocked() {
		t.Skip("not sent: a firewall has started to block valid requests, because of requests for such users")
	}
}

// askTwice is echoes, and once more for a user who is then known.
func askTwice(t *trial.Trial, user string, kind specimenKind) *wire.Response {
	a := echoes(t, user, kind)
	if a.Succeeded() {
		again := t.ExpectSuccess(a.Request)
		t.RequireEcho(again)
		requireSame(t, a, again)
	}
	return a
}

// askSized is echoes, and passes a server error over as a warning where a user
// id is longer than most stores take.
func askSized(t *trial.Trial, user string, kind specimenKind) *wire.Response {
	if len(user) <= 1024 {
		return echoes(t, user, kind)
	}
	a := t.ExpectExcused(t.RequestFor(user), contract.Statuses{t.Op.SuccessStatus(), t.Op.InvalidStatus()}...)
	t.RequireEcho(a)
	return a
}

// shortened keeps the beginning of a long text, and says how long it is.
func shortened(text string) string {
	if r := []rune(text); len(r) > 64 {
		return fmt.Sprintf("%s… (%d characters)", string(r[:40]), len(r))
	}
	return text
}

// echoThroughoutCheck judges the echo of every success of the run, so that one
// that is wrong only beside something else is found wherever it shows.
func echoThroughoutCheck(b *builder, pointer string) {
	rules := b.op.Rules
	b.addJudged(b.op.SuccessStatus(), checkText{
		name: "echo-throughout", ground: contractSays, pointer: pointer,
		summary: "over the whole run, " + rules.Echo + " repeats " + rules.Subject + " exactly",
		sends:   "nothing; it compares every response of the run",
		why:     whyEcho,
	}, false, func(a *wire.Response) (wire.Finding, bool) {
		got, ok := a.Member(rules.Echo)
		if !ok || a.Request.Subject == "" || !a.Succeeded() || !a.MustConform() || len(a.Request.Keys) != 1 || !a.Request.Keys[0].IsValid {
			return wire.Finding{}, false
		}
		if got == a.Request.Subject {
			return wire.Finding{}, true
		}
		return wire.Finding{Expected: rules.Echo + " " + trial.QuoteDifference(a.Request.Subject, got), Actual: rules.Echo + " " + trial.QuoteDifference(got, a.Request.Subject)}, true
	})
}
