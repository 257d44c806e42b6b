package conformance

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxCurlBody bounds the body in a command line, which people paste.
const maxCurlBody = 4 << 10

// curl writes a command line for bash that sends the request again. Keys are
// taken from the environment. What is secret goes before words are quoted, as
// quoting hides it.
func (s *session) curl(a *answer) string {
	r := a.request
	parts := []string{"curl -sS -i"}
	switch {
	case r.method == http.MethodHead && r.body == nil:
		parts = append(parts, "--head") // with -X, curl waits for a body
	case r.method != http.MethodPost || r.body == nil:
		parts = append(parts, "-X "+r.method)
	}
	for _, name := range sortedNames(r.header) {
		for _, v := range r.header[name] {
			if !strings.EqualFold(name, "User-Agent") {
				parts = append(parts, "-H "+shellQuote(name+": "+s.redactor.redact(v)))
			}
		}
	}
	_, added := s.client.origin(r)
	if r.header[headerSpelling(r.header, "Accept")] == nil && added.Get("Accept") == "" {
		parts = append(parts, "-H 'Accept:'") // curl adds one of its own
	}
	if _, typed := r.header["Content-Type"]; !typed && r.body != nil {
		parts = append(parts, "-H 'Content-Type:'") // here too
	}
	for _, name := range sortedNames(added) {
		value := "[the value of " + name + "]"
		if plainHeader(name) {
			value = added.Get(name)
		}
		parts = append(parts, "-H "+shellQuote(name+": "+value))
	}
	target := a.sentURL
	for _, k := range r.keys {
		for _, scheme := range r.op.schemesOf(k) {
			parts = curlKey(parts, r, k, scheme)
			target = withoutKey(target, r, k, scheme)
		}
	}
	if r.chunked {
		parts = append(parts, "-H 'Transfer-Encoding: chunked'")
	}
	switch {
	case r.expect100:
		parts = append(parts, "-H 'Expect: 100-continue'")
	case len(r.body) > maxCurlBody:
		parts = append(parts, "-H 'Expect:'") // curl adds one to what is long
	}
	note := ""
	switch {
	case r.body == nil:
	case len(r.body) <= maxCurlBody:
		parts = append(parts, "--data-binary "+shellQuote(s.redactor.redact(string(r.body))))
	default:
		made := s.bodyMaker(r.body)
		if made == "" {
			made, note = "@body.json", " # body.json is to hold the body, which is too long for a line"
		}
		parts = append(parts, "--data-binary "+made)
	}
	return strings.Join(append(parts, shellQuote(s.redactor.redact(target))), " ") + note
}

// longestUnit bounds what a long body may be a repetition of.
const longestUnit = 16

// bodyMaker writes a command that makes a long body of which most is one text
// again and again, "" where it is not.
func (s *session) bodyMaker(body []byte) string {
	from, to, unit := 0, 0, 1
	for u := 1; u <= longestUnit; u++ {
		start := 0
		for i := u; i <= len(body); i++ {
			if i < len(body) && body[i] == body[i-u] {
				continue
			}
			if i-start > to-from {
				from, to, unit = start, i, u
			}
			start = i - u + 1
		}
	}
	times := (to - from) / unit
	to = from + times*unit
	again := body[from : from+unit]
	if len(body)-(to-from) > maxCurlBody || slices.Contains(again, '\n') || slices.Contains(again, 0) {
		return ""
	}
	text := func(b []byte) string { return "printf %s " + shellQuote(s.redactor.redact(string(b))) }
	return "@<(" + text(body[:from]) + "; yes -- " + shellQuote(string(again)) + " | head -n " + itoa(times) + " | tr -d '\\n'; " + text(body[to:]) + ")"
}

// withoutKey takes a key out of a URL, where curl puts it itself.
func withoutKey(target string, r *request, k credential, scheme securityScheme) string {
	in, name := k.resolve(scheme)
	if in != "query" || len(r.op.security) == 0 {
		return target
	}
	path, query, _ := strings.Cut(target, "?")
	pairs := strings.Split(query, "&")
	if i := slices.Index(pairs, url.QueryEscape(name)+"="+url.QueryEscape(k.value)); i >= 0 {
		pairs = slices.Delete(pairs, i, i+1)
	}
	if len(pairs) == 0 {
		return path
	}
	return path + "?" + strings.Join(pairs, "&")
}

func curlKey(parts []string, r *request, k credential, scheme securityScheme) []string {
	if len(r.op.security) == 0 {
		return parts
	}
	value := k.shell
	if value == "" {
		value = shellQuote("[" + labelOf(k) + "]")
	}
	switch in, name := k.resolve(scheme); in {
	case "header":
		if r.keyName != "" {
			name = r.keyName
		}
		if k.value == "" {
			return append(parts, "-H "+shellQuote(name+";")) // curl's way to send an empty header
		}
		return append(parts, "-H "+shellQuote(name+": ")+value)
	case "bearer":
		return append(parts, "-H 'Authorization: Bearer '"+value)
	case "basic":
		if !strings.Contains(k.value, ":") {
			value += ":"
		}
		return append(parts, "-u "+value)
	case "query":
		return append(parts, "--url-query "+shellQuote(name+"=")+value)
	case "cookie":
		return append(parts, "-b "+shellQuote(name+"=")+value)
	}
	return parts
}

func sortedNames(h http.Header) []string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// shellQuote quotes a word for bash: plainly where it can, else as $'…'.
func shellQuote(s string) string {
	plain := utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
	if plain {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for _, c := range []byte(s) {
		switch {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c >= 0x7f:
			const digits = "0123456789abcdef"
			b.WriteString(`\x`)
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
