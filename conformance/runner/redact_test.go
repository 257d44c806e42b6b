package runner_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
	"nox.energy/contract/mock/mocktest"
)

// canary is a key with characters that every notation escapes in its own way.
const canary = `Kz7/Qvcanary+Wx<8mB&2%4fR=hT9jL"pQ`

// each writes every byte of a text by itself.
func each(format string, s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

func inUTF16(s string, low, high int) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		pair := [2]byte{byte(u), byte(u >> 8)}
		b.Write([]byte{pair[low], pair[high]})
	}
	return b.String()
}

func inJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b[1 : len(b)-1])
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// writings are the ways in which a server may send a key back, by name.
func writings(key string) map[string]string {
	half := len(key) / 2
	return map[string]string{
		"as it is":                key,
		"in other case":           strings.ToUpper(key),
		"in JSON":                 inJSON(key),
		"as PHP":                  strings.ReplaceAll(inJSON(key), "/", `\/`),
		"as .NET":                 strings.NewReplacer("+", `\u002B`, "&", `\u0026`, "<", `\u003C`, `"`, `\u0022`).Replace(key),
		"one character escaped":   key[:9] + `\u0063` + strings.TrimPrefix(key[9:], key[9:10]),
		"all in JSON":             each(`\u%04x`, key),
		"all in JSON, upper case": each(`\u%04X`, key),
		"as Rust":                 each(`\u{%x}`, key),
		"as C":                    each(`\x%02x`, key),
		"as C, octal":             each(`\%03o`, key),
		"as Python":               each(`\U%08x`, key),
		"in JSON twice":           inJSON(inJSON(key)),
		"all in JSON twice":       each(`\\u%04x`, key),
		"in a query":              url.QueryEscape(key),
		"in a path":               url.PathEscape(key),
		"all in a URL":            each(`%%%02x`, key),
		"all in a URL twice":      each(`%%25%02X`, key),
		"partly in a URL":         key[:4] + each(`%%%02X`, key[4:9]) + key[9:],
		"as IIS":                  each(`%%u%04X`, key),
		"in HTML":                 html.EscapeString(key),
		"decimal entities":        each(`&#%d;`, key),
		"hexadecimal entities":    each(`&#x%x;`, key),
		"entities twice":          each(`&amp;#%d;`, key),
		"JSON in HTML":            html.EscapeString(inJSON(key)),
		"hexadecimal":             hex.EncodeToString([]byte(key)),
		"hexadecimal, upper case": strings.ToUpper(hex.EncodeToString([]byte(key))),
		"base64":                  base64.StdEncoding.EncodeToString([]byte(key)),
		"base64 behind a byte":    base64.StdEncoding.EncodeToString([]byte("u" + key)),
		"base64 of a user's":      base64.StdEncoding.EncodeToString([]byte("u:" + key + ":")),
		"base64url":               base64.RawURLEncoding.EncodeToString([]byte(key)),
		"base64 in JSON, by PHP":  strings.ReplaceAll(base64.StdEncoding.EncodeToString([]byte(key)), "/", `\/`),
		"UTF-16, little-endian":   inUTF16(key, 0, 1),
		"UTF-16, big-endian":      inUTF16(key, 1, 0),
		"UTF-16 with a mark":      "\xff\xfe" + inUTF16(key, 0, 1),
		"UTF-16 and JSON":         inUTF16(each(`\u%04x`, key), 0, 1),
		"reversed":                reversed(key),
		"the first half":          key[:half],
		"the second half":         key[half:],
		"eight characters":        key[5:13],
		"cut off":                 key[:11],
		"on two lines":            key[:half] + "\n" + key[half:],
		"on two lines of JSON":    key[:half] + `\r\n` + key[half:],
		"twice":                   key + key,
		"in single bytes of text": "\xff" + key + "\xfe",
	}
}

