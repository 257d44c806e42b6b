package defect

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
)

// forOthers keeps a deviation from the manufacturer whose key was accepted
// first.
func forOthers(m mechanism) mechanism {
	return func(x *exchange) {
		if f := x.memory.kept("first manufacturer"); f != "" && x.key() != "" && x.key() != f {
			m(x)
			return
		}
		if x.serve(); created(x) {
			x.memory.first("first manufacturer", x.key())
		}
	}
}

// tenancyDefects treat the manufacturers beside the first one otherwise.
func tenancyDefects() []Deviation {
	var all []Deviation
	other := func(name, summary string, m mechanism) {
		all = append(all, must("other-"+name, "201/other-manufacturer", "To every manufacturer but the first: "+summary, forOthers(m)))
	}
	other("echo-lower-cased", "the echo is in lower case.", after(created, echo(strings.ToLower)))
	other("echo-trimmed", "the echo lacks outer white space.", after(created, echo(strings.TrimSpace)))
	other("echo-in-ascii", "the echo has question marks beyond ASCII.", after(created, echo(mapRunes(beyond(127), "?"))))
	other("echo-cut", "the echo is cut after 30 characters.", after(created, echo(cut(30))))
	other("echo-prefixed", "the echo begins with the manufacturer's number.", after(created, echo(func(s string) string { return "2:" + s })))
	other("ids-new", "each request gets a new id.", after(created, decorated(newText(idName), randomID)))
	other("id-of-all", "all users share one id.", after(created, decorated(newText(idName), func(x *exchange) string { return idOf(x.key()) })))
	other("id-number", "the id is a number.", after(created, setRaw(idName, "4711")))
	other("known-200", "a known user is answered with 200.", after(again, setStatus(200)))
	other("known-409", "a known user is answered with 409.", after(again, fail(409, "user_id exists")))
	other("known-echo", "a known user is echoed in upper case.", after(again, echo(strings.ToUpper)))
	other("status-200", "a created user is answered with 200.", after(created, setStatus(200)))
	other("400-as-422", "every 400 is a 422.", after(rejected, setStatus(422)))
	other("400-as-500", "every 400 is a 500.", after(rejected, serverError()))
	other("400-in-other-shape", `the message of a 400 is called "message".`, after(rejected, rename(messageName, "message")))
	other("400-page", "a 400 is a page.", after(rejected, page(400, "Bad Request")))
	other("number-accepted", "a number is taken for a user id.", before(userIs("number"), ask(askAsText)))
	other("missing-accepted", "a missing user id is taken for an empty one.", before(userMissing, askFor("")))
	other("malformed-accepted", "a text cut short is completed.", before(malformed, repaired(closeAll)))
	for i, d := range all { // what the clauses of every answer find
		switch d.Name {
		case "other-id-number":
			all[i].Caught = "201/schema"
		case "other-400-in-other-shape":
			all[i].Caught = "400/schema"
		case "other-400-page":
			all[i].Caught = "400/content-type"
		}
	}
	all = append(all,
		must("other-400-of-all", "201/other-manufacturer", "Every manufacturer but the first is told that its users exist.", forOthers(after(again, fail(400, "user_id exists")))),
		must("keys-swapped-in-case", "401/other-near-misses", "The key of every manufacturer but the first is compared by its first half.", forOthers(forgiving(func(good, sent string) bool { return strings.HasPrefix(sent, good[:len(good)/2]) }))),
		must("other-key-changed", "401/other-near-misses", "The last character of the key of every manufacturer but the first is not compared.", forOthers(forgiving(func(good, sent string) bool {
			return len(sent) == len(good) && sent[:len(sent)-1] == good[:len(good)-1]
		}))),
		must("other-key-short", "401/other-near-misses", "The key of every manufacturer but the first may lack its end.", forOthers(forgiving(func(good, sent string) bool { return strings.HasPrefix(good, sent) && len(sent) > 3 }))),
		should("other-key-case", "401/other-near-misses", "The key of every manufacturer but the first is compared without case.", forOthers(forgiving(strings.EqualFold))),
		must("other-wrong-key-403", "401/other-near-misses", "A key near that of another manufacturer is answered with 403.", nearOthers(setStatus(403))),
		must("not-enabled-second-time", "401/not-enabled-again", "The key of a manufacturer who is not enabled is accepted from the second time on.", accepting(nth(afterThe(1), notEnabled), anyKey)),
		must("not-enabled-third-time", "401/not-enabled-again", "The key of a manufacturer who is not enabled is accepted from the third time on.", accepting(nth(afterThe(2), notEnabled), anyKey)),
		must("not-enabled-for-known", "401/not-enabled-again", "The key of a manufacturer who is not enabled is accepted for a user who is known.", opening(askedText, created, notEnabled)),
		must("not-enabled-second-403", "401/not-enabled-again", "The key of a manufacturer who is not enabled is answered with 403 from the second time on.", after(nth(afterThe(1), both(refused, notEnabled)), setStatus(403))),
		must("not-enabled-then-500", "401/not-enabled-again", "The key of a manufacturer who is not enabled brings about a 500 from the second time on.", after(nth(afterThe(1), both(refused, notEnabled)), serverError())),
		must("not-enabled-other-shape", "401/schema", `The message to a manufacturer who is not enabled is called "message".`, after(both(refused, notEnabled), rename(messageName, "message"))),
		must("not-enabled-page", "401/content-type", "The answer to a manufacturer who is not enabled is a page.", after(both(refused, notEnabled), page(401, "Unauthorized"))),
		should("not-enabled-bad-body", "401/not-enabled-bad-body", "A bad body is judged before it is looked whether the manufacturer is enabled.", after(both(both(refused, notEnabled), not(wellFormed)), fail(400, "user_id is required and must be a string"))),
		must("not-enabled-bad-body-fails", "401/not-enabled-bad-body", "A bad body from a manufacturer who is not enabled brings about a 500.", after(both(both(refused, notEnabled), not(wellFormed)), serverError())),
	)
	return all
}

