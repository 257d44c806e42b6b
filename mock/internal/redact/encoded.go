package redact

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"strings"
)

// maxEncodings is how many times a key may be encoded and is found all the same,
// as where a Basic credential stands percent-encoded in a query.
const maxEncodings = 3

// encodings are the forms in which clients write a key beside its own: a run of
// the characters of the form, and what it decodes to, of which there is more than
// one where a key may begin anywhere within.
var encodings = []struct {
	run    *regexp.Regexp
	decode func(run string) []string
}{
	{regexp.MustCompile(`[^\s"'<>\\]*(?:%[0-9a-fA-F]{2}[^\s"'<>\\%]*)+`), func(run string) []string {
		plain, err := url.PathUnescape(badEscape.ReplaceAllString(run, "%25$1"))
		if err != nil {
			return nil
		}
		return []string{plain, strings.ReplaceAll(plain, "+", " ")}
	}},
	{regexp.MustCompile(`[0-9a-fA-F]{16,}`), func(run string) []string { return []string{fromHex(run), fromHex(run[1:])} }},
	{regexp.MustCompile(`[0-9A-Za-z+/_-]{10,}`), func(run string) (all []string) {
		run = strings.NewReplacer("-", "+", "_", "/").Replace(run)
		for from := range 4 {
			whole := run[from:]
			if len(whole)%4 == 1 {
				whole = whole[:len(whole)-1]
			}
			if plain, err := base64.RawStdEncoding.DecodeString(whole); err == nil {
				all = append(all, string(plain))
			}
		}
		return all
	}},
}

// badEscape is a percent sign that begins no escape.
var badEscape = regexp.MustCompile(`%($|[^0-9a-fA-F]|[0-9a-fA-F](?:$|[^0-9a-fA-F]))`)

func fromHex(digits string) string {
	plain, err := hex.DecodeString(digits[:len(digits)/2*2])
	if err != nil {
		return ""
	}
	return string(plain)
}

// decoded masks the runs of text that hold a key once they are decoded.
func (d *Redactor) decoded(text string, depth int) string {
	if depth == 0 {
		return text
	}
	for _, form := range encodings {
		text = form.run.ReplaceAllStringFunc(text, func(run string) string {
			for _, plain := range form.decode(run) {
				if plain != run && len(plain) >= wordLength && d.holdsKey(plain, depth-1) {
					return masked(run)
				}
			}
			return run
		})
	}
	return text
}

// holdsKey reports whether a decoded text holds a key. Short ones would be found
// everywhere in what was no text.
func (d *Redactor) holdsKey(plain string, depth int) bool {
	for _, secret := range d.secrets {
		if len(secret) >= wordLength && strings.Contains(plain, secret) {
			return true
		}
	}
	return d.isKey(plain) || d.unread(plain) != plain || d.decoded(plain, depth) != plain
}
