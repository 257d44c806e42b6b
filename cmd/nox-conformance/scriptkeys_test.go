package main

import (
	"encoding/base64"
	"html"
	"net/url"
	"regexp"
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
	texts := decodings(text)
	for _, key := range keys {
		for i := range len(key) - pieceOfKey + 1 {
			piece := key[i : i+pieceOfKey]
			encoded := base64.StdEncoding.EncodeToString([]byte(piece))
			for _, t := range texts {
				if strings.Contains(t.lower, strings.ToLower(piece)) || strings.Contains(t.plain, encoded) {
					return piece
				}
			}
		}
	}
	return ""
}

type decoded struct{ plain, lower string }

// decodings are a text as it is, and as a reader of JSON, HTML and URLs would
// see it, one within another.
func decodings(text string) []decoded {
	var all []decoded
	for _, first := range []func(string) string{nothing, unescapeHTML, unescapeJSON, unescapeURL} {
		for _, then := range []func(string) string{nothing, unescapeHTML, unescapeJSON, unescapeURL} {
			t := then(first(text))
			all = append(all, decoded{t, strings.ToLower(t)})
		}
	}
	return all
}

func nothing(s string) string { return s }

func unescapeHTML(s string) string { return html.UnescapeString(s) }

var (
	jsonEscape = regexp.MustCompile(`\\(u[0-9A-Fa-f]{4}|["\\/])`)
	urlEscape  = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
)

func unescapeJSON(s string) string {
	return jsonEscape.ReplaceAllStringFunc(s, func(e string) string {
		if e[1] != 'u' {
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
