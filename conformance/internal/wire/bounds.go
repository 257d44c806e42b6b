package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// What is read of a response, and decoded of its body. A response of a contract
// is far smaller; what goes beyond is not judged, as no client could say that it
// is wrong.
const (
	// maxHead bounds the status line and the header fields, those of interim
	// responses included.
	maxHead = 64 << 10
	// maxBody bounds a body, beside what may repeat the body of the request, in
	// which an escape takes up to maxEscape times what it stands for.
	maxBody   = 256 << 10
	maxEscape = 6
	// maxCounted bounds what is counted of a body and not kept.
	maxCounted = 1 << 20
	// The bounds of JSON. The requests of a run, which a server may repeat, are
	// nested 1,000 deep and have numbers of 1,000 digits.
	maxDepth  = 2_000
	maxValues = 20_000
	maxNumber = 4_096
)

// bodyLimit is how much is read of the body of a response.
func bodyLimit(r *Request) int64 { return maxBody + maxEscape*int64(len(r.Body)) }

// readBody reads a body as far as it can be judged, and counts what follows.
func (a *Response) readBody(body io.Reader) error {
	limit := bodyLimit(a.Request)
	read, err := io.ReadAll(io.LimitReader(body, limit+1))
	a.Size = int64(len(read))
	if a.Size <= limit {
		a.Body = read
		return err
	}
	rest, _ := io.CopyN(io.Discard, body, maxCounted) // as much as comes
	a.Body, a.Size, a.IsPartial = read[:limit], a.Size+rest, true
	return nil
}

// headReader reads from a connection and keeps the bytes of a head, of which it
// reads no more than maxHead.
type headReader struct {
	io.Reader
	seen   bytes.Buffer
	left   int
	inBody bool
}

var errLongHead = errors.New("the status line and header fields take more than 64 KiB")

func (h *headReader) Read(p []byte) (int, error) {
	if h.inBody {
		return h.Reader.Read(p)
	}
	if h.left <= 0 {
		return 0, errLongHead
	}
	n, err := h.Reader.Read(p[:min(len(p), h.left)])
	h.seen.Write(p[:n])
	h.left -= n
	return n, err
}

// ScanJSON reads a text as JSON. problem says why it is not one JSON text
// (RFC 8259): whole, in UTF-8, with nothing before or behind it but white space.
// excess says why a text is more than is decoded. partial is set where more
// followed than the text. Names that stand twice and lone surrogates in escapes,
// which the grammar allows, are not its business.
func ScanJSON(text []byte, partial bool) (problem, excess string) {
	if partial {
		text, excess = WholeRunes(text), fmt.Sprintf("a body of more than %d KiB", len(text)>>10)
	}
	problem, found := scanJSON(text, maxDepth, maxValues, maxNumber)
	switch {
	case found != "":
		return problem, found
	case partial && (problem == "" || problem == problemBlank || problem == problemCut):
		return "", excess
	}
	return problem, ""
}

// WholeRunes is a text without a character that is cut short at its end.
func WholeRunes(text []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		if last := text[len(text)-i:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				return text[:len(text)-i]
			}
			break
		}
	}
	return text
}

const (
	problemBlank = "a body of white space"
	problemCut   = "truncated JSON"
)

// scanJSON is [ScanJSON] for a text that has all come. 0 stands for no bound.
func scanJSON(text []byte, depth, values, digits int) (problem, excess string) {
	switch {
	case len(text) == 0:
		return "an empty body", ""
	case len(bytes.TrimLeft(text, " \t\r\n")) == 0:
		return problemBlank, ""
	case bytes.HasPrefix(text, ByteOrderMark):
		return "a byte order mark before the JSON text", ""
	case !utf8.Valid(text):
		return "invalid UTF-8", ""
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for n := 1; ; n++ {
		token, err := d.ReadToken()
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
			return problemCut, ""
		case err != nil:
			return fmt.Sprintf("invalid JSON at byte %d", d.InputOffset()), ""
		case depth > 0 && d.StackDepth() > depth:
			return "", fmt.Sprintf("JSON nested more than %d deep", depth)
		case values > 0 && n > 2*values:
			return "", fmt.Sprintf("JSON of more than %d values", values)
		case digits > 0 && token.Kind() == '0' && len(token.String()) > digits:
			return "", fmt.Sprintf("a number of more than %d digits", digits)
		case d.StackDepth() == 0:
			if rest := bytes.Trim(text[d.InputOffset():], " \t\r\n"); len(rest) > 0 {
				return fmt.Sprintf("%d bytes after the JSON text", len(rest)), ""
			}
			return "", ""
		}
	}
}

// KindOfJSON names the type of a JSON text by its first character, "" where that
// begins none.
func KindOfJSON(text []byte) string {
	text = bytes.TrimLeft(text, " \t\r\n")
	if len(text) == 0 {
		return ""
	}
	switch c := text[0]; {
	case c == '{':
		return "object"
	case c == '[':
		return "array"
	case c == '"':
		return "string"
	case c == 't', c == 'f':
		return "boolean"
	case c == 'n':
		return "null"
	case c == '-', '0' <= c && c <= '9':
		return "number"
	}
	return ""
}

// Weight estimates how much memory a response takes.
func (a *Response) Weight() int {
	const member, field = 12, 64 // what a byte of JSON takes once it is decoded, and a field beside its text
	n := len(a.Body)
	if a.IsJSON {
		n *= member
	}
	for _, name := range a.ruled() {
		text, _ := a.Member(name)
		n += len(text)
	}
	for name, values := range a.Header {
		for _, v := range values {
			n += field + len(name) + len(v)
		}
	}
	return n
}

// ruled are the members that the checks compare with others.
func (a *Response) ruled() []string {
	return []string{a.Request.Op.Rules.Echo, a.Request.Op.Rules.Identity}
}

// Shrink forgets all of a response that has been judged but the beginning of its
// body, members that are texts, and so many header fields. Members that the
// checks compare are kept up to their own length; if one is longer, the response
// is unread.
func (a *Response) Shrink(body, compared, fields int) {
	a.Header = fewFields(a.Header, fields, body)
	if len(a.Body) <= body {
		return
	}
	for _, name := range a.ruled() {
		if text, _ := a.Member(name); len(text) > compared && a.Failure == NoFailure {
			a.Failure, a.Err = Unread, errors.New("the responses of the run take too much memory")
		}
	}
	a.Body, a.IsPartial = bytes.Clone(a.Body[:body]), true // so that the rest is freed
	members, ok := a.Value.(map[string]any)
	if !ok {
		a.Value = nil
		return
	}
	few := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if text, ok := members[name].(string); ok && len(text) <= body {
			few[name] = text
		} else if few[name] = nil; len(few) >= fields {
			break
		}
	}
	for _, name := range a.ruled() {
		if text, ok := a.Member(name); ok && len(text) <= compared {
			few[name] = text
		}
	}
	a.Value = few
}

// fewFields are the first fields of a header, none longer than so many bytes.
func fewFields(h http.Header, most, longest int) http.Header {
	n, small := 0, true
	for _, values := range h {
		n += len(values)
		small = small && !slices.ContainsFunc(values, func(v string) bool { return len(v) > longest })
	}
	if n <= most && small {
		return h
	}
	few, left := http.Header{}, most
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[name] {
			if left--; left < 0 {
				return few
			}
			few[name] = append(few[name], strings.Clone(v[:min(len(v), longest)]))
		}
	}
	return few
}
