package httpserve_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/mocktest"
)

// RFC 9112, section 6.1: such a message may be an attempt at smuggling.
func TestTwoLengthsCloseTheConnection(t *testing.T) {
	s := mocktest.NewServer(t)
	for _, order := range []string{
		"Content-Length: 15\nTransfer-Encoding: chunked\n",
		"Transfer-Encoding: chunked\nCONTENT-LENGTH: 3\n",
	} {
		r, _, rest := clienttest.Raw(t, s, clienttest.Head(s, order), clienttest.ValidChunked)
		if r.Status != 201 || !r.Closed {
			t.Errorf("%q: status %d, connection announced as closed: %t", order, r.Status, r.Closed)
		}
		if _, err := rest.ReadByte(); err != io.EOF {
			t.Errorf("%q: the connection is still open (%v)", order, err)
		}
	}
	// One of them alone keeps it open, in any mixture that can be told apart.
	r, c, rest := clienttest.Raw(t, s, clienttest.Head(s, "Transfer-Encoding: chunked\n"), clienttest.ValidChunked)
	if r.Status != 201 || r.Closed {
		t.Fatalf("chunked: status %d, closed %t", r.Status, r.Closed)
	}
	io.WriteString(c, strings.ReplaceAll(clienttest.Head(s, "Content-Length: 15\n"), "\n", "\r\n")+clienttest.ValidBody)
	if resp, err := http.ReadResponse(rest, nil); err != nil || resp.StatusCode != 201 || resp.Close {
		t.Errorf("a second request on that connection: %v, %v", resp, err)
	}
}

// pipes is a listener whose connections hand over each write as it was made.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// The field may come in pieces.
func TestTwoLengthsByteByByte(t *testing.T) {
	m, err := mock.New(mock.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s := &mocktest.Server{APIKey: mock.DefaultManufacturers()[0].Keys[0]}
	for fields, closes := range map[string]bool{
		"Transfer-Encoding: chunked\nContent-Length: 15\n":          true,
		"content-length: 15\nTransfer-Encoding: chunked\n":          true,
		"Transfer-Encoding: chunked\nX-Content-Length: 15\n":        false,
		"Transfer-Encoding: chunked\nContent-Lengt: Content-Length": false,
	} {
		server := httpserve.NewServer(m)
		l := make(pipes, 1)
		ctx, stop := context.WithCancel(t.Context())
		go httpserve.Serve(ctx, server, l)
		client, end := net.Pipe()
		l <- end
		go func() {
			request := strings.ReplaceAll(clienttest.Head(s, strings.TrimSuffix(fields, "\n")+"\n"), "\n", "\r\n") + clienttest.ValidChunked
			for i := range len(request) {
				io.WriteString(client, request[i:i+1])
			}
		}()
		resp, err := http.ReadResponse(bufio.NewReader(client), nil)
		if err != nil || resp.StatusCode != 201 || resp.Close != closes {
			t.Errorf("%q: %+v, %v; want it closed: %t", fields, resp, err, closes)
		}
		client.Close()
		close(l)
		stop()
	}
}

// A server that does not use the listener closes more often, never less.
func TestTwoLengthsWithoutListener(t *testing.T) {
	m, err := mock.New(mock.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httpserve.NewServer(m)
	l := clienttest.Listen(t)
	go server.Serve(l)
	defer server.Close()
	s := &mocktest.Server{URL: "http://" + l.Addr().String(), APIKey: mock.DefaultManufacturers()[0].Keys[0]}
	r, _, _ := clienttest.Raw(t, s, clienttest.Head(s, "Transfer-Encoding: chunked\nContent-Length: 15\n"), clienttest.ValidChunked)
	if r.Status != 201 || !r.Closed {
		t.Errorf("status %d, closed %t", r.Status, r.Closed)
	}
}
