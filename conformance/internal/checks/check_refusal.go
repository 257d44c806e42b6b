package checks

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// refusalChecks send requests that are valid but for their key.
func refusalChecks(b *builder) {
	status := b.op.UnauthorizedStatus()
	if status == "" || len(b.op.Security) == 0 {
		return
	}
	pointer := b.op.Security[0].Pointer
	if pointer == b.op.Pointer+"/security" {
		pointer = b.op.Pointer + "/responses/" + status
	}
	refused := func(name string, g ground, what, why string, keys func(t *trial.Trial) []wire.Credential) *trial.Check {
		return b.add(status, checkText{
			name: name, ground: g, prod: conformance.LaxOnly, pointer: pointer,
			summary: "rejected: " + what, sends: "an otherwise valid request with " + what, why: why,
		}, trial.StageRefuse, func(t *trial.Trial) { t.Expect(t.RequestFor(t.MailUser()).WithKeys(keys(t)...), status) })
	}
	const open = "Anyone who gets in without the right key can act as a manufacturer."
	refused("missing-key", contractSays, "no key", open, func(*trial.Trial) []wire.Credential { return nil })
	if len(b.op.Security) > 1 {
		for _, scheme := range b.op.Security {
			refused("missing-key-"+schema.IDWord(scheme.ID), contractSays, "no key for "+scheme.ID, open, func(t *trial.Trial) []wire.Credential {
				k := t.Session.Key()
				k.OmitScheme = scheme.ID
				return []wire.Credential{k}
			})
		}
	}
	refused("empty-key", contractSays, "an empty key", open, func(*trial.Trial) []wire.Credential { return []wire.Credential{{Label: "an empty key"}} })
	refused("blank-key", contractSays, "a key that is one space", open, func(*trial.Trial) []wire.Credential {
		return []wire.Credential{{Value: " ", Label: "a blank key", ShellWord: `' '`}}
	})
	near := func(w WrongKey) {
		refused(w.name, nearMissGround(b, w), w.Description, "A careless comparison accepts keys that were never issued.", func(t *trial.Trial) []wire.Credential {
			value := spoil(t.Session, w.Derive, t.Random())
			if value == "" {
				t.Skip("this change does not apply to the key")
			}
			return []wire.Credential{{Value: value, Label: w.Description, ShellWord: w.shell}}
		})
	}
	wrong := WrongKeys()
	near(wrong[0])
	// Next to an unknown key, so that they are sent under any profile.
	if !b.op.Rules.AdmitsDisabled {
		refused("not-enabled", contractSays, "the key of a manufacturer that is not enabled", "Disabling a manufacturer must take effect.", func(t *trial.Trial) []wire.Credential {
			return []wire.Credential{t.Session.DisabledKey()}
		}).Needs = trial.NeedsDisabled
	}
	lockOutCheck(b, status)
	for _, w := range wrong[1:] {
		if w.name == withScheme && b.op.TakesBearerFor(b.op.Security) {
			continue // it is right for another requirement
		}
		near(w)
	}
	b.add(status, checkText{
		name: "key-words", ground: contractSays, prod: conformance.LaxOnly, pointer: pointer,
		summary: "rejected: placeholders and patterns as the key", sends: "otherwise valid requests with each of these keys: " + strings.Join(placeholderKeys(), ", "),
		why: "An unset variable or a pattern must not grant access.",
	}, trial.StageRefuse, func(t *trial.Trial) {
		words := trial.Sample(t, slices.DeleteFunc(placeholderKeys(), t.Session.IsRealKey))
		var requests []*wire.Request
		for _, word := range words {
			r := t.Request().WithKeys(wire.Credential{Value: word, Label: "the key " + word, ShellWord: trial.ShellQuote(word)})
			if strings.Contains(word, "'") {
				r = r.Attack()
			}
			requests = append(requests, r)
		}
		t.ExpectAll(requests, status)
	})
	for _, p := range []struct {
		name string
		in   contract.Place
	}{{"key-in-query", contract.InQuery}, {"key-as-bearer", contract.AsBearer}, {"key-as-basic", contract.AsBasic}, {"key-in-cookie", contract.InCookie}} {
		if b.op.AcceptsKeyIn(p.in) {
			continue
		}
		b.add(status, checkText{
			name: p.name, ground: goodPractice, prod: conformance.LaxOnly, pointer: pointer,
			summary: "rejected: the right key in the wrong place (" + string(p.in) + ")", sends: "an otherwise valid request with the right key in the wrong place (" + string(p.in) + ")",
			why: "A key in a URL or cookie ends up in logs and on other sites.",
		}, trial.StageRefuse, func(t *trial.Trial) {
			k := t.Session.Key()
			k.Place = p.in
			allowed := []string{status}
			if p.in == contract.InQuery {
				allowed = append(allowed, "404") // a server may take a query for another path
			}
			t.Expect(t.Request().WithKeys(k), allowed...)
		})
	}
	alternativeChecks(b, status, pointer)
	otherNamesCheck(b, status, pointer)
	oddKeyChecks(b, status, pointer)
	refusalManners(b, status, pointer)
	steadyRefusal(b, status, pointer)
	entryChecks(b, status, pointer)
}

