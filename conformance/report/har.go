package report

import (
	"bytes"
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
	"nox.energy/contract/conformance/report/internal/exchange"
	"nox.energy/contract/conformance/report/internal/findings"
	"nox.energy/contract/conformance/report/internal/safe"
)

// HAR writes the exchanges of r as an HTTP Archive 1.2, which the tools of
// browsers open: an entry for each exchange, and a page for each check that
// has some. A response that never came has the status 0 and its reason in
// "_error". Bodies that are not UTF-8 are base64 and say so ("encoding" of the
// content; "_encoding" of what was posted, for which HAR has no field).
//
// r holds few of the exchanges of its run; [HARWriter] writes all of them.
func HAR(w io.Writer, r *conformance.Result) error {
	if r == nil {
		return errNoResult
	}
	h := NewHARWriter(w)
	for i := range r.Checks {
		for j := range r.Checks[i].Exchanges {
			h.Add(r.Checks[i].ID, r.Checks[i].Exchanges[j])
		}
	}
	return h.Close(r)
}

// HARWriter writes the exchanges of a run as an HTTP Archive while the run goes
// on, and keeps none of them: see [HAR] for the format.
type HARWriter struct {
	w     io.Writer
	err   error // the first one
	begun bool
	pages map[string]*harPage // by the id of the check
	order []string            // of the pages
}

// NewHARWriter returns a writer that writes to w with each call of
// [HARWriter.Add].
func NewHARWriter(w io.Writer) *HARWriter {
	return &HARWriter{w: w, pages: map[string]*harPage{}}
}

// Add writes an exchange of a check, "" for none. [HARWriter.Close] returns the
// error.
func (h *HARWriter) Add(check string, x conformance.Exchange) {
	entry := harEntryOf(check, &x)
	if check != "" {
		page := h.pages[check]
		if page == nil {
			page = &harPage{Started: harTime(x.Started), ID: fmt.Sprintf("check_%d", len(h.order)+1)}
			h.pages[check] = page
			h.order = append(h.order, check)
		}
		entry.Page = page.ID
	}
	if h.begun {
		h.write(",")
	} else {
		h.begin()
	}
	h.write("\n      ")
	h.value(entry, "      ")
}

// Close writes the rest of the archive: what became of the checks, by their
// result. It returns the first error of all writing.
func (h *HARWriter) Close(r *conformance.Result) error {
	if !h.begun {
		h.begin()
	}
	checks := map[string]*conformance.CheckResult{}
	for i := range r.Checks {
		checks[r.Checks[i].ID] = &r.Checks[i]
	}
	pages := make([]harPage, len(h.order))
	for i, id := range h.order {
		pages[i] = *h.pages[id]
		pages[i].Title = safe.Line(id, 300)
		if c := checks[id]; c != nil {
			pages[i].Title = safe.Line(id+": "+string(findings.StandingOf(c)), 300)
			pages[i].Comment = safe.Line(c.Summary, 500)
		}
	}
	h.write("\n    ],\n    \"pages\": ")
	h.value(pages, "    ")
	h.write(",\n    \"creator\": ")
	h.value(harCreator{cmp.Or(r.Tool.Name, "nox-conformance"), r.Tool.Version}, "    ")
	h.write(",\n    \"comment\": ")
	h.value(safe.Visible("Exchanges of the conformance run "+r.RunID+" against "+r.Target), "    ")
	h.write("\n  }\n}\n")
	return h.err
}

func (h *HARWriter) begin() {
	h.begun = true
	h.write("{\n  \"log\": {\n    \"version\": \"1.2\",\n    \"entries\": [")
}

func (h *HARWriter) write(s string) {
	if h.err == nil {
		_, h.err = io.WriteString(h.w, s)
	}
}

// value writes v as JSON whose further lines are indented.
func (h *HARWriter) value(v any, indent string) {
	var b bytes.Buffer
	if err := safe.JSON(&b, v); err != nil {
		h.err = cmp.Or(h.err, err)
		return
	}
	h.write(strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\n", "\n"+indent))
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
	Page     string      `json:"pageref,omitempty"`
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
	BodySize    int64     `json:"bodySize"`
	Comment     string    `json:"comment,omitempty"`
}

type harPost struct {
	Type     string `json:"mimeType"`
	Text     string `json:"text"`
	Encoding string `json:"_encoding,omitempty"`
	Comment  string `json:"comment,omitempty"`
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

// unknownVersion is the version of HTTP of an exchange without a response.
const unknownVersion = "unknown"

func harEntryOf(check string, x *conformance.Exchange) harEntry {
	ms := max(safe.Finite(x.DurationMS), 0)
	e := harEntry{
		Started: harTime(x.Started), Time: ms, Timings: harTimings{Wait: ms},
		Request: harRequestOf(&x.Request), Response: harResponseOf(x),
		Comment: safe.Visible(check),
	}
	if x.Response != nil {
		e.Request.Version = e.Response.Version
	}
	return e
}

func harRequestOf(q *conformance.Request) harRequest {
	kept := int64(len(exchange.Body(q.Body, q.Base64)))
	h := harRequest{
		Method: cmp.Or(q.Method, http.MethodGet), URL: safe.URL(q.URL), Version: unknownVersion,
		Cookies: []harPair{}, Headers: harHeaders(q.Headers), Query: harQuery(q.URL),
		HeadersSize: -1, BodySize: exchange.RequestSize(q), Comment: q.Note,
	}
	if q.Body != "" {
		text, encoding := harBody(q.Body, q.Base64)
		h.Post = &harPost{Type: exchange.Header(q.Headers, "Content-Type"), Text: text, Encoding: encoding, Comment: harCut(kept, h.BodySize)}
	}
	return h
}

func harResponseOf(x *conformance.Exchange) harResponse {
	h := harResponse{Cookies: []harPair{}, Headers: []harPair{}, HeadersSize: -1, BodySize: -1, Error: x.Error}
	p := x.Response
	if p == nil {
		h.Error = cmp.Or(h.Error, "no response")
		h.Content.Type = "x-unknown"
		return h
	}
	h.Status, h.StatusText, h.Version = p.Status, http.StatusText(p.Status), cmp.Or(p.HTTPVersion, unknownVersion)
	h.Headers, h.Redirect, h.BodySize = harHeaders(p.Headers), exchange.Header(p.Headers, "Location"), exchange.ResponseSize(p)
	h.Content = harContent{Size: h.BodySize, Type: cmp.Or(exchange.Header(p.Headers, "Content-Type"), "x-unknown")}
	h.Content.Text, h.Content.Encoding = harBody(p.Body, p.Base64)
	h.Content.Comment = harCut(int64(len(exchange.Body(p.Body, p.Base64))), h.BodySize)
	return h
}

// harCut says how much of a body is there, "" for all of it.
func harCut(kept, size int64) string {
	if kept >= size {
		return ""
	}
	return "the first " + safe.Thousands(kept) + " of " + safe.Thousands(size) + " bytes"
}

// harBody returns the text of a body and its encoding, "" for none. Bytes that
// JSON cannot hold as they are become base64.
func harBody(body string, isBase64 bool) (text, encoding string) {
	switch {
	case isBase64:
		return base64.StdEncoding.EncodeToString(exchange.Body(body, true)), "base64"
	case !utf8.ValidString(body):
		return base64.StdEncoding.EncodeToString([]byte(body)), "base64"
	}
	return body, ""
}

func harHeaders(headers map[string]string) []harPair {
	list := []harPair{}
	for _, n := range exchange.HeaderNames(headers) {
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
