package mock_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/store"
)

// Framing that is not HTTP never reaches the mock's rules.
func TestFramingErrors(t *testing.T) {
	s := mocktest.NewServer(t)
	for _, x := range []struct{ name, head, body string }{
		{"two lengths", clienttest.Head(s, "Content-Length: 15\nContent-Length: 16\n"), clienttest.ValidBody},
		{"negative length", clienttest.Head(s, "Content-Length: -1\n"), clienttest.ValidBody},
		{"no Host", strings.Replace(clienttest.Head(s, "Content-Length: 15\n"), "Host: x\n", "", 1), clienttest.ValidBody},
		{"two Hosts", clienttest.Head(s, "Host: y\nContent-Length: 15\n"), clienttest.ValidBody},
		{"space before the colon", clienttest.Head(s, "X-Other : 1\nContent-Length: 15\n"), clienttest.ValidBody},
		{"headers over 64 KiB", clienttest.Head(s, "X-Long: "+strings.Repeat("x", 64<<10)+"\n"), clienttest.ValidBody},
		{"unknown transfer coding", clienttest.Head(s, "Transfer-Encoding: gzip, chunked\n"), clienttest.ValidChunked},
		{"not HTTP", "hello\n\n", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			r, _, _ := clienttest.Raw(t, s, x.head, x.body)
			if r.Status != 0 && (r.Status < 400 || r.Status > 599) {
				t.Errorf("status %d, want a 4xx or a closed connection", r.Status)
			}
			if r.Header.Get("Cache-Control") != "" {
				t.Errorf("status %d: it came as far as the mock", r.Status)
			}
		})
	}
	r, _, _ := clienttest.Raw(t, s, clienttest.Head(s, "X-Long: "+strings.Repeat("x", 60<<10)+"\nContent-Length: 15\n"), clienttest.ValidBody)
	if r.Status != 201 {
		t.Errorf("headers of 60 KiB: status %d, want 201", r.Status)
	}
}

func TestBrokenBodies(t *testing.T) {
	s := mocktest.NewServer(t)
	const tooLarge = "The request body is larger than 1048576 bytes"
	for _, x := range []struct{ name, more, body, words string }{
		{"bad chunk size", "Transfer-Encoding: chunked\n", "zz\r\n" + clienttest.ValidBody + "\r\n0\r\n\r\n", "The request body is incomplete"},
		{"chunk longer than said", "Transfer-Encoding: chunked\n", "4\r\n" + clienttest.ValidBody + "\r\n0\r\n\r\n", "The request body is incomplete"},
		{"one byte too large, in chunks", "Transfer-Encoding: chunked\n", "100001\r\n" + clienttest.ValidBody + strings.Repeat(" ", 1<<20+1-len(clienttest.ValidBody)) + "\r\n0\r\n\r\n", tooLarge},
		{"far too large, announced", "Content-Length: 99999999999\n", "", tooLarge},
		{"two media types", "Content-Type: application/json\nContent-Length: 15\n", clienttest.ValidBody, "Content-Type must be application/json"},
		{"no length", "", "", "A request body is required"},
	} {
		t.Run(x.name, func(t *testing.T) {
			r, _, _ := clienttest.Raw(t, s, clienttest.Head(s, x.more), x.body)
			if r.Status != 400 {
				t.Fatalf("status %d, want 400", r.Status)
			}
			checkEveryAnswer(t, "POST", r)
			if got := clienttest.Words(t, r); got != x.words {
				t.Errorf("error %q, want %q", got, x.words)
			}
		})
	}
}

// The refusal comes though not a byte of the body has been sent, and the
// connection serves on once it has.
func TestRefusedBeforeTheBody(t *testing.T) {
	s := mocktest.NewServer(t)
	refused := strings.Replace(clienttest.Head(s, "Content-Length: 15\n"), s.APIKey, "bad", 1)
	r, c, rest := clienttest.Raw(t, s, refused, "")
	if r.Status != 401 || r.Closed {
		t.Fatalf("status %d, closed %t", r.Status, r.Closed)
	}
	for range 3 {
		io.WriteString(c, clienttest.ValidBody)
		io.WriteString(c, strings.ReplaceAll(refused, "\n", "\r\n"))
		resp, err := http.ReadResponse(rest, nil)
		if err != nil {
			t.Fatalf("the connection did not serve on: %v", err)
		}
		if got := clienttest.Read(t, resp); got.Status != 401 || got.Closed {
			t.Fatalf("status %d, closed %t on the same connection", got.Status, got.Closed)
		}
	}
	// How much is to come is not known here, so the connection is given up, and
	// the client is told.
	r, _, _ = clienttest.Raw(t, s, strings.Replace(refused, "Content-Length: 15", "Transfer-Encoding: chunked", 1), "")
	if r.Status != 401 || !r.Closed {
		t.Errorf("chunked: status %d, closed %t", r.Status, r.Closed)
	}
}

