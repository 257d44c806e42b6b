package secret

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// shortestSecret bounds what is looked for anywhere: a shorter one stands in
// any text by chance, and is only a secret where it is a word by itself.
const shortestSecret = 4

// MinHeaderLength is the same for headers that are added to every request, of
// which not all are secret.
const MinHeaderLength = 8

// Redactor replaces secrets, however they are written, by a label.
type Redactor struct {
	harmless []string // no secrets, whoever sends them
	mu       sync.RWMutex
	known    map[string]bool
	index    *Index
	short    map[string]string // short texts as they are redacted: most headers are those of all requests
	learned  int               // how often what is known has changed
}

// maxShort bounds the texts that are kept with what was made of them, and maxKept how
// many.
const (
	maxShort = 256
	maxKept  = 10_000
)

// NewRedactor returns a redactor. It leaves pieces of secrets that also appear
// in a public text: they give nothing away. harmless words are no secrets, even
// if a request carries one as its key.
func NewRedactor(harmless []string, public ...string) *Redactor {
	return &Redactor{harmless: harmless, known: map[string]bool{}, index: NewIndex(public...), short: map[string]string{}}
}

// Add makes a secret known, and pieces of it. Call it before anything that
// contains the secret is sent.
func (r *Redactor) Add(secret, label string) {
	if secret = bare(secret); len(secret) >= shortestSecret {
		r.learn(secret, label, (*Index).AddSecret)
	}
}

// AddKey adds a key of the run, which is secret even if it is very short.
func (r *Redactor) AddKey(secret, label string) {
	switch {
	case len(secret) >= shortestSecret:
		r.learn(secret, label, (*Index).AddSecret)
	case secret != "":
		r.learn(secret, label, (*Index).addWord)
	}
}

// AddWhole adds a secret that may contain ordinary words, so that pieces of it
// are not redacted.
func (r *Redactor) AddWhole(secret, label string) {
	if len(secret) >= shortestSecret {
		r.learn(secret, label, (*Index).addWhole)
	}
}

func (r *Redactor) learn(secret, label string, how func(x *Index, secret, label string)) {
	r.mu.RLock()
	known := r.known[secret]
	r.mu.RUnlock()
	// Words that are sent for a key are no secrets, and stand in any JSON text.
	if known || slices.Contains(r.harmless, secret) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.known[secret] {
		r.known[secret] = true
		r.forget()
		how(r.index, secret, "["+label+"]")
	}
}

// IsPlainHeader reports whether a header added to every request carries no
// secret.
func IsPlainHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Cache-Control", "Origin", "Pragma", "Prefer", "User-Agent":
		return true
	}
	return false
}

// forget is called with the lock held.
func (r *Redactor) forget() {
	r.learned++
	clear(r.short)
}

// Redact replaces every secret in data that was sent or received.
func (r *Redactor) Redact(text string) string {
	if len(text) > maxShort {
		return r.replace(text, len(text), false)
	}
	r.mu.RLock()
	out, ok := r.short[text]
	learned := r.learned
	r.mu.RUnlock()
	if ok {
		return out
	}
	out = r.replace(text, len(text), false)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.learned == learned && len(r.short) < maxKept {
		r.short[text] = out
	}
	return out
}

// RedactOwn replaces every secret in a sentence of this program. A key that is
// an ordinary word stays.
func (r *Redactor) RedactOwn(text string) string { return r.replace(text, len(text), true) }

// RedactPrefix redacts the first length bytes of data. It reads further, to
// recognise a secret across the end.
func (r *Redactor) RedactPrefix(text string, length int) string {
	return r.replace(text, length, false)
}

// AllowURL leaves a URL that the user gave as it is, except for keys that
// cannot be ordinary words.
func (r *Redactor) AllowURL(url string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.index.spare(url)
	r.forget()
}

func (r *Redactor) replace(text string, length int, own bool) string {
	r.mu.RLock()
	spans := r.index.spans(text[:min(len(text), length+longestEscape*r.index.longest)], own)
	r.mu.RUnlock()
	length = min(len(text), length)
	if len(spans) == 0 {
		return text[:length]
	}
	var b strings.Builder
	at := 0
	for _, s := range spans {
		if s.from >= length {
			break
		}
		b.WriteString(text[at:s.from])
		b.WriteString(s.label)
		at = s.to
	}
	if at < length {
		b.WriteString(text[at:length])
	}
	return b.String()
}

// span is where a secret stands in a text.
type span struct {
	from, to int
	label    string
	weight   int // how much of the secret it is, to choose among labels
}

// merge joins spans that overlap, under the label of the weightiest. Of equal ones
// the label decides, as the order in which secrets became known is left to chance.
func merge(spans []span) []span {
	slices.SortStableFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.weight, a.weight), cmp.Compare(a.label, b.label))
	})
	out := spans[:0]
	for _, s := range spans {
		if len(out) == 0 || s.from >= out[len(out)-1].to {
			out = append(out, s)
			continue
		}
		last := &out[len(out)-1]
		last.to = max(last.to, s.to)
		if s.weight > last.weight {
			last.label, last.weight = s.label, s.weight
		}
	}
	return out
}

// asciiLower lowers A to Z only, so that every byte keeps its place.
func asciiLower(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		out[i] = c
	}
	return out
}
