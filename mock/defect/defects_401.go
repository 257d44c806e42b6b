package defect

import (
	"slices"
	"strings"
	"unicode"
)

// refusalDefects answer a bad key with something else than the contract's 401,
// or bother good keys for it.
func refusalDefects() []Deviation {
	return []Deviation{
		must("401-as-403", "401/missing-key", "Every 401 is a 403.", after(refused, setStatus(403))),
		must("401-as-400", "401/missing-key", "Every 401 is a 400.", after(refused, setStatus(400))),
		must("401-as-404", "401/missing-key", "Every 401 is a 404, so that nobody sees what there is.", after(refused, setStatus(404))),
		must("401-as-500", "401/missing-key", "Every 401 is a 500.", after(refused, setStatus(500))),
		must("401-as-200", "401/missing-key", "Every 401 is a 200 with the error in the body.", after(refused, setStatus(200))),
		must("401-as-redirect", "401/missing-key", "Every 401 is a redirect to a login page.", after(refused, setStatus(302), setHeader("Location", "/login"))),
		must("missing-key-403", "401/missing-key", "A missing key is answered with 403.", after(both(refused, keyless), setStatus(403))),
		must("missing-key-400", "401/missing-key", "A missing key is answered with 400, as a required header.", after(both(refused, keyless), setStatus(400))),
		must("unknown-key-403", "401/unknown-key", "A wrong key is answered with 403.", after(both(refused, keyed), setStatus(403))),
		must("unknown-key-fails", "401/unknown-key", "A wrong key brings about a 500.", after(both(refused, keyed), serverError())),
		must("empty-key-fails", "401/empty-key", "An empty key brings about a 500.", after(both(refused, keyEmpty), serverError())),
		must("blank-key-400", "401/blank-key", "A key of nothing but white space is answered with 400.", after(both(refused, keyEmpty), setStatus(400))),
		must("not-enabled-403", "401/not-enabled", "The key of a manufacturer who is not enabled is answered with 403.", after(both(refused, notEnabled), setStatus(403))),
		must("not-enabled-accepted", "401/not-enabled", "The key of a manufacturer who is not enabled is accepted.", accepting(notEnabled, anyKey)),
		must("every-7th-401-as-403", "401/steady", "Every 7th 401 is a 403.", after(nth(every(7), refused), setStatus(403))),
		must("every-7th-401-as-500", "401/steady", "Every 7th 401 is a 500.", after(nth(every(7), refused), serverError())),
		must("every-7th-wrong-key-accepted", "401/steady", "Every 7th wrong key is accepted.", accepting(nth(every(7), keyed), anyKey)),
		must("locked-out-with-401", "401/no-lock-out", "After five wrong keys no key is accepted any more.", afterMany(5, both(refused, keyed), answered(201, 400), fail(401, "Invalid API key"))),
		must("locked-out-with-403", "401/no-lock-out", "After five wrong keys every request is answered with 403.", afterMany(5, both(refused, keyed), answered(201, 400), fail(403, "Forbidden"))),
		should("validates-first", "401/before-400", "The body is judged before the key.", after(both(refused, not(wellFormed)), fail(400, "user_id is required and must be a string"))),
		should("reads-json-first", "401/before-400", "The body is parsed before the key is looked at.", after(both(refused, malformed), fail(400, "Invalid JSON"))),
		should("missing-key-other-shape", "401/same-shape", "The answer to a missing key has a code, the one to a wrong key has none.", after(both(refused, keyless), add("code", `"NO_KEY"`))),
		should("wrong-key-other-shape", "401/same-shape", "The answer to a wrong key has details, the one to a missing key has none.", after(both(refused, keyed), add("details", `{"reason":"unknown"}`))),
		may("no-www-authenticate", "401/www-authenticate", "A 401 lacks WWW-Authenticate.", after(refused, without("Www-Authenticate"))),
		should("long-key-fails", "401/long-key", "A key of more than 500 characters brings about a 500.", after(both(refused, keyIs(longer(500))), serverError())),
		should("long-key-413", "401/long-key", "A key of more than 500 characters is answered with 413.", after(both(refused, keyIs(longer(500))), fail(413, "Payload too large"))),
		should("non-ascii-key-fails", "401/non-ascii-key", "A key beyond ASCII brings about a 500.", after(both(refused, keyIs(beyondASCII)), serverError())),
	}
}

// notEnabled holds for a key that is known, but not enabled.
func notEnabled(x *exchange) bool {
	known, ok := x.next.(informed)
	return ok && posted(x) && slices.Contains(known.notEnabled, x.key())
}

// wellFormed holds for a body that the contract allows.
func wellFormed(x *exchange) bool { return userIs("string")(x) }

func beyondASCII(key string) bool {
	return strings.ContainsFunc(key, beyond(unicode.MaxASCII))
}
