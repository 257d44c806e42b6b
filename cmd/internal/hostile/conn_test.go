package hostile

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"nox.energy/contract/mock/mocktest"
)

// atMost is how many bytes a target sends at most in one response.
const atMost = 8 << 20

// server is what the connections of one target share.
type server struct {
	backend     *mocktest.Server
	connections atomic.Int64
	requests    atomic.Int64
	done        chan struct{} // closed when the test ends
}

// conn is one connection of a target. What it sends is lost where the program
// does not read it.
type conn struct {
	net.Conn
	*server
	in *bufio.Reader
}

func newConn(s *server, c net.Conn) *conn {
	return &conn{c, s, bufio.NewReader(c)}
}

// request reads a request, nil where none comes. Its body is read.
func (c *conn) request() *http.Request {
	r, err := http.ReadRequest(c.in)
	if err != nil {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	c.requests.Add(1)
	return r
}

// send writes text, and reports whether the connection took it.
func (c *conn) send(text ...string) bool {
	_, err := io.WriteString(c.Conn, strings.Join(text, ""))
	return err == nil
}

// hold keeps the connection open until the program closes it.
func (c *conn) hold() { _, _ = io.Copy(io.Discard, c.in) }

// flood sends a text again and again, up to the bound of a response.
func (c *conn) flood(text string) {
	block := strings.Repeat(text, max(1, (32<<10)/len(text)))
	for sent := 0; sent < atMost; sent += len(block) {
		if !c.send(block) {
			return
		}
	}
}

// drip sends a text byte by byte, with a pause before each.
func (c *conn) drip(text string) {
	for i := range len(text) {
		select {
		case <-c.done:
			return
		case <-time.After(100 * time.Millisecond):
		}
		if !c.send(text[i : i+1]) {
			return
		}
	}
}

// reset ends the connection without a farewell.
func (c *conn) reset() {
	inner := c.Conn
	if wrapped, ok := inner.(interface{ NetConn() net.Conn }); ok {
		inner = wrapped.NetConn()
	}
	if tcp, ok := inner.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = inner.Close()
}

// answer is a response that can be changed before it is sent.
type answer struct {
	status int
	header http.Header
	body   string
}

// honest is the right response to a request: the mock's.
func (c *conn) honest(r *http.Request) answer {
	wrong := answer{http.StatusInternalServerError, http.Header{"Content-Type": {"application/json"}}, `{"error":"Internal server error"}`}
	out, err := http.NewRequest(r.Method, strings.TrimSuffix(c.backend.URL, "/v2")+r.URL.RequestURI(), r.Body)
	if err != nil {
		return wrong
	}
	out.Header = r.Header.Clone()
	resp, err := c.backend.Client().Do(out)
	if err != nil {
		return wrong
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return wrong
	}
	resp.Header.Del("Content-Length")
	return answer{resp.StatusCode, resp.Header, string(body)}
}

// head writes a status line and header fields, without the empty line behind.
func (a answer) head() string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", a.status, http.StatusText(a.status))
	_ = a.header.Write(&b) // to memory
	return b.String()
}

// text writes the response with the length of its body.
func (a answer) text() string {
	return a.head() + "Content-Length: " + strconv.Itoa(len(a.body)) + "\r\n\r\n" + a.body
}

// created is the head of a 201 with a body in JSON, without the empty line
// behind.
const created = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"

// sized is a 201 with a body in JSON.
func sized(body string) string {
	return created + "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// saying sends the same text to every request.
func saying(text string) func(*conn) {
	return func(c *conn) {
		for c.request() != nil && c.send(text) {
		}
	}
}

// once does something behind the first request of each connection, which then
// ends.
func once(do func(*conn)) func(*conn) {
	return func(c *conn) {
		if c.request() != nil {
			do(c)
		}
	}
}

// onceHeld is the same, and the connection stays open.
func onceHeld(do func(*conn)) func(*conn) {
	return once(func(c *conn) { do(c); c.hold() })
}

// flooding sends a head and then a text again and again.
func flooding(head, text string) func(*conn) {
	return onceHeld(func(c *conn) { c.send(head); c.flood(text) })
}

// stuck sends a text and then nothing.
func stuck(text string) func(*conn) { return onceHeld(func(c *conn) { c.send(text) }) }

// cut sends a text and closes the connection.
func cut(text string) func(*conn) { return once(func(c *conn) { c.send(text) }) }

// changing sends the right responses, changed.
func changing(change func(*http.Request, *answer)) func(*conn) {
	return func(c *conn) {
		for {
			r := c.request()
			if r == nil {
				return
			}
			a := c.honest(r)
			change(r, &a)
			if !c.send(a.text()) {
				return
			}
		}
	}
}

// turning sends right responses to the first requests of a run, and does
// something else from then on.
func turning(after int64, do func(*conn)) func(*conn) {
	return misbehaving(func(c *conn, _ *http.Request, _ answer) bool { return c.requests.Load() > after }, do)
}

// misbehaving sends the right response unless a rule chooses the request.
func misbehaving(chosen func(*conn, *http.Request, answer) bool, do func(*conn)) func(*conn) {
	return func(c *conn) {
		for {
			r := c.request()
			if r == nil {
				return
			}
			a := c.honest(r)
			if chosen(c, r, a) {
				do(c)
				return
			}
			if !c.send(a.text()) {
				return
			}
		}
	}
}

// of chooses the requests that are owed a status.
func of(status int) func(*conn, *http.Request, answer) bool {
	return func(_ *conn, _ *http.Request, a answer) bool { return a.status == status }
}
