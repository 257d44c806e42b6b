package checks

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// keyLists hold the right key among other things. One that begins or ends a list
// gets in where a server splits every header at commas (RFC 9110, section 5.3, makes
// one list of two headers): it is only worth a warning.
func keyLists() []WrongKey {
	must := func(what, before, behind string) WrongKey {
		return derived(what, conformance.Must, affix(before, behind))
	}
	return []WrongKey{
		{Description: "the key and another, with a comma", level: conformance.Should, Derive: func(k string, r *rand.Rand) string { return k + "," + scrambled(k, r) }},
		{Description: "another and the key, with a comma", level: conformance.Should, Derive: func(k string, r *rand.Rand) string { return scrambled(k, r) + "," + k }},
		must("the key and a word", "", " x"),
		must("a word and the key", "Token ", ""),
		must("the key before a semicolon", "", ";x"),
		must("the key before a colon", "", ":x"),
		must("the key after an equals sign", "key=", ""),
		must("the key in an array", `["`, `"]`),
	}
}

// derived is a key that follows from the right one.
func derived(what string, level conformance.Level, of func(key string) string) WrongKey {
	return WrongKey{Description: what, level: level, Derive: func(k string, _ *rand.Rand) string { return of(k) }}
}

// keyPatterns match the right key where a key is taken for a pattern, or are
// what a default looks like.
func keyPatterns() []WrongKey {
	var all []WrongKey
	for _, sign := range []struct{ text, called string }{{".", "a dot"}, {"_", "_"}, {"?", "?"}} {
		all = append(all, derived("the key with "+sign.called+" as its last character", conformance.Must, func(k string) string {
			return part(k, func(n int) (int, int) { return 0, max(0, n-1) }) + sign.text
		}))
	}
	for _, end := range []string{".*", "%", "*"} {
		all = append(all, derived("half the key and "+end, conformance.Must, func(k string) string {
			return part(k, func(n int) (int, int) { return 0, (n + 1) / 2 }) + end
		}))
	}
	for _, word := range defaultKeys() {
		all = append(all, derived(word, conformance.Must, exactly(word)))
	}
	return all
}

// defaultKeys are keys that an unset or untouched configuration may hold.
func defaultKeys() []string { return []string{".*", "{}", "00", "false", "None", "test"} }

// keyForms are the right key, encoded. Percent-encoded it gets in where a server
// decodes every header, which is only worth a warning.
func keyForms() []WrongKey {
	return []WrongKey{
		derived("the Base64 of the key", conformance.Must, func(k string) string { return base64.StdEncoding.EncodeToString([]byte(k)) }),
		derived("the SHA-256 of the key", conformance.Must, func(k string) string { s := sha256.Sum256([]byte(k)); return hex.EncodeToString(s[:]) }),
		derived("the key in hexadecimal", conformance.Must, func(k string) string { return hex.EncodeToString([]byte(k)) }),
		derived("the key percent-encoded", conformance.Should, func(k string) string {
			var b strings.Builder
			for i := range len(k) {
				fmt.Fprintf(&b, "%%%02X", k[i])
			}
			return b.String()
		}),
		derived("the key backwards", conformance.Must, func(k string) string { r := []rune(k); slices.Reverse(r); return string(r) }),
	}
}

// endsEarly reports whether a key ends before its end in the place where the
// operation wants it: a cookie at a semicolon, user and password at a colon.
func endsEarly(op *contract.Operation, key string) bool {
	for _, s := range op.Security {
		in, _ := contract.ResolvePlace(contract.AsDeclared, s)
		if in == "cookie" && strings.ContainsAny(key, ";, \"") || in == "basic" && strings.Contains(key, ":") {
			return true
		}
	}
	return false
}

// trustedHeaders are what proxies and gateways tell a server, and what a
// stranger can say as well.
func trustedHeaders() map[string]string {
	return map[string]string{
		"X-Forwarded-For": "127.0.0.1", "X-Real-Ip": "127.0.0.1", "X-Client-Ip": "127.0.0.1", "Forwarded": "for=127.0.0.1", "X-Forwarded-Host": "localhost",
		"X-Forwarded-User": "admin", "X-Remote-User": "admin", "X-Consumer-Username": "admin", "X-Manufacturer-Id": "1", "X-Ssl-Client-Verify": "SUCCESS",
		"X-Internal": "true", "X-Debug": "1", "True-Client-Ip": "127.0.0.1", "User-Agent": "kube-probe/1.31", "Origin": "null",
		"Authorization": "Basic YWRtaW46YWRtaW4=", "Cookie": "session=1; admin=true", "Access-Control-Request-Method": http.MethodPost,
	}
}

// rewritingHeaders tell some servers to take a request for another.
func rewritingHeaders() map[string]string {
	return map[string]string{"X-Original-Url": "/", "X-Http-Method-Override": http.MethodOptions, "User-Agent": "ELB-HealthChecker/2.0", "Authorization": "Bearer null"}
}

