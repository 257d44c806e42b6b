package wire

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
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
	how       sendOptions
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
	for _, values := range next.Header {
		for i, v := range values {
			values[i] = strings.Trim(v, " \t")
		}
	}
	return t.otherwise.RoundTrip(next)
}

// fitsHTTP2 reports whether HTTP/2 can send the headers. It forbids white space at
// either end of a value, over which a server may close a connection that other
// requests share (RFC 9113, section 8.2.1). HTTP/1.1 allows it.
func fitsHTTP2(headers http.Header) bool {
	for _, values := range headers {
		for _, v := range values {
			if v != strings.Trim(v, " \t") {
				return false
			}
		}
	}
	return true
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
		return (&net.Dialer{}).DialContext(req.Context(), "tcp", net.JoinHostPort(host, cmp.Or(port, "80")))
	}
	config := &tls.Config{}
	if t.tls != nil {
		config = t.tls.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	config.NextProtos = []string{"http/1.1"}
	return (&tls.Dialer{Config: config}).DialContext(req.Context(), "tcp", net.JoinHostPort(host, cmp.Or(port, "443")))
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
	start, body, err := t.text(req)
	if err != nil {
		return nil, err
	}
	// What a server said before it closed the connection is read all the same.
	unsent := t.write(conn, start, body)
	head := &headReader{Reader: conn, left: maxHead}
	seen := &head.seen
	reader := bufio.NewReader(head)
	resp, err := readResponse(reader, seen, req)
	if err == nil && t.how.pipelined {
		if _, err = io.Copy(io.Discard, resp.Body); err == nil {
			seen.Next(seen.Len() - reader.Buffered())
			if err = conn.SetReadDeadline(time.Now().Add(pipelinePatience)); err == nil {
				resp, err = readResponse(reader, seen, req)
			}
		}
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
	resp.Body = &rawBody{body: resp.Body, conn: conn, rest: reader, closes: req.Header.Get("Connection") == ""}
	return resp, nil
}

// text writes the head and the body of a request, the body in chunks if the
// request wants it so.
func (t raw) text(req *http.Request) (head, body []byte, err error) {
	if req.Body != nil {
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, nil, err
		}
	}
	version := "1.1"
	if t.how.http10 {
		version = "1.0"
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s %s HTTP/%s\r\nHost: %s\r\n", req.Method, req.URL.RequestURI(), version, req.URL.Host)
	if err := req.Header.Write(&text); err != nil {
		return nil, nil, err
	}
	switch {
	case req.Body == nil:
	case t.how.chunked:
		text.WriteString("Transfer-Encoding: chunked\r\n")
		var chunks bytes.Buffer
		for _, part := range t.parts(body) {
			fmt.Fprintf(&chunks, "%x\r\n%s\r\n", len(part), part)
		}
		body = append(chunks.Bytes(), "0\r\n\r\n"...)
	default:
		fmt.Fprintf(&text, "Content-Length: %d\r\n", len(body))
	}
	if t.how.pipelined {
		open := append(append(bytes.Clone(text.Bytes()), "\r\n"...), body...)
		text = *bytes.NewBuffer(append(open, text.Bytes()...))
	}
	if req.Header.Get("Connection") == "" {
		text.WriteString("Connection: close\r\n")
	}
	text.WriteString("\r\n")
	return text.Bytes(), body, nil
}

// parts cuts a body into as many parts as the request is sent in.
func (t raw) parts(body []byte) [][]byte {
	size := max(1, (len(body)+t.how.parts-1)/max(1, t.how.parts))
	return slices.Collect(slices.Chunk(body, size))
}

// pipelinePatience is how long the second of two requests may take when the
// first has been answered.
const pipelinePatience = time.Second

// betweenPackets is long enough that a server reads one packet before the next
// comes.
const betweenPackets = 5 * time.Millisecond

// write sends a request in one packet, or in as many as it wants.
func (t raw) write(conn net.Conn, head, body []byte) error {
	if t.how.parts == 0 {
		_, err := conn.Write(append(head, body...))
		return err
	}
	_, err := conn.Write(head)
	for _, part := range t.parts(body) {
		if err != nil {
			return err
		}
		time.Sleep(betweenPackets)
		_, err = conn.Write(part)
	}
	return err
}

// readResponse reads the head of a response, and passes over interim ones, as
// 103 Early Hints. One that goes on in another protocol ends there.
func readResponse(reader *bufio.Reader, seen *bytes.Buffer, req *http.Request) (*http.Response, error) {
	resp, err := http.ReadResponse(reader, req)
	for err == nil && resp.StatusCode/100 == 1 && resp.StatusCode != http.StatusSwitchingProtocols {
		seen.Next(seen.Len() - reader.Buffered())
		resp, err = http.ReadResponse(reader, req)
	}
	return resp, err
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
	body   io.ReadCloser
	conn   net.Conn
	rest   *bufio.Reader
	closes bool // the target was asked to close the connection
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
	if b.closes && b.conn.SetReadDeadline(time.Now().Add(behindPatience)) == nil {
		more := make([]byte, behindBytes)
		m, _ := io.ReadAtLeast(b.rest, more, 1) // that nothing comes is as it should be
		if rest := bytes.Trim(more[:m], "\r\n"); len(rest) > 0 {
			return n, &behindError{string(rest)}
		}
	}
	return n, io.EOF
}

func (b *rawBody) Close() error { return errors.Join(b.body.Close(), b.conn.Close()) }
