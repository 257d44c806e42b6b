package mock

import (
	"io"
	"net/http"
	"strings"
	"time"

	"nox.energy/contract/mock/journal"
)

// front is what reads requests as a contract declares them, and refuses those
// that it does not: the mock has one for its contract, the control API for its
// own.
type front struct {
	router      *router
	first       *operation // in the order of the contract
	bodyTimeout time.Duration
	maxBody     int64 // bytes
}

// unknown answers a request for no operation of the contract.
func (f *front) unknown(allowed []string) answer {
	if len(allowed) == 0 {
		return f.failure(nil, http.StatusNotFound, "").explained(journal.Why{Rule: "path.unknown", In: "path", Reason: "no such path", Got: "another path", Expected: "a path of the contract"})
	}
	return f.failure(nil, http.StatusMethodNotAllowed, "").
		explained(journal.Why{Rule: "method.unknown", In: "method", Reason: "no such method", Got: "another method", Expected: strings.Join(allowed, " or ")}).
		with("Allow", strings.Join(allowed, ", "))
}

// failure is an error answer where op may not be known.
func (f *front) failure(op *operation, status int, words string) answer {
	if op == nil {
		op = f.first
	}
	return op.fail(status, words)
}

// maxDrainBytes is how much of an unread body is worth a connection.
const maxDrainBytes = 256 << 10

// drain reads what is left of the body once the answer is out, so that the
// connection can be used again. In full duplex it may not be left to the
// server: that would read it while it waits for the next request already.
func (f *front) drain(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	if control.SetReadDeadline(time.Now().Add(f.bodyTimeout)) != nil || control.Flush() != nil {
		return
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		// What is still to come must not be taken for another request.
		panic(http.ErrAbortHandler)
	}
}
