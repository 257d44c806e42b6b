package mock

import (
	"cmp"
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
// says to be a secret; of manufacturers, as they were when the request came and
// as they are now.
type redactor struct {
	then, now *registered
	secrets   []string // the longest first
}

// isSecretName reports whether the value of a header, parameter or property of
// that name is kept secret whatever it is.
func isSecretName(name string) bool {
	name = strings.ToLower(name)
	for _, word := range [...]string{"key", "token", "secret", "passw", "auth", "cookie", "credential", "session", "signature"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// secretMember is a member of a JSON object whose name tells of a secret.
var secretMember = regexp.MustCompile(`(?i)("[^"]*(?:key|token|secret|passw|auth|credential)[^"]*"\s*:\s*)"((?:[^"\\]|\\.)*)(?:"|\\?$)`)

// newRedactor prepares for a request of op, which is nil if it is for none, that
// came while then was known.
func newRedactor(r *registry, then *registered, op *openapi.Operation, req *http.Request) *redactor {
	d := &redactor{then: then, now: r.current.Load(), secrets: slices.Clone(r.secrets())}
	if d.secrets = append(d.secrets, then.plain...); d.now != then {
		d.secrets = append(d.secrets, d.now.plain...)
	}
	if op != nil {
		for _, all := range op.Security {
			for _, scheme := range all {
				d.secrets = append(d.secrets, scheme.Credentials(req)...)
			}
		}
	}
	for name, values := range req.Header {
		if isSecretName(name) {
			d.secrets = append(d.secrets, values...)
			for _, value := range values {
				d.secrets = append(d.secrets, strings.Fields(value)...) // as in "Bearer KEY"
			}
		}
	}
	for name, values := range req.URL.Query() {
		if isSecretName(name) {
			d.secrets = append(d.secrets, values...)
		}
	}
	d.secrets = slices.DeleteFunc(d.secrets, func(s string) bool { return len(s) < 3 || ordinary(s) })
	slices.SortFunc(d.secrets, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	d.secrets = slices.Compact(d.secrets)
	return d
}

// ordinary words stand in fields that hold secrets and are none.
func ordinary(word string) bool {
	return slices.Contains([]string{"bearer", "basic", "apikey", "key", "token"}, strings.ToLower(word))
}

// text takes the keys out of text, however they are encoded there.
func (d *redactor) text(text string) string { return d.decoded(d.literal(text), maxEncodings) }

// literal takes the keys out of text that stand there as they are.
func (d *redactor) literal(text string) string {
	if text == "" {
		return ""
	}
	if len(text) < maxKeptBody && d.isKey(text) {
		return masked(text)
	}
	for _, secret := range d.secrets {
		if strings.Contains(text, secret) {
			text = replaceWhole(text, secret, masked(secret))
		}
	}
	return d.unread(text)
}

func (d *redactor) isKey(text string) bool {
	_, was := d.then.find(text)
	if d.now == d.then || was {
		return was
	}
	_, is := d.now.find(text)
	return is
}

// name takes the keys out of the name of a header field, which net/http has
// written in a case of its own.
func (d *redactor) name(name string) string {
	lower := strings.ToLower(name)
	for _, secret := range d.secrets {
		if len(secret) >= wordLength && strings.Contains(lower, strings.ToLower(secret)) {
			return masked(secret)
		}
	}
	for _, spelling := range []string{name, lower} {
		if d.text(spelling) != spelling {
			return masked(spelling)
		}
	}
	return name
}

// tokenParts is how many delimiters a key may hold, less one, that is known by
// its digest only and stands among other text.
const tokenParts = 8

// unread takes the keys out of text that are known by their digests only. They
// cannot be looked for, so whatever may be one is compared: what is of visible
// ASCII characters, long enough, and stands between delimiters, some of which
// may be its own.
func (d *redactor) unread(text string) string {
	if len(d.then.unread)+len(d.now.unread) == 0 || len(text) < wordLength {
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
			if token := text[start:end]; len(token) >= wordLength && d.isUnread(token) {
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

func (d *redactor) isUnread(token string) bool {
	digest := sha256.Sum256([]byte(token))
	return d.then.unread[digest] || d.now.unread[digest]
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
		} else if isSecretName(plainName) && value != "" {
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
			if name != "Www-Authenticate" && isSecretName(name) && value != "" {
				value = masked(value)
			} else {
				value = d.text(value)
			}
			shown := d.name(name)
			made[shown] = append(made[shown], value)
		}
	}
	return made
}

// maxKeptBody is how much of a body is kept, in bytes.
const maxKeptBody = 16 << 10

// secretSlack is how much more of a body is looked at, so that no secret which
// is shorter is cut before it is seen.
const secretSlack = 4 << 10

// start is the start of a text, without keys. whole says that text is all of it.
func (d *redactor) start(text string, whole bool) string {
	text = d.text(text)
	if !whole { // its end may be the start of a secret
		text = text[:max(len(text)-d.slack(), 0)]
	}
	return kept(text)
}

// slack is how much of a text behind what is kept must be looked at.
func (d *redactor) slack() int {
	if len(d.secrets) > 0 {
		return max(secretSlack, len(d.secrets[0]))
	}
	return secretSlack
}

// body is the start of a body of so many bytes, without keys. JSON may hide them
// behind escapes, and then the escapes are taken out as well.
func (d *redactor) body(body string, length int) string {
	looked := maxKeptBody + d.slack()
	whole := length <= looked
	body = body[:min(len(body), looked)]
	if plain := escapedASCII.ReplaceAllStringFunc(body, unescapedASCII); plain != body && d.text(plain) != plain {
		body = plain
	}
	body = secretMember.ReplaceAllStringFunc(d.literal(body), func(member string) string {
		parts := secretMember.FindStringSubmatch(member)
		if strings.HasPrefix(parts[2], "sha256:") {
			return member
		}
		return parts[1] + `"` + masked(parts[2]) + `"`
	})
	return d.start(body, whole)
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
func (r *registered) elsewhere(req *http.Request) string {
	isKey := func(text string) bool { _, is := r.find(text); return is }
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