// A refused upload is still told why.
func TestRefusedWithALargeBody(t *testing.T) {
	s := mocktest.NewServer(t)
	for _, size := range []int{200 << 10, 300 << 10, 2 << 20} {
		r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Headers("x-api-key", "bad"), strings.NewReader(strings.Repeat("x", size)))
		if r.Status != 401 || r.Closed != (size > 256<<10) {
			t.Errorf("%d bytes: status %d, closed %t", size, r.Status, r.Closed)
		}
	}
	if r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s, "Expect", "100-continue"), strings.NewReader(clienttest.ValidBody)); r.Status != 201 {
		t.Errorf("Expect: 100-continue: status %d", r.Status)
	}
	if r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Headers("Expect", "100-continue"), strings.NewReader(clienttest.ValidBody)); r.Status != 401 {
		t.Errorf("Expect: 100-continue without a key: status %d", r.Status)
	}
}

func TestSlowBody(t *testing.T) {
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{BodyTimeout: 50 * time.Millisecond}))
	r, _, rest := clienttest.Raw(t, s, clienttest.Head(s, "Content-Length: 15\n"), clienttest.ValidBody[:7])
	if r.Status != 400 || !r.Closed {
		t.Fatalf("status %d, closed %t", r.Status, r.Closed)
	}
	if got := clienttest.Words(t, r); got != "The request body did not arrive in time" {
		t.Errorf("error %q", got)
	}
	if _, err := rest.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the connection is still open (%v)", err)
	}
	// The one that never sends its body after a refusal is not waited for
	// either, and what it sends later is not taken for a request.
	refused := strings.Replace(clienttest.Head(s, "Content-Length: 15\n"), s.APIKey, "bad", 1)
	r, _, rest = clienttest.Raw(t, s, refused, "")
	if r.Status != 401 {
		t.Fatalf("status %d", r.Status)
	}
	if _, err := rest.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the connection is still open (%v)", err)
	}
}

// Other time-outs do not run while a delay is asked for.
func TestConnectionServesOn(t *testing.T) {
	s := mocktest.NewServer(t)
	c, r := clienttest.Dial(t, s)
	for i, body := range []string{clienttest.ValidBody, `{}`, `{"user_id":1}`, `{"user_id":"nox-mock:500"}`, `{"user_id":"nox-mock:delay=20ms"}`, `[`, clienttest.ValidBody} {
		fmt.Fprintf(c, "%s%s", strings.ReplaceAll(clienttest.Head(s, fmt.Sprintf("Content-Length: %d\n", len(body))), "\n", "\r\n"), body)
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		if got := clienttest.Read(t, resp); got.Closed {
			t.Errorf("request %d: the connection is closed", i)
		}
	}
	pipelined := strings.ReplaceAll(clienttest.Head(s, "Content-Length: 15\n"), "\n", "\r\n") + clienttest.ValidBody
	io.WriteString(c, pipelined+pipelined+pipelined)
	for i := range 3 {
		if resp, err := http.ReadResponse(r, nil); err != nil || clienttest.Read(t, resp).Status != 201 {
			t.Fatalf("pipelined request %d: %v", i, err)
		}
	}
}

func TestLostAnswer(t *testing.T) {
	kept := store.NewMemory()
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Store: kept}))
	body := `{"user_id":"nox-mock:lost"}`
	r, _, rest := clienttest.Raw(t, s, clienttest.Head(s, fmt.Sprintf("Content-Length: %d\n", len(body))), body)
	if _, err := rest.ReadByte(); r.Status != 0 || err == nil {
		t.Fatalf("status %d, want a closed connection", r.Status)
	}
	c, created, err := kept.Connect(t.Context(), "acme", "nox-mock:lost", "another", time.Now())
	if err != nil || created || c.NoxUserID == "another" {
		t.Errorf("the connection was not made: %+v, %t, %v", c, created, err)
	}
}

func TestRequestTargets(t *testing.T) {
	s := mocktest.NewServer(t)
	for target, want := range map[string]int{
		"*":                                               404,
		"//v2" + clienttest.ConnectPath:                   404,
		"/v2/../v2" + clienttest.ConnectPath:              404,
		"/V2" + clienttest.ConnectPath:                    404,
		"/v2" + clienttest.ConnectPath + "#x":             404,
		"http://other/v2" + clienttest.ConnectPath:        201,
		"/v2" + clienttest.ConnectPath + ";x":             404,
		"/v2" + clienttest.ConnectPath + "%00":            404,
		"/v2" + clienttest.ConnectPath + "?x-api-key=bad": 201,
		"/":   404,
		"/v2": 404,
		"/v2%2Fmanufacturer%2Fdevice-connections": 404,
	} {
		line := strings.Replace(clienttest.Head(s, "Content-Length: 15\n"), "/v2"+clienttest.ConnectPath, target, 1)
		r, _, _ := clienttest.Raw(t, s, line, clienttest.ValidBody)
		if r.Status != want {
			t.Errorf("%s: status %d, want %d", target, r.Status, want)
		}
		if r.Header.Get("Location") != "" {
			t.Errorf("%s is redirected", target)
		}
		if r.Status == want && want == 404 {
			clienttest.Words(t, r)
		}
	}
	if r, _, _ := clienttest.Raw(t, s, "OPTIONS * HTTP/1.1\nHost: x\n\n", ""); r.Status != 404 {
		t.Errorf("OPTIONS *: status %d", r.Status)
	}
	if r, _, _ := clienttest.Raw(t, s, strings.Replace(clienttest.Head(s, "Content-Length: 15\n"), "HTTP/1.1", "HTTP/1.0", 1), clienttest.ValidBody); r.Status != 201 {
		t.Errorf("HTTP/1.0: status %d", r.Status)
	}
}
