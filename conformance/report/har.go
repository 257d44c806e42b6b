package report

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"nox.energy/contract/conformance"
)

// HAR writes the exchanges of r as an HTTP Archive 1.2, which the tools of
// browsers open: an entry for each exchange, and a page for each check that
// has some. An answer that never came has the status 0 and its reason in
// "_error". Bodies that are not UTF-8 are base64 and say so ("encoding" of the
// content; "_encoding" of what was posted, for which HAR has no field).
func HAR(w io.Writer, r *conformance.Result) error {
	if r == nil {
		return errNoResult
	}
	l := harLog{
		Version: "1.2", Creator: harCreator{cmp.Or(r.Tool.Name, "nox-conformance"), r.Tool.Version},
		Pages: []harPage{}, Entries: []harEntry{}, Comment: visible("Exchanges of the conformance run " + r.RunID + " against " + r.Target),
	}
	for i := range r.Checks {
		c := &r.Checks[i]
		if len(c.Exchanges) == 0 {
			continue
		}
		page := harPage{
			Started: harTime(c.Exchanges[0].Started), ID: fmt.Sprintf("check_%d", i+1),
			Title: line(c.ID+": "+string(standingOf(c)), 300), Comment: line(c.Summary, 500),
		}
		l.Pages = append(l.Pages, page)
		for j := range c.Exchanges {
			l.Entries = append(l.Entries, harEntryOf(c, &c.Exchanges[j], page.ID))
		}
	}
	return writeJSON(w, map[string]harLog{"log": l})
}

type harLog struct {
	Version string     `json:"version"`
	Creator harCreator `json:"creator"`
	Pages   []harPage  `json:"pages"`
	Entries []harEntry `json:"entries"`
	Comment string     `json:"comment"`
}

type harCreator struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type harPage struct {
	Started string   `json:"startedDateTime"`
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Timings struct{} `json:"pageTimings"`
	Comment string   `json:"comment,omitempty"`
}

type harEntry struct {
	Page     string      `json:"pageref"`
	Started  string      `json:"startedDateTime"`
	Time     float64     `json:"time"`
	Request  harRequest  `json:"request"`
	Response harResponse `json:"response"`
	Cache    struct{}    `json:"cache"`
	Timings  harTimings  `json:"timings"`
	Comment  string      `json:"comment"`
}

type harTimings struct {
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

type harRequest struct {
	Method      string    `json:"method"`
	URL         string    `json:"url"`
	Version     string    `json:"httpVersion"`
	Cookies     []harPair `json:"cookies"`
	Headers     []harPair `json:"headers"`
	Query       []harPair `json:"queryString"`
	Post        *harPost  `json:"postData,omitempty"`
	HeadersSize int       `json:"headersSize"`
	BodySize    int       `json:"bodySize"`
	Comment     string    `json:"comment,omitempty"`
}

type harPost struct {
	Type     string `json:"mimeType"`
	Text     string `json:"text"`
	Encoding string `json:"_encoding,omitempty"`
}

type harResponse struct {
	Status      int        `json:"status"`
	StatusText  string     `json:"statusText"`
	Version     string     `json:"httpVersion"`
	Cookies     []harPair  `json:"cookies"`
	Headers     []harPair  `json:"headers"`
	Content     harContent `json:"content"`
	Redirect    string     `json:"redirectURL"`
	HeadersSize int        `json:"headersSize"`
	BodySize    int64      `json:"bodySize"`
	Error       string     `json:"_error,omitempty"`
}

type harContent struct {
	Size     int64  `json:"size"`
	Type     string `json:"mimeType"`
	Text     string `json:"text,omitempty"`
	Encoding string `json:"encoding,omitempty"`
	Comment  string `json:"comment,omitempty"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// unknownVersion stands where HAR wants the version of HTTP, which a result
// does not hold.
const unknownVersion = "unknown"

func harEntryOf(c *conformance.CheckResult, x *conformance.Exchange, page string) harEntry {
	ms := max(finite(x.DurationMS), 0)
	return harEntry{
		Page: page, Started: harTime(x.Started), Time: ms, Timings: harTimings{Wait: ms},
		Request: harRequestOf(&x.Request), Response: harResponseOf(x),
		Comment: visible(c.ID),
	}
}

func harRequestOf(q *conformance.Request) harRequest {
	h := harRequest{
		Method: cmp.Or(q.Method, http.MethodGet), URL: safeURL(q.URL), Version: unknownVersion,
		Cookies: []harPair{}, Headers: harHeaders(q.Headers), Query: harQuery(q.URL),
		HeadersSize: -1, BodySize: len(bodyBytes(q.Body, q.Base64)), Comment: q.Note,
	}
	if q.Body != "" {
		text, encoding := harBody(q.Body, q.Base64)
		h.Post = &harPost{Type: header(q.Headers, "Content-Type"), Text: text, Encoding: encoding}
	}
	return h
}

func harResponseOf(x *conformance.Exchange) harResponse {
	h := harResponse{Cookies: []harPair{}, Headers: []harPair{}, HeadersSize: -1, BodySize: -1, Error: x.Error}
	p := x.Response
	if p == nil {
		h.Error = cmp.Or(h.Error, "no answer")
		h.Content.Type = "x-unknown"
		return h
	}
	h.Status, h.StatusText, h.Version = p.Status, http.StatusText(p.Status), unknownVersion
	h.Headers, h.Redirect, h.BodySize = harHeaders(p.Headers), header(p.Headers, "Location"), responseSize(p)
	h.Content = harContent{Size: h.BodySize, Type: cmp.Or(header(p.Headers, "Content-Type"), "x-unknown")}
	h.Content.Text, h.Content.Encoding = harBody(p.Body, p.Base64)
	if kept := int64(len(bodyBytes(p.Body, p.Base64))); kept < h.BodySize {
		h.Content.Comment = "the first " + thousands(kept) + " of " + thousands(h.BodySize) + " bytes"
	}
	return h
}

// harBody returns the text of a body and its encoding, "" for none. Bytes that
// JSON cannot hold as they are become base64.
func harBody(body string, isBase64 bool) (text, encoding string) {
	switch {
	case isBase64:
		return base64.StdEncoding.EncodeToString(bodyBytes(body, true)), "base64"
	case !utf8.ValidString(body):
		return base64.StdEncoding.EncodeToString([]byte(body)), "base64"
	}
	return body, ""
}

func harHeaders(headers map[string]string) []harPair {
	list := []harPair{}
	for _, n := range headerNames(headers) {
		list = append(list, harPair{n, headers[n]})
	}
	return list
}

// harQuery takes the parameters of a URL in their order.
func harQuery(raw string) []harPair {
	list := []harPair{}
	_, query, _ := strings.Cut(raw, "?")
	query, _, _ = strings.Cut(query, "#")
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		list = append(list, harPair{unescaped(name), unescaped(value)})
	}
	return list
}

func unescaped(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

func harTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
