package page

import (
	"strings"
	"testing"

	"nox.energy/contract/conformance/report/internal/safe"
)

func bracketed(spans []span) string {
	var b strings.Builder
	for _, s := range spans {
		if s.Differs {
			b.WriteString("[" + s.Text + "]")
		} else {
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

func TestDiff(t *testing.T) {
	long := strings.Repeat("a b ", 300)
	for _, c := range []struct{ a, b, wantA, wantB string }{
		{"status 401", "status 403", "status [401]", "status [403]"},
		{"status 401 and a body that fits", "status 401 and no body", "status 401 and [a] body [that fits]", "status 401 and [no] body"},
		{`the id "Ab c"`, `the id "ab c"`, `the id "[Ab] c"`, `the id "[ab] c"`},
		{`the id "a b"`, `the id "a  b"`, `the id "a[ ]b"`, `the id "a[␠␠]b"`},
		{"Content-Type: text/html", "Content-Type: image/png", "Content-Type: [text/html]", "Content-Type: [image/png]"},
		{"a header", "nothing of the kind", "a header", "nothing of the kind"},
		{"", "something", "", "something"},
		{"", "", "", ""},
		{long + "x", long + "y", strings.TrimSpace(long) + " [x]", strings.TrimSpace(long) + " [y]"},
	} {
		a, b := diff(c.a, c.b)
		if bracketed(a) != c.wantA || bracketed(b) != c.wantB {
			t.Errorf("diff(%q, %q) = %q, %q", c.a, c.b, bracketed(a), bracketed(b))
		}
	}
}

func TestMark(t *testing.T) {
	for _, c := range []struct {
		s, want string
		words   []string
	}{
		{`403 Forbidden`, `[403] Forbidden`, []string{"403"}},
		{`14031 4033 403`, `14031 4033 [403]`, []string{"403"}},
		{`403403 403`, `403403 [403]`, []string{"403"}},
		{`abc abc`, `[abc] [abc]`, []string{"abc"}},
		{`abc`, `abc`, nil},
		{``, ``, []string{"abc"}},
	} {
		if got := bracketed(mark(c.s, c.words)); got != c.want {
			t.Errorf("mark(%q, %q) = %q", c.s, c.words, got)
		}
	}
}

// A diff loses nothing of what it compares.
func FuzzDiff(f *testing.F) {
	f.Add("status 401", "status 403")
	f.Add("a b  c", " a b c ")
	f.Fuzz(func(t *testing.T, a, b string) {
		as, bs := diff(a, b)
		for _, p := range []struct {
			spans []span
			of    string
		}{{as, a}, {bs, b}} {
			whole := ""
			for _, s := range p.spans {
				whole += s.Text
			}
			if whole != safe.Line(p.of, diffChars) {
				t.Errorf("%q became %q", p.of, whole)
			}
			marked := ""
			for _, s := range mark(whole, differing(p.spans)) {
				marked += s.Text
			}
			if marked != whole {
				t.Errorf("%q became %q", whole, marked)
			}
		}
	})
}
