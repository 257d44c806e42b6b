package report

import (
	"strings"

	"nox.energy/contract/conformance"
)

// exchanges writes the exchanges of a check: all of them when verbose, one of
// an intermittent failure, else the first and the last.
func (t *text) exchanges(c *conformance.CheckResult) {
	n := len(c.Exchanges)
	if n > 0 && !t.o.Verbose && tries(c) != "" {
		t.printf("\n")
		t.exchange(&c.Exchanges[0])
		return
	}
	for i := range c.Exchanges {
		if !t.o.Verbose && i > 0 && i < n-1 {
			if i == 1 {
				t.printf("\n      %s\n", t.paint(dim, "… "+count(n-2, "more exchange")+" between; --verbose shows all"))
			}
			continue
		}
		t.printf("\n")
		t.exchange(&c.Exchanges[i])
	}
}

func (t *text) exchange(x *conformance.Exchange) {
	q := &x.Request
	t.arrow(">", t.paint(cyan, visible(q.Method)+" "+line(q.URL, 400)))
	t.headers(">", q.Headers)
	data := bodyBytes(q.Body, q.Base64)
	t.body(">", data, int64(len(data)))
	if q.Note != "" {
		t.arrow(">", t.paint(dim, "("+line(q.Note, 200)+")"))
	}
	if p := x.Response; p != nil {
		t.arrow("<", t.paint(cyan, statusLine(p.Status))+"  "+t.paint(dim, "after "+duration(x.DurationMS)))
		t.headers("<", p.Headers)
		t.body("<", bodyBytes(p.Body, p.Base64), responseSize(p))
	}
	if x.Error != "" || x.Response == nil {
		why := line(x.Error, 400)
		if why == "" {
			why = "no answer"
		}
		t.arrow("<", t.paint(yellow, why))
	}
	t.curl(x.Curl)
}

func (t *text) arrow(arrow, s string) { t.printf("      %s %s\n", t.paint(dim, arrow), s) }

func (t *text) headers(arrow string, headers map[string]string) {
	names := tellingHeaders(headers)
	if t.o.Verbose {
		names = headerNames(headers)
	}
	for _, n := range names {
		t.arrow(arrow, line(n, 80)+": "+line(headers[n], textHeaderChars))
	}
}

func (t *text) body(arrow string, data []byte, size int64) {
	e := excerptOf(data, size, textBodyChars, textBodyLines)
	for _, l := range e.lines {
		t.arrow(arrow, l)
	}
	if note := e.note(); note != "" {
		t.arrow(arrow, t.paint(dim, note))
	}
}

// curl writes the command line that sends a request again. One that cannot be
// shown whole and unchanged would not work when pasted, and is left out.
func (t *text) curl(s string) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
	case len(s) > textCurlChars:
		t.fact("again", "the curl line is "+thousands(int64(len(s)))+" bytes long: take it from the json report")
	case visible(s) != s:
		t.fact("again", "the curl line holds characters that do not show: take it from the json report")
	default:
		t.printf("      %s %s\n", t.paint(dim, "again    "), s)
	}
}