// echoing serves the mock, and answers every key but one with a text.
func echoing(t *testing.T, key, text string) *mocktest.Server {
	t.Helper()
	own := ""
	s := mocktest.NewServer(t, mocktest.WithWrapper(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-API-Key") == key {
				r.Header.Set("X-API-Key", own)
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("X-Trace", strings.NewReplacer("\n", " ", "\r", " ", "\x00", "").Replace(text[:min(len(text), 4000)]))
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"message": "before %s behind"}`, text)
		})
	}))
	own = s.APIKey
	return s
}

func TestRedactEveryWritingInEveryReport(t *testing.T) {
	t.Parallel()
	for name, text := range writings(canary) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := echoing(t, canary, text)
			cfg := configFor(s)
			cfg.Keys = conformance.Keys{Key: canary}
			cfg.Run, cfg.Evidence, cfg.Strict = []string{"401/key-short-end", "401/no-key"}, true, true
			r := judge(t, cfg)
			shown := 0
			for _, c := range r.Checks {
				for _, e := range c.Exchanges {
					if e.Response != nil && e.Response.Status == http.StatusUnauthorized {
						shown++
						body := e.Response.Body
						if e.Response.Base64 {
							b, err := base64.StdEncoding.DecodeString(body)
							if err != nil {
								t.Fatal(err)
							}
							body = string(b)
						}
						if !strings.Contains(body, "before ") || !strings.Contains(body, " behind") || !strings.Contains(body, "[the key") {
							t.Errorf("the body reads %q", body)
						}
						if piece := pieceOf(body+e.Response.Headers["X-Trace"], canary); piece != "" {
							t.Errorf("%q is shown of the key", piece)
						}
					}
				}
			}
			if shown == 0 {
				t.Fatalf("no answer is shown: %s", r.Reason)
			}
			for _, format := range report.Formats() {
				var b bytes.Buffer
				if err := report.Write(&b, format, r); err != nil {
					t.Fatal(err)
				}
				if piece := pieceOf(b.String(), canary); piece != "" {
					t.Errorf("%s shows %q of the key", format, piece)
				}
			}
		})
	}
}

// pieceOf returns eight characters of a key that stand in a text, read in the
// plainest ways; the program's scripts look more closely.
func pieceOf(text, key string) string {
	undo := strings.NewReplacer("\x00", "", "\n", "", `\/`, "/", `\u002B`, "+", `\u0063`, "c", `\"`, `"`)
	for _, t := range []string{text, undo.Replace(text), html.UnescapeString(text), reversed(text)} {
		t = strings.ToLower(t)
		for _, form := range []string{strings.ToLower(key), hex.EncodeToString([]byte(key))} {
			for i := range len(form) - 7 {
				if strings.Contains(t, form[i:i+8]) && form[i:i+8] != "" {
					return form[i : i+8]
				}
			}
		}
	}
	return ""
}

// Ordinary text is left alone, though it shares words with a key.
func TestRedactOnlyKeys(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"nox-conformance-key-77ab41", "Bearer-of-keys-1f9", "k3y"} {
		s := echoing(t, key, "Bearer of the user nox-conformance-test-001-1, lucky3y, nox-mock")
		cfg := configFor(s)
		cfg.Keys = conformance.Keys{Key: key}
		cfg.Run, cfg.Evidence = []string{"401/unknown-key"}, true
		r := judge(t, cfg)
		found := false
		for _, c := range r.Checks {
			for _, e := range c.Exchanges {
				if e.Response != nil && e.Response.Status == http.StatusUnauthorized {
					found = true
					if !strings.Contains(e.Response.Body, "before Bearer of the user nox-conformance-test-001-1, lucky3y, nox-mock behind") {
						t.Errorf("%s: the body reads %s", key, e.Response.Body)
					}
				}
			}
		}
		if !found {
			t.Errorf("%s: no refusal is shown", key)
		}
	}
}

// A key that is an ordinary word is hidden where the target sends it back, and
// nowhere else.
func TestRedactKeyThatIsAWord(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"disabled", "test", "manufacturer"} {
		s := echoing(t, key, "the key "+key+" is unknown to b-"+key+"-user")
		cfg := configFor(s)
		cfg.Keys = conformance.Keys{Key: key}
		cfg.Run, cfg.Evidence = []string{"401/unknown-key", "400/user_id-number"}, true
		r := judge(t, cfg)
		found := false
		for _, c := range r.Checks {
			if strings.Contains(c.Reason+c.Expected+c.Actual, "[the key]") {
				t.Errorf("%s: %s: %s %s %s", key, c.ID, c.Reason, c.Expected, c.Actual)
			}
			for _, e := range c.Exchanges {
				if !strings.HasPrefix(e.Request.URL, s.URL) || !strings.Contains(e.Curl, "'"+e.Request.URL+"'") {
					t.Errorf("%s: the URL reads %s, the command %s", key, e.Request.URL, e.Curl)
				}
				if e.Response != nil && e.Response.Status == http.StatusUnauthorized {
					found = true
					if !strings.Contains(e.Response.Body, "before the key [the key] is unknown to b-"+key+"-user behind") {
						t.Errorf("%s: the body reads %s", key, e.Response.Body)
					}
				}
			}
		}
		if !found {
			t.Errorf("%s: no refusal is shown", key)
		}
	}
}

// A long answer is shortened, but not within a key.
func TestRedactAcrossTheEndOfWhatIsKept(t *testing.T) {
	t.Parallel()
	for _, text := range []string{canary, each(`\\u%04x`, canary)} {
		long := strings.Repeat("x", 16<<10-40) + text + strings.Repeat("y", 4<<20)
		s := echoing(t, canary, long)
		cfg := configFor(s)
		cfg.Keys = conformance.Keys{Key: canary}
		cfg.Run, cfg.Evidence = []string{"401/unknown-key"}, true
		r := judge(t, cfg)
		for _, c := range r.Checks {
			for _, e := range c.Exchanges {
				if e.Response != nil && e.Response.Status == http.StatusUnauthorized && !strings.HasSuffix(e.Response.Body, "x[the key]") {
					t.Errorf("the body ends with %q", e.Response.Body[max(0, len(e.Response.Body)-60):])
				}
			}
		}
	}
}
