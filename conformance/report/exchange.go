package report

import (
	"cmp"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/safe"
)

// What the text of an exchange shows of it.
const (
	bodyChars   = 400
	bodyLines   = 12
	headerChars = 160
	urlChars    = 400
	curlChars   = 1500
)

// part says what a line of an exchange is.
type part int

const (
	startLine part = iota // the request line, the status line
	headerLine
	bodyLine
	remark // our words
	trouble
)

// exchangeLine is one line of the text of an exchange, made visible.
type exchangeLine struct {
	arrow string // ">" before what was sent, "<" before what came
	text  string
	part  part
}

// exchangeLines tells an exchange shortened; allHeaders keeps those headers in
// that say little.
func exchangeLines(x *conformance.Exchange, allHeaders bool) []exchangeLine {
	l := sideLines(">", safe.Line(x.Request.Method, 40)+" "+safe.Line(x.Request.URL, urlChars), x.Request.Headers, allHeaders)
	l = append(l, bodyExcerpt(">", bodyBytes(x.Request.Body, x.Request.Base64), requestSize(&x.Request))...)
	if note := noteOf(&x.Request); note != "" {
		l = append(l, exchangeLine{">", "(" + safe.Line(note, 200) + ")", remark})
	}
	if p := x.Response; p != nil {
		l = append(l, sideLines("<", statusLine(p.Status), p.Headers, allHeaders)...)
		l = append(l, bodyExcerpt("<", bodyBytes(p.Body, p.Base64), responseSize(p))...)
	}
	if x.Error != "" || x.Response == nil {
		l = append(l, exchangeLine{"<", cmp.Or(safe.Line(x.Error, 400), "no response"), trouble})
	}
	return l
}

// noteOf is the note of a request, "" where a header says the same.
func noteOf(q *conformance.Request) string {
	for _, value := range q.Headers {
		if strings.Contains(value, q.Note) {
			return ""
		}
	}
	return q.Note
}

func sideLines(arrow, start string, headers map[string]string, all bool) []exchangeLine {
	l := []exchangeLine{{arrow, start, startLine}}
	names := tellingHeaders(headers)
	if all {
		names = headerNames(headers)
	}
	for _, n := range names {
		l = append(l, exchangeLine{arrow, safe.Line(n, 80) + ": " + safe.Line(headers[n], headerChars), headerLine})
	}
	return l
}

func bodyExcerpt(arrow string, data []byte, size int64) []exchangeLine {
	var l []exchangeLine
	e := excerptOf(data, size, bodyChars, bodyLines)
	for _, s := range e.lines {
		l = append(l, exchangeLine{arrow, s, bodyLine})
	}
	if note := e.note(); note != "" {
		l = append(l, exchangeLine{arrow, note, remark})
	}
	return l
}

// plainExchange is an exchange in lines of plain text, with the command that
// sends it again, where that can be shown whole.
func plainExchange(x *conformance.Exchange) string {
	var b strings.Builder
	for _, l := range exchangeLines(x, false) {
		b.WriteString(strings.TrimRight(l.arrow+" "+l.text, " ") + "\n")
	}
	if pastes(x.Curl) {
		b.WriteString(strings.TrimSpace(x.Curl) + "\n")
	}
	return b.String()
}

// pastes tells whether a command line can be shown whole and unchanged, so that
// it works when pasted.
func pastes(curl string) bool {
	curl = strings.TrimSpace(curl)
	return curl != "" && len(curl) <= curlChars && safe.Visible(curl) == curl && !safe.SteersLog(curl)
}
