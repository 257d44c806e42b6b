package mock_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/store"
)

// head is the head of a valid request but for its length, as raw wants it.
func head(s *mocktest.Server, more string) string {
	return "POST /v2" + connectPath + " HTTP/1.1\nHost: x\nx-api-key: " + s.APIKey + "\nContent-Type: application/json\n" + more + "\n"
}

const (
	validBody    = `{"user_id":"u"}`
	validChunked = "f\r\n" + validBody + "\r\n0\r\n\r\n"
)

// Framing that is not HTTP never reaches the mock's rules.
func TestFramingErrors(t *testing.T) {
	s := mocktest.NewServer(t)
	for _, x := range []struct{ name, head, body string }{
		{"two lengths", head(s, "Content-Length: 15\nContent-Length: 16\n"), validBody},
		{"negative length", head(s, "Content-Length: -1\n"), validBody},
		{"no Host", strings.Replace(head(s, "Content-Length: 15\n"), "Host: x\n", "", 1), validBody},
		{"two Hosts", head(s, "Host: y\nContent-Length: 15\n"), validBody},
		{"space before the colon", head(s, "X-Other : 1\nContent-Length: 15\n"), validBody},
		{"headers over 64 KiB", head(s, "X-Long: "+strings.Repeat("x", 64<<10)+"\n"), validBody},
		{"unknown transfer coding", head(s, "Transfer-Encoding: gzip, chunked\n"), validChunked},
		{"not HTTP", "hello\n\n", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			r, _, _ := raw(t, s, x.head, x.body)
			if r.status != 0 && (r.status < 400 || r.status > 599) {
				t.Errorf("status %d, want a 4xx or a closed connection", r.status)
			}
			if r.header.Get("Cache-Control") != "" {
				t.Errorf("status %d: it came as far as the mock", r.status)
			}
		})
	}
	r, _, _ := raw(t, s, head(s, "X-Long: "+strings.Repeat("x", 60<<10)+"\nContent-Length: 15\n"), validBody)
	if r.status != 201 {
		t.Errorf("headers of 60 KiB: status %d, want 201", r.status)
	}
}

func TestBrokenBodies(t *testing.T) {
	s := mocktest.NewServer(t)
	const tooLarge = "The request body is larger than 1048576 bytes"
	for _, x := range []struct{ name, more, body, words string }{
		{"bad chunk size", "Transfer-Encoding: chunked\n", "zz\r\n" + validBody + "\r\n0\r\n\r\n", "The request body is incomplete"},
		{"chunk longer than said", "Transfer-Encoding: chunked\n", "4\r\n" + validBody + "\r\n0\r\n\r\n", "The request body is incomplete"},
		{"one byte too large, in chunks", "Transfer-Encoding: chunked\n", "100001\r\n" + validBody + strings.Repeat(" ", 1<<20+1-len(validBody)) + "\r\n0\r\n\r\n", tooLarge},
		{"far too large, announced", "Content-Length: 99999999999\n", "", tooLarge},
		{"two media types", "Content-Type: application/json\nContent-Length: 15\n", validBody, "Content-Type must be application/json"},
		{"no length", "", "", "A request body is required"},
	} {
		t.Run(x.name, func(t *testing.T) {
			r, _, _ := raw(t, s, head(s, x.more), x.body)
			if r.status != 400 {
				t.Fatalf("status %d, want 400", r.status)
			}
			checkEveryAnswer(t, "POST", r)
			if got := words(t, r); got != x.words {
				t.Errorf("error %q, want %q", got, x.words)
			}
		})
	}
}

