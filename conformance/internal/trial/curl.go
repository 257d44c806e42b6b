package trial

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/secret"
	"nox.energy/contract/conformance/internal/wire"
)

// maxCurlBody bounds the body in a command line, which people paste.
const maxCurlBody = 4 << 10

// curlCommand writes a command line for a POSIX shell that sends the request again, of
// characters that show, so that it can be pasted. Keys are taken from the
// environment. What is secret goes before words are quoted, as quoting hides it.
func curlCommand(s *Session, a *wire.Response) string {
	r := a.Request
	before, race, raced := raceBody(s, r)
	parts := []string{"curl -sS -i"}
	if raced {
		parts[0] = `curl -sS -w ' %{http_code}\n'`
	}
	switch {
	case r.Method == http.MethodHead && r.Body == nil:
		parts = append(parts, "--head") // with -X, curl waits for a body
	case r.Method != http.MethodPost || r.Body == nil:
		parts = append(parts, "-X "+r.Method)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, v := range r.Header[name] {
			if !strings.EqualFold(name, "User-Agent") {
				parts = append(parts, "-H "+ShellQuote(name+": "+s.Redactor.Redact(v)))
			}
		}
	}
	_, added := s.Client.Destination(r)
	if r.Header[wire.FindHeader(r.Header, "Accept")] == nil && added.Get("Accept") == "" {
		parts = append(parts, "-H 'Accept:'") // curl adds one of its own
	}
	if _, typed := r.Header["Content-Type"]; !typed && r.Body != nil {
		parts = append(parts, "-H 'Content-Type:'") // here too
	}
	for _, name := range slices.Sorted(maps.Keys(added)) {
		value := "[the value of " + name + "]"
		if secret.IsPlainHeader(name) {
			value = added.Get(name)
		}
		parts = append(parts, "-H "+ShellQuote(name+": "+value))
	}
	target := a.SentURL
	for _, k := range r.Keys {
		for _, scheme := range k.SchemesOf(r.Op) {
			parts = curlKey(parts, r, k, scheme)
			target = withoutKey(target, r, k, scheme)
		}
	}
	if r.IsChunked() {
		parts = append(parts, "-H 'Transfer-Encoding: chunked'")
	}
	switch {
	case r.ExpectsContinue():
		parts = append(parts, "-H 'Expect: 100-continue'")
	case len(r.Body) > maxCurlBody:
		parts = append(parts, "-H 'Expect:'") // curl adds one to what is long
	}
	note, input := "", ""
	switch {
	case r.Body == nil:
	case raced:
		parts = append(parts, "--data-binary "+race)
	case len(r.Body) <= maxCurlBody:
		if body := s.Redactor.Redact(string(r.Body)); plain(body) && !strings.HasPrefix(body, "@") {
			parts = append(parts, "--data-binary "+ShellQuote(body))
		} else {
			input = printf(body)
		}
	default:
		if input = bodyMaker(s, r.Body); input == "" {
			parts = append(parts, "--data-binary @body.json")
			note = " # first save the request body as body.json: it is too long for a command line"
		}
	}
	if input != "" { // which no argument can hold
		parts = append(parts, "--data-binary @-")
		before = input + " | "
	}
	line := before + strings.Join(append(parts, ShellQuote(s.Redactor.Redact(target))), " ") + note
	if raced {
		line += " & done; wait; echo; done"
	}
	return line
}

// raceBody makes the parts of a loop that shows a race: what starts it, and a
// body about a new user in each round.
func raceBody(s *Session, r *wire.Request) (before, body string, ok bool) {
	if !r.IsHeld() || r.Subject == "" || len(r.Body) > maxCurlBody {
		return "", "", false
	}
	name := schema.Encode(r.Subject)
	name = name[:len(name)-1]
	at := bytes.Index(r.Body, name)
	text := s.Redactor.Redact(string(r.Body))
	if at < 0 || text != string(r.Body) || !plain(text) {
		return "", "", false
	}
	at += len(name)
	before = `t=$(date +%s); for n in 1 2 3 4 5; do for i in`
	for i := range ConcurrentRequests {
		before += " " + strconv.Itoa(i+1)
	}
	return before + "; do ", ShellQuote(text[:at]+"-") + `"$t-$n"` + ShellQuote(text[at:]), true
}

