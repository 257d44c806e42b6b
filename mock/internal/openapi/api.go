// Package openapi serves an OpenAPI document: it finds the operation that a
// request is for, validates the request, and makes responses from examples and
// schemas. It alone sees kin-openapi, and shows nothing of it.
package openapi

import (
	"io"
	"net/http"
	"strings"
	"time"

	"nox.energy/contract/mock/journal"
	"nox.energy/contract/spec"
)

// API is a contract made ready to be served: it finds the operation that a
// request is for, reads the request as the contract declares it, and refuses what
// the contract does not declare.
type API struct {
	router
	First *Operation // in the order of the contract
	Limits
}

// Limits bound the body of a request.
type Limits struct {
	BodyTimeout time.Duration
	MaxBody     int64 // bytes
}

// Load reads a contract whose operations are served under the path base. It
// fails if the contract cannot be served; the error names the place.
func Load(contract *spec.Document, base string, bounds Limits) (*API, error) {
	requests, responses, err := readContract(contract)
	if err != nil {
		return nil, err
	}
	operations, err := readOperations(contract, requests, responses, base)
	if err != nil {
		return nil, err
	}
	return &API{newRouter(base, operations), operations[0], bounds}, nil
}

// RefuseUnknown answers a request for no operation of the contract. It names the
// path that was probably meant.
func (a *API) RefuseUnknown(r *http.Request, allowed []string) Response {
	if len(allowed) == 0 {
		nearest := a.nearest(r.URL.EscapedPath())
		return a.Fail(nil, http.StatusNotFound, "Not Found: the nearest path is "+nearest).
			WithReason(journal.Why{Rule: "path.unknown", In: "path", Reason: "no such path; the nearest is " + nearest, Got: "another path", Expected: "a path of the contract"})
	}
	return a.Fail(nil, http.StatusMethodNotAllowed, "").
		WithReason(journal.Why{Rule: "method.unknown", In: "method", Reason: "no such method", Got: "another method", Expected: strings.Join(allowed, " or ")}).
		With("Allow", strings.Join(allowed, ", "))
}

// Fail is an error answer where op may not be known.
func (a *API) Fail(op *Operation, status int, words string) Response {
	if op == nil {
		op = a.First
	}
	return op.Fail(status, words)
}

// MaxDrainBytes is how much of an unread body is worth a connection.
const MaxDrainBytes = 256 << 10

// Drain reads what is left of the body once the answer is out, so that the
// connection can be used again. In full duplex it may not be left to the
// server: that would read it while it waits for the next request already. It
// returns the body if it has at most keep bytes, else nil.
func (a *API) Drain(w http.ResponseWriter, r *http.Request, keep int64) []byte {
	control := http.NewResponseController(w)
	if control.SetReadDeadline(time.Now().Add(a.BodyTimeout)) != nil || control.Flush() != nil {
		return nil
	}
	kept, err := io.ReadAll(io.LimitReader(r.Body, keep))
	rest := int64(0)
	if err == nil {
		rest, err = io.Copy(io.Discard, r.Body)
	}
	if err != nil {
		// What is still to come must not be taken for another request.
		panic(http.ErrAbortHandler)
	}
	if rest > 0 {
		return nil
	}
	return kept
}
