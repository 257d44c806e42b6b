package defect

import (
	"net/http"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// keyDefects accept a key that is not the manufacturer's, or one in another
// place than the contract's header.
func keyDefects() []Deviation {
	return []Deviation{
		must("missing-key-accepted", "401/missing-key", "Who sends no key is taken for the first manufacturer.", accepting(keyless, anyKey)),
		must("empty-key-accepted", "401/empty-key", "An empty key is accepted.", accepting(keyEmpty, anyKey)),
		must("any-key-accepted", "401/unknown-key", "Any key is accepted, as long as there is one.", accepting(keyed, anyKey)),
		must("key-length-only", "401/unknown-key", "Of a key only the length is looked at.", forgiving(func(good, sent string) bool { return len(sent) == len(good) })),
		must("key-by-first-four", "401/key-changed", "Of a key only the first four characters are looked at.", forgiving(func(good, sent string) bool { return cut(4)(sent) == cut(4)(good) })),
		must("key-ends-only", "401/key-changed", "Of a key only length, first and last four characters are looked at.", forgiving(func(good, sent string) bool {
			return len(sent) == len(good) && cut(4)(sent) == cut(4)(good) && lastFour(sent) == lastFour(good)
		})),
		must("key-one-typo", "401/key-changed", "One wrong character in a key is forgiven.", forgiving(func(good, sent string) bool {
			return len(sent) == len(good) && levenshtein.ComputeDistance(good, sent) == 1
		})),
		must("key-start-not-compared", "401/key-changed-start", "The first character of a key is not compared.", forgiving(func(good, sent string) bool { return len(sent) == len(good) && sent[1:] == good[1:] })),
		must("key-end-not-compared", "401/key-changed-end", "The last character of a key is not compared, but counted.", forgiving(func(good, sent string) bool {
			return len(sent) == len(good) && sent[:len(sent)-1] == good[:len(good)-1]
		})),
		must("key-behind-scheme", "401/key-with-scheme", `The word "Bearer" before a key is overlooked.`, forgiving(func(good, sent string) bool { return strings.TrimPrefix(sent, "Bearer ") == good })),
		must("key-injected", "401/key-words", "A key that looks like SQL matches any.", forgiving(func(_, sent string) bool { return likeSQL.MatchString(sent) })),
		must("key-without-start", "401/key-short-start", "A key matches from behind, so its first character may be missing.", forgiving(func(good, sent string) bool { return strings.HasSuffix(good, sent) && len(sent) > len(good)/2 })),
		must("key-without-end", "401/key-short-end", "A key that the good one begins with is accepted, unless it is much too short.", forgiving(func(good, sent string) bool { return strings.HasPrefix(good, sent) && len(sent) > len(good)/2 })),
		must("key-like-pattern", "401/key-short-end", "The key that was sent is looked for anywhere in the good ones.", forgiving(func(good, sent string) bool { return len(sent) > 3 && strings.Contains(good, sent) })),
		must("key-cut", "401/key-longer", "What stands behind the good key is not read.", forgiving(func(good, sent string) bool { return strings.HasPrefix(sent, good) })),
		must("key-within", "401/key-longer", "A header that holds the good key anywhere is accepted.", forgiving(func(good, sent string) bool { return strings.Contains(sent, good) })),
		must("key-half", "401/key-half", "The first half of a key is enough.", forgiving(func(good, sent string) bool { return strings.HasPrefix(good, sent) && len(sent) >= len(good)/2 })),
		must("key-first-half-compared", "401/key-half", "Only the first half of a key is compared.", forgiving(func(good, sent string) bool { return strings.HasPrefix(sent, good[:len(good)/2]) })),
		must("key-doubled", "401/key-doubled", "The good key twice in a row is accepted.", forgiving(func(good, sent string) bool { return strings.ReplaceAll(sent, good, "") == "" })),
		must("key-unquoted", "401/key-quoted", "Quotes around a key are taken off.", forgiving(func(good, sent string) bool { return strings.Trim(sent, `"'`) == good })),
		must("key-undefined", "401/key-words", `A key of "undefined" is accepted, as where a variable is not set.`, forgiving(func(_, sent string) bool { return sent == "undefined" })),
		must("key-wildcard", "401/key-words", "A key is taken for a pattern, so that a wildcard matches any.", forgiving(func(_, sent string) bool { return sent == "%" || sent == "*" })),
		must("known-user-any-key", "401/steady", "Whoever names a user who is known needs no good key.", opening(askedText, created, func(x *exchange) bool { return keyless(x) || keyed(x) })),
		must("key-of-prototype", "401/key-words", "A key is looked up in an object of JavaScript, so that constructor and __proto__ are found.", forgiving(func(_, sent string) bool { return sent == "constructor" || sent == "__proto__" })),
		should("key-case-folded", "401/key-case", "Keys are compared without case.", forgiving(strings.EqualFold)),
		should("key-in-query", "401/key-in-query", "The key is also read from the query.", accepting(keyless, inQuery)),
		should("key-as-bearer", "401/key-as-bearer", "The key is also read from Authorization: Bearer.", accepting(keyless, asBearer)),
		should("key-as-basic", "401/key-as-basic", "The key is also read from Authorization: Basic.", accepting(keyless, asBasic)),
		should("key-in-cookie", "401/key-in-cookie", "The key is also read from a cookie.", accepting(keyless, inCookie)),
		should("key-in-query-api-key", "401/key-elsewhere", "The key is also read from the query as api_key.", accepting(keyless, func(x *exchange, good string) bool { return x.request.URL.Query().Get("api_key") == good })),
		should("key-in-authorization", "401/key-elsewhere", "The key is also read from Authorization, without a scheme.", accepting(keyless, inHeader("Authorization"))),
		should("key-in-auth-token", "401/key-elsewhere", "The key is also read from X-Auth-Token.", accepting(keyless, inHeader("X-Auth-Token"))),
		must("key-in-query-fails", "http/no-server-error", "A query without the header brings about a 500.", after(both(refused, func(x *exchange) bool { return keyless(x) && x.request.URL.RawQuery != "" }), serverError())),
		should("bearer-403", "401/key-as-bearer", "An Authorization header instead of the key is answered with 403.", after(both(refused, both(keyless, has("Authorization"))), setStatus(403))),
		may("first-of-two-keys", "401/two-keys", "Of two keys the first is taken.", before(twoKeyed, func(x *exchange) { x.setKey(x.request.Header[keyHeader][0]) })),
		may("last-of-two-keys", "401/two-keys", "Of two keys the last is taken.", before(twoKeyed, func(x *exchange) { k := x.request.Header[keyHeader]; x.setKey(k[len(k)-1]) })),
		may("two-keys-fail", "401/two-keys", "Two keys bring about a 500.", after(both(answered(201, 400, 401), twoKeyed), serverError())),
	}
}

func anyKey(*exchange, string) bool { return true }

func lastFour(s string) string { return s[max(0, len(s)-4):] }

func inQuery(x *exchange, good string) bool {
	for _, values := range x.request.URL.Query() {
		if slices.Contains(values, good) {
			return true
		}
	}
	return false
}

func asBearer(x *exchange, good string) bool {
	scheme, token, _ := strings.Cut(x.request.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && strings.TrimSpace(token) == good
}

func asBasic(x *exchange, good string) bool {
	user, password, ok := x.request.BasicAuth()
	return ok && (user == good || password == good)
}

func inHeader(name string) func(x *exchange, good string) bool {
	return func(x *exchange, good string) bool { return x.request.Header.Get(name) == good }
}

func inCookie(x *exchange, good string) bool {
	return slices.ContainsFunc(x.request.Cookies(), func(c *http.Cookie) bool { return c.Value == good })
}
