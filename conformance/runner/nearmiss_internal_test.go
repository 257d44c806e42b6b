package runner

import (
	"math/rand/v2"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
)

// A wrong key is never one that the target may take, nor another spelling of
// the right one where that is another check's business.
func TestWrongKeysAreNearMisses(t *testing.T) {
	keys := []string{
		"a", "0", "ab", "ba", "01", "zz", "-", "-_-", "a-b", "a b", "KEY", "key", "ключ", "true", "null",
		"acme-test-key-5c1d0a", "123e4567-e89b-12d3-a456-426614174000", "c2VjcmV0LWtleQ==", strings.Repeat("ab", 40),
	}
	for _, key := range keys {
		for _, other := range append(keys, key+"x", key+key, `"`+key+`"`, "Bearer "+key) {
			if other == key {
				continue
			}
			s := &session{cfg: &conformance.Config{Keys: conformance.Keys{Key: key, Other: other, Disabled: "b"}}}
			for seed := range uint64(20) {
				random := rand.New(rand.NewPCG(seed, 1))
				for _, w := range wrongKeys() {
					wrong := s.spoil(w.make, random)
					if trimmed := strings.TrimSpace(wrong); trimmed == key || trimmed == other || trimmed == "b" {
						t.Fatalf("%s of %q is %q, a key that must be taken", w.name, key, wrong)
					}
					if w.name != "key-case" && strings.EqualFold(strings.TrimSpace(wrong), key) {
						t.Fatalf("%s of %q is %q, the key in other case", w.name, key, wrong)
					}
					if strings.HasPrefix(w.name, "key-changed") && wrong != "" && len([]rune(wrong)) != len([]rune(key)) {
						t.Fatalf("%s of %q is %q, of another length", w.name, key, wrong)
					}
				}
				unknown := s.unknownKey(random).Value
				if unknown == "" || sameCharacters(unknown, key) || len([]rune(unknown)) != len([]rune(key)) {
					t.Fatalf("%q for %q: an unknown key must have other characters, and as many", unknown, key)
				}
			}
		}
	}
}

// What a run may take grows with what its rate and its wait need.
func TestTheDefaultDeadlineGrows(t *testing.T) {
	of := func(rate float64) *Runner {
		r, err := New(conformance.Config{Target: "http://127.0.0.1:1/v2", Keys: conformance.Keys{Key: "some-key"}, Rate: rate, Wait: plainDeadline})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	n := of(1).requests()
	for rate, want := range map[float64]float64{0: 0, 1e6: 0, 0.5: float64(n-1) * 2, 0.01: float64(n-1) * 100} {
		if got, least := of(rate).cfg.Deadline, max(plainDeadline, seconds(want)); got < least+plainDeadline || got > 3*least+plainDeadline {
			t.Errorf("at %g a second: %s for %d requests", rate, got, n)
		}
	}
}
