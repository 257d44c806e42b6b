package conformance

import (
	"math/rand/v2"
	"strings"
	"unicode"
)

// wrongKey is a key that the target must not take, and how it was made.
type wrongKey struct {
	name, what string
	level      Level
	// make returns "" where the key cannot be spoilt this way.
	make  func(key string, random *rand.Rand) string
	shell string
}

// wrongKeys lists keys that are missing, unknown, or nearly right: each is
// taken by a server that compares carelessly in one way.
func wrongKeys() []wrongKey {
	shellHalf := shellPiece(`1-$((${#NOX_API_KEY}/2))`)
	return []wrongKey{
		{"unknown-key", "an unknown key of the same length and alphabet", Must, scrambled, shellChanged(`"$NOX_API_KEY"`)},
		{"key-short-start", "the key without its first character", Must, func(k string, _ *rand.Rand) string { return k[min(1, len(k)):] }, `"${NOX_API_KEY#?}"`},
		{"key-short-end", "the key without its last character", Must, func(k string, _ *rand.Rand) string { return k[:max(0, len(k)-1)] }, `"${NOX_API_KEY%?}"`},
		{"key-longer", "the key with one character more", Must, func(k string, _ *rand.Rand) string { return k + "x" }, `"${NOX_API_KEY}x"`},
		{"key-changed", "the key with a character changed in the middle", Must, changedAt(func(n int) int { return n / 2 }), shellHalf + shellChanged(shellPiece(`$((${#NOX_API_KEY}/2+1))`)) + shellPiece(`$((${#NOX_API_KEY}/2+2))-`)},
		{"key-changed-start", "the key with its first character changed", Must, changedAt(func(int) int { return 0 }), shellChanged(shellPiece("1")) + `"${NOX_API_KEY#?}"`},
		{"key-changed-end", "the key with its last character changed", Must, changedAt(func(n int) int { return n - 1 }), `"${NOX_API_KEY%?}"` + shellChanged(shellPiece(`${#NOX_API_KEY}`))},
		{"key-half", "the first half of the key", Must, func(k string, _ *rand.Rand) string { return k[:len(k)/2] }, shellHalf},
		{"key-doubled", "the key twice", Must, func(k string, _ *rand.Rand) string { return k + k }, `"$NOX_API_KEY$NOX_API_KEY"`},
		{"key-quoted", "the key in quotes", Must, func(k string, _ *rand.Rand) string { return `"` + k + `"` }, `"\"$NOX_API_KEY\""`},
		{"key-with-scheme", "the key behind the word Bearer", Must, func(k string, _ *rand.Rand) string { return "Bearer " + k }, `"Bearer $NOX_API_KEY"`},
		{"key-case", "the key in other case", Should, recased, `"$(printf %s "$NOX_API_KEY" | tr A-Za-z a-zA-Z)"`},
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

// scrambled replaces every letter and digit by another of its kind.
func scrambled(key string, random *rand.Rand) string {
	return strings.Map(func(r rune) rune { return another(r, random) }, key)
}

// changedAt replaces one character, at a place that follows from the length.
func changedAt(place func(length int) int) func(string, *rand.Rand) string {
	return func(key string, random *rand.Rand) string {
		runes := []rune(key)
		if len(runes) == 0 {
			return ""
		}
		at := place(len(runes))
		if next := another(runes[at], random); next != runes[at] {
			runes[at] = next
		} else {
			runes[at] = 'x'
		}
		return string(runes)
	}
}

// another picks a different character of the same kind.
func another(r rune, random *rand.Rand) rune {
	for _, kind := range []struct{ from, to rune }{{'a', 'z'}, {'A', 'Z'}, {'0', '9'}} {
		if r >= kind.from && r <= kind.to {
			size := kind.to - kind.from + 1
			return kind.from + (r-kind.from+1+rune(random.IntN(int(size-1))))%size
		}
	}
	return r
}

// recased swaps the case of every letter.
func recased(key string, _ *rand.Rand) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, key)
}
