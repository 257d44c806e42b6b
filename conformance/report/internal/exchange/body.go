// Package exchange shows an exchange as text: its lines, shortened and made
// visible, its bodies, and the command that sends it again.
package exchange

import (
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/safe"
)

// Body returns a body as it was on the wire. Where it says it is base64
// and is not, the text is all there is.
func Body(body string, isBase64 bool) []byte {
	if isBase64 {
		if data, err := base64.StdEncoding.DecodeString(body); err == nil {
			return data
		}
	}
	return []byte(body)
}

// Excerpt is the beginning of a body, ready to be shown.
type Excerpt struct {
	Lines []string // made visible; none for an empty body
	more  int64    // bytes that are not shown
}

// ExcerptOf takes at most chars characters and maxLines lines of a body that
// was size bytes long.
func ExcerptOf(data []byte, size int64, chars, maxLines int) Excerpt {
	if size == 0 {
		return Excerpt{}
	}
	text := string(data[:min(len(data), 4*chars)])
	runes := 0
	for i := range text {
		if runes++; runes > chars {
			text = text[:i]
			break
		}
	}
	var e Excerpt
	shown := 0
	for l := range strings.Lines(text) {
		if len(e.Lines) == maxLines {
			break
		}
		shown += len(l)
		e.Lines = append(e.Lines, safe.ShowSpaces(safe.Visible(strings.TrimRight(l, "\r\n")), true))
	}
	e.more = size - int64(shown)
	return e
}

// Note says what an excerpt left out, "" where nothing.
func (e Excerpt) Note() string {
	if e.more <= 0 {
		return ""
	}
	if len(e.Lines) == 0 {
		return "… " + safe.Thousands(e.more) + " bytes"
	}
	return "… " + safe.Thousands(e.more) + " more bytes"
}

// StatusLine writes "401 Unauthorized", or the number alone for a status that
// has no name.
func StatusLine(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

// HeaderNames returns the names of headers in a stable order.
func HeaderNames(headers map[string]string) []string {
	return slices.SortedFunc(maps.Keys(headers), func(a, b string) int {
		if c := strings.Compare(strings.ToLower(a), strings.ToLower(b)); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
}

// Header looks a header up without regard to case.
func Header(headers map[string]string, name string) string {
	for _, n := range HeaderNames(headers) {
		if strings.EqualFold(n, name) {
			return headers[n]
		}
	}
	return ""
}

// tellingHeaders leaves out the headers that every request or response has and
// none of the contract's clauses is about.
func tellingHeaders(headers map[string]string) []string {
	var list []string
	for _, n := range HeaderNames(headers) {
		switch strings.ToLower(n) {
		case "accept-encoding", "user-agent", "host", "connection", "keep-alive", "date", "server",
			"content-length", "vary", "etag", "x-content-type-options":
		default:
			list = append(list, n)
		}
	}
	return list
}

// RequestSize is the size of the body as it was sent.
func RequestSize(q *conformance.Request) int64 {
	return max(q.Size, int64(len(Body(q.Body, q.Base64))))
}

// ResponseSize is the size of the body as it came.
func ResponseSize(p *conformance.Response) int64 {
	return max(p.Size, int64(len(Body(p.Body, p.Base64))))
}