// nearOthers changes the answers to keys that begin as that of another
// manufacturer than the first does.
func nearOthers(edits ...edit) mechanism {
	near := func(x *exchange) bool {
		x.learn()
		return refused(x) && slices.ContainsFunc(x.goodKeys(), func(k string) bool { return cut(4)(x.key()) == cut(4)(k) })
	}
	return forOthers(after(near, edits...))
}

// entryDefects let in who has no right key, for something else that the
// request has.
func entryDefects() []Deviation {
	var all []Deviation
	lists := func(name, what string, match func(good, sent string) bool) {
		all = append(all, must("key-"+name, "401/key-lists", what+" is accepted.", forgiving(match)))
	}
	lists("list-first", "A list that begins with the good key", func(good, sent string) bool { head, _, _ := strings.Cut(sent, ","); return head == good })
	lists("list-last", "A list that ends with the good key", func(good, sent string) bool {
		return strings.TrimSpace(sent[strings.LastIndex(sent, ",")+1:]) == good
	})
	for i := range all {
		all[i].Level = "should" // as servers do that split every header at commas
	}
	lists("first-word", "A text whose first word is the good key", func(good, sent string) bool { f := strings.Fields(sent); return len(f) > 0 && f[0] == good })
	lists("last-word", "A text whose last word is the good key", func(good, sent string) bool { f := strings.Fields(sent); return len(f) > 0 && f[len(f)-1] == good })
	lists("behind-token", `The good key behind "Token" or "ApiKey"`, func(good, sent string) bool {
		return regexp.MustCompile(`(?i)^(token|apikey|api-key|key) ` + regexp.QuoteMeta(good) + `$`).MatchString(sent)
	})
	lists("before-semicolon", "A key before a semicolon", func(good, sent string) bool { head, _, _ := strings.Cut(sent, ";"); return head == good })
	lists("before-colon", "A key before a colon", func(good, sent string) bool { head, _, _ := strings.Cut(sent, ":"); return head == good })
	lists("behind-equals", "A key behind an equals sign", func(good, sent string) bool {
		_, behind, found := strings.Cut(sent, "=")
		return found && behind == good
	})
	lists("array", "An array that holds the good key", func(good, sent string) bool { return strings.Trim(sent, `["]`) == good && strings.HasPrefix(sent, "[") })
	patterns := func(name, what string, match func(good, sent string) bool) {
		all = append(all, must("key-"+name, "401/key-patterns", what, forgiving(match)))
	}
	patterns("regexp", "A key is taken for a regular expression.", func(good, sent string) bool {
		e, err := regexp.Compile("^(?:" + sent + ")$")
		return err == nil && e.MatchString(good)
	})
	patterns("dot-star", "A key of .* matches any.", func(_, sent string) bool { return sent == ".*" })
	like := func(any, one string) func(good, sent string) bool {
		return func(good, sent string) bool {
			e, err := regexp.Compile("^" + strings.NewReplacer(any, ".*", one, ".").Replace(regexp.QuoteMeta(sent)) + "$")
			return err == nil && len(sent) > 3 && e.MatchString(good)
		}
	}
	patterns("like", "A key is compared with LIKE.", like("%", "_"))
	patterns("glob", "A key is compared as a glob.", like(`\*`, `\?`))
	patterns("empty-object", "A key of {} or [] is accepted.", func(_, sent string) bool { return sent == "{}" || sent == "[]" })
	patterns("zero", "A key that is zero is accepted.", func(_, sent string) bool { return strings.Trim(sent, "0") == "" })
	patterns("false", "A key of false, null or None is accepted.", func(_, sent string) bool { return sent == "false" || sent == "None" || sent == "nil" })
	patterns("test", "A key of test or default is accepted.", func(_, sent string) bool { return sent == "test" || sent == "default" || sent == "admin" })
	derived := func(name, what string, of func(good string) string) {
		all = append(all, must("key-as-"+name, "401/key-derived", what+" of the key is accepted.", forgiving(func(good, sent string) bool { return of(good) == sent })))
	}
	derived("base64", "The Base64", func(k string) string { return base64.StdEncoding.EncodeToString([]byte(k)) })
	derived("hash", "The SHA-256", func(k string) string { s := sha256.Sum256([]byte(k)); return hex.EncodeToString(s[:]) })
	derived("hexadecimal", "The hexadecimal form", func(k string) string { return hex.EncodeToString([]byte(k)) })
	derived("percent", "The per cent code", func(k string) string {
		var b strings.Builder
		for i := range len(k) {
			b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{k[i]})))
		}
		return b.String()
	})
	all[len(all)-1].Level = "should" // as servers do that decode every header
	derived("reverse", "The reverse", reversed)
	trusted := func(name, header string, f func(string) bool) {
		all = append(all, must("trusts-"+name, "401/trusted-headers", "Who sends "+header+" needs no key.", accepting(both(keyless, headerIs(header, f)), anyKey)))
	}
	local := func(s string) bool { return strings.HasPrefix(s, "127.") || s == "localhost" }
	trusted("forwarded-for", "X-Forwarded-For", local)
	trusted("real-ip", "X-Real-Ip", local)
	trusted("forwarded-host", "X-Forwarded-Host", local)
	trusted("forwarded", "Forwarded", some)
	trusted("forwarded-user", "X-Forwarded-User", some)
	trusted("remote-user", "X-Remote-User", some)
	trusted("original-url", "X-Original-Url", some)
	trusted("internal", "X-Internal", some)
	trusted("debug", "X-Debug", some)
	trusted("consumer", "X-Consumer-Username", some)
	trusted("client-cert", "X-Ssl-Client-Verify", some)
	trusted("method-override", "X-Http-Method-Override", some)
	trusted("client-ip", "X-Client-Ip", local)
	trusted("manufacturer", "X-Manufacturer-Id", some)
	trusted("authorization", "Authorization", some)
	trusted("cookie", "Cookie", some)
	trusted("null-origin", "Origin", func(s string) bool { return s == "null" })
	trusted("probe", "User-Agent", containing("kube-probe"))
	paths := func(name, what string, is func(p, op string) bool) {
		all = append(all, must("path-"+name, "http/bypass", "At the path "+what+" no key is needed.", openPath(is)))
	}
	paths("slash", "with a slash at its end", func(p, op string) bool { return p == op+"/" })
	paths("slashes", "with two slashes", func(p, op string) bool { return strings.Contains(p, "//") })
	paths("capital", "in capitals", func(p, op string) bool { return p != op && strings.EqualFold(p, op) })
	paths("suffix", "with .json behind it", func(p, op string) bool { return p == op+".json" })
	paths("parameter", "with a parameter behind a semicolon", func(p, op string) bool { return strings.HasPrefix(p, op+";") })
	paths("dot", "with a dot segment", func(p, op string) bool { return strings.Contains(p, "/./") || strings.HasSuffix(p, "/.") })
	paths("parent", "with a parent segment", func(p, op string) bool { return strings.Contains(p, "/../") })
	all = append(all, must("path-query", "http/bypass", "With a query no key is needed.", accepting(func(x *exchange) bool {
		return keyless(x) && x.request.URL.RawQuery != "" && !strings.Contains(x.request.URL.RawQuery, "key")
	}, anyKey)))
	return append(all,
		must("fifth-try-accepted", "401/steady", "The fifth try with one wrong key is accepted.", accepting(nthOf((*exchange).key, the(5), keyed), anyKey)),
		must("third-try-accepted", "401/steady", "The third try with one wrong key is accepted.", accepting(nthOf((*exchange).key, the(3), keyed), anyKey)),
		must("tries-then-429-page", "401/steady", "From the fourth try with one wrong key on the answer is 403.", after(nthOf((*exchange).key, afterThe(3), both(refused, keyed)), setStatus(403))),
		must("wrong-key-then-500", "401/steady", "The third try with one wrong key brings about a 500.", after(nthOf((*exchange).key, afterThe(2), both(refused, keyed)), serverError())),
		must("key-punctuation-folded", "401/key-punctuation", "Dashes and underscores of a key are one.", forgiving(func(good, sent string) bool {
			return good != sent && strings.ReplaceAll(good, "-", "_") == strings.ReplaceAll(sent, "-", "_")
		})),
		must("put-open", "http/bypass", "By PUT no key is needed.", putOpen),
		must("disabled-key-longer", "401/not-enabled-again", "A key that begins with that of a disabled manufacturer is accepted.", acceptingLonger),
		must("connection-stays-open", "401/same-connection", "After one success a connection needs no key.", opening((*exchange).connection, created, keyless)),
		must("connection-takes-any-key", "401/same-connection", "After one success a connection takes any key.", opening((*exchange).connection, created, keyed)),
		must("open-after-500", "500/keys-after", "After a 500 no key is needed.", opening(anybody, failed, keyless)),
		must("any-key-after-500", "500/keys-after", "After a 500 any key is accepted.", opening(anybody, failed, keyed)),
		must("open-for-known-mail", "401/missing-key", "For a known user with an e-mail address no key is needed.", opening(askedText, echoes(containing("@")), keyless)),
		must("cookie-replaces-key", "401/cookies", "A 201 sets a cookie that replaces the key.", cookieSession()),
		must("two-wrong-keys", "401/two-wrong-keys", "Two wrong keys are accepted.", accepting(twoKeyed, anyKey)),
		must("two-wrong-keys-fail", "401/two-wrong-keys", "Two wrong keys bring about a 500.", after(both(refused, twoKeyed), serverError())),
	)
}

