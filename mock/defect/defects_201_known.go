package defect

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// knownDefects are right the first time that a user is asked for, and wrong the
// second.
func knownDefects() []Deviation {
	var all []Deviation
	for _, e := range []struct {
		name, what string
		f          func(string) string
	}{
		{"trimmed", "without its outer white space", strings.TrimSpace},
		{"upper-cased", "in upper case", strings.ToUpper},
		{"cut-at-20", "cut after 20 characters", cut(20)},
		{"cut-at-50", "cut after 50 characters", cut(50)},
		{"cut-at-64", "cut after 64 characters", cut(64)},
		{"cut-at-255", "cut after 255 characters", cut(255)},
		{"composed", "in normal form C", norm.NFC.String},
		{"ascii-only", "with question marks beyond ASCII", mapRunes(beyond(unicode.MaxASCII), "?")},
		{"mojibake", "in a wrong character set", latin1},
		{"astral-dropped", "up to the first character beyond U+FFFF", untilAstral},
		{"html-escaped", "escaped for HTML", html.EscapeString},
		{"percent-encoded", "percent-encoded", url.PathEscape},
		{"percent-decoded", "percent-decoded", percentDecoded},
		{"quotes-escaped", "with backslashes before quotes", replace(`"`, `\"`, `'`, `\'`)},
		{"backslashes-dropped", "without backslashes", replace(`\`, "")},
		{"zeros-dropped", "without leading zeros", only(digits, func(s string) string { return strings.TrimLeft(s, "0") })},
		{"fraction-shortened", "as a number", only(fraction.MatchString, func(s string) string { return strings.TrimRight(s, "0") })},
		{"exponent-expanded", "without its exponent", only(exponent.MatchString, expanded)},
		{"boolean-capitalised", "as a boolean", only(equals("true"), func(string) string { return "True" })},
		{"null-emptied", `empty if it is "null"`, only(equals("null"), func(string) string { return "" })},
		{"spaces-collapsed", "with single spaces", func(s string) string { return strings.Join(strings.Fields(s), " ") }},
		{"tags-stripped", "without tags", func(s string) string { return tag.ReplaceAllString(s, "") }},
		{"plus-as-space", "with spaces for plus signs", replace("+", " ")},
		{"control-dropped", "without control characters", mapRunes(unicode.IsControl, "")},
		{"invisible-dropped", "without characters that do not show", mapRunes(isFormat, "")},
		{"mail-masked", "with the e-mail address masked", func(s string) string {
			if i := strings.Index(s, "@"); i > 2 {
				return s[:2] + "***" + s[i:]
			}
			return s
		}},
		{"uuid-lower-cased", "in lower case if it is a UUID", only(uuidLike.MatchString, strings.ToLower)},
		{"date-in-utc", "in UTC if it is a point in time", inUTC},
	} {
		caught := "201/resolve-again"
		if own := map[string]string{"fraction-shortened": "fraction", "exponent-expanded": "exponent", "boolean-capitalised": "boolean", "null-emptied": "null", "date-in-utc": "date"}[e.name]; own != "" {
			caught = "201/echo-" + own // which asks twice
		}
		all = append(all, must("known-echo-"+e.name, caught, "A user who is known is echoed "+e.what+".", after(again, echo(e.f))))
	}
	spelling := func(fold func(string) string) mechanism {
		return after(created, func(x *exchange) {
			setText(echoName, x.memory.first(x.key()+"\x00"+fold(x.echoed()), x.echoed()))(x)
		})
	}
	return append(all,
		must("known-digits-as-number", "201/schema", "A user who is known is echoed as a number if the user id is of digits.", after(nthOf((*exchange).user, afterThe(1), echoes(digits)), mapRaw(echoName, unquoted))),
		must("known-echo-missing", "201/schema", "A user who is known is not echoed.", after(again, remove(echoName))),
		must("known-id-number", "201/schema", "The id of a user who is known is a number.", after(again, setRaw(idName, "4711"))),
		must("known-id-null", "201/schema", "The id of a user who is known is null.", after(again, setRaw(idName, "null"))),
		must("known-in-array", "201/schema", "A user who is known comes as an array of one.", after(again, around(`[%]`))),
		must("known-wrapped", "201/schema", `A user who is known is wrapped in {"user": …}.`, after(again, around(`{"user":%}`))),
		must("known-empty-body", "201/json", "For a user who is known the body is empty.", after(again, setBody(""))),
		must("known-as-text", "201/content-type", "For a user who is known the media type is text/plain.", after(again, contentType("text/plain"))),
		must("known-id-upper-cased", "201/resolve-at-once", "The id of a user who is known is in upper case.", after(again, mapText(idName, strings.ToUpper))),
		must("known-id-without-dashes", "201/resolve-at-once", "The id of a user who is known has no dashes.", after(again, mapText(idName, replace("-", "")))),
		must("known-302", "201/resolve-at-once", "A user who is known is answered with a redirect.", after(again, setStatus(302), locationOfUser)),
		must("known-500", "201/resolve-at-once", "A user who is known brings about a 500.", after(again, serverError())),
		must("known-third-200", "201/resolve-at-once", "A user who is asked for a third time is answered with 200.", after(nthOf((*exchange).user, afterThe(2), created), setStatus(200))),
		must("known-spelling-by-case", "201/echo-throughout", "A user who differs in case from a known one is echoed as that one is spelt.", spelling(strings.ToLower)),
		must("known-spelling-by-space", "201/echo-throughout", "A user who differs in outer white space from a known one is echoed as that one is spelt.", spelling(strings.TrimSpace)),
		must("known-spelling-by-form", "201/echo-throughout", "A user who differs in normal form from a known one is echoed as that one is spelt.", spelling(norm.NFC.String)),
		must("known-spelling-by-accent", "201/echo-throughout", "A user who differs in an accent from a known one is echoed as that one is spelt.", spelling(func(s string) string { return mapRunes(isMark, "")(norm.NFD.String(s)) })),
		must("id-new-after-400", "201/resolve-after-refusals", "A user whom a rejected request named gets another id.", renewedBy(both(rejected, func(x *exchange) bool { return len(textsIn(x.sent)) > 0 }))),
		must("status-after-400", "201/resolve-after-refusals", "A user whom a rejected request named is answered with 409.", sullied(1, rejected, fail(409, "user_id exists"))),
		must("echo-after-401", "201/resolve-after-refusals", "A user whom a refused request named is echoed in upper case.", sullied(1, refused, echo(strings.ToUpper))),
		must("status-after-401", "201/resolve-after-refusals", "A user whom a refused request named is answered with 401.", sullied(1, refused, fail(401, "Invalid API key"))),
		must("id-of-last-manufacturer", "201/tenants", "A user has the id that the last manufacturer gave to the user id.", lastOwner()),
		must("echo-after-other-manufacturer", "201/tenants", "A user whom another manufacturer has asked for is echoed with its number.", after(ownedElsewhere, echo(func(s string) string { return s + "-2" }))),
		must("id-after-three-errors", "201/resolve-after-refusals", "After three errors about a user the id is new.", sullied(3, erred, mapText(idName, idOf))),
	)
}

// sullied changes the answers about a user whom n requests named for which w
// held.
func sullied(n int64, w when, edits ...edit) mechanism {
	return func(x *exchange) {
		x.serve()
		switch {
		case w(x):
			for _, user := range textsIn(x.sent) {
				x.memory.count(user)
			}
		case created(x) && x.memory.counted(x.echoed()) >= n:
			apply(x, edits)
		}
	}
}

// lastOwner gives a user id the id of the manufacturer who asked last but one.
func lastOwner() mechanism {
	return oneByOne(func(x *exchange) {
		if id := x.memory.keep(x.echoed(), x.id()); id != "" {
			setText(idName, id)(x)
		}
	})
}

// chain is a handler that lets a mechanism answer before the next one does.
type chain struct {
	next   http.Handler
	answer mechanism
	memory *memory
}

func (c chain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := newExchange(w, r, c.next, c.memory)
	c.answer(x)
	x.finish()
}
