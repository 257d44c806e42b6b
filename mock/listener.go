package mock

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
)

// A request that has both Content-Length and Transfer-Encoding may be an
// attempt to smuggle another one past a proxy; the server must close the
// connection after its answer (RFC 9112, section 6.1). net/http drops the
// Content-Length and keeps the connection. So the listener notes whether a
// Content-Length was ever sent on a connection, and the handler closes that
// connection after a request with Transfer-Encoding. That may close one on
// which both came in different requests, which does no harm.

// NewListener returns l with its connections watched for requests that declare
// their length twice. Without it, or over TLS, a server of [NewHTTPServer]
// closes the connection after every request with a Transfer-Encoding.
func NewListener(l net.Listener) net.Listener {
	if _, is := l.(watchingListener); is {
		return l
	}
	return watchingListener{l}
}

type watchingListener struct{ net.Listener }

func (l watchingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &watchedConn{Conn: c, line: []byte{}}, nil
}

// watchedConn looks for lines that start with Content-Length.
type watchedConn struct {
	net.Conn
	line      []byte // the start of the line that is being read; nil: it is another
	hasLength atomic.Bool
}

const lengthField = "content-length"

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.hasLength.Load() {
		c.watch(p[:n])
	}
	return n, err
}

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

// closeWrite ends this side of a connection, if it can be done alone.
func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// NetConn is the connection beneath.
func (c *watchedConn) NetConn() net.Conn { return c.Conn }

type connKey struct{}

type numberKey struct{}

// rememberConns lets a request know its connection, and which of all it is.
func rememberConns() func(context.Context, net.Conn) context.Context {
	var last atomic.Int64
	return func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(context.WithValue(ctx, connKey{}, c), numberKey{}, last.Add(1))
	}
}

// connectionNumber counts the connections of a server from 1; 0 is unknown.
func connectionNumber(ctx context.Context) int64 {
	n, _ := ctx.Value(numberKey{}).(int64)
	return n
}

func closeAfterTwoLengths(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains(r.TransferEncoding, "chunked") {
			c, watched := r.Context().Value(connKey{}).(*watchedConn)
			if !watched || c.hasLength.Load() {
				w.Header().Set("Connection", "close")
			}
		}
		h.ServeHTTP(w, r)
	})
}
