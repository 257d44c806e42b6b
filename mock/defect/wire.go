package defect

import (
	"bytes"
	"net"
)

// A caseListener overlooks the key's header where its name is in capitals.
type caseListener struct{ net.Listener }

func (l caseListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return caseConn{c}, nil
}

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
