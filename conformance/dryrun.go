package conformance

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"nox.energy/contract/conformance/internal/schema"
)

// Planned is a request that a run would send.
type Planned struct {
	Check   string  `json:"check"`
	Request Request `json:"request"`
	Curl    string  `json:"curl"`
}

// DryRun lists the requests that [Runner.Run] would send to a target that
// keeps the contract, in the order of the catalogue, without sending any. The
// same seed, run id and contract give the same requests, byte for byte.
func (r *Runner) DryRun(ctx context.Context) []Planned {
	s := r.session()
	s.client.imagine = ideal
	run := newRun(s, r.checks)
	run.perform(ctx)
	seen := s.inOrder(slices.Concat(s.all(), s.asides))
	out := make([]Planned, 0, len(seen))
	for _, each := range seen {
		x := s.exchange(each.answer)
		out = append(out, Planned{each.check.ID, x.Request, x.Curl})
	}
	return out
}

// ideal imagines the answer of a target that keeps the contract, from what the
// request was meant to be.
func ideal(r *request) *answer {
	op := r.op
	a := &answer{request: r, proto: "HTTP/1.1", header: http.Header{"Www-Authenticate": {"ApiKey"}, "Allow": {op.Method}}}
	known := len(op.security) == 0 || len(r.keys) == 1 && r.keys[0].good && r.keys[0].in == declared
	status := ""
	switch {
	case r.method != op.Method:
		a.status = http.StatusMethodNotAllowed
		return a
	case strings.Contains(r.path, unknownPath):
		a.status = http.StatusNotFound
		return a
	case r.provoked:
		status = op.breakdown()
	case !known:
		status = op.refusal()
	case r.intent == breaks:
		status = op.rejection()
	default:
		status = op.success()
	}
	i := slices.IndexFunc(op.responses, func(d *response) bool { return d.status == status })
	if i < 0 {
		a.status = http.StatusNoContent
		return a
	}
	a.status = documentedNumber(status)
	documented := op.responses[i]
	if len(documented.mediaTypes) == 0 {
		return a
	}
	a.header.Set("Content-Type", documented.mediaTypes[0])
	body, isObject := schema.Sample(documented.schema, false).(schema.Object)
	if isObject && status == op.success() && op.rules.echo != "" {
		body = body.With([]string{op.rules.echo}, r.subject)
		body = body.With([]string{op.rules.identity}, r.keys[0].label+" "+r.subject)
	}
	if a.body = schema.Encode(schema.Sample(documented.schema, false)); isObject {
		a.body = schema.Encode(body)
	}
	a.size = int64(len(a.body))
	return a
}