// longestUnit bounds what a long body may be a repetition of.
const longestUnit = 16

// bodyMaker writes commands that print a long body of which most is one text
// again and again, "" where it is not.
func bodyMaker(s *Session, body []byte) string {
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
	again := string(body[from : from+unit])
	if len(body)-(to-from) > maxCurlBody || !plain(again) {
		return ""
	}
	text := func(b []byte) string { return printf(s.Redactor.Redact(string(b))) }
	return "{ " + text(body[:from]) + "; yes -- " + ShellQuote(again) + " | head -n " + strconv.Itoa(times) + " | tr -d '\\n'; " + text(body[to:]) + "; }"
}

// withoutKey takes a key out of a URL, where curl puts it itself.
func withoutKey(target string, r *wire.Request, k wire.Credential, scheme contract.SecurityScheme) string {
	in, name := k.Resolve(scheme)
	if in != "query" || len(r.Op.Security) == 0 {
		return target
	}
	path, query, _ := strings.Cut(target, "?")
	pairs := strings.Split(query, "&")
	if i := slices.Index(pairs, url.QueryEscape(name)+"="+url.QueryEscape(k.ValueFor(scheme))); i >= 0 {
		pairs = slices.Delete(pairs, i, i+1)
	}
	if len(pairs) == 0 {
		return path
	}
	return path + "?" + strings.Join(pairs, "&")
}

func curlKey(parts []string, r *wire.Request, k wire.Credential, scheme contract.SecurityScheme) []string {
	if len(r.Op.Security) == 0 {
		return parts
	}
	value := k.ShellWord
	if own := k.ByScheme[scheme.ID]; own != "" {
		k.Value, value = own, `"$`+KeyVariable(scheme)+`"`
	}
	if value == "" {
		value = ShellQuote("[" + wire.LabelOf(k) + "]")
	}
	switch in, name := k.Resolve(scheme); in {
	case "header":
		if strings.EqualFold(r.KeyName(), name) {
			name = r.KeyName()
		}
		if k.Value == "" {
			return append(parts, "-H "+ShellQuote(name+";")) // curl's way to send an empty header
		}
		return append(parts, "-H "+ShellQuote(name+": ")+value)
	case "bearer":
		return append(parts, "-H 'Authorization: Bearer '"+value)
	case "basic":
		if !strings.Contains(k.Value, ":") {
			value += ":"
		}
		return append(parts, "-u "+value)
	case "query":
		return append(parts, "--url-query "+ShellQuote(name+"=")+value)
	case "cookie":
		return append(parts, "-b "+ShellQuote(name+"=")+value)
	}
	return parts
}

// plain reports whether a text can stand between single quotes as it is: all of
// it shows, and no build server takes it for a command.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.Contains(s, "##") && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsPrint(r) || r >= utf8.RuneSelf && unicode.IsSpace(r) || unicode.Is(unicode.Mn, r) || hangulFiller(r)
	})
}

// hangulFiller reports whether a character is one of the letters that show
// nothing.
func hangulFiller(r rune) bool { return strings.ContainsRune("\u115f\u1160\u3164\uffa0", r) }

// ShellQuote quotes a word for a POSIX shell. It writes invisible characters as
// octal escapes.
func ShellQuote(s string) string {
	if plain(s) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return `"$(` + printf(s) + `)"`
}

// printf writes a command that prints a text, byte for byte, in characters that
// show.
func printf(s string) string {
	if plain(s) {
		return "printf %s " + ShellQuote(s)
	}
	var b strings.Builder
	b.WriteString("printf '")
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		switch c := s[i : i+size]; {
		case c == "%":
			b.WriteString("%%")
		case c == `\`:
			b.WriteString(`\\`)
		case c == "'" || c == "#" || r == utf8.RuneError || !plain(c):
			for _, each := range []byte(c) {
				fmt.Fprintf(&b, `\%03o`, each)
			}
		default:
			b.WriteString(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
