// Package redact takes API keys, and whatever else is secret, out of what a mock
// keeps and shows of a request.
package redact

import (
	"cmp"
	"crypto/sha256"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"nox.energy/contract/mock/store"
)

// Redactor takes the keys out of what one request and its answer hold, and puts
// their fingerprints in their place. It knows the keys of all manufacturers,
// those that the request presents, whoever they belong to, and whatever a name
// says to be a secret; of manufacturers, as they were when the request came and
// as they are now.
type Redactor struct {
	then, now *Keys
	secrets   []string // the longest first
}

// IsSecretName reports whether the value of a header, parameter or property of
// that name is kept secret whatever it is.
func IsSecretName(name string) bool {
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

// New prepares for a request: then are the keys that were known when it came, now
// those that are known by now, presented those that it presents.
func New(then, now *Keys, presented []string, req *http.Request) *Redactor {
	d := &Redactor{then: then, now: now, secrets: slices.Concat(presented, now.hidden, then.plain)}
	if now != then {
		d.secrets = append(d.secrets, now.plain...)
	}
	for name, values := range req.Header {
		if IsSecretName(name) {
			d.secrets = append(d.secrets, values...)
			for _, value := range values {
				d.secrets = append(d.secrets, strings.Fields(value)...) // as in "Bearer KEY"
			}
		}
	}
	for name, values := range req.URL.Query() {
		if IsSecretName(name) {
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

// Text takes the keys out of text, however they are encoded there.
func (d *Redactor) Text(text string) string { return d.decoded(d.literal(text), maxEncodings) }

// literal takes the keys out of text that stand there as they are.
func (d *Redactor) literal(text string) string {
	if text == "" {
		return ""
	}
	if len(text) < MaxKept && d.isKey(text) {
		return masked(text)
	}
	for _, secret := range d.secrets {
		if strings.Contains(text, secret) {
			text = replaceWhole(text, secret, masked(secret))
		}
	}
	return d.unread(text)
}

func (d *Redactor) isKey(text string) bool {
	_, was := d.then.Find(text)
	if d.now == d.then || was {
		return was
	}
	_, is := d.now.Find(text)
	return is
}

// Name takes the keys out of the name of a header field, which net/http has
// written in a case of its own.
func (d *Redactor) Name(name string) string {
	lower := strings.ToLower(name)
	for _, secret := range d.secrets {
		if len(secret) >= wordLength && strings.Contains(lower, strings.ToLower(secret)) {
			return masked(secret)
		}
	}
	for _, spelling := range []string{name, lower} {
		if d.Text(spelling) != spelling {
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
func (d *Redactor) unread(text string) string {
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

func (d *Redactor) isUnread(token string) bool {
	sum := sha256.Sum256([]byte(token))
	return d.then.unread[sum] || d.now.unread[sum]
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

// Path takes the keys out of an escaped path.
func (d *Redactor) Path(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			plain = segment
		}
		if changed := d.Text(plain); changed != plain {
			segments[i] = changed
		}
	}
	return strings.Join(segments, "/")
}

// Query takes the keys out of a query.
func (d *Redactor) Query(query string) string {
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, value, hasValue := strings.Cut(pair, "=")
		plainName, plainValue := unescaped(name), unescaped(value)
		if changed := d.Text(plainName); changed != plainName {
			name = changed
		}
		if changed := d.Text(plainValue); changed != plainValue {
			value = changed
		} else if IsSecretName(plainName) && value != "" {
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

// Header takes the keys out of header fields, a copy of them.
func (d *Redactor) Header(header http.Header) map[string][]string {
	made := make(map[string][]string, len(header))
	for name, values := range header {
		for _, value := range values {
			if name != "Www-Authenticate" && IsSecretName(name) && value != "" {
				value = masked(value)
			} else {
				value = d.Text(value)
			}
			shown := d.Name(name)
			made[shown] = append(made[shown], value)
		}
	}
	return made
}

// MaxKept is how much of a text, as a body, is kept, in bytes.
const MaxKept = 16 << 10

// secretSlack is how much more of a body is looked at, so that no secret which
// is shorter is cut before it is seen.
const secretSlack = 4 << 10

// Start returns the start of a text, without keys. whole says that text is all of it.
func (d *Redactor) Start(text string, whole bool) string {
	text = d.Text(text)
	if !whole { // its end may be the start of a secret
		text = text[:max(len(text)-d.slack(), 0)]
	}
	return kept(text)
}

// slack is how much of a text behind what is kept must be looked at.
func (d *Redactor) slack() int {
	if len(d.secrets) > 0 {
		return max(secretSlack, len(d.secrets[0]))
	}
	return secretSlack
}

// Body returns the start of a body of so many bytes, without keys. JSON may hide them
// behind escapes, and then the escapes are taken out as well.
func (d *Redactor) Body(body string, length int) string {
	looked := MaxKept + d.slack()
	whole := length <= looked
	body = body[:min(len(body), looked)]
	if plain := escapedASCII.ReplaceAllStringFunc(body, unescapedASCII); plain != body && d.Text(plain) != plain {
		body = plain
	}
	body = secretMember.ReplaceAllStringFunc(d.literal(body), func(member string) string {
		parts := secretMember.FindStringSubmatch(member)
		if strings.HasPrefix(parts[2], "sha256:") {
			return member
		}
		return parts[1] + `"` + masked(parts[2]) + `"`
	})
	return d.Start(body, whole)
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
	if len(body) <= MaxKept {
		return body
	}
	at := MaxKept
	for at > MaxKept-utf8.UTFMax && !utf8.RuneStart(body[at]) {
		at--
	}
	return body[:at]
}
