package report

import (
	"io"
	"maps"
	"slices"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/safe"
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
	return safe.JSON(w, complete(r))
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
			c.Responses[i].Latency = &conformance.Latency{P50: safe.Finite(l.P50), P99: safe.Finite(l.P99)}
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
	x.DurationMS = safe.Finite(x.DurationMS)
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
