package defect

import (
	"bytes"
	"io"
	"net"
	"regexp"
	"strconv"
)

// onWire makes a deviation one that shows below HTTP, on each connection.
func onWire(d Deviation, wrap func(net.Conn) net.Conn) Deviation {
	d.wire = wrap
	return d
}

// wrapping changes each connection of a listener.
type wrapping struct {
	net.Listener
	wrap func(net.Conn) net.Conn
}

func (w wrapping) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return w.wrap(c), nil
}

var bodyLength = regexp.MustCompile(`(?i)\r\nContent-Length: *([0-9]+)`)

// whole returns how much of text is a first request with its length, 0 if that
// cannot be told.
func whole(text []byte) int {
	head, _, ok := bytes.Cut(text, []byte("\r\n\r\n"))
	if !ok {
		return 0
	}
	size := 0
	if m := bodyLength.FindSubmatch(head); m != nil {
		size, _ = strconv.Atoi(string(m[1])) // digits
	}
	return len(head) + 4 + size
}

// impatient ends where a body of few bytes did not come with its head.
type impatient struct {
	net.Conn
	over bool
}

func (c *impatient) Read(p []byte) (int, error) {
	if c.over {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(p)
	if due := whole(p[:n]); due > n && due < 2000 {
		c.over = true
	}
	return n, err
}

// shortSighted loses what comes behind the first request of a packet.
type shortSighted struct{ net.Conn }

func (c shortSighted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if due := whole(p[:n]); due > 0 && due < n {
		n = due
	}
	return n, err
}

// caseConn overlooks the key's header where its name is in capitals.
type caseConn struct{ net.Conn }

// Read changes one letter of the name. A name that two reads share is let
// through: the head of a small request comes in one.
func (c caseConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	for at := p[:n]; ; {
		i := bytes.Index(at, []byte("\nX-API-KEY:"))
		if i < 0 {
			return n, err
		}
		at = at[i:]
		copy(at, "\nX-API-KEx:")
	}
}

// CloseWrite lets the server end its side first, as it does without the wrapper.
func (c caseConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
