package mock

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/mock/store"
)

// redactor takes the keys out of what one request and its answer hold, and puts
// their fingerprints in their place. It knows the keys of all manufacturers,
// those that the request presents, whoever they belong to, and whatever a name
// says to be a secret.
type redactor struct {
	registry *registry
	secrets  []string // the longest first
}

// secretName is a name of a header, parameter or property whose value is kept
// secret whatever it is.
var secretName = regexp.MustCompile(`(?i)key|token|secret|passw|auth|cookie|credential|session|signature`)

// secretMember is a member of a JSON object whose name tells of a secret.
var secretMember = regexp.MustCompile(`(?i)("[^"]*(?:key|token|secret|passw|auth|credential)[^"]*"\s*:\s*)"((?:[^"\\]|\\.)*)(?:"|\\?$)`)

// newRedactor prepares for a request of op, which is nil if it is for none.
func newRedactor(r *registry, op *openapi.Operation, req *http.Request) *redactor {
	d := &redactor{registry: r, secrets: slices.Clone(r.current.Load().plain)}
	if op != nil {
		for _, all := range op.Security {
			for _, scheme := range all {
				d.secrets = append(d.secrets, scheme.Credentials(req)...)
			}
		}
	}
	for name, values := range req.Header {
		if secretName.MatchString(name) {
			d.secrets = append(d.secrets, values...)
			for _, value := range values {
				d.secrets = append(d.secrets, strings.Fields(value)...) // as in "Bearer KEY"
			}
		}
	}
	for name, values := range req.URL.Query() {
		if secretName.MatchString(name) {
			d.secrets = append(d.secrets, values...)
		}
	}
	d.secrets = slices.DeleteFunc(d.secrets, func(s string) bool { return len(s) < 3 || ordinary(s) })
	slices.SortFunc(d.secrets, func(a, b string) int { return len(b) - len(a) })
	d.secrets = slices.Compact(d.secrets)
	return d
}

// ordinary words stand in fields that hold secrets and are none.
func ordinary(word string) bool {
	return slices.Contains([]string{"bearer", "basic", "apikey", "key", "token"}, strings.ToLower(word))
}

// text takes the keys out of text.
func (d *redactor) text(text string) string {
	if text == "" {
		return ""
	}
	if _, isKey := d.registry.find(text); len(text) < maxKeptBody && isKey {
		return masked(text)
	}
	for _, secret := range d.secrets {
		if strings.Contains(text, secret) {
			text = replaceWhole(text, secret, masked(secret))
		}
	}
	return d.unread(text)
}

// tokenParts is how many delimiters a key may hold, less one, that is known by
// its digest only and stands among other text.
const tokenParts = 8

// unread takes the keys out of text that are known by their digests only. They
// cannot be looked for, so whatever may be one is compared: what is of visible
// ASCII characters, long enough, and stands between delimiters, some of which
// may be its own.
func (d *redactor) unread(text string) string {
	digests := d.registry.current.Load().unread
	if len(digests) == 0 || len(text) < wordLength {
		return text
	}
	escapes := strings.ContainsAny(text, `\%`)
	var b strings.Builder
	rest := 0 // what is not written yet
	for start := 0; start < len(text); start++ {
		if start > 0 && !delimits(text[start-1]) && !(escapes && escapeEnd.MatchString(text[max(0, start-6):start])) {
			continue
		}
		for end, parts := start, 0; end <= len(text) && parts < tokenParts; end++ {
			if end < len(text) && !delimits(text[end]) {
				continue
			}
			parts++
			if token := text[start:end]; len(token) >= wordLength && digests[sha256.Sum256([]byte(token))] {
				b.WriteString(text[rest:start] + masked(token))
				rest, start = end, end-1
				break
			}
			if end < len(text) && (text[end] <= ' ' || text[end] > '~') { // which no key holds
				break
			}
		}
	}
	return b.String() + text[rest:]
}

// escapeEnd is the end of an escape of JSON or a URL, whose letters are none of
// what comes behind it.
var escapeEnd = regexp.MustCompile(`(?:\\[bfnrt]|\\u[0-9a-fA-F]{4}|%[0-9a-fA-F]{2})$`)

// delimits tells whether a key may begin behind a character, or end before it.
func delimits(c byte) bool {
	return !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-' || c == '_' || c == '.')
}

// masked stands for a key.
func masked(key string) string { return "sha256:" + store.Fingerprint(key) }

// wordLength is from how many bytes on a secret is looked for within words too.
// A short one would be found everywhere.
const wordLength = 8