// alternativeChecks send the key, and one that nobody was given, as each of the other
// requirements wants it.
func alternativeChecks(b *builder, status, pointer string) {
	for i, schemes := range b.op.Alternatives {
		ids := make([]string, len(schemes))
		for j, s := range schemes {
			ids[j] = s.ID
		}
		names := strings.Join(ids, " and ")
		sentAs := func(k wire.Credential) wire.Credential {
			k.Alternative, k.Label = i+1, k.Label+" as "+names
			return k
		}
		b.add(status, checkText{
			name: "unknown-key-as-" + schema.IDWord(strings.Join(ids, "-")), ground: contractSays, prod: conformance.LaxOnly, pointer: pointer,
			summary: "rejected: an unknown key as " + names, sends: "an otherwise valid request with an unknown key as " + names,
			why: "A second way in needs the same lock as the first.",
		}, trial.StageRefuse, func(t *trial.Trial) { t.Expect(t.Request().WithKeys(sentAs(unknownKey(t))), status) })
		success := b.op.SuccessStatus()
		if success == "" {
			continue
		}
		b.add(success, checkText{
			name: "key-as-" + schema.IDWord(strings.Join(ids, "-")), ground: contractSays, prod: conformance.Creates, newUsers: 1, pointer: pointer,
			summary: "accepted: the key as " + names, sends: "a valid request with the key as " + names + ", which the contract names as another way",
			why: "Clients choose one of the documented ways.",
		}, trial.StageAccept, func(t *trial.Trial) {
			a := t.Send(t.Request().WithKeys(sentAs(t.Session.Key())))
			if t.Op.EquivalentStatuses(status).Contains(a.Status) && !t.Session.HasKeysFor(schemes) {
				t.Skip("not judged: the target rejects the key as " + names + "; if it takes another one there, set " + strings.Join(trial.KeyVariables(schemes), ", "))
			}
			t.RequireStatus(a, success)
		})
	}
}

// nearMissGround is why a wrong key weighs what it does. In a cookie, quotes
// around a value may or may not be part of it (RFC 6265, sections 4.1.1 and
// 5.2); in Authorization, a scheme may precede a key; databases compare without case
// by default.
func nearMissGround(b *builder, w WrongKey) ground {
	in, name := b.op.Security[0].Field()
	if w.level != conformance.Must || in == string(contract.InCookie) && w.name == "key-quoted" || w.name == withScheme && strings.EqualFold(name, "Authorization") && b.op.Security[0].Kind == "apiKey" {
		return stacksDiffer
	}
	return contractSays
}

// otherName is where the APIs of others take their keys.
type otherName struct {
	in   contract.Place
	name string
}

func otherNames() []otherName {
	return []otherName{
		{contract.InHeader, "Authorization"}, {contract.InHeader, "Api-Key"}, {contract.InHeader, "Apikey"}, {contract.InHeader, "X-Api-Token"}, {contract.InHeader, "X-Auth-Token"}, {contract.InHeader, "X-Access-Token"}, {contract.InHeader, "Token"},
		{contract.InQuery, "api_key"}, {contract.InQuery, "api-key"}, {contract.InQuery, "apikey"}, {contract.InQuery, "apiKey"}, {contract.InQuery, "key"}, {contract.InQuery, "token"}, {contract.InQuery, "access_token"},
		{contract.InCookie, "api_key"},
	}
}

