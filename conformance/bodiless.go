package conformance

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
)

// bodiless sends a request that has neither a body nor a Content-Length, which
// is how HTTP says that there is no content (RFC 9112, section 6.3). net/http
// writes "Content-Length: 0" for a POST instead, so this one is written here,
// over plain HTTP/1.1 without a proxy.
type bodiless struct{}

func (bodiless) RoundTrip(req *http.Request) (*http.Response, error) {
	host := req.URL.Host
	if req.URL.Port() == "" {
		host = net.JoinHostPort(req.URL.Hostname(), "80")
	}
	conn, err := (&net.Dialer{}).DialContext(req.Context(), "tcp", host)
	if err != nil {
		return nil, err
	}
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{Conn: conn})
	}
	if deadline, ok := req.Context().Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			conn.Close()
			return nil, err
		}
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\n", req.Method, req.URL.RequestURI(), req.URL.Host)
	if err := req.Header.Write(&text); err != nil {
		conn.Close()
		return nil, err
	}
	text.WriteString("Connection: close\r\n\r\n")
	if _, err := conn.Write(text.Bytes()); err != nil {
		conn.Close()
		return nil, err
	}
	reader := bufio.NewReader(conn)
	resp, err := http.ReadResponse(reader, req)
	for err == nil && resp.StatusCode/100 == 1 { // interim, as 103 Early Hints
		resp, err = http.ReadResponse(reader, req)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	resp.Body = &connBody{resp.Body, conn}
	return resp, nil
}

// connBody closes the connection with the body.
type connBody struct {
	body interface {
		Read([]byte) (int, error)
		Close() error
	}
	conn net.Conn
}

func (b *connBody) Read(p []byte) (int, error) { return b.body.Read(p) }

func (b *connBody) Close() error {
	err := b.body.Close()
	if closeErr := b.conn.Close(); err == nil {
		err = closeErr
	}
	return err
}