// RFC 9112, section 6.1: such a message may be an attempt at smuggling.
func TestTwoLengthsCloseTheConnection(t *testing.T) {
	s := mocktest.NewServer(t)
	for _, order := range []string{
		"Content-Length: 15\nTransfer-Encoding: chunked\n",
		"Transfer-Encoding: chunked\nCONTENT-LENGTH: 3\n",
	} {
		r, _, rest := raw(t, s, head(s, order), validChunked)
		if r.status != 201 || !r.closed {
			t.Errorf("%q: status %d, connection announced as closed: %t", order, r.status, r.closed)
		}
		if _, err := rest.ReadByte(); err != io.EOF {
			t.Errorf("%q: the connection is still open (%v)", order, err)
		}
	}
	// One of them alone keeps it open, in any mixture that can be told apart.
	r, c, rest := raw(t, s, head(s, "Transfer-Encoding: chunked\n"), validChunked)
	if r.status != 201 || r.closed {
		t.Fatalf("chunked: status %d, closed %t", r.status, r.closed)
	}
	io.WriteString(c, strings.ReplaceAll(head(s, "Content-Length: 15\n"), "\n", "\r\n")+validBody)
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
		go server.Serve(httpserve.NewListener(l))
		client, end := net.Pipe()
		l <- end
		go func() {
			request := strings.ReplaceAll(head(s, strings.TrimSuffix(fields, "\n")+"\n"), "\n", "\r\n") + validChunked
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
		server.Close()
	}
}

// A server that does not use the listener closes more often, never less.
func TestTwoLengthsWithoutListener(t *testing.T) {
	m, err := mock.New(mock.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httpserve.NewServer(m)
	l := listen(t)
	go server.Serve(l)
	defer server.Close()
	s := &mocktest.Server{URL: "http://" + l.Addr().String(), APIKey: mock.DefaultManufacturers()[0].Keys[0]}
	r, _, _ := raw(t, s, head(s, "Transfer-Encoding: chunked\nContent-Length: 15\n"), validChunked)
	if r.status != 201 || !r.closed {
		t.Errorf("status %d, closed %t", r.status, r.closed)
	}
}

// The refusal comes though not a byte of the body has been sent, and the
// connection serves on once it has.
func TestRefusedBeforeTheBody(t *testing.T) {
	s := mocktest.NewServer(t)
	refused := strings.Replace(head(s, "Content-Length: 15\n"), s.APIKey, "bad", 1)
	r, c, rest := raw(t, s, refused, "")
	if r.status != 401 || r.closed {
		t.Fatalf("status %d, closed %t", r.status, r.closed)
	}
	for range 3 {
		io.WriteString(c, validBody)
		io.WriteString(c, strings.ReplaceAll(refused, "\n", "\r\n"))
		resp, err := http.ReadResponse(rest, nil)
		if err != nil {
			t.Fatalf("the connection did not serve on: %v", err)
		}
		if got := read(t, resp); got.status != 401 || got.closed {
			t.Fatalf("status %d, closed %t on the same connection", got.status, got.closed)
		}
	}
	// How much is to come is not known here, so the connection is given up, and
	// the client is told.
	r, _, _ = raw(t, s, strings.Replace(refused, "Content-Length: 15", "Transfer-Encoding: chunked", 1), "")
	if r.status != 401 || !r.closed {
		t.Errorf("chunked: status %d, closed %t", r.status, r.closed)
	}
}

// A refused upload is still told why.
func TestRefusedWithALargeBody(t *testing.T) {
	s := mocktest.NewServer(t)
	for _, size := range []int{200 << 10, 300 << 10, 2 << 20} {
		r := do(t, s, "POST", connectPath, headers("x-api-key", "bad"), strings.NewReader(strings.Repeat("x", size)))
		if r.status != 401 || r.closed != (size > 256<<10) {
			t.Errorf("%d bytes: status %d, closed %t", size, r.status, r.closed)
		}
	}
	if r := do(t, s, "POST", connectPath, good(s, "Expect", "100-continue"), strings.NewReader(validBody)); r.status != 201 {
		t.Errorf("Expect: 100-continue: status %d", r.status)
	}
	if r := do(t, s, "POST", connectPath, headers("Expect", "100-continue"), strings.NewReader(validBody)); r.status != 401 {
		t.Errorf("Expect: 100-continue without a key: status %d", r.status)
	}
}

func TestSlowBody(t *testing.T) {
	s := mocktest.NewServer(t, configured(mock.Config{BodyTimeout: 50 * time.Millisecond}))
	r, _, rest := raw(t, s, head(s, "Content-Length: 15\n"), validBody[:7])
	if r.status != 400 || !r.closed {
		t.Fatalf("status %d, closed %t", r.status, r.closed)
	}
	if got := words(t, r); got != "The request body did not arrive in time" {
		t.Errorf("error %q", got)
	}
	if _, err := rest.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the connection is still open (%v)", err)
	}
	// The one that never sends its body after a refusal is not waited for
	// either, and what it sends later is not taken for a request.
	refused := strings.Replace(head(s, "Content-Length: 15\n"), s.APIKey, "bad", 1)
	r, _, rest = raw(t, s, refused, "")
	if r.status != 401 {
		t.Fatalf("status %d", r.status)
	}
	if _, err := rest.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the connection is still open (%v)", err)
	}
}