// otherNamesCheck sends the right key in all of them at once. A target need not
// understand such a request, and must only not let it in.
func otherNamesCheck(b *builder, status, pointer string) {
	taken := map[string]bool{} // by the contract, for the key or for something else
	for _, p := range b.op.Parameters {
		taken[p.In+" "+strings.ToLower(p.Name)] = true
	}
	for _, s := range b.op.Security {
		in, name := s.Field()
		taken[in+" "+strings.ToLower(name)] = true
	}
	var keys []wire.Credential
	for _, o := range otherNames() {
		if !taken[string(o.in)+" "+strings.ToLower(o.name)] && !slices.Contains(b.op.OtherKeyPlaces(), string(o.in)) {
			keys = append(keys, wire.Credential{Place: o.in, Name: o.name})
		}
	}
	if len(keys) == 0 {
		return
	}
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = string(k.Place) + " " + k.Name
	}
	b.add(status, checkText{
		name: "key-elsewhere", ground: goodPractice, prod: conformance.LaxOnly, pointer: pointer,
		summary: "rejected: the right key under names that other APIs use", sends: "an otherwise valid request with the right key in all of these places: " + strings.Join(names, ", "),
		why: "Nobody reviews or protects an undocumented way to authenticate.",
	}, trial.StageRefuse, func(t *trial.Trial) {
		key := t.Session.Key()
		sent := slices.Clone(keys)
		for i := range sent {
			sent[i].Value, sent[i].Label, sent[i].ShellWord, sent[i].IsValid = key.Value, key.Label+" as "+names[i], key.ShellWord, true
		}
		r := t.Request().WithKeys(sent...).Hostile() // a gateway may refuse such a header in its own way
		t.Expect(r, status, "400", "403", "404")
	})
}

// placeholderKeys returns what careless code sends as a key: an unset variable,
// a missing value, a pattern.
func placeholderKeys() []string {
	return []string{"undefined", "null", "true", "0", "*", "%", "' OR '1'='1", "constructor", "__proto__"}
}

// OrdinaryWords returns the keys of checks that are words of everybody's: where they
// appear in a text, nothing is revealed.
func OrdinaryWords() []string { return append(placeholderKeys(), defaultKeys()...) }

// longKey is the length of the very long key: long, and still below the 8 KiB
// at which common servers cut headers off.
const longKey = 4000

func oddKeyChecks(b *builder, status, pointer string) {
	for _, k := range []struct {
		name, what string
		value      string
	}{
		{"long-key", "a key of 4,000 characters", strings.Repeat("k", longKey)},
		{"non-ascii-key", "a key with non-ASCII characters", "schlüssel-ключ-鍵"},
	} {
		b.add(status, checkText{
			name: k.name, ground: contractSays, prod: conformance.Harmless, pointer: pointer,
			summary: "rejected: " + k.what + " (a server error, or a closed connection, is only a warning)", sends: "an otherwise valid request with " + k.what,
			why: "A client without a key should not be able to cause a 500.",
		}, trial.StageRefuse, func(t *trial.Trial) {
			a := t.Try(t.Request().WithKeys(wire.Credential{Value: k.value, Label: k.what}).MayClose().Fresh().Hostile())
			if a.IsBroken() { // as servers end a connection whose header they cannot read
				t.Warn("an HTTP response", a.Summary(), a)
			}
			t.RequireResponse(a)
			if a.Succeeded() {
				t.RequireStatus(a, status)
			}
			if !t.Op.EquivalentStatuses(status).Contains(a.Status) && a.Status != http.StatusBadRequest && a.Status != http.StatusRequestHeaderFieldsTooLarge {
				t.Warn(trial.DescribeStatus(status), a.Summary(), a)
			}
		})
	}
	if b.op.Security[0].In != "header" || b.op.Security[0].Kind != "apiKey" {
		return
	}
	b.add(status, checkText{
		name: "two-keys", ground: noHarm, prod: conformance.Creates, requests: 2, pointer: pointer,
		summary: "a right and a wrong key together get the same status in either order",
		sends:   "two requests with both keys: one with the right key first, one with the wrong key first",
		why:     "A proxy may check one of the two keys while the server uses the other.",
	}, trial.StageRefuse, func(t *trial.Trial) {
		bad := unknownKey(t)
		first := t.Send(t.Request().WithKeys(t.Session.Key(), bad).Hostile())
		second := t.Send(t.Request().WithKeys(bad, t.Session.Key()).Hostile())
		for _, a := range []*wire.Response{first, second} {
			t.RequireStatus(a, "2XX", "4XX")
		}
		if first.Status != second.Status {
			t.Fail("the same status in either order", fmt.Sprintf("%s with the right key first, %s with the wrong key first", contract.StatusText(first.Status), contract.StatusText(second.Status)), first, second)
		}
	})
}

// unknownKey is a key like the right one that nobody was given.
func unknownKey(t *trial.Trial) wire.Credential {
	return anUnknownKey(t.Session, t.Random())
}

