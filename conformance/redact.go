package conformance

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// shortestSecret bounds what is looked for: shorter pieces of a key stand in
// any text by chance.
const shortestSecret = 4

// shortestHeader is the same for headers that are added to every request, of
// which not all are secret.
const shortestHeader = 8

// redactor replaces secrets, however they are written, by a label.
type redactor struct {
	mu    sync.Mutex
	known map[string]bool
	forms []secretForm // the longest first
}

type secretForm struct{ text, label string }

func newRedactor() *redactor { return &redactor{known: map[string]bool{}} }

// add makes a secret known, before anything with it is sent.
func (r *redactor) add(secret, label string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// Words that are sent for a key are no secrets, and stand in any JSON text.
	if len(secret) < shortestSecret || r.known[secret] || slices.Contains(keyWords(), secret) {
		return
	}
	r.known[secret] = true
	forms := slices.Clone(r.forms)
	for _, text := range writings(secret) {
		if len(text) >= shortestSecret {
			forms = append(forms, secretForm{asciiLower(text), "[" + label + "]"})
		}
	}
	slices.SortStableFunc(forms, func(a, b secretForm) int { return len(b.text) - len(a.text) })
	r.forms = forms
}

// writings lists the ways a server may write a secret back: as it is, escaped
// for JSON, for a URL, in base64 at each of its three alignments.
func writings(secret string) []string {
	out := []string{secret, string(escaped(secret))[1 : 6*len(utf16Units(secret))+1]}
	if quoted, err := json.Marshal(secret); err == nil {
		out = append(out, string(quoted[1:len(quoted)-1]))
	}
	out = append(out, url.QueryEscape(secret), url.PathEscape(secret))
	for shift := range 3 {
		padded := append(make([]byte, shift), secret...)
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := enc.EncodeToString(padded)
			// The first and last characters depend on what stands beside the
			// secret: leave them out.
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

// redact replaces every secret in a text, whatever the case of its letters.
func (r *redactor) redact(text string) string {
	r.mu.Lock()
	forms := r.forms
	r.mu.Unlock()
	lower := asciiLower(text)
	for _, f := range forms {
		if !strings.Contains(lower, f.text) {
			continue
		}
		var b strings.Builder
		for {
			i := strings.Index(lower, f.text)
			if i < 0 {
				break
			}
			b.WriteString(text[:i])
			b.WriteString(f.label)
			text, lower = text[i+len(f.text):], lower[i+len(f.text):]
		}
		b.WriteString(text)
		text = b.String()
		lower = asciiLower(text)
	}
	return text
}

// asciiLower lowers A to Z only, so that every byte keeps its place.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
