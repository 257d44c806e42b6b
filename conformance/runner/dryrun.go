package runner

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// Planned is a request that a run would send.
type Planned struct {
	Check   string              `json:"check"`
	Request conformance.Request `json:"request"`
	Curl    string              `json:"curl"`
}

// DryRun lists the requests that [Runner.Run] would send to a target that
// keeps the contract, in the order of the catalogue, without sending any. The
// same seed, run id and contract give the same requests, byte for byte.
func (r *Runner) DryRun(ctx context.Context) iter.Seq[Planned] {
	s := r.session()
	s.Client.Simulate = newIdeal()
	run := newRun(s, r.checks)
	run.perform(ctx)
	seen := s.Sort(slices.Concat(s.AllSeen(), s.SeenElsewhere))
	return func(yield func(Planned) bool) { // of a large contract all at once are much to keep
		for _, each := range seen {
			x := s.Exchange(each.Response)
			if !yield(Planned{each.Check.ID, x.Request, x.Curl}) {
				return
			}
		}
	}
}

// newIdeal returns a function that imagines the response of a target that keeps
// the contract. It makes the body of each documented response once.
func newIdeal() func(*wire.Request) *wire.Response {
	var bodies sync.Map // by documented response
	return func(r *wire.Request) *wire.Response {
		return ideal(r, func(d *contract.Response) any {
			body, known := bodies.Load(d)
			if !known {
				body = schema.Sample(d.Schema, false)
				bodies.Store(d, body)
			}
			return body
		})
	}
}

// ideal imagines a response from what the request was meant to be.
func ideal(r *wire.Request, sample func(*contract.Response) any) *wire.Response {
	op := r.Op
	a := &wire.Response{Request: r, Proto: "HTTP/1.1", Header: http.Header{"Www-Authenticate": {"ApiKey"}, "Allow": {op.Method}}}
	known := len(op.Security) == 0 || len(r.Keys) == 1 && r.Keys[0].IsValid && r.Keys[0].Place == contract.AsDeclared
	status := ""
	switch {
	case r.Method != op.Method:
		a.Status = http.StatusMethodNotAllowed
		return a
	case strings.Contains(r.Path, wire.UnknownPathSuffix):
		a.Status = http.StatusNotFound
		return a
	case r.ProvokedStatus != "":
		status = op.ErrorStatus()
	case !known:
		status = op.UnauthorizedStatus()
	case r.Intent == wire.Breaks:
		status = op.InvalidStatus()
	default:
		status = op.SuccessStatus()
	}
	i := slices.IndexFunc(op.Responses, func(d *contract.Response) bool { return d.Status == status })
	if i < 0 {
		a.Status = http.StatusNoContent
		return a
	}
	a.Status = trial.StatusNumber(status)
	documented := op.Responses[i]
	if len(documented.MediaTypes) == 0 {
		return a
	}
	a.Header.Set("Content-Type", documented.MediaTypes[0])
	made := sample(documented)
	body, isObject := made.(schema.Object)
	if isObject && status == op.SuccessStatus() && op.Rules.Echo != "" {
		body = body.With([]string{op.Rules.Echo}, r.Subject)
		body = body.With([]string{op.Rules.Identity}, r.Keys[0].Label+" "+r.Subject)
	}
	if a.Body = schema.Encode(made); isObject {
		a.Body = schema.Encode(body)
	}
	a.Size = int64(len(a.Body))
	return a
}
