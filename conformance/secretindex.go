package conformance

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

// shortestPiece is how many characters of a secret in a row are taken for it.
// The index looks for as many at a time, which are just a word of the machine.
const shortestPiece = 8

// Of a secret that is written in another alphabet, a piece of the same content
// is longer.
const (
	shortestBase64 = 10 // whole characters of eight bytes, at the worst alignment
	shortestHex    = 2 * shortestPiece
)

// shortestForm bounds the forms in another alphabet that are looked for.
const shortestForm = 5

// secretText is one way to write a secret, in lower case.
type secretText struct {
	text, label string
	piece       int  // how much of it counts
	word        bool // only by itself
}

type secretPlace struct{ text, at int32 }

// secretIndex finds secrets in a text in one pass: every run of eight bytes of
// a secret is in a table. A small filter in front keeps most of a text away
// from that table.
type secretIndex struct {
	texts   []secretText
	short   []int // of texts, those that are shorter than a run
	runs    map[uint64][]secretPlace
	filter  [1 << 10]uint64
	longest int
	public  string // texts in lower case
}

func newSecretIndex(public ...string) *secretIndex {
	return &secretIndex{runs: map[uint64][]secretPlace{}, public: strings.ToLower(strings.Join(public, "\n"))}
}

// addSecret adds all writings of a secret, and all pieces of them.
func (x *secretIndex) addSecret(secret, label string) {
	x.addForms(secret, label, true)
}

// addWhole adds all writings of a secret that is only one as a whole.
func (x *secretIndex) addWhole(secret, label string) { x.addForms(secret, label, false) }

// addWord adds a secret that is too short to be looked for within words.
func (x *secretIndex) addWord(secret, label string) {
	x.addText(secretText{text: secret, label: label, piece: len(secret), word: true})
}

func (x *secretIndex) addForms(secret, label string, pieces bool) {
	x.longest = max(x.longest, len(secret))
	add := func(text string, piece int) {
		if !pieces {
			piece = len(text)
		}
		x.addText(secretText{text: text, label: label, piece: min(piece, len(text))})
	}
	for v := range views(secret) {
		// A secret that holds escapes itself is read as often as the text is.
		if plain := string(v.text); len(plain) >= shortestSecret {
			add(plain, shortestPiece)
			add(backwards(plain), shortestPiece)
			if strings.Contains(plain, " ") {
				add(strings.ReplaceAll(plain, " ", "+"), shortestPiece) // as a form does
			}
		}
	}
	add(hex.EncodeToString([]byte(secret)), shortestHex)
	for _, text := range inBase64(secret) {
		if len(text) >= shortestForm {
			add(text, shortestBase64)
		}
	}
}

// bare takes away what stands around a key in a field, and is no secret.
func bare(secret string) string {
	for _, scheme := range []string{"Bearer ", "Basic "} {
		if len(secret) > len(scheme) && strings.EqualFold(secret[:len(scheme)], scheme) {
			secret = secret[len(scheme):]
		}
	}
	if inner := strings.Trim(secret, `"`); len(inner)+2 == len(secret) {
		return inner
	}
	return secret
}

// inBase64 writes a secret at each of the three alignments, without the
// characters that depend on what stands beside it.
func inBase64(secret string) []string {
	var out []string
	for shift := range 3 {
		padded := append(make([]byte, shift), secret...)
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := enc.EncodeToString(padded)
			from, to := 0, len(text)
			if shift > 0 {
				from = shift + 1
			}
			if len(padded)%3 != 0 {
				to--
			}
			if from < to {
				out = append(out, text[from:to])
			}
		}
	}
	return out
}

func backwards(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

func (x *secretIndex) addText(t secretText) {
	t.text = string(asciiLower([]byte(t.text)))
	if slices.ContainsFunc(x.texts, func(have secretText) bool { return have.text == t.text && have.piece <= t.piece }) {
		return
	}
	at := len(x.texts)
	x.texts = append(x.texts, t)
	if len(t.text) < shortestPiece {
		x.short = append(x.short, at)
		return
	}
	var run uint64
	for i := range len(t.text) {
		run = run<<8 | uint64(t.text[i])
		if i >= shortestPiece-1 {
			x.runs[run] = append(x.runs[run], secretPlace{int32(at), int32(i - shortestPiece + 1)})
			word, bit := filterPlace(run)
			x.filter[word] |= bit
		}
	}
}

func filterPlace(run uint64) (word int, bit uint64) {
	h := run * 0x9e3779b97f4a7c15 >> 48
	return int(h >> 6), 1 << (h & 63)
}

// spans lists where secrets stand in a text, in order and apart.
func (x *secretIndex) spans(text string) []span {
	if len(x.texts) == 0 {
		return nil
	}
	var out []span
	for v := range views(text) {
		x.find(asciiLower(v.text), func(from, to int, t *secretText) {
			first, last := v.place(from, to)
			weight := 2 * (to - from)
			if to-from == len(t.text) {
				weight++
			}
			out = append(out, span{first, last, t.label, weight})
		})
	}
	return merge(out)
}

// find calls found for each longest piece of a secret in a text.
func (x *secretIndex) find(text []byte, found func(from, to int, t *secretText)) {
	for _, i := range x.short {
		x.findShort(text, &x.texts[i], found)
	}
	if len(x.runs) == 0 {
		return
	}
	var run uint64
	for i, c := range text {
		run = run<<8 | uint64(c)
		if word, bit := filterPlace(run); x.filter[word]&bit == 0 || i < shortestPiece-1 {
			continue
		}
		for _, p := range x.runs[run] {
			t, from, at := &x.texts[p.text], i-shortestPiece+1, int(p.at)
			if from > 0 && at > 0 && text[from-1] == t.text[at-1] {
				continue // it began before, and was found there
			}
			length := shortestPiece
			for from+length < len(text) && at+length < len(t.text) && text[from+length] == t.text[at+length] {
				length++
			}
			if length >= t.piece && (length == len(t.text) || !x.isPublic(text[from:from+length])) {
				found(from, from+length, t)
			}
		}
	}
}

func (x *secretIndex) findShort(text []byte, t *secretText, found func(from, to int, t *secretText)) {
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte(t.text))
		if i < 0 {
			return
		}
		from := at + i
		to := from + len(t.text)
		if !t.word || (from == 0 || !wordByte(text[from-1])) && (to == len(text) || !wordByte(text[to])) {
			found(from, to, t)
		}
		at = to
	}
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

// isPublic tells whether a piece gives nothing away, as it stands in a public
// text.
func (x *secretIndex) isPublic(piece []byte) bool {
	return strings.Contains(x.public, string(piece))
}

// holdsHalf tells whether a text holds half of a secret in one piece, or more.
func (x *secretIndex) holdsHalf(text string) bool {
	holds := false
	for v := range views(text) {
		x.find(asciiLower(v.text), func(from, to int, t *secretText) {
			holds = holds || 2*(to-from) >= len(t.text)
		})
	}
	return holds
}
