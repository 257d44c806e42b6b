package httpserve

import (
	"net/http"
	"time"
)

// PlainAnswerer answers requests as they come off a connection, past net/http,
// which costs most of the time that a short answer takes.
type PlainAnswerer interface {
	// AnswerPlain appends the response to a request to out; ok is false, and
	// nothing has happened, if data is not one whole request of the kind that it
	// answers. It may not wait for another process, as the connection cannot be
	// closed meanwhile.
	AnswerPlain(out, data []byte, from Peer) (response []byte, ok bool)
}

// Peer is who sent a plain request.
type Peer interface {
	Number() int64  // of the connection, as [ConnectionNumber] counts
	Remote() string // the client's address
}

// plain are the plain requests of a server, with its limits on time.
type plain struct {
	PlainAnswerer
	idle, writing time.Duration
}

// plainOf returns the plain requests of what server serves, nil if it has none:
// those of a handler with a method PlainAnswerer that returns them.
func plainOf(server *http.Server) *plain {
	guard, is := server.Handler.(lengthGuard)
	if !is {
		return nil
	}
	h, is := guard.Handler.(interface{ PlainAnswerer() PlainAnswerer })
	if !is || server.IdleTimeout <= 0 || server.WriteTimeout <= 0 {
		return nil
	}
	if answerer := h.PlainAnswerer(); answerer != nil {
		return &plain{answerer, server.IdleTimeout, server.WriteTimeout}
	}
	return nil
}
