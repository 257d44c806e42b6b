package httpserve

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A request that has both Content-Length and Transfer-Encoding may be an
// attempt to smuggle another one past a proxy; the server must close the
// connection after its answer (RFC 9112, section 6.1). net/http drops the
// Content-Length and keeps the connection. So the listener notes whether a
// Content-Length was ever sent on a connection, and the handler closes that
// connection after a request with Transfer-Encoding. That may close one on
// which both came in different requests, which does no harm.

// watchingListener watches its connections for requests that declare their length
// twice. Without it, or over TLS, a server of [NewServer] closes the connection after
// every request with a Transfer-Encoding.
type watchingListener struct {
	net.Listener
	plain *plain // nil: there are no plain requests
}

func (l watchingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &watchedConn{Conn: c, line: []byte{}, plain: l.plain, limited: limitedBeneath(c)}, nil
}

// watchedConn looks for lines that start with Content-Length, and answers plain
// requests.
type watchedConn struct {
	net.Conn
	line      []byte // the start of the line that is being read; nil: it is another
	hasLength atomic.Bool

	plain   *plain
	limited *limitedConn // beneath, nil if none
	number  int64        // which one of all it is
	between atomic.Bool  // the server waits for the next request
	whole   int          // how much the server reads when it holds nothing that it has not used
	held    atomic.Int64 // until when the deadlines are set that plain requests have, in nanoseconds since 1970
	address string       // of the client, once it was asked for
	out     []byte       // to be used again
	busy    sync.Mutex   // while a plain request is answered
}

const lengthField = "content-length"

func (c *watchedConn) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if n > 0 && c.between.Load() {
			if len(p) == c.whole && c.answer(p[:n]) {
				continue
			}
			c.between.Store(false) // what comes next may be the rest of this request
		}
		if c.whole == 0 {
			c.whole = len(p) // nothing was read before
		}
		if !c.hasLength.Load() {
			c.watch(p[:n])
		}
		return n, err
	}
}

// note lets a connection know what the server does with it.
func (c *watchedConn) note(state http.ConnState) {
	c.between.Store(state == http.StateIdle && c.plain != nil)
	c.held.Store(0)
}

// answer answers a request if it is plain. It is called between two requests
// only, and with all that was read since the last one.
func (c *watchedConn) answer(data []byte) bool {
	c.busy.Lock()
	defer c.busy.Unlock()
	response, is := c.plain.AnswerPlain(c.out[:0], data, c)
	c.out = response
	if !is {
		return false
	}
	c.hasLength.Store(true)
	if now := time.Now(); time.Duration(c.held.Load()-now.UnixNano()) < c.plain.idle/2 {
		// Idle is who sends nothing at all, and who takes nothing is not waited for.
		until := now.Add(c.plain.idle)
		c.held.Store(until.UnixNano())
		_ = c.Conn.SetReadDeadline(until)
		_ = c.Conn.SetWriteDeadline(now.Add(c.plain.writing))
	}
	if c.limited != nil {
		c.limited.touch()
	}
	_, _ = c.Conn.Write(response) // an error is that of the next read as well
	return true
}

// Close waits until a plain request is answered: to the server the connection
// was idle.
func (c *watchedConn) Close() error {
	c.busy.Lock()
	defer c.busy.Unlock()
	return c.Conn.Close()
}

// Remote implements [Peer].
func (c *watchedConn) Remote() string {
	if c.address == "" {
		c.address = c.RemoteAddr().String()
	}
	return c.address
}

// Number implements [Peer].
func (c *watchedConn) Number() int64 { return c.number }

// watch goes over what was read, line by line. A line may come in pieces.
func (c *watchedConn) watch(data []byte) {
	for len(data) > 0 {
		line, rest, ended := bytes.Cut(data, []byte("\n"))
		if c.line != nil {
			c.line = append(c.line, line[:min(len(line), len(lengthField)-len(c.line))]...)
			if len(c.line) == len(lengthField) {
				if strings.EqualFold(string(c.line), lengthField) {
					c.hasLength.Store(true)
				}
				c.line = nil
			}
		}
		if ended {
			c.line = []byte{}
		}
		data = rest
	}
}

// CloseWrite lets the server end its side first, so that the client still
// reads the answer.
func (c *watchedConn) CloseWrite() error { return closeWrite(c.Conn) }

// NetConn is the connection beneath.
func (c *watchedConn) NetConn() net.Conn { return c.Conn }

type connKey struct{}

type numberKey struct{}

// rememberConns lets a request know its connection, and which of all it is.
func rememberConns() func(context.Context, net.Conn) context.Context {
	var last atomic.Int64
	return func(ctx context.Context, c net.Conn) context.Context {
		n := last.Add(1)
		if watched, is := c.(*watchedConn); is {
			watched.number = n
		}
		return context.WithValue(context.WithValue(ctx, connKey{}, c), numberKey{}, n)
	}
}

// ConnectionNumber returns which of the connections of its server a request came
// on, counted from 1; 0 if that is not known.
func ConnectionNumber(ctx context.Context) int64 {
	n, _ := ctx.Value(numberKey{}).(int64)
	return n
}

// WithoutConnection returns the context of a request that comes on no connection.
func WithoutConnection(ctx context.Context) context.Context {
	return context.WithValue(ctx, numberKey{}, int64(0))
}

// lengthGuard closes a connection on which a length may have been declared twice.
type lengthGuard struct{ http.Handler }

func (g lengthGuard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if slices.Contains(r.TransferEncoding, "chunked") {
		c, watched := r.Context().Value(connKey{}).(*watchedConn)
		if !watched || c.hasLength.Load() {
			w.Header().Set("Connection", "close")
		}
	}
	g.Handler.ServeHTTP(w, r)
}
