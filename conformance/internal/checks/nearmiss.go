package checks

import (
	"math/rand/v2"
	"strings"
	"unicode/utf8"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// WrongKey is a key that the target must not take, and how it was made.
type WrongKey struct {
	name, Description string
	level             conformance.Level
	// Derive returns "" where the key cannot be spoilt this way.
	Derive func(key string, random *rand.Rand) string
	shell  string
}

// withScheme names the check of a key behind the name of a scheme.
const withScheme = "key-with-scheme"

// WrongKeys lists keys that are missing, unknown, or nearly right: each is
// taken by a server that compares carelessly in one way.
func WrongKeys() []WrongKey {
	shellHalf := shellPiece(`1-$((${#NOX_API_KEY}/2))`)
	return []WrongKey{
		{"unknown-key", "an unknown key of the same length and alphabet", conformance.Must, scrambled, shellChanged(`"$NOX_API_KEY"`)},
		{"key-short-start", "the key without its first character", conformance.Must, func(k string, _ *rand.Rand) string {
			return part(k, func(n int) (from, to int) { return min(1, n), n })
		}, `"${NOX_API_KEY#?}"`},
		{"key-short-end", "the key without its last character", conformance.Must, func(k string, _ *rand.Rand) string {
			return part(k, func(n int) (from, to int) { return 0, max(0, n-1) })
		}, `"${NOX_API_KEY%?}"`},
		{"key-longer", "the key with one more character", conformance.Must, func(k string, _ *rand.Rand) string { return k + "x" }, `"${NOX_API_KEY}x"`},
		{"key-changed", "the key with a middle character changed", conformance.Must, changedAt(func(n int) int { return n / 2 }), shellHalf + shellChanged(shellPiece(`$((${#NOX_API_KEY}/2+1))`)) + shellPiece(`$((${#NOX_API_KEY}/2+2))-`)},
		{"key-changed-start", "the key with its first character changed", conformance.Must, changedAt(func(int) int { return 0 }), shellChanged(shellPiece("1")) + `"${NOX_API_KEY#?}"`},
		{"key-changed-end", "the key with its last character changed", conformance.Must, changedAt(func(n int) int { return n - 1 }), `"${NOX_API_KEY%?}"` + shellChanged(shellPiece(`${#NOX_API_KEY}`))},
		{"key-half", "the first half of the key", conformance.Must, func(k string, _ *rand.Rand) string { return part(k, func(n int) (from, to int) { return 0, n / 2 }) }, shellHalf},
		{"key-doubled", "the key repeated twice", conformance.Must, func(k string, _ *rand.Rand) string { return k + k }, `"$NOX_API_KEY$NOX_API_KEY"`},
		{"key-quoted", "the key in quotes", conformance.Must, func(k string, _ *rand.Rand) string { return `"` + k + `"` }, `"\"$NOX_API_KEY\""`},
		{withScheme, "the key with the prefix Bearer", conformance.Must, func(k string, _ *rand.Rand) string { return "Bearer " + k }, `"Bearer $NOX_API_KEY"`},
		{"key-punctuation", "the key with its dashes and underscores exchanged", conformance.Must, func(k string, _ *rand.Rand) string {
			return strings.NewReplacer("-", "_", "_", "-").Replace(k)
		}, `"$(printf %s "$NOX_API_KEY" | tr -- -_ _-)"`},
		{"key-case", "the key with upper and lower case swapped", conformance.Should, recased, `"$(printf %s "$NOX_API_KEY" | tr A-Za-z a-zA-Z)"`},
	}
}

// shellPiece is the characters of the key at a place, as cut names it, in a POSIX
// shell.
func shellPiece(place string) string {
	return `"$(printf %s "$NOX_API_KEY" | cut -c ` + place + `)"`
}

// shellChanged puts the next of its kind for every letter and digit, and an x
// for any other sign: not what was sent, but as wrong.
func shellChanged(word string) string {
	return `"$(printf %s ` + word + ` | tr -c A-Za-z0-9 @ | tr A-Za-z0-9@ B-ZAb-za1-90x)"`
}

// part is a part of a key, in whole characters.
func part(key string, of func(length int) (from, to int)) string {
	runes := []rune(key)
	from, to := of(len(runes))
	return string(runes[from:to])
}

// keyDraws is how often a key is made at random until it is none that the
// target may take.
const keyDraws = 100

// spoil makes a key that the target must not take, "" where the key cannot be
// spoilt in this way.
func spoil(s *trial.Session, how func(key string, random *rand.Rand) string, random *rand.Rand) string {
	for range keyDraws {
		if key := how(s.Config.Keys.Key, random); key != "" && !s.IsRealKey(key) {
			return key
		}
	}
	return ""
}

// anUnknownKey is a key like the right one that nobody was given.
func anUnknownKey(s *trial.Session, random *rand.Rand) wire.Credential {
	return wire.Credential{Value: spoil(s, scrambled, random), Label: "an unknown key"}
}

// scrambled replaces every letter and digit by another of its kind, so that
// neither the order nor the case of its characters makes it the key again. What
// has neither becomes a word of the same length.
func scrambled(key string, random *rand.Rand) string {
	out := ""
	for range keyDraws {
		found := false
		out = strings.Map(func(r rune) rune {
			next, ok := another(r, random)
			found = found || ok
			return next
		}, key)
		if !found {
			return strings.Repeat("x", utf8.RuneCountInString(key))
		}
		if !trial.HaveSameCharacters(out, key) {
			break
		}
	}
	return out
}

// changedAt replaces the letter or digit nearest to a place that follows from
// the length; in a key without any, the character there.
func changedAt(place func(length int) int) func(string, *rand.Rand) string {
	return func(key string, random *rand.Rand) string {
		runes := []rune(key)
		if len(runes) == 0 {
			return ""
		}
		at := place(len(runes))
		for distance := range len(runes) {
			for _, i := range []int{at - distance, at + distance} {
				if i < 0 || i >= len(runes) {
					continue
				}
				if next, ok := another(runes[i], random); ok {
					runes[i] = next
					return string(runes)
				}
			}
		}
		runes[at] = 'x'
		return string(runes)
	}
}

// another picks a different character of the same kind; ok reports whether it
// is a letter or digit.
func another(r rune, random *rand.Rand) (next rune, ok bool) {
	for _, kind := range []struct{ from, to rune }{{'a', 'z'}, {'A', 'Z'}, {'0', '9'}} {
		if r >= kind.from && r <= kind.to {
			size := kind.to - kind.from + 1
			return kind.from + (r-kind.from+1+rune(random.IntN(int(size-1))))%size, true
		}
	}
	return r, false
}

// recased swaps the case of every letter of ASCII.
func recased(key string, _ *rand.Rand) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return r
	}, key)
}
