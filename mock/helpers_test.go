package mock_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/mocktest"
)

const connectPath = "/manufacturer/device-connections"

// reply is a response, read whole.
type reply struct {
	status int
	header http.Header
	body   string
	closed bool // the server announced that it closes the connection
}

func do(t testing.TB, s *mocktest.Server, method, path string, header http.Header, body io.Reader) reply {
	t.Helper()
	req, err := http.NewRequest(method, s.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header = header
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, resp)
}

func read(t testing.TB, resp *http.Response) reply {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(body), resp.Close}
}

// headers makes a header of pairs.
func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

// good is the header of a valid request, with more pairs.
func good(s *mocktest.Server, more ...string) http.Header {
	h := headers(more...)
	h.Set("x-api-key", s.APIKey)
	h.Set("Content-Type", "application/json")
	return h
}

// connect sends a user_id and expects a 201.
func connect(t testing.TB, s *mocktest.Server, key, userID string) (echo, noxUserID string) {
	t.Helper()
	h := good(s)
	h.Set("x-api-key", key)
	body, err := json.Marshal(map[string]string{"user_id": userID})
	if err != nil {
		t.Fatal(err)
	}
	r := do(t, s, "POST", connectPath, h, bytes.NewReader(body))
	if r.status != 201 {
		t.Fatalf("user_id %q: status %d, body %s", userID, r.status, r.body)
	}
	var got map[string]string
	if err := json.Unmarshal([]byte(r.body), &got); err != nil || len(got) != 2 {
		t.Fatalf("body %s: %v", r.body, err)
	}
	return got["manufacturer_user_id"], got["nox_user_id"]
}

// dial opens a connection for requests that net/http would not send.
func dial(t testing.TB, s *mocktest.Server) (net.Conn, *bufio.Reader) {
	t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c, bufio.NewReader(c)
}

// raw sends a request as it stands, with \n for CRLF in the head, and reads the
// answer. It is the zero reply if the connection closes without one.
func raw(t testing.TB, s *mocktest.Server, head, body string) (reply, net.Conn, *bufio.Reader) {
	t.Helper()
	c, r := dial(t, s)
	if _, err := io.WriteString(c, strings.ReplaceAll(head, "\n", "\r\n")+body); err != nil {
		t.Logf("while sending: %v", err)
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return reply{}, c, r
	}
	return read(t, resp), c, r
}

// words reads the message of an error body and demands that there is nothing
// else in it.
func words(t testing.TB, r reply) string {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		t.Fatalf("status %d: the body %q is not JSON: %v", r.status, r.body, err)
	}
	message, ok := body["error"].(string)
	if !ok || message == "" || len(body) != 1 {
		t.Fatalf("status %d: the body %s does not have the contract's shape", r.status, r.body)
	}
	return message
}

func configured(c mock.Config) mocktest.Option { return mocktest.WithConfig(c) }

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}