// Other time-outs do not run while a delay is asked for.
func TestConnectionServesOn(t *testing.T) {
	s := mocktest.NewServer(t)
	c, r := dial(t, s)
	for i, body := range []string{validBody, `{}`, `{"user_id":1}`, `{"user_id":"nox-mock:500"}`, `{"user_id":"nox-mock:delay=20ms"}`, `[`, validBody} {
		fmt.Fprintf(c, "%s%s", strings.ReplaceAll(head(s, fmt.Sprintf("Content-Length: %d\n", len(body))), "\n", "\r\n"), body)
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		if got := read(t, resp); got.closed {
			t.Errorf("request %d: the connection is closed", i)
		}
	}
	pipelined := strings.ReplaceAll(head(s, "Content-Length: 15\n"), "\n", "\r\n") + validBody
	io.WriteString(c, pipelined+pipelined+pipelined)
	for i := range 3 {
		if resp, err := http.ReadResponse(r, nil); err != nil || read(t, resp).status != 201 {
			t.Fatalf("pipelined request %d: %v", i, err)
		}
	}
}

func TestLostAnswer(t *testing.T) {
	kept := store.NewMemory()
	s := mocktest.NewServer(t, configured(mock.Config{Store: kept}))
	body := `{"user_id":"nox-mock:lost"}`
	r, _, rest := raw(t, s, head(s, fmt.Sprintf("Content-Length: %d\n", len(body))), body)
	if _, err := rest.ReadByte(); r.status != 0 || err == nil {
		t.Fatalf("status %d, want a closed connection", r.status)
	}
	c, created, err := kept.Connect(t.Context(), "acme", "nox-mock:lost", "another", time.Now())
	if err != nil || created || c.NoxUserID == "another" {
		t.Errorf("the connection was not made: %+v, %t, %v", c, created, err)
	}
}

func TestRequestTargets(t *testing.T) {
	s := mocktest.NewServer(t)
	for target, want := range map[string]int{
		"*":                                    404,
		"//v2" + connectPath:                   404,
		"/v2/../v2" + connectPath:              404,
		"/V2" + connectPath:                    404,
		"/v2" + connectPath + "#x":             404,
		"http://other/v2" + connectPath:        201,
		"/v2" + connectPath + ";x":             404,
		"/v2" + connectPath + "%00":            404,
		"/v2" + connectPath + "?x-api-key=bad": 201,
		"/":                                    404,
		"/v2":                                  404,
		"/v2%2Fmanufacturer%2Fdevice-connections": 404,
	} {
		line := strings.Replace(head(s, "Content-Length: 15\n"), "/v2"+connectPath, target, 1)
		r, _, _ := raw(t, s, line, validBody)
		if r.status != want {
			t.Errorf("%s: status %d, want %d", target, r.status, want)
		}
		if r.header.Get("Location") != "" {
			t.Errorf("%s is redirected", target)
		}
		if r.status == want && want == 404 {
			words(t, r)
		}
	}
	if r, _, _ := raw(t, s, "OPTIONS * HTTP/1.1\nHost: x\n\n", ""); r.status != 404 {
		t.Errorf("OPTIONS *: status %d", r.status)
	}
	if r, _, _ := raw(t, s, strings.Replace(head(s, "Content-Length: 15\n"), "HTTP/1.1", "HTTP/1.0", 1), validBody); r.status != 201 {
		t.Errorf("HTTP/1.0: status %d", r.status)
	}
}