func refusalManners(b *builder, status, pointer string) {
	if b.op.Body != nil && b.op.InvalidStatus() != "" {
		b.add(status, checkText{
			name: "before-" + b.op.InvalidStatus(), ground: goodPractice, prod: conformance.Harmless, requests: 2, pointer: pointer,
			summary: "the key is checked before the body", sends: "a wrong key with an invalid body, and with a body that is not JSON",
			why: "Without a key, nobody should learn which requests the service accepts.",
		}, trial.StageRefuse, func(t *trial.Trial) {
			for _, text := range []string{"{}", "{"} {
				t.Expect(t.Request().WithText([]byte(text), wire.Either).WithKeys(unknownKey(t)).WithoutSubject(), status)
			}
		})
	}
	b.add(status, checkText{
		name: "same-shape", ground: goodPractice, prod: conformance.LaxOnly, requests: 2, pointer: pointer,
		summary: "a missing and a wrong key get error bodies of the same shape", sends: "no key, then an unknown key",
		why: "Clients expect one shape for this error, not two.",
	}, trial.StageRefuse, func(t *trial.Trial) {
		// The markup is for the clause about markup, which looks at every response.
		missing := t.Expect(t.RequestFor(t.UserLike(affix(markup, ""))).WithKeys().Attack(), status)
		wrong := t.Expect(t.Request().WithKeys(unknownKey(t)), status)
		if x, y := shapeOf(missing), shapeOf(wrong); x != y {
			t.Fail("one shape", x+" without a key, "+y+" with a wrong key", missing, wrong)
		}
	})
	b.add(status, checkText{
		name: "www-authenticate", ground: noHarm, prod: conformance.LaxOnly, pointer: pointer,
		summary: "a 401 response has a WWW-Authenticate header", sends: "no key",
		why: "HTTP requires it (RFC 9110, section 11.6.1), and generic clients rely on it.",
	}, trial.StageAfter, func(t *trial.Trial) {
		a := seenOr(t, t.Request().WithKeys(), func(a *wire.Response) bool { return strings.HasSuffix(a.Request.Check, "/missing-key") })
		if t.RequireStatus(a, status); status == "401" && a.Header.Get("WWW-Authenticate") == "" {
			t.Fail("a WWW-Authenticate header", "none", a)
		}
	})
}

// lockOutCheck is about what wrong keys may do to the right one.
func lockOutCheck(b *builder, status string) {
	if b.op.SuccessStatus() == "" {
		return
	}
	b.add(status, checkText{
		name: "no-lock-out", ground: contractSays, prod: conformance.Creates, requests: 2, pointer: b.op.Pointer + "/responses/" + b.op.SuccessStatus(),
		summary: "the right key still works after wrong keys were rejected", sends: "a request with a wrong key, after all those of other checks, then a valid request",
		why: "Otherwise anyone can lock a manufacturer out.",
	}, trial.StageAfter, func(t *trial.Trial) {
		t.Expect(t.Request().WithKeys(unknownKey(t)), status)
		t.Expect(t.Request(), b.op.SuccessStatus())
	})
}

// shapeOf names the kind of a response's body: its media type and the names of
// its members.
func shapeOf(a *wire.Response) string {
	members, ok := a.Value.(map[string]any)
	if !ok {
		return cmp.Or(a.Header.Get("Content-Type"), "no media type")
	}
	return "{" + strings.Join(slices.Sorted(maps.Keys(members)), ", ") + "}"
}

func steadyRefusal(b *builder, status, pointer string) {
	b.add(status, checkText{
		name: "steady", ground: contractSays, prod: conformance.LaxOnly, isUniform: true, requests: trial.FewRepeats, pointer: pointer,
		summary:  "wrong and missing keys are rejected every time, however often they are tried",
		sends:    fmt.Sprintf("one unknown key, and now and then no key, %d requests in all", trial.ManyRepeats),
		why:      "A server that lets in one stranger in seven is open. An overflowing counter or a cached lookup could let a stranger in.",
		formerly: []string{"tries"},
	}, trial.StageRefuse, func(t *trial.Trial) {
		unknown := unknownKey(t)
		requests := make([]*wire.Request, t.Repeats())
		for i := range requests {
			user := t.FirstUser() // who is known needs a key as well
			if i/2%2 == 1 {
				user = t.MailUser()
			}
			r := t.RequestFor(user).Fresh()
			requests[i] = r.WithKeys()
			if i%4 != 3 { // mostly, so that one in seven of these shows
				requests[i] = r.WithKeys(unknown)
			}
		}
		t.SendAlternating(requests, status)
	})
}
