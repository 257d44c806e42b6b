package report

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

// bodyBytes returns a body as it was on the wire. Where it says it is base64
// and is not, the text is all there is.
func bodyBytes(body string, isBase64 bool) []byte {
	if isBase64 {
		if data, err := base64.StdEncoding.DecodeString(body); err == nil {
			return data
		}
	}
	return []byte(body)
}

// excerpt is the beginning of a body, ready to be shown.
type excerpt struct {
	lines []string // made visible; none for an empty body
	more  int64    // bytes that are not shown
}

// excerptOf takes at most chars characters and maxLines lines of a body that
// was size bytes long.
func excerptOf(data []byte, size int64, chars, maxLines int) excerpt {
	if size == 0 {
		return excerpt{}
	}
	text := string(data[:min(len(data), 4*chars)])
	runes := 0
	for i := range text {
		if runes++; runes > chars {
			text = text[:i]
			break
		}
	}
	var e excerpt
	shown := 0
	for l := range strings.Lines(text) {
		if len(e.lines) == maxLines {
			break
		}
		shown += len(l)
		e.lines = append(e.lines, safe.ShowSpaces(safe.Visible(strings.TrimRight(l, "\r\n")), true))
	}
	e.more = size - int64(shown)
	return e
}

// note says what an excerpt left out, "" where nothing.
func (e excerpt) note() string {
	if e.more <= 0 {
		return ""
	}
	if len(e.lines) == 0 {
		return "… " + safe.Thousands(e.more) + " bytes"
	}
	return "… " + safe.Thousands(e.more) + " more bytes"
}

// statusLine writes "401 Unauthorized", or the number alone for a status that
// has no name.
func statusLine(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

// headerNames returns the names of headers in a stable order.
func headerNames(headers map[string]string) []string {
	return slices.SortedFunc(maps.Keys(headers), func(a, b string) int {
		if c := strings.Compare(strings.ToLower(a), strings.ToLower(b)); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
}

// header looks a header up without regard to case.
func header(headers map[string]string, name string) string {
	for _, n := range headerNames(headers) {
		if strings.EqualFold(n, name) {
			return headers[n]
		}
	}
	return ""
}

// tellingHeaders leaves out the headers that every request or answer has and
// none of the contract's clauses is about.
func tellingHeaders(headers map[string]string) []string {
	var list []string
	for _, n := range headerNames(headers) {
		switch strings.ToLower(n) {
		case "accept-encoding", "user-agent", "host", "connection", "keep-alive", "date", "server",
			"content-length", "vary", "etag", "x-content-type-options":
		default:
			list = append(list, n)
		}
	}
	return list
}

// requestSize is the size of the body as it was sent.
func requestSize(q *conformance.Request) int64 {
	return max(q.Size, int64(len(bodyBytes(q.Body, q.Base64))))
}

// responseSize is the size of the body as it came.
func responseSize(p *conformance.Response) int64 {
	return max(p.Size, int64(len(bodyBytes(p.Body, p.Base64))))
}
