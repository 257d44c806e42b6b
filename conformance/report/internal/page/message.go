package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/exchange"
	"nox.energy/contract/conformance/report/internal/safe"
)

// exchangeView is one exchange.
type exchangeView struct {
	Title             string
	Request, Response message
	Curl              string
}

type header struct {
	Name  string
	Value []span
}

type message struct {
	Start   []span
	Headers []header
	Body    []span
	Remarks []string
	Trouble string
}

// exchanges adds the exchanges of a check. What differs between the expected
// and the actual is marked in the request and the response as well, and in the
// response what the actual names.
func (b *builder) exchanges(h *check, c *conformance.CheckResult) {
	expected, actual := differing(h.Expected), toMark(c.Actual, h.Actual)
	shown := c.Exchanges
	if len(shown) > mostExchanges {
		// The last one is what most checks judge by.
		shown = append(slices.Clone(shown[:mostExchanges-1]), shown[len(shown)-1])
		h.More = safe.Count(len(c.Exchanges)-mostExchanges, "exchange") + " before the last are not shown here; the json report contains them."
	}
	for i := range shown {
		x := &shown[i]
		e := exchangeView{Title: fmt.Sprintf("Exchange %d of %d, %s", i+1, len(c.Exchanges), safe.Duration(x.DurationMS)), Request: requestOf(&x.Request, expected), Response: answerOf(x, actual)}
		if i == mostExchanges-1 {
			e.Title = fmt.Sprintf("Exchange %d of %d, %s", len(c.Exchanges), len(c.Exchanges), safe.Duration(x.DurationMS))
		}
		if curl := strings.TrimSpace(x.Curl); len(curl) <= curlChars && safe.Visible(curl) == curl {
			e.Curl = curl
		}
		h.Exchanges = append(h.Exchanges, e)
	}
}

func requestOf(q *conformance.Request, words []string) message {
	m := messageOf(safe.Line(q.Method, 40)+" "+safe.Line(q.URL, 2000), q.Headers, exchange.Body(q.Body, q.Base64), exchange.RequestSize(q), words)
	if note := exchange.Note(q); note != "" {
		m.Remarks = append(m.Remarks, safe.Line(note, 500))
	}
	return m
}

func answerOf(x *conformance.Exchange, words []string) message {
	m := message{}
	if p := x.Response; p != nil {
		m = messageOf(exchange.StatusLine(p.Status), p.Headers, exchange.Body(p.Body, p.Base64), exchange.ResponseSize(p), words)
	}
	if x.Error != "" || x.Response == nil {
		m.Trouble = cmp.Or(safe.Line(x.Error, 1000), "no response")
	}
	return m
}

func messageOf(start string, headers map[string]string, data []byte, size int64, words []string) message {
	m := message{Start: mark(start, words)}
	for _, n := range exchange.HeaderNames(headers) {
		m.Headers = append(m.Headers, header{safe.Line(n, 200), mark(safe.Line(headers[n], 2000), words)})
	}
	e := exchange.ExcerptOf(data, size, bodyChars, bodyLines)
	m.Body = mark(strings.Join(e.Lines, "\n"), words)
	if note := e.Note(); note != "" {
		m.Remarks = append(m.Remarks, note)
	}
	return m
}
