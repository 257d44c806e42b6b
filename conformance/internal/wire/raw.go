package wire

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"time"
)

// raw sends a request over HTTP/1.1 on a connection of its own, and looks at
// what net/http hides. It can leave out both a body and a Content-Length, which
// is how HTTP says that there is no content (RFC 9112, section 6.3), where
// net/http writes "Content-Length: 0" for a POST; and it sees what comes behind
// a response, which net/http throws away with the connection.
type raw struct {
	tls *tls.Config
	// otherwise sends it to a target that turned out to speak no HTTP/1.1; nil
	// where none other is known.
	otherwise http.RoundTripper
}

func (t raw) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.overHTTP1(req)
	if err == nil || t.otherwise == nil || req.Context().Err() != nil {
		return resp, err
	}
	next := req.Clone(req.Context())
	if req.GetBody != nil {
		if next.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	return t.otherwise.RoundTrip(next)
}

func (t raw) overHTTP1(req *http.Request) (*http.Response, error) {
	conn, err := t.dial(req)
	if err != nil {
		return nil, err
	}
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{Conn: conn})
	}
	resp, err := t.exchange(conn, req)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return resp, nil
}

func (t raw) dial(req *http.Request) (net.Conn, error) {
	host, port := req.URL.Hostname(), req.URL.Port()
	if req.URL.Scheme != "https" {
		if port == "" {
			port = "80"
		}
		return (&net.Dialer{}).DialContext(req.Context(), "tcp", net.JoinHostPort(host, port))
	}
	if port == "" {
		port = "443"
	}
	config := &tls.Config{}
	if t.tls != nil {
		config = t.tls.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	config.NextProtos = []string{"http/1.1"}
	return (&tls.Dialer{Config: config}).DialContext(req.Context(), "tcp", net.JoinHostPort(host, port))
}

// exchange writes a request and reads the head of its response.
func (t raw) exchange(conn net.Conn, req *http.Request) (*http.Response, error) {
	deadline, limited := req.Context().Deadline()
	if limited {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, err
		}
	}
	// Where the run ends before its time, so does the wait.
	context.AfterFunc(req.Context(), func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\n", req.Method, req.URL.RequestURI(), req.URL.Host)
	if err := req.Header.Write(&text); err != nil {
		return nil, err
	}
	if req.Body != nil {
		fmt.Fprintf(&text, "Content-Length: %d\r\n", req.ContentLength)
	}
	text.WriteString("Connection: close\r\n\r\n")
	if req.Body != nil {
		if _, err := text.ReadFrom(req.Body); err != nil {
			return nil, err
		}
	}
	// What a server said before it closed the connection is read all the same.
	_, unsent := conn.Write(text.Bytes())
	head := &headReader{Reader: conn, left: maxHead}
	seen := &head.seen
	reader := bufio.NewReader(head)
	resp, err := http.ReadResponse(reader, req)
	for err == nil && resp.StatusCode/100 == 1 && resp.StatusCode != http.StatusSwitchingProtocols { // interim, as 103 Early Hints
		seen.Next(seen.Len() - reader.Buffered())
		resp, err = http.ReadResponse(reader, req)
	}
	head.inBody = true
	switch {
	case err == nil:
	case head.left <= 0:
		return nil, errLongHead
	case seen.Len() == 0 && unsent != nil:
		return nil, unsent
	case !isTimeout(err) && bytes.HasPrefix(bytes.TrimLeft(seen.Bytes(), "\r\n"), []byte("HTTP/")):
		return nil, &headError{err}
	default:
		return nil, err
	}
	keepBothLengths(resp, seen.Bytes())
	resp.Body = &rawBody{body: resp.Body, conn: conn, rest: reader}
	return resp, nil
}

// headError is about a response that is HTTP by its first bytes.
type headError struct{ err error }

func (e *headError) Error() string { return e.err.Error() }

func (e *headError) Unwrap() error { return e.err }

// keepBothLengths puts back what net/http takes out of a head that says twice
// how long the body is.
func keepBothLengths(resp *http.Response, seen []byte) {
	head, _, whole := bytes.Cut(seen, []byte("\r\n\r\n"))
	if !whole || len(resp.TransferEncoding) == 0 {
		return
	}
	for line := range bytes.Lines(head) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if strings.EqualFold(string(name), "Content-Length") {
			resp.Header.Set("Content-Length", string(bytes.TrimSpace(value)))
			resp.Header.Set("Transfer-Encoding", strings.Join(resp.TransferEncoding, ", "))
		}
	}
}

// rawBody is a body, and an error if something comes behind it.
type rawBody struct {
	body io.ReadCloser
	conn net.Conn
	rest *bufio.Reader
}

const (
	behindBytes    = 64                     // of what comes behind a response, to be quoted
	behindPatience = 200 * time.Millisecond // for a server that does not close the connection
)

// behindError is what came behind a response.
type behindError struct{ text string }

func (e *behindError) Error() string { return "bytes after the response: " + Quote(e.text) }

func (b *rawBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	if b.conn.SetReadDeadline(time.Now().Add(behindPatience)) == nil {
		more := make([]byte, behindBytes)
		m, _ := io.ReadAtLeast(b.rest, more, 1) // that nothing comes is as it should be
		if rest := bytes.Trim(more[:m], "\r\n"); len(rest) > 0 {
			return n, &behindError{string(rest)}
		}
	}
	return n, io.EOF
}

func (b *rawBody) Close() error { return errors.Join(b.body.Close(), b.conn.Close()) }
