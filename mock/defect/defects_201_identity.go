package defect

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// identityDefects give one user several NOX ids, or several users one. The
// contract: "The NOX subscriber ID (resolved or newly created)."
func identityDefects() []Deviation {
	return slices.Concat(resolveDefects(), distinctDefects(), raceDefects())
}

// resolveDefects: the same user, another id.
func resolveDefects() []Deviation {
	return []Deviation{
		must("id-new-each-time", "201/resolve-at-once", "Each request gets a new id.", after(created, decorated(newText(idName), randomID))),
		must("id-new-second-time", "201/resolve-at-once", "A user's second request gets another id than the first.", after(nthOf((*exchange).user, the(1), created), decorated(newText(idName), randomID))),
		must("id-new-after-five", "201/resolve-at-once", "A user who was asked for five times gets another id.", after(nthOf((*exchange).user, afterThe(5), created), mapText(idName, idOf))),
		must("id-new-now-and-then", "201/resolve-throughout", "Every 13th 201 names a new id.", after(nth(every(13), created), decorated(newText(idName), randomID))),
		must("id-counted", "201/resolve-at-once", "The id ends in how often the user was asked for.", after(created, counting)),
		must("id-of-request", "201/resolve-at-once", "The id is that of the request, not of the user.", identity(func(x *exchange) string { return strconv.FormatInt(x.memory.count("requests"), 10) })),
		must("last-user-only", "201/resolve-later", "Only the last user is known; who comes back after others is new.", forgetting(1)),
		must("last-two-users-only", "201/resolve-later", "Only the last two users are known; who comes back later is new.", forgetting(2)),
		must("id-of-connection", "201/resolve-other-connection", "The id depends on the connection.", identity(func(x *exchange) string { return x.id() + x.request.RemoteAddr })),
		must("id-by-key-order", "201/resolve-key-order", "The id depends on the order of the request's properties.", identity(func(x *exchange) string { return x.id() + firstName(x.sent) })),
		must("id-by-member-place", "201/resolve-key-order", "The id depends on where user_id stands among the other properties.", identity(func(x *exchange) string { return x.id() + strconv.Itoa(placeOf(x.sent, userName)) })),
		must("id-by-escapes", "201/resolve-forms", "The id depends on how the user id's characters are escaped.", identity(func(x *exchange) string { return x.id() + rawUser(x.sent) })),
		must("id-by-escaped-pairs", "201/resolve-forms", "A pair of escapes is taken for two characters when the id is made.", identity(func(x *exchange) string {
			return x.id() + strings.Join(surrogatePair.FindAllString(rawUser(x.sent), -1), "")
		})),
		must("escaped-pairs-not-joined", "201/resolve-forms", "A pair of escapes is echoed as two replacement characters.", after(sentLike(surrogatePair.MatchString), echo(mapRunes(beyond(0xffff), "\ufffd\ufffd")))),
		must("escapes-not-read", "201/echo-quotes", `Escapes in a user id are echoed as they are written.`, after(created, decorated(newText(echoName), func(x *exchange) string { return strings.Trim(rawUser(x.sent), `"`) }))),
		must("id-by-accept", "201/resolve-throughout", "The id depends on what the client accepts.", identity(func(x *exchange) string { return x.id() + x.request.Header.Get("Accept") })),
		must("id-by-media-type", "201/resolve-throughout", "The id depends on how the media type is written.", identity(func(x *exchange) string { return x.id() + x.request.Header.Get("Content-Type") })),
		must("id-by-more-members", "201/resolve-throughout", "The id depends on what else the request says.", identity(func(x *exchange) string { return x.id() + strconv.Itoa(len(members(x.sent))) })),
		must("id-new-after-401", "201/resolve-later", "A user whom a refused request named gets another id.", renewedBy(refused)),
		must("id-new-after-500", "201/resolve-later", "A user whom a failed request named gets another id.", renewedBy(answered(500))),
		must("known-echo-lower-cased", "201/resolve-at-once", "A user who is known is echoed in lower case.", after(again, echo(strings.ToLower))),
		must("id-by-white-space", "201/resolve-forms", "The id depends on the white space between the tokens.", identity(func(x *exchange) string { return x.id() + spaces(x.sent) })),
		must("id-by-body", "201/resolve-forms", "The id is a hash of the request's body.", identity(func(x *exchange) string { return string(x.sent) })),
	}
}

