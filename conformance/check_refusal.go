package conformance

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"

	"nox.energy/contract/conformance/internal/schema"
)

// refusalChecks send requests that are valid but for their key.
func (b *builder) refusalChecks() {
	status := b.op.refusal()
	if status == "" || len(b.op.security) == 0 {
		return
	}
	pointer := b.op.security[0].pointer
	if pointer == b.op.Pointer+"/security" {
		pointer = b.op.Pointer + "/responses/" + status
	}
	refused := func(name string, g ground, what, why string, keys func(t *trial) []credential) *check {
		return b.add(status, checkText{
			name: name, ground: g, prod: LaxOnly, pointer: pointer,
			summary: "refused: " + what, sends: "an otherwise valid request with " + what, why: why,
		}, stageRefuse, func(t *trial) { t.expect(t.request().withKeys(keys(t)...), status) })
	}
	const open = "Whoever gets in without the right key acts in a manufacturer's name."
	refused("missing-key", contractSays, "no key", open, func(*trial) []credential { return nil })
	if len(b.op.security) > 1 {
		for _, scheme := range b.op.security {
			refused("missing-key-"+schema.Word(scheme.id), contractSays, "no key under "+scheme.id, open, func(t *trial) []credential {
				k := t.s.key()
				k.spare = scheme.id
				return []credential{k}
			})
		}
	}
	refused("empty-key", contractSays, "an empty key", open, func(*trial) []credential { return []credential{{label: "an empty key"}} })
	refused("blank-key", contractSays, "a key of one space", open, func(*trial) []credential { return []credential{{value: " ", label: "a blank key", shell: `' '`}} })
	for i, w := range wrongKeys() {
		refused(w.name, b.nearMissGround(w), w.what, "A careless comparison lets keys in that nobody was given.", func(t *trial) []credential {
			value := t.s.spoil(w.make, t.random())
			if value == "" {
				t.skip("the key cannot be spoilt in this way")
			}
			return []credential{{value: value, label: w.what, shell: w.shell}}
		})
		if i > 0 {
			continue
		}
		// Next to an unknown key, so that they are sent under any profile.
		refused("not-enabled", contractSays, "the key of a manufacturer that is not enabled", "Disabling a manufacturer must take effect.", func(t *trial) []credential {
			return []credential{t.s.disabledKey()}
		}).needs = needsDisabled
		b.lockOutCheck(status)
	}
	b.add(status, checkText{
		name: "key-words", ground: contractSays, prod: LaxOnly, pointer: pointer,
		summary: "refused: words and signs that careless servers take for a key", sends: "otherwise valid requests with " + strings.Join(keyWords(), ", ") + " for a key",
		why: "An unset variable or a pattern match must not be a way in.",
	}, stageRefuse, func(t *trial) {
		words := slices.DeleteFunc(keyWords(), t.s.isRealKey)
		if t.s.cfg.Profile == Production {
			words = words[:1]
		}
		var requests []*request
		for _, word := range words {
			r := t.request().withKeys(credential{value: word, label: "the key " + word, shell: shellQuote(word)})
			r.attack = strings.Contains(word, "'")
			requests = append(requests, r)
		}
		t.expectAll(requests, status)
	})
	for _, p := range []struct {
		name string
		in   place
	}{{"key-in-query", inQuery}, {"key-as-bearer", asBearer}, {"key-as-basic", asBasic}, {"key-in-cookie", inCookie}} {
		if b.op.takesKeyIn(p.in) {
			continue
		}
		b.add(status, checkText{
			name: p.name, ground: goodPractice, prod: LaxOnly, pointer: pointer,
			summary: "refused: the right key in another place (" + string(p.in) + ")", sends: "an otherwise valid request with the right key in another place (" + string(p.in) + ")",
			why: "A key in a URL or cookie ends up in logs and with other sites.",
		}, stageRefuse, func(t *trial) {
			k := t.s.key()
			k.in = p.in
			allowed := []string{status}
			if p.in == inQuery {
				allowed = append(allowed, "404") // a server may take a query for another path
			}
			t.expect(t.request().withKeys(k), allowed...)
		})
	}
	b.otherNamesCheck(status, pointer)
	b.oddKeyChecks(status, pointer)
	b.refusalManners(status, pointer)
	b.steadyRefusal(status, pointer)
}

// nearMissGround is why a wrong key weighs what it does. In a cookie, quotes
// around a value may or may not be part of it (RFC 6265, sections 4.1.1 and
// 5.2); databases compare without case by default.
func (b *builder) nearMissGround(w wrongKey) ground {
	if in, _ := b.op.security[0].field(); w.level != Must || in == string(inCookie) && w.name == "key-quoted" {
		return stacksDiffer
	}
	return contractSays
}

