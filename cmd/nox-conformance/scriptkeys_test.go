package main

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptKeys are the keys of the mocks in the scripts. They hold characters
// that are escaped in URLs, in JSON by some, and no piece that stands in
// an output for another reason.
func scriptKeys() (key, other, disabled string) {
	return `Kz7/QvcanaryONE+Wx+8mB-2.4fR=hT9jL`, `Pd3/YncanaryTWO+Gs+5kC-6.8vM=wZ1bX`, `Rf2/JhcanarySIX+Tq+4nD-7.1cH=xE8gS`
}

// pieceOfKey is how many characters of a key in a row count as the key: near
// misses of a key give it away too.
const pieceOfKey = 9

func noKeys(ts *testscript.TestScript, _ bool, files []string) {
	one, two, six := scriptKeys()
	for _, file := range append([]string{"stdout", "stderr"}, files...) {
		text := ts.ReadFile(file)
		if text == "" && file != "stdout" && file != "stderr" {
			ts.Fatalf("%s is empty, so that it shows nothing", file)
		}
		if piece := findKey(text, one, two, six); piece != "" {
			ts.Fatalf("%s holds %q of a key", file, piece)
		}
	}
}

// findKey returns a piece of one of the keys that stands in a text, however it is
// written, "" for none.
func findKey(text string, keys ...string) string {
	pieces := map[string]string{} // how a piece is written, in lower case: the piece
	for _, key := range keys {
		for i := range len(key) - pieceOfKey + 1 {
			piece := key[i : i+pieceOfKey]
			backwards := []byte(piece)
			slices.Reverse(backwards)
			for _, form := range []string{
				piece, string(backwards), hex.EncodeToString([]byte(piece)), base64.StdEncoding.EncodeToString([]byte(piece)),
				base64.URLEncoding.EncodeToString([]byte(piece)),
			} {
				pieces[strings.ToLower(form)] = piece
			}
		}
	}
	return search(decodings(text), pieces)
}

// search looks for the pieces by their first characters, all in one pass.
func search(texts map[string]bool, pieces map[string]string) string {
	const first = 4
	byStart := map[string][]string{}
	var starts [1 << 16]bool // by two characters: most of a text is passed over
	for form := range pieces {
		byStart[form[:first]] = append(byStart[form[:first]], form)
		starts[int(form[0])<<8|int(form[1])] = true
	}
	for t := range texts {
		for i := range len(t) - first + 1 {
			if !starts[int(t[i])<<8|int(t[i+1])] {
				continue
			}
			for _, form := range byStart[t[i:i+first]] {
				if strings.HasPrefix(t[i:], form) {
					return pieces[form]
				}
			}
		}
	}
	return ""
}

// decodings are a text as it is, and as a reader of JSON, HTML and URLs would
// see it, one within another, in lower case; each once.
func decodings(text string) map[string]bool {
	readers := []func(string) string{together, unescapeHTML, unescapeJSON, unescapeURL}
	seen := map[string]bool{text: true}
	for last, round := []string{text}, 0; round < 2; round++ {
		var next []string
		for _, t := range last {
			for _, read := range readers {
				if decoded := read(t); !seen[decoded] {
					seen[decoded] = true
					next = append(next, decoded)
				}
			}
		}
		last = next
	}
	lower := map[string]bool{}
	for t := range seen {
		lower[strings.ToLower(t)] = true
	}
	return lower
}

// together takes out what may stand between the characters of a key: line
// breaks, and the NULs of UTF-16.
func together(s string) string { return apart.Replace(s) }

func unescapeHTML(s string) string { return html.UnescapeString(s) }

var (
	apart      = strings.NewReplacer("\x00", "", "\r", "", "\n", "")
	jsonEscape = regexp.MustCompile(`\\(u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|["\\/rn])`)
	urlEscape  = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
)

func unescapeJSON(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return jsonEscape.ReplaceAllStringFunc(s, func(e string) string {
		switch e[1] {
		case 'u', 'x':
		case 'r', 'n':
			return ""
		default:
			return e[1:]
		}
		n, err := strconv.ParseUint(e[2:], 16, 32)
		if err != nil {
			return e
		}
		return string(rune(n))
	})
}

func unescapeURL(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	return urlEscape.ReplaceAllStringFunc(s, func(e string) string {
		if t, err := url.PathUnescape(e); err == nil {
			return t
		}
		return e
	})
}

// TestFindKey keeps the scripts honest: a key is found in each writing that a
// report may use.
func TestFindKey(t *testing.T) {
	t.Parallel()
	const key = `Kz7/Qv"canary'Wx+8<mB&2%4fR=hT9jL`
	for name, text := range map[string]string{
		"as it is":       "x-api-key: " + key,
		"in other case":  strings.ToUpper(key),
		"a half":         key[:len(key)/2],
		"in JSON":        strconv.Quote(key),
		"in JSON twice":  strconv.Quote(strconv.Quote(key)),
		"in HTML":        html.EscapeString(key),
		"JSON in HTML":   html.EscapeString(strconv.Quote(key)),
		"in a query":     url.QueryEscape(key),
		"in a path":      url.PathEscape(key),
		"as \\u escapes": `\u004b\u007a\u0037\u002f\u0051\u0076\u0022\u0063\u0061\u006e`,
		"as PHP":         strings.ReplaceAll(key, "/", `\/`),
		"partly in JSON": strings.NewReplacer("+", `\u002B`, "Q", `\u0051`).Replace(key),
		"as \\x escapes": `\x4b\x7a\x37\x2f\x51\x76\x22\x63\x61\x6e`,
		"as entities":    `&#x4b;&#x7a;&#55;&#x2f;&#x51;&#x76;&quot;&#x63;&#97;&#x6e;`,
		"in hexadecimal": strings.ToUpper(hex.EncodeToString([]byte(key))),
		"in UTF-16":      "K\x00z\x007\x00/\x00Q\x00v\x00\"\x00c\x00a\x00n\x00",
		"on two lines":   key[:5] + "\n" + key[5:11],
		"backwards":      "Lj9Th=Rf4%2&Bm8<+xW",
		"Base64":         base64.StdEncoding.EncodeToString([]byte(key)),
		"Base64 of more": base64.StdEncoding.EncodeToString([]byte("user:" + key + ":x")),
	} {
		if findKey("before "+text+" behind", key) == "" {
			t.Errorf("%s: not found in %s", name, text)
		}
	}
	if piece := findKey("the key, [the key], $NOX_API_KEY, canary", key); piece != "" {
		t.Errorf("found %q where there is none", piece)
	}
}
