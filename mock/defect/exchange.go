package defect

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	keyHeader     = "X-Api-Key"                        // the contract's security scheme, in the form that net/http gives it
	operationPath = "/manufacturer/device-connections" // below the base path
	readAtMost    = 8 << 20                            // bytes of a request body that are held; what follows is passed on unseen
)

// An exchange is one request to a wrapped handler and the answer in the
// making. A mechanism may change the request, call serve for the sound
// handler's answer, and change that.
type exchange struct {
	request *http.Request // as it came; its body is in sent
	sent    []byte        // request body
	changed bool          // sent is not what came
	broken  error         // why the request body ended early, if it did
	rest    io.Reader     // request body beyond readAtMost

	status int // 0 until there is an answer
	header http.Header
	body   []byte

	write func(http.ResponseWriter, *exchange) // puts the answer on the wire

	memory   *memory // of the wrapped handler
	next     http.Handler
	wire     http.ResponseWriter
	hijacked bool
}

func newExchange(w http.ResponseWriter, r *http.Request, next http.Handler, m *memory) *exchange {
	x := &exchange{memory: m, request: r.Clone(r.Context()), next: next, wire: w, header: http.Header{}, write: writeWhole}
	x.sent, x.broken = io.ReadAll(io.LimitReader(r.Body, readAtMost))
	x.rest = r.Body
	return x
}

// key is the API key that the request names; empty without one.
func (x *exchange) key() string { return x.request.Header.Get(keyHeader) }

// connection identifies the connection that the request came on.
func (x *exchange) connection() string { return x.request.RemoteAddr }

// setKey lets the sound handler see another key. No key is "".
func (x *exchange) setKey(keys ...string) {
	x.request.Header.Del(keyHeader)
	for _, k := range keys {
		x.request.Header.Add(keyHeader, k)
	}
}

// send lets the sound handler see another body.
func (x *exchange) send(body []byte) { x.sent, x.changed = body, true }

// operation reports whether the request is to the contract's path, by any method.
func (x *exchange) operation() bool { return strings.HasSuffix(x.request.URL.Path, operationPath) }

// serve has the sound handler answer the request as it stands. A second call
// replaces the answer of the first.
func (x *exchange) serve() {
	r := x.request.WithContext(x.request.Context())
	var tail io.Reader = x.rest
	if x.broken != nil {
		tail = failing{x.broken}
	}
	if x.changed {
		tail = http.NoBody
		r.ContentLength, r.TransferEncoding = int64(len(x.sent)), nil
		r.Header.Set("Content-Length", strconv.Itoa(len(x.sent)))
	}
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(x.sent), tail))
	x.status, x.header, x.body = 0, http.Header{}, nil
	x.next.ServeHTTP(&recorder{x}, r)
	if x.status == 0 {
		x.status = http.StatusOK
	}
	x.header.Del("Content-Length") // the body may change; finish counts again
}

// finish puts the answer on the wire.
func (x *exchange) finish() {
	if x.hijacked {
		return
	}
	x.write(x.wire, x)
}

// failing is a body that ends in an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A recorder keeps the sound handler's answer in its exchange. What a handler
// does to the connection itself is passed through.
type recorder struct{ x *exchange }

func (r *recorder) Header() http.Header { return r.x.header }

func (r *recorder) WriteHeader(status int) {
	if r.x.status == 0 && status >= 200 {
		r.x.status = status
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	r.x.body = append(r.x.body, p...)
	return len(p), nil
}

func (r *recorder) Flush() {} // the answer is changed before it leaves

func (r *recorder) Hijack() (c net.Conn, rw *bufio.ReadWriter, err error) {
	c, rw, err = http.NewResponseController(r.x.wire).Hijack()
	r.x.hijacked = err == nil
	return c, rw, err
}

func (r *recorder) SetReadDeadline(t time.Time) error {
	return http.NewResponseController(r.x.wire).SetReadDeadline(t)
}

func (r *recorder) SetWriteDeadline(t time.Time) error {
	return http.NewResponseController(r.x.wire).SetWriteDeadline(t)
}