// otherName is where the APIs of others take their keys.
type otherName struct {
	in   place
	name string
}

func otherNames() []otherName {
	return []otherName{
		{inHeader, "Authorization"}, {inHeader, "Api-Key"}, {inHeader, "Apikey"}, {inHeader, "X-Api-Token"}, {inHeader, "X-Auth-Token"}, {inHeader, "X-Access-Token"}, {inHeader, "Token"},
		{inQuery, "api_key"}, {inQuery, "api-key"}, {inQuery, "apikey"}, {inQuery, "apiKey"}, {inQuery, "key"}, {inQuery, "token"}, {inQuery, "access_token"},
		{inCookie, "api_key"},
	}
}

// otherNamesCheck sends the right key in all of them at once. A target need not
// understand such a request, and must only not let it in.
func (b *builder) otherNamesCheck(status, pointer string) {
	taken := map[string]bool{} // by the contract, for the key or for something else
	for _, p := range b.op.parameters {
		taken[p.in+" "+strings.ToLower(p.name)] = true
	}
	for _, s := range b.op.security {
		in, name := s.field()
		taken[in+" "+strings.ToLower(name)] = true
	}
	var keys []credential
	for _, o := range otherNames() {
		if !taken[string(o.in)+" "+strings.ToLower(o.name)] && !slices.Contains(b.op.elsewhere, string(o.in)) {
			keys = append(keys, credential{in: o.in, name: o.name})
		}
	}
	if len(keys) == 0 {
		return
	}
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = string(k.in) + " " + k.name
	}
	b.add(status, checkText{
		name: "key-elsewhere", ground: goodPractice, prod: LaxOnly, pointer: pointer,
		summary: "refused: the right key under names that other APIs use", sends: "an otherwise valid request with the right key in " + strings.Join(names, ", "),
		why: "A way in that the contract does not name is one that nobody guards.",
	}, stageRefuse, func(t *trial) {
		key := t.s.key()
		sent := slices.Clone(keys)
		for i := range sent {
			sent[i].value, sent[i].label, sent[i].shell, sent[i].good = key.value, key.label+" as "+names[i], key.shell, true
		}
		r := t.request().withKeys(sent...).on(func(r *request) { r.hostile = true }) // a gateway may refuse such a header in its own way
		t.expect(r, status, "400", "403", "404")
	})
}

// keyWords are what an unset variable, a missing value or a pattern looks like.
func keyWords() []string {
	return []string{"undefined", "null", "true", "0", "*", "%", "' OR '1'='1", "constructor", "__proto__"}
}

// markupUser is a fresh user with markup in its name, for the clause about
// markup, where it may be sent.
func (t *trial) markupUser() string {
	if t.s.cfg.Profile == Production {
		return t.user()
	}
	return markup + t.user()
}

// random is a source of its own for a check, the same in each run of a seed.
func (t *trial) random() *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(t.check.ID))
	return rand.New(rand.NewPCG(uint64(t.s.cfg.Seed), h.Sum64()))
}

// longKey is the length of the very long key: long, and still below the 8 KiB
// at which common servers cut headers off.
const longKey = 4000

func (b *builder) oddKeyChecks(status, pointer string) {
	for _, k := range []struct {
		name, what string
		value      string
	}{
		{"long-key", "a key of 4,000 characters", strings.Repeat("k", longKey)},
		{"non-ascii-key", "a key that is not ASCII", "schlüssel-ключ-鍵"},
	} {
		b.add(status, checkText{
			name: k.name, ground: strangers, prod: Harmless, pointer: pointer,
			summary: "refused without a breakdown: " + k.what, sends: "an otherwise valid request with " + k.what,
			why: "Nobody without a key should be able to cause a 500.",
		}, stageRefuse, func(t *trial) {
			hostile := func(r *request) { r.mayClose, r.fresh, r.hostile = true, true, true }
			t.expect(t.request().withKeys(credential{value: k.value, label: k.what}).on(hostile), status, "400", "431")
		})
	}
	if b.op.security[0].in != "header" || b.op.security[0].kind != "apiKey" {
		return
	}
	b.add(status, checkText{
		name: "two-keys", ground: noHarm, prod: Creates, pointer: pointer,
		summary: "a good and a bad key together have the same answer in either order",
		sends:   "the header twice, the good key first and the bad key first",
		why:     "If a proxy and the server each read another of the two, one lets in what the other refused.",
	}, stageRefuse, func(t *trial) {
		bad := unknownKey(t)
		hostile := func(r *request) { r.hostile = true }
		first := t.send(t.request().withKeys(t.s.key(), bad).on(hostile))
		second := t.send(t.request().withKeys(bad, t.s.key()).on(hostile))
		for _, a := range []*answer{first, second} {
			t.hasStatus(a, "2XX", "4XX")
		}
		if first.status != second.status {
			t.fail("the same answer in either order", fmt.Sprintf("%s with the good key first, %s with the bad key first", statusText(first.status), statusText(second.status)), first, second)
		}
	}).requests = 2
}

