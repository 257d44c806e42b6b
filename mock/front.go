package mock

import (
	"io"
	"net/http"
	"strings"
	"time"

	"nox.energy/contract/mock/journal"
	"nox.energy/contract/spec"
)

// api is a contract made ready to be served: it finds the operation that a
// request is for, reads the request as the contract declares it, and refuses what
// the contract does not declare.
type api struct {
	router
	first *operation // in the order of the contract
	limits
}

// limits bound the body of a request.
type limits struct {
	bodyTimeout time.Duration
	maxBody     int64 // bytes
}

// load reads a contract whose operations are served under the path base. It
// fails if the contract cannot be served; the error names the place.
func load(contract *spec.Document, base string, bounds limits) (*api, error) {
	doc, err := readContract(contract)
	if err != nil {
		return nil, err
	}
	operations, err := readOperations(contract, doc)
	if err != nil {
		return nil, err
	}
	return &api{newRouter(base, operations), operations[0], bounds}, nil
}

// unknown answers a request for no operation of the contract.
func (a *api) unknown(allowed []string) answer {
	if len(allowed) == 0 {
		return a.failure(nil, http.StatusNotFound, "").explained(journal.Why{Rule: "path.unknown", In: "path", Reason: "no such path", Got: "another path", Expected: "a path of the contract"})
	}
	return a.failure(nil, http.StatusMethodNotAllowed, "").
		explained(journal.Why{Rule: "method.unknown", In: "method", Reason: "no such method", Got: "another method", Expected: strings.Join(allowed, " or ")}).
		with("Allow", strings.Join(allowed, ", "))
}

// failure is an error answer where op may not be known.
func (a *api) failure(op *operation, status int, words string) answer {
	if op == nil {
		op = a.first
	}
	return op.fail(status, words)
}

// maxDrainBytes is how much of an unread body is worth a connection.
const maxDrainBytes = 256 << 10

// drain reads what is left of the body once the answer is out, so that the
// connection can be used again. In full duplex it may not be left to the
// server: that would read it while it waits for the next request already.
func (a *api) drain(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	if control.SetReadDeadline(time.Now().Add(a.bodyTimeout)) != nil || control.Flush() != nil {
		return
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		// What is still to come must not be taken for another request.
		panic(http.ErrAbortHandler)
	}
}
