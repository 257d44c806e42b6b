package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"math/bits"
	"slices"
	"strings"
	"sync"
)

// MinPieceLength is how many characters of a secret in a row are taken for it.
// The index looks for as many at a time, which are just a word of the machine.
const MinPieceLength = 8

// Of a secret that is written in another alphabet, a piece of the same content
// is longer.
const (
	shortestBase64 = 10 // whole characters of eight bytes, at the worst alignment
	shortestHex    = 2 * MinPieceLength
)

// shortestForm bounds the forms in another alphabet that are looked for.
const shortestForm = 5

// secretText is one way to write a secret, in lower case.
type secretText struct {
	text, label string
	piece       int   // how many characters in a row count as the secret
	word        bool  // counts only as a whole, between characters that end a word
	random      []int // characters up to each place that no ordinary word explains; nil: all of them
}

type secretPlace struct{ text, at int32 }

// Index finds secrets in a text in one pass: every run of eight bytes of
// a secret is in a table. A small filter in front keeps most of a text away
// from that table.
type Index struct {
	texts   []secretText
	short   []int // of texts, those that are shorter than a run
	runs    map[uint64][]secretPlace
	filter  [1 << 10]uint64
	longest int
	words   bool     // some text is one only as a word
	public  string   // texts in lower case
	grams   []uint64 // a filter of the runs in public
	pieces  sync.Map // string to bool: whether a piece of a secret appears in public
	spared  [][]byte // URLs in lower case in which no word is a secret
}

// NewIndex returns an index that contains no secret.
func NewIndex(public ...string) *Index {
	x := &Index{runs: map[uint64][]secretPlace{}}
	x.publish(strings.ToLower(strings.Join(public, "\n")))
	return x
}

// publish adds a public text.
func (x *Index) publish(text string) {
	x.pieces.Clear()
	x.public += text + "\n"
	if 8*len(x.public) > 64*len(x.grams) {
		x.grams, text = make([]uint64, 1<<bits.Len(uint(len(x.public)/4))), x.public
	}
	var run uint64
	for i := range len(text) {
		if run = run<<8 | uint64(text[i]); i >= MinPieceLength-1 {
			word, bit := x.gramPlace(run)
			x.grams[word] |= bit
		}
	}
}

func (x *Index) gramPlace(run uint64) (word int, bit uint64) {
	h := run * 0x9e3779b97f4a7c15 >> 16
	return int(h>>6) & (len(x.grams) - 1), 1 << (h & 63)
}

// AddSecret adds all encodings of a secret, and all pieces of them.
func (x *Index) AddSecret(secret, label string) {
	x.addForms(secret, label, true)
}

// addWhole adds all writings of a secret that is only one as a whole.
func (x *Index) addWhole(secret, label string) { x.addForms(secret, label, false) }

// addWord adds a secret that is too short to have other writings.
func (x *Index) addWord(secret, label string) {
	x.addText(secretText{text: secret, label: label, piece: len(secret), word: true})
}

// spare leaves words of a URL alone that happen to be secrets.
func (x *Index) spare(url string) {
	x.publish(strings.ToLower(url))
	x.spared = append(x.spared, []byte(strings.ToLower(url)))
}