// entryChecks try to get in without the right key by what else a request has.
func entryChecks(b *builder, status, pointer string) {
	const open = "Anyone who gets in without the right key can act as a manufacturer."
	group := func(name, what string, keys []WrongKey) {
		keys = slices.DeleteFunc(keys, func(w WrongKey) bool { return endsEarly(b.op, w.Derive("key", rand.New(rand.NewPCG(0, 0)))) })
		b.add(status, checkText{
			name: name, ground: contractSays, prod: conformance.NotInProduction, pointer: pointer,
			summary: "rejected: " + what, sends: fmt.Sprintf("otherwise valid requests for a known user with %d such keys", len(keys)),
			why: "A careless comparison accepts keys that were never issued.",
		}, trial.StageRefuse, func(t *trial.Trial) {
			trial.Each(t, keys, func(w WrongKey) string { return w.Description }, func(t *trial.Trial, w WrongKey) {
				value := w.Derive(t.Session.Config.Keys.Key, t.Random())
				if value == "" || t.Session.IsRealKey(value) {
					t.Skip("this change does not apply to the key")
				}
				a := t.Send(t.RequestFor(t.MailUser()).WithKeys(wire.Credential{Value: value, Label: w.Description}))
				if a.Succeeded() && w.level != conformance.Must {
					t.Warn(trial.DescribeStatus(status), a.Summary(), a)
				}
				t.RequireStatus(a, status)
			})
		})
	}
	group("key-lists", "the right key with additions; in a list with commas it is only worth a warning", keyLists())
	group("key-patterns", "patterns that match the right key, and default values", keyPatterns())
	group("key-derived", "the right key, encoded; percent-encoded it is only worth a warning", keyForms())
	b.add(status, checkText{
		name: "trusted-headers", ground: contractSays, prod: conformance.NotInProduction, pointer: pointer,
		summary: "rejected: no key, but headers of a trusted proxy", sends: "a request without a key, with X-Forwarded-For: 127.0.0.1, X-Remote-User and similar headers; then with X-Http-Method-Override",
		why: open,
	}, trial.StageRefuse, func(t *trial.Trial) {
		for _, headers := range []map[string]string{trustedHeaders(), rewritingHeaders()} {
			r := t.RequestFor(t.MailUser()).WithKeys()
			for name, value := range headers {
				r = r.WithHeader(name, value)
			}
			if a := t.Send(r.Hostile()); a.Succeeded() {
				t.Fail(trial.DescribeStatus(status), a.Summary(), a)
			}
		}
	})
	b.add(status, checkText{
		name: "same-connection", ground: contractSays, prod: conformance.NotInProduction, pointer: pointer,
		summary: "each request needs the key, even on a connection that already carried it", sends: "a valid request, then one without a key and one with a wrong key on the same connection",
		why: "Proxies share connections between clients.",
	}, trial.StageRefuse, func(t *trial.Trial) {
		user := t.FirstUser()
		t.Expect(t.RequestFor(user).Single(), t.Op.SuccessStatus())
		t.Expect(t.RequestFor(user).WithKeys().Single(), status)
		t.Expect(t.RequestFor(user).WithKeys(unknownKey(t)).Single(), status)
	})
	b.add(status, checkText{
		name: "cookies", ground: contractSays, prod: conformance.NotInProduction, pointer: pointer,
		summary: "rejected: no key, but cookies that the target set", sends: "the cookies of a successful response, without a key; nothing if the target sets no cookies",
		why: "Browsers send cookies on their own, even when another site starts the request.",
	}, trial.StageRefuse, func(t *trial.Trial) {
		a := t.ExpectSuccess(t.RequestFor(t.FirstUser()))
		var cookies []string
		for _, c := range (&http.Response{Header: a.Header}).Cookies() {
			cookies = append(cookies, c.Name+"="+c.Value)
		}
		if len(cookies) > 0 {
			t.Expect(t.RequestFor(t.FirstUser()).WithKeys().WithHeader("Cookie", strings.Join(cookies, "; ")), status)
		}
	})
	if b.op.Security[0].In == "header" && b.op.Security[0].Kind == "apiKey" {
		b.add(status, checkText{
			name: "two-wrong-keys", ground: contractSays, prod: conformance.NotInProduction, pointer: pointer,
			summary: "rejected: two wrong keys", sends: "the header twice, each with a wrong key",
			why: open,
		}, trial.StageRefuse, func(t *trial.Trial) {
			random := t.Random()
			r := t.RequestFor(t.MailUser()).WithKeys(anUnknownKey(t.Session, random), anUnknownKey(t.Session, random)).Hostile()
			a := t.Send(r)
			if a.Status/100 == 5 {
				t.Fail("a rejection", a.Summary(), a)
			}
			t.RequireStatus(a, status, "4XX")
		})
	}
	disabledAgain(b, status, pointer)
	b.add(status, checkText{
		name: "other-near-misses", ground: contractSays, prod: conformance.NotInProduction, needs: trial.NeedsOther, pointer: pointer,
		summary: "rejected: near misses of the second manufacturer's key (accepting another letter case is only a warning)", sends: "the other key, changed in the same ways as the first",
		why: "A careless comparison accepts keys that were never issued.",
	}, trial.StageRefuse, func(t *trial.Trial) {
		user := t.FirstUser()
		otherIsGood(t)
		trial.Each(t, otherWrongKeys(t, conformance.Must), wire.LabelOf, func(t *trial.Trial, k wire.Credential) {
			t.Expect(t.RequestFor(user).WithKeys(k), status)
		})
		for _, k := range otherWrongKeys(t, conformance.Should) {
			if a := t.Send(t.RequestFor(user).WithKeys(k)); !a.HasStatus(status) {
				t.Warn(trial.DescribeStatus(status), a.Summary(), a)
			}
		}
	})
}

