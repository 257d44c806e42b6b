package secret

import (
	"bytes"
	"strings"
)

// Keys are often made of words ("acme-disabled-5c1d0a"), and some are nothing
// else ("test"). Words also appear where no key is meant, so they count less
// than random characters: a piece of a key that is only words is not the key,
// and a key that is only a word is one only where it appears by itself.

const (
	longestWord   = 16 // letters; longer ones are random
	longestPhrase = 15 // characters of a key that is looked for as a word
	shortestWhole = 8  // characters from which a key of random characters is found within words
	mostInARow    = 5  // consonants of a word
	fewRandom     = 2  // random characters with which a piece of a key tells something of it
)

// ResemblesWord reports whether a secret appears in texts by chance: it is short, or
// a few ordinary words.
func ResemblesWord(secret string) bool {
	random := randomUpTo(secret)
	return len(secret) < shortestWhole || len(secret) <= longestPhrase && random[len(secret)] == 0
}

// randomUpTo counts, for each place in a secret, the characters before it that
// belong to no ordinary word.
func randomUpTo(secret string) []int {
	out := make([]int, len(secret)+1)
	for at := 0; at < len(secret); {
		end := at
		for end < len(secret) && !joinsWords(secret[end]) {
			end++
		}
		random := 1
		if ordinaryWord(secret[at:end]) {
			random = 0
		}
		for ; at < end; at++ {
			out[at+1] = out[at] + random
		}
		if at < len(secret) { // the character between two words
			out[at+1] = out[at]
			at++
		}
	}
	return out
}

// backwardsUpTo is randomUpTo for a secret written backwards.
func backwardsUpTo(secret string) []int {
	counts := randomUpTo(secret)
	all := counts[len(secret)]
	out := make([]int, len(counts))
	for i := range out {
		out[i] = all - counts[len(secret)-i]
	}
	return out
}

func joinsWords(c byte) bool { return c == '-' || c == '_' || c == '.' || c == ' ' }

// ordinaryWord reports whether a text reads as one word: letters of one case, or
// with a capital in front, vowels among them unless it is an abbreviation.
func ordinaryWord(s string) bool {
	if len(s) > longestWord || s != strings.ToLower(s) && s != strings.ToUpper(s) && s[1:] != strings.ToLower(s[1:]) {
		return false
	}
	vowels, row := false, 0
	for _, c := range []byte(strings.ToLower(s)) {
		switch {
		case c < 'a' || c > 'z':
			return false
		case strings.IndexByte("aeiouy", c) >= 0:
			vowels, row = true, 0
		default:
			if row++; row > mostInARow {
				return false
			}
		}
	}
	return vowels || len(s) <= 3
}

// tells reports whether a piece of a secret gives something of it away.
func (t *secretText) tells(at, length int) bool {
	return t.random == nil || t.random[at+length]-t.random[at] >= fewRandom || 8*length >= 7*len(t.text)
}

// isWord reports whether a part of a text, in lower case, is a word by itself.
// Words that are joined ("latest-test.example/test") are one.
func isWord(text []byte, from, to int) bool {
	return !joined(text, from, -1) && !joined(text, to-1, 1)
}

// joined reports whether a word goes on behind the character at a place, in the
// direction of step.
func joined(text []byte, at, step int) bool {
	next, then := at+step, at+2*step
	switch {
	case next < 0 || next >= len(text):
		return false
	case wordByte(text[next]):
		return true
	case strings.IndexByte("-./@~%", text[next]) < 0:
		return false
	case !wordByte(text[at]): // the secret itself ends with a sign
		return true
	}
	return then >= 0 && then < len(text) && wordByte(text[then])
}

// isSpared reports whether a part of a text, in lower case, lies in a URL that
// is to be left alone.
func (x *Index) isSpared(text []byte, from, to int) bool {
	for _, url := range x.spared {
		for first := max(0, to-len(url)); first <= from && first+len(url) <= len(text); first++ {
			if bytes.HasPrefix(text[first:], url) {
				return true
			}
		}
	}
	return false
}

// inData reports whether a part of one of our sentences is data that it quotes.
func inData(text []byte, from, to int) bool {
	quoted := false
	for i := 0; i < from; i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		}
	}
	beside := func(i int) bool {
		return i >= 0 && i < len(text) && strings.IndexByte("\"`=<>{}&?", text[i]) >= 0
	}
	return quoted || beside(from-1) || beside(to)
}