// distinctDefects: another user, the same id.
func distinctDefects() []Deviation {
	return []Deviation{
		must("id-of-everybody", "201/create-distinct", "All users share one id.", identity(func(*exchange) string { return "" })),
		must("id-of-letters", "201/create-signs", "Only letters and digits of the user id count.", identity(func(x *exchange) string { return x.key() + lettersOf(x.user()) })),
		must("id-decoded", "201/create-signs", "The user id is decoded like a form before it is looked up.", identity(func(x *exchange) string { return x.key() + strings.ReplaceAll(percentDecoded(x.user()), "+", " ") })),
		must("id-before-at", "201/create-signs", "What stands behind the @ of a user id does not count.", identity(func(x *exchange) string {
			local, _, _ := strings.Cut(x.user(), "@")
			return x.key() + local
		})),
		must("id-in-ascii", "201/create-beyond-ascii", "All characters beyond ASCII are one to the index.", identity(func(x *exchange) string { return x.key() + mapRunes(beyond(unicode.MaxASCII), "?")(x.user()) })),
		must("id-counted-per-manufacturer", "201/create-throughout", "Each manufacturer's users are counted from 1, and the number is the id.", numbered((*exchange).key, "nox_subscriber_")),
		must("id-from-example", "201/create-distinct", "The id is that of the documentation's example.", after(created, setText(idName, "nox_subscriber_456"))),
		must("id-of-manufacturer", "201/create-distinct", "All users of a manufacturer share one id.", identity((*exchange).key)),
		must("id-by-prefix-of-8", "201/create-distinct", "Users whose first eight characters agree share an id.", identity(func(x *exchange) string { return x.key() + cut(8)(x.echoed()) })),
		must("id-of-answer-before", "201/create-throughout", "Every 13th 201 names the id of the answer before.", mixedUp(every(13))),
		must("id-by-length", "201/create-late-character", "Users whose ids are equally long share an id.", identity(func(x *exchange) string { return x.key() + strconv.Itoa(len(x.echoed())) })),
		must("id-but-last-character", "201/create-late-character", "Users who differ in the last character only share an id.", identity(func(x *exchange) string { return x.key() + chop(x.echoed(), 1) })),
		must("id-by-prefix-of-20", "201/create-late-character", "Users whose first twenty characters agree share an id.", identity(func(x *exchange) string { return x.key() + cut(20)(x.echoed()) })),
		should("id-folds-case", "201/create-case", "Users who differ in case share an id.", identity(func(x *exchange) string { return x.key() + strings.ToLower(x.echoed()) })),
		should("id-folds-outer-space", "201/create-outer-space", "Users who differ in outer white space share an id.", identity(func(x *exchange) string { return x.key() + strings.TrimSpace(x.echoed()) })),
		should("id-folds-normal-form", "201/create-normal-form", "Users who differ in normal form share an id.", identity(func(x *exchange) string { return x.key() + norm.NFC.String(x.echoed()) })),
		should("id-folds-compatible-form", "201/create-normal-form", "Users who differ in compatible forms share an id.", identity(func(x *exchange) string { return x.key() + norm.NFKC.String(x.echoed()) })),
		must("id-across-tenants", "201/tenants", "Users of the same name share an id, whichever manufacturer asks.", identity((*exchange).echoed)),
		must("user-taken-by-other-tenant", "201/tenants", "A user id that another manufacturer uses is refused.", after(ownedElsewhere, fail(400, "user_id is taken"))),
	}
}

// raceDefects show only when requests for one new user overlap.
func raceDefects() []Deviation {
	const meanwhile = 15 * time.Millisecond // long enough for requests sent at one moment to meet
	return []Deviation{
		must("race-two-ids", "201/simultaneous", "Requests for a new user that overlap get an id each; the last one stays.", racing(meanwhile)),
		must("race-500", "201/simultaneous", "Of requests for a new user that overlap, all but one are answered with 500.", colliding(meanwhile, serverError())),
		must("race-409", "201/simultaneous", "Of requests for a new user that overlap, all but one are answered with 409.", colliding(meanwhile, fail(409, "user_id is being created"))),
		must("race-empty-id", "201/simultaneous", "Of requests for a new user that overlap, all but one get an empty id.", colliding(meanwhile, setText(idName, ""))),
	}
}

// counting ends each id in how often its user was asked for.
func counting(x *exchange) {
	n := x.memory.count(x.user())
	mapText(idName, func(s string) string { return s + "-" + strconv.FormatInt(n, 10) })(x)
}

// mixedUp gives those of the users whose answer f picks the id of the user before.
func mixedUp(f func(int64) bool) mechanism {
	return oneByOne(func(x *exchange) {
		user, id := x.memory.keep("user", x.user()), x.memory.keep("id", x.id())
		switch due := f(x.memory.count("answers")) || x.memory.kept("due") != ""; {
		case !due:
		case user == x.user():
			x.memory.keep("due", "yes") // the next one, then
		default:
			x.memory.keep("due", "")
			setText(idName, id)(x)
		}
	})
}

// ownedElsewhere holds for a user id that another key asked for first.
func ownedElsewhere(x *exchange) bool {
	return created(x) && x.memory.first(x.echoed(), x.key()) != x.key()
}

func firstName(text []byte) string {
	if m := members(text); len(m) > 0 {
		return m[0].name
	}
	return ""
}

func placeOf(text []byte, name string) int {
	for i, m := range members(text) {
		if m.name == name {
			return i
		}
	}
	return -1
}

func rawUser(text []byte) string {
	s, ok := member(text, userName)
	if !ok {
		return ""
	}
	return string(text[s.start:s.end])
}

// spaces is what a text has besides its tokens.
func spaces(text []byte) string {
	var compact bytes.Buffer
	_ = json.Compact(&compact, text) // created, so it was JSON
	return strconv.Itoa(len(text) - compact.Len())
}

func chop(s string, n int) string {
	r := []rune(s)
	return string(r[:max(0, len(r)-n)])
}

// lettersOf leaves out what is neither a letter nor a digit.
func lettersOf(s string) string {
	return mapRunes(func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }, "")(s)
}