// replaceWhole replaces old in text; if old is short, only where it stands as a
// word of its own.
func replaceWhole(text, old, by string) string {
	if len(old) >= wordLength {
		return strings.ReplaceAll(text, old, by)
	}
	var b strings.Builder
	before := rune(0)
	for {
		at := strings.Index(text, old)
		if at < 0 {
			b.WriteString(text)
			return b.String()
		}
		if at > 0 {
			before, _ = utf8.DecodeLastRuneInString(text[:at])
		}
		after, _ := utf8.DecodeRuneInString(text[at+len(old):])
		b.WriteString(text[:at])
		if inWord(before) || inWord(after) && len(text) > at+len(old) {
			b.WriteString(old)
		} else {
			b.WriteString(by)
		}
		before, _ = utf8.DecodeLastRuneInString(old)
		text = text[at+len(old):]
	}
}

func inWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// path takes the keys out of an escaped path.
func (d *redactor) path(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			plain = segment
		}
		if changed := d.text(plain); changed != plain {
			segments[i] = changed
		}
	}
	return strings.Join(segments, "/")
}

// query takes the keys out of a query.
func (d *redactor) query(query string) string {
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, value, hasValue := strings.Cut(pair, "=")
		plainName, plainValue := unescaped(name), unescaped(value)
		if changed := d.text(plainName); changed != plainName {
			name = changed
		}
		if changed := d.text(plainValue); changed != plainValue {
			value = changed
		} else if secretName.MatchString(plainName) && value != "" {
			value = masked(plainValue)
		}
		if pairs[i] = name; hasValue {
			pairs[i] += "=" + value
		}
	}
	return strings.Join(pairs, "&")
}

func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

// header takes the keys out of header fields, a copy of them.
func (d *redactor) header(header http.Header) map[string][]string {
	made := make(map[string][]string, len(header))
	for name, values := range header {
		for _, value := range values {
			if name != "Www-Authenticate" && secretName.MatchString(name) && value != "" {
				value = masked(value)
			} else {
				value = d.text(value)
			}
			made[d.text(name)] = append(made[d.text(name)], value)
		}
	}
	return made
}

// maxKeptBody is how much of a body is kept, in bytes.
const maxKeptBody = 16 << 10

// secretSlack is how much more of a body is looked at, so that no secret which
// is shorter is cut before it is seen.
const secretSlack = 4 << 10

// body is the start of a body, without keys. JSON may hide them behind escapes,
// and then the escapes are taken out as well.
func (d *redactor) body(body string) string {
	slack := secretSlack
	if len(d.secrets) > 0 {
		slack = max(slack, len(d.secrets[0]))
	}
	whole := len(body) <= maxKeptBody+slack
	if !whole {
		body = body[:maxKeptBody+slack]
	}
	if plain := escapedASCII.ReplaceAllStringFunc(body, unescapedASCII); plain != body && d.text(plain) != plain {
		body = plain
	}
	body = secretMember.ReplaceAllStringFunc(d.text(body), func(member string) string {
		parts := secretMember.FindStringSubmatch(member)
		if strings.HasPrefix(parts[2], "sha256:") {
			return member
		}
		return parts[1] + `"` + masked(parts[2]) + `"`
	})
	if !whole { // its end may be the start of a secret
		body = body[:max(len(body)-slack, 0)]
	}
	return kept(body)
}

// escapedASCII is a visible character that JSON need not escape.
var escapedASCII = regexp.MustCompile(`\\u00[2-7][0-9a-fA-F]`)

func unescapedASCII(escape string) string {
	code, err := strconv.ParseUint(escape[2:], 16, 8)
	if err != nil || code == '"' || code == '\\' || code == 0x7f {
		return escape
	}
	return string(rune(code))
}

// kept is what fits of a body, cut between characters.
func kept(body string) string {
	if len(body) <= maxKeptBody {
		return body
	}
	at := maxKeptBody
	for at > maxKeptBody-utf8.UTFMax && !utf8.RuneStart(body[at]) {
		at--
	}
	return body[:at]
}

// elsewhere tells where a request that presents no key holds one: "path",
// "query", or the name of a header in lower case; "" if nowhere. What stands in
// Authorization is taken for a key. The body of a request without a key is not
// read.
func (d *redactor) elsewhere(req *http.Request) string {
	isKey := func(text string) bool { _, is := d.registry.find(text); return is }
	if slices.ContainsFunc(strings.Split(req.URL.Path, "/"), isKey) {
		return "path"
	}
	for _, values := range req.URL.Query() {
		if slices.ContainsFunc(values, isKey) {
			return "query"
		}
	}
	for name, values := range req.Header {
		for _, value := range values {
			words := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" =;,", r) })
			if name == "Authorization" && len(words) > 1 {
				if plain, err := base64.StdEncoding.DecodeString(words[1]); err == nil {
					words = append(words, strings.Split(string(plain), ":")...)
				}
			}
			if slices.ContainsFunc(words, isKey) || isKey(value) {
				return strings.ToLower(name)
			}
		}
	}
	if req.Header.Get("Authorization") != "" {
		return "authorization"
	}
	return ""
}