func (x *Index) addForms(secret, label string, pieces bool) {
	x.longest = max(x.longest, len(secret))
	add := func(text string, piece int) {
		if !pieces {
			piece = len(text)
		}
		x.addText(secretText{text: text, label: label, piece: min(piece, len(text))})
	}
	addPlain := func(text string, random []int) {
		t := secretText{text: text, label: label, piece: min(MinPieceLength, len(text)), word: ResemblesWord(text), random: random}
		if t.word || !pieces {
			t.piece = len(text)
		}
		x.addText(t)
	}
	for v := range views(secret) {
		// A secret that holds escapes itself is read as often as the text is.
		if plain := string(v.text); len(plain) >= shortestSecret {
			addPlain(plain, randomUpTo(plain))
			addPlain(backwards(plain), backwardsUpTo(plain))
			if strings.Contains(plain, " ") {
				addPlain(strings.ReplaceAll(plain, " ", "+"), randomUpTo(plain)) // as a form does
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

func (x *Index) addText(t secretText) {
	t.text = string(asciiLower([]byte(t.text)))
	if slices.ContainsFunc(x.texts, func(have secretText) bool { return have.text == t.text && have.piece <= t.piece }) {
		return
	}
	at := len(x.texts)
	x.texts = append(x.texts, t)
	x.words = x.words || t.word
	if len(t.text) < MinPieceLength {
		x.short = append(x.short, at)
		return
	}
	var run uint64
	for i := range len(t.text) {
		run = run<<8 | uint64(t.text[i])
		if i >= MinPieceLength-1 {
			x.runs[run] = append(x.runs[run], secretPlace{int32(at), int32(i - MinPieceLength + 1)})
			word, bit := filterPlace(run)
			x.filter[word] |= bit
		}
	}
}

func filterPlace(run uint64) (word int, bit uint64) {
	h := run * 0x9e3779b97f4a7c15 >> 48
	return int(h >> 6), 1 << (h & 63)
}

// spans lists where secrets appear in a text, in order and apart. In our own
// sentences a secret that is an ordinary word counts only where the sentence
// quotes data.
func (x *Index) spans(text string, own bool) []span {
	if len(x.texts) == 0 {
		return nil
	}
	var out []span
	var lower []byte // of the text, for words
	if x.words {
		lower = asciiLower([]byte(text))
	}
	for v := range views(text) {
		x.find(asciiLower(v.text), func(from, to int, t *secretText) {
			first, last := v.place(from, to)
			if t.word && (x.isSpared(lower, first, last) || own && !inData(lower, first, last)) {
				return
			}
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
func (x *Index) find(text []byte, found func(from, to int, t *secretText)) {
	for _, i := range x.short {
		x.findShort(text, &x.texts[i], found)
	}
	if len(x.runs) == 0 {
		return
	}
	var run uint64
	for i, c := range text {
		run = run<<8 | uint64(c)
		if word, bit := filterPlace(run); x.filter[word]&bit == 0 || i < MinPieceLength-1 {
			continue
		}
		for _, p := range x.runs[run] {
			t, from, at := &x.texts[p.text], i-MinPieceLength+1, int(p.at)
			if from > 0 && at > 0 && text[from-1] == t.text[at-1] {
				continue // it began before, and was found there
			}
			length := MinPieceLength
			for from+length < len(text) && at+length < len(t.text) && text[from+length] == t.text[at+length] {
				length++
			}
			whole := length == len(t.text)
			if length >= t.piece && (!t.word || isWord(text, from, from+length)) && (whole || t.tells(at, length) && !x.isPublic(text[from:from+length])) {
				found(from, from+length, t)
			}
		}
	}
}

func (x *Index) findShort(text []byte, t *secretText, found func(from, to int, t *secretText)) {
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte(t.text))
		if i < 0 {
			return
		}
		from := at + i
		to := from + len(t.text)
		if !t.word || isWord(text, from, to) {
			found(from, to, t)
		}
		at = to
	}
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

// isPublic reports whether a piece gives nothing away, as it stands in a public
// text. That text may be long, and a run has many secrets: most pieces are known by
// their runs not to be in it, and the others are looked for once.
func (x *Index) isPublic(piece []byte) bool {
	var run uint64
	for i, c := range piece {
		run = run<<8 | uint64(c)
		if word, bit := x.gramPlace(run); i >= MinPieceLength-1 && x.grams[word]&bit == 0 {
			return false
		}
	}
	known, ok := x.pieces.Load(string(piece))
	if !ok {
		known = strings.Contains(x.public, string(piece))
		x.pieces.Store(string(piece), known)
	}
	return known.(bool)
}

// ContainsHalf reports whether a text contains at least half of a secret in one
// piece.
func (x *Index) ContainsHalf(text string) bool {
	holds := false
	for v := range views(text) {
		x.find(asciiLower(v.text), func(from, to int, t *secretText) {
			holds = holds || 2*(to-from) >= len(t.text)
		})
	}
	return holds
}
