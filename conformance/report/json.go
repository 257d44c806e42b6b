package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"nox.energy/contract/conformance"
)

// JSON writes r as the report that design and tools rely on: the fields of
// [conformance.Result], indented by two spaces, in UTF-8. Lists and maps are
// there even where they are empty. The shape is held in report.schema.json.
//
// Characters that could steer a terminal or a build server's log are written as
// \u escapes, which name the same characters to every JSON reader.
func JSON(w io.Writer, r *conformance.Result) error {
	if r == nil {
		return errNoResult
	}
	return writeJSON(w, complete(r))
}

// writeJSON writes any value as every JSON-based format here is written.
func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("the report cannot be written as JSON: %w", err)
	}
	_, err := w.Write(escapeUnseen(b.Bytes()))
	return err
}

// escapeUnseen writes the characters of JSON text that do not show, and what
// begins a command to a build server, as \u escapes. Such can stand in strings
// only.
func escapeUnseen(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte("##"), []byte(`#\u0023`))
	unseen := func(r rune) bool { return r >= 0x7f && r != spaceSign && !shows(r) }
	if bytes.IndexFunc(text, unseen) < 0 {
		return text
	}
	out := make([]byte, 0, len(text)+len(text)/8)
	for _, r := range string(text) {
		switch {
		case !unseen(r):
			out = append(out, string(r)...)
		case r > 0xffff:
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// complete returns a copy of r in which every list and map is there and every
// number can be written.
func complete(r *conformance.Result) *conformance.Result {
	c := *r
	c.Responses = slices.Clone(r.Responses)
	if c.Responses == nil {
		c.Responses = []conformance.ResponseResult{}
	}
	for i := range c.Responses {
		if l := c.Responses[i].Latency; l != nil {
			c.Responses[i].Latency = &conformance.Latency{P50: finite(l.P50), P99: finite(l.P99)}
		}
	}
	c.Checks = make([]conformance.CheckResult, len(r.Checks))
	for i, check := range r.Checks {
		check.Exchanges = make([]conformance.Exchange, len(r.Checks[i].Exchanges))
		for j, x := range r.Checks[i].Exchanges {
			check.Exchanges[j] = completeExchange(x)
		}
		c.Checks[i] = check
	}
	return &c
}

func completeExchange(x conformance.Exchange) conformance.Exchange {
	x.DurationMS = finite(x.DurationMS)
	x.Request.Headers = present(x.Request.Headers)
	if x.Response != nil {
		p := *x.Response
		p.Headers = present(p.Headers)
		x.Response = &p
	}
	return x
}

func present(headers map[string]string) map[string]string {
	if headers == nil {
		return map[string]string{}
	}
	return maps.Clone(headers)
}
