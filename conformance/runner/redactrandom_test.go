package runner

import (
	"fmt"
	"html"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nox.energy/contract/conformance/internal/checks"
	"nox.energy/contract/conformance/internal/secret"
)

// TestRedactMixedWritings writes each character of a key in a way of its own. The
// key holds no signs that begin an escape: written once and twice in one text,
// they have no one reading.
func TestRedactMixedWritings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[!-$'-[\]-~]{12,40}`).Draw(t, "key")
		from := rapid.IntRange(0, len(key)-8).Draw(t, "from")
		to := rapid.IntRange(from+8, len(key)).Draw(t, "to")
		var b strings.Builder
		for _, c := range []byte(key[from:to]) {
			form := rapid.SampledFrom([]string{`\u%04x`, `\u%04X`, `\x%02x`, "%%%02x", "&#%d;", "&#x%X;", `\\u%04x`, "%%25%02x", "%c\x00", "%c\n"}).Draw(t, "form")
			b.WriteString(fmt.Sprintf(form, c))
		}
		r := secret.NewRedactor(nil)
		r.AddKey(key, "the key")
		text := "<<" + b.String() + ">>"
		if got := r.Redact(text); !strings.Contains(got, "[the key]") || len(got) > len("<<[the key]>>")+2 {
			t.Fatalf("%s of %s becomes %s", text, key, got)
		}
	})
}

// FuzzRedact: nothing is left of a key, and nothing else goes.
func FuzzRedact(f *testing.F) {
	f.Add("Kz7/Qvcanary", "before Kz7/Qvcanary behind")
	f.Add("Kz7/Qvcanary", `\u004bz7\/Qv&#99;anary%`)
	f.Add("aaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa&#")
	f.Add(`%41%42%43%44`, `\`)
	f.Fuzz(func(t *testing.T, key, text string) {
		r := secret.NewRedactor(nil)
		r.AddKey(key, "")
		got := r.Redact(text)
		if r.RedactPrefix(text, len(text)/2) == "" && len(text) > 1 {
			t.Error("half of the text is gone")
		}
		if len(key) < secret.MinPieceLength || secret.ResemblesWord(key) { // a word within another word stays
			return
		}
		for _, plain := range []string{got, html.UnescapeString(got)} {
			if plain = strings.ReplaceAll(plain, "[]", "\x01\x01\x01"); strings.Contains(plain, key) && !strings.Contains(key, "\x01") && !strings.ContainsAny(key, "[]") {
				t.Errorf("%q is left in %q", key, got)
			}
		}
	})
}

func BenchmarkRedact(b *testing.B) {
	r := secret.NewRedactor(nil)
	for i, w := range checks.WrongKeys() {
		r.Add(w.Derive("Kz7/QvcanaryONE+Wx+8mB-2.4fR=hT9jL", rand.New(rand.NewPCG(1, uint64(i)))), w.Description)
	}
	text := strings.Repeat(`{"message": "it is \"so\" in 100%"}`+"\n", 30000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.Redact(text)
	}
}