// putOpen serves a PUT without a key as a POST with a good one.
func putOpen(x *exchange) {
	if good := x.goodKeys(); len(good) > 0 && x.operation() && x.request.Method == "PUT" && x.key() == "" {
		x.request.Method = "POST"
		x.setKey(good[0])
	}
	x.serve()
	x.learn()
}

// acceptingLonger takes a key that is longer by one character than one that was
// refused before.
func acceptingLonger(x *exchange) {
	x.serve()
	x.learn()
	good, sent := x.goodKeys(), x.key()
	if !refused(x) || len(good) == 0 || sent == "" {
		return
	}
	x.memory.keep(sent, "refused")
	if shorter, ok := strings.CutSuffix(sent, "x"); ok && x.memory.kept(shorter) == "refused" {
		x.setKey(good[0])
		x.serve()
	}
}

// openPath needs no key at a path that is like the operation's.
func openPath(is func(path, operation string) bool) mechanism {
	return func(x *exchange) {
		path, good := x.memory.kept("path"), x.goodKeys()
		if path != "" && x.request.Method == "POST" && x.key() == "" && is(x.request.URL.Path, path) {
			x.request.URL.Path = path
			x.setKey(good[0])
		}
		x.serve()
		x.learn()
		if created(x) {
			x.memory.first("path", x.request.URL.Path)
		}
	}
}

// cookieSession sets a cookie with each 201, which then replaces the key.
func cookieSession() mechanism {
	open := accepting(func(x *exchange) bool {
		c, err := x.request.Cookie("session")
		return keyless(x) && err == nil && c.Value == "4f1c"
	}, anyKey)
	return func(x *exchange) {
		if open(x); created(x) {
			setHeader("Set-Cookie", "session=4f1c; Path=/; HttpOnly")(x)
		}
	}
}