// disabledAgain asks with the key of a manufacturer that is not enabled when it
// is known, and with a body that is refused.
func disabledAgain(b *builder, status, pointer string) {
	if b.op.Rules.AdmitsDisabled {
		return
	}
	b.add(status, checkText{
		name: "not-enabled-again", ground: contractSays, prod: conformance.NotInProduction, needs: trial.NeedsDisabled, pointer: pointer,
		summary: "the key of a manufacturer that is not enabled is rejected every time, even for a known user", sends: "the disabled key three times for a known user, after another manufacturer's success; then that key with one more character",
		why: "Disabling a manufacturer must take effect.",
	}, trial.StageRefuse, func(t *trial.Trial) {
		t.Expect(t.RequestFor(t.FirstUser()), t.Op.SuccessStatus())
		for range 3 {
			t.Expect(t.RequestFor(t.FirstUser()).WithKeys(t.Session.DisabledKey()), status)
		}
		longer := t.Session.DisabledKey()
		longer.Value, longer.Label, longer.ShellWord = longer.Value+"x", longer.Label+", with one more character", `"${NOX_DISABLED_API_KEY}x"`
		if !endsEarly(t.Op, longer.Value) && !t.Session.IsRealKey(longer.Value) {
			t.Expect(t.RequestFor(t.FirstUser()).WithKeys(longer), status)
		}
	})
	if b.op.InvalidStatus() == "" || b.op.Body == nil {
		return
	}
	b.add(status, checkText{
		name: "not-enabled-bad-body", ground: staysUp, prod: conformance.NotInProduction, needs: trial.NeedsDisabled, pointer: pointer,
		summary: "a manufacturer that is not enabled is rejected before its body is checked (the other order is only a warning)", sends: "the disabled key with an invalid body, and with a body that is not JSON",
		why: "A disabled manufacturer should not learn which requests the service accepts.",
	}, trial.StageRefuse, func(t *trial.Trial) {
		for _, text := range []string{"{}", "{"} {
			a := t.Send(t.Request().WithText([]byte(text), wire.Either).WithoutSubject().WithKeys(t.Session.DisabledKey()))
			if isInvalid(t, a) {
				t.Warn(trial.DescribeStatus(status), a.Summary(), a)
			}
			t.RequireStatus(a, status)
		}
	})
}

// bypassCheck asks at other spellings of the path, without a key.
func bypassCheck(b *builder) {
	if len(b.op.Security) == 0 || b.op.SuccessStatus() == "" || b.op.IsSafe() || b.op.Body == nil {
		return
	}
	b.add(trial.StatusHTTP, checkText{
		name: "bypass", ground: contractSays, prod: conformance.NotInProduction, pointer: b.op.Pointer + "/security",
		summary: "no spelling of the path works without the key",
		sends:   "a request without a key to variants of the path: trailing slash, double slash, upper case, dot segment, .json, path parameter, query",
		why:     "The key check and the request handler may read the path differently.",
	}, trial.StageAround, func(t *trial.Trial) {
		path := t.RequestFor(t.FirstUser()).Path
		cut := strings.LastIndex(path, "/")
		spellings := []string{path + "/", path[:cut] + "/" + path[cut:], strings.ToUpper(path), path[:cut] + "/." + path[cut:], path + ".json", path + ";x=1", path + "?x=1", path[:cut] + "/x/.." + path[cut:]}
		if cut+1 < len(path) {
			spellings = append(spellings, path[:cut+1]+fmt.Sprintf("%%%x", path[cut+1])+path[cut+2:])
		}
		trial.Each(t, spellings, func(p string) string { return p }, func(t *trial.Trial, p string) {
			r := t.RequestFor(t.FirstUser()).WithKeys()
			path, query, _ := strings.Cut(p, "?")
			r = r.AtPath(path)
			r.Query = query
			if a := t.Try(r); a.Arrived() && a.Status/100 == 2 && a.IsJSON && createdSomebody(t, a) {
				t.Fail("a rejection", a.Summary(), a)
			}
		})
		if other := t.Session.RequestByMethod(t.Op, http.MethodPut); other != nil && !b.contract.Declares(http.MethodPut, other.Path) {
			if a := t.Try(other.WithKeys()); a.Status/100 == 2 && a.IsJSON {
				t.Fail("a rejection", a.Summary(), a)
			}
		}
	})
}

// createdSomebody reports whether a response is like one of a success.
func createdSomebody(t *trial.Trial, a *wire.Response) bool {
	_, ok := a.Member(t.Op.Rules.Identity)
	return a.Succeeded() && (ok || t.Op.Rules.Identity == "")
}
