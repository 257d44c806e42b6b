// Package clienttest is the client of the tests of all packages of the mock: it sends
// requests, well-formed or not, and reads what comes back.
package clienttest

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

	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/mocktest"
)

// ConnectPath is the path of the operation beneath the base URL.
const ConnectPath = "/manufacturer/device-connections"

// ValidBody is a valid body, ValidChunked the same in chunks.
const (
	ValidBody    = `{"user_id":"u"}`
	ValidChunked = "f\r\n" + ValidBody + "\r\n0\r\n\r\n"
)

// Created is the body of the response to [ValidBody].
const Created = `{"manufacturer_user_id":"u","nox_user_id":"2294f06e-e5ea-5b10-b4cd-2d62674f5b3b"}`

// Reply is a response, read whole.
type Reply struct {
	Status int
	Header http.Header
	Body   string
	Closed bool // the server announced that it closes the connection
}

// Do sends a request to the mock.
func Do(t testing.TB, s *mocktest.Server, method, path string, header http.Header, body io.Reader) Reply {
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
	return Read(t, resp)
}

// Read reads a response.
func Read(t testing.TB, resp *http.Response) Reply {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Reply{resp.StatusCode, resp.Header, string(body), resp.Close}
}

// Headers makes a header of pairs.
func Headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

// Good is the header of a valid request, with more pairs.
func Good(s *mocktest.Server, more ...string) http.Header {
	h := Headers(more...)
	h.Set("x-api-key", s.APIKey)
	h.Set("Content-Type", "application/json")
	return h
}

// Connect sends a user_id and expects a 201.
func Connect(t testing.TB, s *mocktest.Server, key, userID string) (echo, noxUserID string) {
	t.Helper()
	h := Good(s)
	h.Set("x-api-key", key)
	body, err := json.Marshal(map[string]string{"user_id": userID})
	if err != nil {
		t.Fatal(err)
	}
	r := Do(t, s, "POST", ConnectPath, h, bytes.NewReader(body))
	if r.Status != 201 {
		t.Fatalf("user_id %q: status %d, body %s", userID, r.Status, r.Body)
	}
	var got map[string]string
	if err := json.Unmarshal([]byte(r.Body), &got); err != nil || len(got) != 2 {
		t.Fatalf("body %s: %v", r.Body, err)
	}
	return got["manufacturer_user_id"], got["nox_user_id"]
}

// Head is the head of a valid request but for its length, as [Raw] wants it.
func Head(s *mocktest.Server, more string) string {
	return "POST /v2" + ConnectPath + " HTTP/1.1\nHost: x\nx-api-key: " + s.APIKey + "\nContent-Type: application/json\n" + more + "\n"
}

// Dial opens a connection for requests that net/http would not send.
func Dial(t testing.TB, s *mocktest.Server) (net.Conn, *bufio.Reader) {
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

// Raw sends a request as it stands, with \n for CRLF in the head, and reads the
// response. It is the zero reply if the connection closes without one.
func Raw(t testing.TB, s *mocktest.Server, head, body string) (Reply, net.Conn, *bufio.Reader) {
	t.Helper()
	c, r := Dial(t, s)
	if _, err := io.WriteString(c, strings.ReplaceAll(head, "\n", "\r\n")+body); err != nil {
		t.Logf("while sending: %v", err)
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return Reply{}, c, r
	}
	return Read(t, resp), c, r
}

// Words reads the message of an error body and demands that there is nothing
// else in it.
func Words(t testing.TB, r Reply) string {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal([]byte(r.Body), &body); err != nil {
		t.Fatalf("status %d: the body %q is not JSON: %v", r.Status, r.Body, err)
	}
	message, ok := body["error"].(string)
	if !ok || message == "" || len(body) != 1 {
		t.Fatalf("status %d: the body %s does not have the contract's shape", r.Status, r.Body)
	}
	return message
}

// SetFault puts a fault into force, of acme unless it says otherwise.
func SetFault(t testing.TB, s *mocktest.Server, f fault.Fault) fault.Fault {
	t.Helper()
	if f.Manufacturer == "" {
		f.Manufacturer = "acme"
	}
	made, err := s.Mock.SetFault(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// Latest returns the last exchange in the journal.
func Latest(s *mocktest.Server) journal.Entry {
	entries := s.Mock.Journal().List(journal.Query{}).Entries
	return entries[len(entries)-1]
}

// Attempt sends a valid request once and returns what the client saw. If client is
// nil, the request has a connection of its own.
func Attempt(client *http.Client, s *mocktest.Server, userID string) (resp *http.Response, body string, err error) {
	req, err := http.NewRequest("POST", s.URL+ConnectPath, strings.NewReader(`{"user_id":"`+userID+`"}`))
	if err != nil {
		return nil, "", err
	}
	req.Header = Good(s)
	req.GetBody = nil // or the client would try again by itself
	if client == nil {
		client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	}
	if resp, err = client.Do(req); err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp, string(data), err
}
