package checks

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// madeKey is a wrong key that is made from the right one and an unknown one.
type madeKey struct {
	what string
	make func(key, unknown string) string
}

// keyLists hold the right key among other things.
func keyLists() []madeKey {
	return []madeKey{
		{beginsList, func(k, u string) string { return k + "," + u }},
		{endsList, func(k, u string) string { return u + "," + k }},
		{"the key and a word", func(k, _ string) string { return k + " x" }},
		{"a word and the key", func(k, _ string) string { return "Token " + k }},
		{"the key before a semicolon", func(k, _ string) string { return k + ";x" }},
		{"the key before a colon", func(k, _ string) string { return k + ":x" }},
		{"the key after an equals sign", func(k, _ string) string { return "key=" + k }},
		{"the key in an array", func(k, _ string) string { return `["` + k + `"]` }},
	}
}

// keyPatterns match the right key where a key is taken for a pattern, or are
// what a default looks like.
func keyPatterns() []madeKey {
	masked := func(sign string) func(k, _ string) string {
		return func(k, _ string) string {
			r := []rune(k)
			r[len(r)-1] = []rune(sign)[0]
			return string(r)
		}
	}
	begun := func(end string) func(k, _ string) string {
		return func(k, _ string) string { return part(k, func(n int) (int, int) { return 0, (n + 1) / 2 }) + end }
	}
	all := []madeKey{
		{"the key with a dot as its last character", masked(".")}, {"the key with _ as its last character", masked("_")}, {"the key with ? as its last character", masked("?")},
		{"half the key and .*", begun(".*")}, {"half the key and %", begun("%")}, {"half the key and *", begun("*")},
	}
	for _, word := range defaultKeys() {
		all = append(all, madeKey{word, func(string, string) string { return word }})
	}
	return all
}

// defaultKeys are keys that an unset or untouched configuration may hold.
func defaultKeys() []string { return []string{".*", "{}", "00", "false", "None", "test"} }

// These keys get in where a server decodes every header, or splits it at commas
// (RFC 9110, section 5.3, makes one list of two headers). They are only worth a
// warning.
const (
	inPercentCodes = "the key percent-encoded"
	beginsList     = "the key and another, with a comma"
	endsList       = "another and the key, with a comma"
)

// keyForms are the right key, encoded.
func keyForms() []madeKey {
	return []madeKey{
		{"the Base64 of the key", func(k, _ string) string { return base64.StdEncoding.EncodeToString([]byte(k)) }},
		{"the SHA-256 of the key", func(k, _ string) string { s := sha256.Sum256([]byte(k)); return hex.EncodeToString(s[:]) }},
		{"the key in hexadecimal", func(k, _ string) string { return hex.EncodeToString([]byte(k)) }},
		{inPercentCodes, func(k, _ string) string {
			return "%" + strings.ToUpper(strings.Join(slices.Collect(pairs(hex.EncodeToString([]byte(k)))), "%"))
		}},
		{"the key backwards", func(k, _ string) string { r := []rune(k); slices.Reverse(r); return string(r) }},
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

// pairs cuts a text into pairs of its bytes.
func pairs(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := 0; i+1 < len(text); i += 2 {
			if !yield(text[i : i+2]) {
				return
			}
		}
	}
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
	group := func(name, what string, keys []madeKey) {
		keys = slices.DeleteFunc(keys, func(k madeKey) bool { return endsEarly(b.op, k.make("key", "unknown")) })
		b.add(status, checkText{
			name: name, ground: contractSays, prod: conformance.NotInProduction, pointer: pointer,
			summary: "rejected: " + what, sends: fmt.Sprintf("otherwise valid requests for a known user with %d such keys", len(keys)),
			why: "A careless comparison accepts keys that were never issued.",
		}, trial.StageRefuse, func(t *trial.Trial) {
			unknown := unknownKey(t).Value
			trial.Each(t, keys, func(k madeKey) string { return k.what }, func(t *trial.Trial, k madeKey) {
				value := k.make(t.Session.Config.Keys.Key, unknown)
				if value == "" || t.Session.IsRealKey(value) {
					t.Skip("this change does not apply to the key")
				}
				a := t.Send(t.RequestFor(t.MailUser()).WithKeys(wire.Credential{Value: value, Label: k.what}))
				if a.Succeeded() && slices.Contains([]string{inPercentCodes, beginsList, endsList}, k.what) {
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
		spellings := []string{path + "/", path[:cut] + "/" + path[cut:], strings.ToUpper(path), path[:cut] + "/." + path[cut:], path + ".json", path + ";x=1", path + "?x=1", path[:cut] + "/x/.." + path[cut:], path[:cut+1] + fmt.Sprintf("%%%x", path[cut+1]) + path[cut+2:]}
		trial.Each(t, spellings, func(p string) string { return p }, func(t *trial.Trial, p string) {
			r := t.RequestFor(t.FirstUser()).WithKeys()
			path, query, _ := strings.Cut(p, "?")
			r = r.AtPath(path)
			r.Query = query
			if a := t.Try(r); a.Arrived() && a.Status/100 == 2 && a.IsJSON && createdSomebody(t, a) {
				t.Fail("a rejection", a.Summary(), a)
			}
		})
		if other := t.Session.RequestByMethod(t.Op, http.MethodPut); other != nil && !slices.Contains(b.contract.DocumentedMethods(b.op.Path), http.MethodPut) {
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