// unknownKey is a key like the right one that nobody was given.
func unknownKey(t *trial) credential {
	return t.s.unknownKey(t.random())
}

func (b *builder) refusalManners(status, pointer string) {
	if b.op.body != nil && b.op.rejection() != "" {
		b.add(status, checkText{
			name: "before-" + b.op.rejection(), ground: goodPractice, prod: Harmless, pointer: pointer,
			summary: "the key is looked at before the body", sends: "a bad key with a body that is refused, and with one that is not JSON",
			why: "Strangers should learn nothing of what the service takes.",
		}, stageRefuse, func(t *trial) {
			for _, text := range []string{"{}", "{"} {
				t.expect(t.request().withText([]byte(text), open).withKeys(unknownKey(t)).on(func(r *request) { r.subject = "" }), status)
			}
		}).requests = 2
	}
	b.add(status, checkText{
		name: "same-shape", ground: goodPractice, prod: LaxOnly, pointer: pointer,
		summary: "a missing and a wrong key are refused in the same shape", sends: "no key, then an unknown one",
		why: "Clients handle one refusal, not two.",
	}, stageRefuse, func(t *trial) {
		// The markup is for the clause about markup, which looks at every answer.
		missing := t.expect(t.requestFor(t.markupUser()).withKeys(), status)
		wrong := t.expect(t.request().withKeys(unknownKey(t)), status)
		if x, y := shapeOf(missing), shapeOf(wrong); x != y {
			t.fail("one shape", x+" without a key, "+y+" with a wrong one", missing, wrong)
		}
	}).requests = 2
	b.add(status, checkText{
		name: "www-authenticate", ground: noHarm, prod: LaxOnly, pointer: pointer,
		summary: "a refusal names the scheme in WWW-Authenticate", sends: "no key",
		why: "HTTP asks for it (RFC 9110, section 11.6.1), and generic clients rely on it.",
	}, stageRefuse, func(t *trial) {
		if a := t.expect(t.request().withKeys(), status); status == "401" && a.header.Get("WWW-Authenticate") == "" {
			t.fail("a WWW-Authenticate header", "none", a)
		}
	})
}

// lockOutCheck is about what wrong keys may do to the right one.
func (b *builder) lockOutCheck(status string) {
	if b.op.success() == "" {
		return
	}
	b.add(status, checkText{
		name: "no-lock-out", ground: contractSays, prod: Creates, pointer: b.op.Pointer + "/responses/" + b.op.success(),
		summary: "the right key works after wrong ones were refused", sends: "valid requests, after all those with wrong keys",
		why: "Otherwise anyone can lock a manufacturer out.",
	}, stageAfter, func(t *trial) {
		for range 2 {
			t.expect(t.request().withKeys(unknownKey(t)), status)
		}
		t.expect(t.request(), b.op.success())
	}).requests = 3
}

// shapeOf names the kind of an answer's body: its media type and the names of
// its members.
func shapeOf(a *answer) string {
	members, ok := a.value.(map[string]any)
	if !ok {
		return wordOr(a.header.Get("Content-Type"), "no media type")
	}
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	return "{" + strings.Join(names, ", ") + "}"
}

func wordOr(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (b *builder) steadyRefusal(status, pointer string) {
	steady := b.add(status, checkText{
		name: "steady", ground: contractSays, prod: LaxOnly, pointer: pointer,
		summary: "wrong and missing keys are refused every time",
		sends:   fmt.Sprintf("unknown keys and none, %d times in turn", repeats),
		why:     "A door that opens for one stranger in seven is open.",
	}, stageRefuse, func(t *trial) {
		n := repeats
		if t.s.cfg.Profile == Production {
			n = productionRepeats
		}
		random := t.random()
		requests := make([]*request, n)
		for i := range requests {
			r := t.requestFor(t.firstUser()).on(func(r *request) { r.fresh = true }) // who is known needs a key as well
			requests[i] = r.withKeys()
			if i%2 == 0 {
				requests[i] = r.withKeys(t.s.unknownKey(random))
			}
		}
		t.inTurn(requests, status)
	})
	steady.uniform, steady.requests = true, productionRepeats
}
