package mock

import (
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/internal/openapi"
)

// delivery is how an answer reaches the client; the zero value is as it should.
type delivery struct {
	kind  fault.Kind    // of those that need the connection; "" for none
	piece int           // of Dribble, bytes
	every time.Duration // of Dribble
}

// unanswered tells whether the client gets no byte of the answer.
func (d delivery) unanswered() bool {
	return d.kind == fault.Lost || d.kind == fault.Empty || d.kind == fault.Reset
}

// partial tells whether the client gets a part of the answer only.
func (d delivery) partial() bool { return d.kind == fault.CutShort || d.kind == fault.ResetDuring }

// deliver writes an answer as the delivery of x says. It calls ended where the
// answer goes out in pieces, with whether the client stayed. It panics with
// [http.ErrAbortHandler] where the connection must close, or over HTTP/2 the
// stream be reset.
func deliver(x *exchange, w http.ResponseWriter, a openapi.Response, ended func(stayed bool)) {
	switch {
	case x.delivery.kind == fault.Reset:
		reset(w)
	case x.delivery.unanswered():
		panic(http.ErrAbortHandler) // closes the connection, nothing else
	case x.delivery.partial():
		writeHalf(w, a)
		if x.delivery.kind == fault.ResetDuring {
			reset(w)
		} else {
			panic(http.ErrAbortHandler)
		}
	case x.delivery.kind == fault.Dribble:
		if !x.dribble(w, a, sync.OnceFunc(func() { ended(true) })) {
			ended(false)
		}
	default:
		a.Write(w)
	}
}

// writeHalf sends the head, which announces the whole body, and half of it.
func writeHalf(w http.ResponseWriter, a openapi.Response) {
	maps.Copy(w.Header(), a.Header())
	w.WriteHeader(a.Status)
	w.Write(a.Body[:len(a.Body)/2]) // an error means that the client is gone
	_ = http.NewResponseController(w).Flush()
}

// dribble sends the body in pieces. It tells whether the client stayed, and
// calls ending before the last piece, with which the client may know that it has
// all. When the server stops, or it has taken [fault.MaxDelay], the rest goes out
// at once.
func (x *exchange) dribble(w http.ResponseWriter, a openapi.Response, ending func()) bool {
	ctx := x.request.Context()
	maps.Copy(w.Header(), a.Header())
	w.WriteHeader(a.Status)
	control := http.NewResponseController(w)
	end := time.Now().Add(fault.MaxDelay)
	for rest := a.Body; len(rest) > 0; {
		n := min(x.delivery.piece, len(rest))
		if httpserve.Stopping(ctx) || time.Now().After(end) {
			n = len(rest)
		}
		if n == len(rest) {
			ending()
		}
		if _, err := w.Write(rest[:n]); err != nil || control.Flush() != nil {
			return false
		}
		if rest = rest[n:]; len(rest) > 0 && !httpserve.Wait(ctx, x.delivery.every) {
			return false
		}
	}
	ending() // also where there is no body
	return true
}

// reset closes a connection in such a way that the client sees a reset (RFC
// 9293, section 3.10.7.4), if it is one of TCP that can be taken from the
// server; else as the server can: over HTTP/2, which has many streams on one
// connection, it resets the stream (RFC 9113, section 6.4).
func reset(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for inner := c; inner != nil; {
		if tcp, is := inner.(interface{ SetLinger(sec int) error }); is {
			_ = tcp.SetLinger(0) // then Close is a reset
		}
		wrapped, is := inner.(interface{ NetConn() net.Conn })
		if !is {
			inner.Close() // before the layers above say goodbye, as TLS does
			break
		}
		inner = wrapped.NetConn()
	}
	c.Close()
}

// pause waits for an exchange that is not answered yet.
func (x *exchange) pause(d time.Duration) {
	if d > 0 && !httpserve.Wait(x.request.Context(), d) {
		x.gaveUp = true
	}
}
