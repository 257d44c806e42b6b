package exchange

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
)

// CurlChars bounds a command line that is shown; a longer one is left out whole.
const CurlChars = 1500

// Part says what a line of an exchange is.
type Part int

// The parts of an exchange.
const (
	StartLine Part = iota // the request line, the status line
	headerLine
	bodyLine
	Remark  // our words
	Trouble // why there is no response
)

// Line is one line of the text of an exchange, made visible.
type Line struct {
	Arrow string // ">" before what was sent, "<" before what came
	Text  string
	Part  Part
}

// Lines tells an exchange shortened; allHeaders keeps those headers in
// that say little.
func Lines(x *conformance.Exchange, allHeaders bool) []Line {
	l := sideLines(">", safe.Line(x.Request.Method, 40)+" "+safe.Line(x.Request.URL, urlChars), x.Request.Headers, allHeaders)
	l = append(l, bodyExcerpt(">", Body(x.Request.Body, x.Request.Base64), RequestSize(&x.Request))...)
	if note := Note(&x.Request); note != "" {
		l = append(l, Line{">", "(" + safe.Line(note, 200) + ")", Remark})
	}
	if p := x.Response; p != nil {
		l = append(l, sideLines("<", StatusLine(p.Status), p.Headers, allHeaders)...)
		l = append(l, bodyExcerpt("<", Body(p.Body, p.Base64), ResponseSize(p))...)
	}
	if x.Error != "" || x.Response == nil {
		l = append(l, Line{"<", cmp.Or(safe.Line(x.Error, 400), "no response"), Trouble})
	}
	return l
}

// Note is the note of a request, "" where a header says the same.
func Note(q *conformance.Request) string {
	for _, value := range q.Headers {
		if strings.Contains(value, q.Note) {
			return ""
		}
	}
	return q.Note
}

func sideLines(arrow, start string, headers map[string]string, all bool) []Line {
	l := []Line{{arrow, start, StartLine}}
	names := tellingHeaders(headers)
	if all {
		names = HeaderNames(headers)
	}
	for _, n := range names {
		l = append(l, Line{arrow, safe.Line(n, 80) + ": " + safe.Line(headers[n], headerChars), headerLine})
	}
	return l
}

func bodyExcerpt(arrow string, data []byte, size int64) []Line {
	var l []Line
	e := ExcerptOf(data, size, bodyChars, bodyLines)
	for _, s := range e.Lines {
		l = append(l, Line{arrow, s, bodyLine})
	}
	if note := e.Note(); note != "" {
		l = append(l, Line{arrow, note, Remark})
	}
	return l
}

// Plain is an exchange in lines of plain text, with the command that
// sends it again, where that can be shown whole.
func Plain(x *conformance.Exchange) string {
	var b strings.Builder
	for _, l := range Lines(x, false) {
		b.WriteString(strings.TrimRight(l.Arrow+" "+l.Text, " ") + "\n")
	}
	if Pastes(x.Curl) {
		b.WriteString(strings.TrimSpace(x.Curl) + "\n")
	}
	return b.String()
}

// Pastes reports whether a command line can be shown whole and unchanged, so that
// it works when pasted.
func Pastes(curl string) bool {
	curl = strings.TrimSpace(curl)
	return curl != "" && len(curl) <= CurlChars && safe.Visible(curl) == curl && !safe.SteersLog(curl)
}
