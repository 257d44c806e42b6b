package defect

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// knownDefects are right the first time that a user is asked for, and wrong the
// second.
func knownDefects() []Deviation {
	again := func(edits ...edit) mechanism {
		return afterNthOf((*exchange).user, afterThe(1), created, edits...)
	}
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
		all = append(all, must("known-echo-"+e.name, caught, "A user who is known is echoed "+e.what+".", again(echo(e.f))))
	}
	spelling := func(fold func(string) string) mechanism {
		return func() func(*exchange) {
			var spellings memory
			return func(x *exchange) {
				if x.serve(); created(x) {
					setText(echoName, spellings.recall(x.key()+"\x00"+fold(x.echoed()), x.echoed()))(x)
				}
			}
		}
	}
	return append(all,
		must("known-digits-as-number", "201/schema", "A user who is known is echoed as a number if the user id is of digits.", afterNthOf((*exchange).user, afterThe(1), echoes(digits), mapRaw(echoName, unquoted))),
		must("known-echo-missing", "201/schema", "A user who is known is not echoed.", again(remove(echoName))),
		must("known-id-number", "201/schema", "The id of a user who is known is a number.", again(setRaw(idName, "4711"))),
		must("known-id-null", "201/schema", "The id of a user who is known is null.", again(setRaw(idName, "null"))),
		must("known-in-array", "201/schema", "A user who is known comes as an array of one.", again(around(`[%]`))),
		must("known-wrapped", "201/schema", `A user who is known is wrapped in {"user": …}.`, again(around(`{"user":%}`))),
		must("known-empty-body", "201/json", "For a user who is known the body is empty.", again(setBody(""))),
		must("known-as-text", "201/content-type", "For a user who is known the media type is text/plain.", again(contentType("text/plain"))),
		must("known-id-upper-cased", "201/resolve-at-once", "The id of a user who is known is in upper case.", again(mapText(idName, strings.ToUpper))),
		must("known-id-without-dashes", "201/resolve-at-once", "The id of a user who is known has no dashes.", again(mapText(idName, replace("-", "")))),
		must("known-302", "201/resolve-at-once", "A user who is known is answered with a redirect.", again(setStatus(302), locationOfUser)),
		must("known-500", "201/resolve-at-once", "A user who is known brings about a 500.", again(serverError())),
		must("known-third-200", "201/resolve-at-once", "A user who is asked for a third time is answered with 200.", afterNthOf((*exchange).user, afterThe(2), created, setStatus(200))),
		must("known-spelling-by-case", "201/echo-throughout", "A user who differs in case from a known one is echoed as that one is spelt.", spelling(strings.ToLower)),
		must("known-spelling-by-space", "201/echo-throughout", "A user who differs in outer white space from a known one is echoed as that one is spelt.", spelling(strings.TrimSpace)),
		must("known-spelling-by-form", "201/echo-throughout", "A user who differs in normal form from a known one is echoed as that one is spelt.", spelling(norm.NFC.String)),
		must("known-spelling-by-accent", "201/echo-throughout", "A user who differs in an accent from a known one is echoed as that one is spelt.", spelling(func(s string) string { return mapRunes(isMark, "")(norm.NFD.String(s)) })),
		must("id-new-after-400", "201/resolve-after-refusals", "A user whom a rejected request named gets another id.", renewedBy(both(rejected, func(x *exchange) bool { return len(textsIn(x.sent)) > 0 }))),
		must("status-after-400", "201/resolve-after-refusals", "A user whom a rejected request named is answered with 409.", sullied(rejected, fail(409, "user_id exists"))),
		must("echo-after-401", "201/resolve-after-refusals", "A user whom a refused request named is echoed in upper case.", sullied(refused, echo(strings.ToUpper))),
		must("status-after-401", "201/resolve-after-refusals", "A user whom a refused request named is answered with 401.", sullied(refused, fail(401, "Invalid API key"))),
		must("id-of-last-manufacturer", "201/tenants", "A user has the id that the last manufacturer gave to the user id.", lastOwner()),
		must("echo-after-other-manufacturer", "201/tenants", "A user whom another manufacturer has asked for is echoed with its number.", ownedElsewhere(echo(func(s string) string { return s + "-2" }))),
		must("id-after-three-errors", "201/resolve-after-refusals", "After three errors about a user the id is new.", afterErrorsAbout(3)),
	)
}

// sullied changes the answers about a user whom a request named for which w
// held.
func sullied(w when, edits ...edit) mechanism {
	return func() func(*exchange) {
		var users sync.Map
		return func(x *exchange) {
			x.serve()
			if w(x) {
				for _, user := range textsIn(x.sent) {
					users.Store(user, true)
				}
				return
			}
			if _, ok := users.Load(x.echoed()); ok && created(x) {
				apply(x, edits)
			}
		}
	}
}

// afterErrorsAbout gives a user a new id after n errors about the user.
func afterErrorsAbout(n int) mechanism {
	return func() func(*exchange) {
		var mu sync.Mutex
		errors := map[string]int{}
		return func(x *exchange) {
			x.serve()
			mu.Lock()
			defer mu.Unlock()
			if erred(x) {
				for _, user := range textsIn(x.sent) {
					errors[user]++
				}
			} else if created(x) && errors[x.echoed()] >= n {
				mapText(idName, idOf)(x)
			}
		}
	}
}

// lastOwner gives a user id the id of the manufacturer who asked last but one.
func lastOwner() mechanism {
	return func() func(*exchange) {
		last := map[string]string{}
		return oneByOne(func(x *exchange) {
			own := x.id()
			if id, ok := last[x.echoed()]; ok && id != own {
				setText(idName, id)(x)
			}
			last[x.echoed()] = own
		})
	}
}

// chain is a handler that lets a mechanism answer before the next one does.
type chain struct {
	next   http.Handler
	answer func(*exchange)
}

func (c chain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := newExchange(w, r, c.next, 0)
	c.answer(x)
	x.finish()
}
