package checks

import (
	"math/rand/v2"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/trial"
)

// A wrong key is never one that the target may take, nor another spelling of
// the right one where that is another check's business.
func TestWrongKeysAreNearMisses(t *testing.T) {
	keys := []string{
		"a", "0", "ab", "ba", "01", "zz", "-", "-_-", "a-b", "a b", "KEY", "key", "ключ", "true", "null",
		"acme-test-key-5c1d0a", "123e4567-e89b-12d3-a456-426614174000", "c2VjcmV0LWtleQ==", strings.Repeat("ab", 40),
	}
	seeds := uint64(20)
	if testing.Short() {
		seeds = 2
	}
	for _, key := range keys {
		for _, other := range append(keys, key+"x", key+key, `"`+key+`"`, "Bearer "+key) {
			if other == key {
				continue
			}
			s := &trial.Session{Config: &conformance.Config{Keys: conformance.Keys{Key: key, Other: other, Disabled: "b"}}}
			for seed := range seeds {
				random := rand.New(rand.NewPCG(seed, 1))
				for _, w := range WrongKeys() {
					wrong := spoil(s, w.Derive, random)
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
				unknown := anUnknownKey(s, random).Value
				if unknown == "" || trial.HaveSameCharacters(unknown, key) || len([]rune(unknown)) != len([]rune(key)) {
					t.Fatalf("%q for %q: an unknown key must have other characters, and as many", unknown, key)
				}
			}
		}
	}
}
