package mock_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/journal"
)

// watchedServer serves a mock and counts the requests that net/http has read.
type watchedServer struct {
	mock    *mock.Mock
	address string
	read    atomic.Int64
	idle    chan struct{} // a connection waits for its next request
}

// serveWatched serves a mock; if full is true, each request goes the full way.
func serveWatched(t testing.TB, full bool) *watchedServer {
	t.Helper()
	if full {
		return serveWith(t, mock.Config{}, func(h http.Handler) http.Handler { return http.HandlerFunc(h.ServeHTTP) })
	}
	return serveWith(t, mock.Config{})
}

func serveWith(t testing.TB, config mock.Config, wraps ...func(http.Handler) http.Handler) *watchedServer {
	t.Helper()
	m, err := mock.New(config)
	if err != nil {
		t.Fatal(err)
	}
	s := &watchedServer{mock: m, idle: make(chan struct{}, 1000)}
	var h http.Handler = m
	for _, wrap := range wraps {
		h = wrap(h)
	}
	server := httpserve.NewServer(h)
	server.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateActive:
			s.read.Add(1)
		case http.StateIdle:
			select {
			case s.idle <- struct{}{}:
			default:
			}
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- httpserve.Serve(ctx, server, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

const plainHead = "POST /v2/manufacturer/device-connections HTTP/1.1\r\nHost: localhost:4010\r\nx-api-key: acme-test-key-5c1d0a\r\nContent-Type: application/json\r\n"

// plainly is a plain request with further fields.
func plainly(fields, body string) string {
	return fmt.Sprintf("%s%sContent-Length: %d\r\n\r\n%s", plainHead, fields, len(body), body)
}

var dates = regexp.MustCompile(`Date: [^\r]+`)

// ask sends data in one piece on a connection on which a request was answered
// before, and returns all that comes back.
func (s *watchedServer) ask(t testing.TB, data []byte) string {
	t.Helper()
	c, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	for len(s.idle) > 0 { // of connections before this one
		<-s.idle
	}
	first := plainly("", `{"user_id":"first"}`)
	if _, err := io.WriteString(c, first); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 4096)
	if n, err := c.Read(buffer); err != nil || !strings.HasPrefix(string(buffer[:n]), "HTTP/1.1 201 ") {
		t.Fatalf("the first request: %q, %v", buffer[:n], err)
	}
	<-s.idle // the response is out a moment before
	if _, err := c.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	all, _ := io.ReadAll(c) // the connection may be reset behind a refusal
	return dates.ReplaceAllString(string(all), "Date: now")
}

// shown is what the journal has of the requests, but for what differs from one
// to the next.
func (s *watchedServer) shown() []journal.Entry {
	all := s.mock.Journal().List(journal.Query{}).Entries
	for i := range all {
		all[i].ID, all[i].Time, all[i].TookMS, all[i].Connection = 0, time.Time{}, 0, 0
	}
	return all
}

// plainSeeds are requests that are plain, and such as nearly are.
func plainSeeds() (plain, others []string) {
	const body = `{"user_id":"u-1"}`
	plain = []string{
		plainly("", body), plainly("", `{"user_id":""}`), plainly("", `{"user_id":"a b <&> é"}`[:18]+`"}`), plainly("", `{"user_id":"`+strings.Repeat("x", 3000)+`"}`),
		plainly("", `{"user_id":"acme-test-key-5c1d0a"}`), plainly("", `{"user_id":"nox"}`), plainly("", `{"user_id":"50%25"}`),
		plainly("User-Agent: curl/8.5.0\r\nAccept: */*\r\n", body), plainly("Connection: keep-alive\r\nAccept-Encoding: gzip, deflate\r\nsec-fetch-mode: cors\r\naccept-language: *\r\n", body),
		strings.Replace(plainly("", body), "x-api-key", "X-API-KEY", 1), strings.Replace(plainly("", body), "acme-test-key-5c1d0a", "globex-test-key-e83b27", 1),
	}
	for _, fields := range []string{
		"Connection: close\r\n", "Connection: upgrade\r\n", "Connection: keep-alive, x\r\n", "Expect: 100-continue\r\n", "Prefer: code=500\r\n", "X-Other: 1\r\n", "X-Api-Key: x\r\n", "Cookie: a=b\r\n",
		"Authorization: Bearer x\r\n", "Content-Encoding: gzip\r\n", "Content-Type: application/json\r\n", "Host: x\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: 17\r\n", "Accept:\r\n", "Accept: \r\n",
		"Accept:  x\r\n", "Accept: x \r\n", "Accept : x\r\n", "Accept: \x01\r\n", "Accept: é\r\n", " Accept: x\r\n", "Accept: x\r\n y\r\n", "Accept: x\n", "Accept: x\r\r\n", "Accept\r\n", ": x\r\n", "Upgrade: h2c\r\n", "TE: trailers\r\n",
	} {
		others = append(others, plainly(fields, body))
	}
	for _, body := range []string{
		``, `{}`, `{"user_id":7}`, `{"user_id":null}`, `{"user_id":"u"} `, ` {"user_id":"u"}`, `{"user_id": "u"}`, `{"user_id":"u","x":1}`, `{"user_id":"u","user_id":"v"}`, `{"user_id":"\u0061"}`, `{"user_id":"a\"b"}`,
		`{"user_id":"a\"}`, `{"user_id":"é"}`, "{\"user_id\":\"\xff\"}", "{\"user_id\":\"\t\"}", `{"user_id":"u"}}`, `{"user_id":"u"`, `{"User_id":"u"}`, `{"user_id":"nox-mock:500"}`, `{"user_id":"nox-mock:delay=1ms"}`, `{"user_id":"nox-mock:"}`, `{"user_id":"nox-mock:lost"}`, `{"user_id":"NOX-MOCK:500"}`, `{"user_id":"noxmock:500"}`, `{"user_id":"nxx-mok:500"}`, `{"user_id":"nox-mock-500"}`,
		"{\"user_id\":\"\x7f\"}", `[{"user_id":"u"}]`,
	} {
		others = append(others, plainly("", body))
	}
	one := plainly("", body)
	others = append(others,
		one+one, one[:len(one)-1], one+"x", one[1:], "\r\n"+one, strings.Replace(one, "HTTP/1.1", "HTTP/1.0", 1), strings.Replace(one, "POST", "PUT", 1), strings.Replace(one, "connections ", "connections?a=b ", 1),
		strings.Replace(one, "/v2", "//v2", 1), strings.Replace(one, "POST /v2", "POST http://x/v2", 1), strings.ReplaceAll(one, "\r\n", "\n"), strings.Replace(one, "localhost:4010", "a/b", 1), strings.Replace(one, "localhost:4010", "", 1),
		strings.Replace(one, "Content-Length: 17", "Content-Length: +17", 1), strings.Replace(one, "Content-Length: 17", "Content-Length: 017", 1), strings.Replace(one, "Content-Length: 17", "Content-Length: 18", 1), strings.Replace(one, "Content-Length: 17", "Content-Length: 99999999999999999999", 1),
		strings.Replace(one, "acme-test-key-5c1d0a", "initech-test-key-94f6bd", 1), strings.Replace(one, "acme-test-key-5c1d0a", "nobody", 1), strings.Replace(one, "x-api-key: acme-test-key-5c1d0a\r\n", "", 1),
		strings.Replace(one, "application/json", "application/json; charset=utf-8", 1), strings.Replace(one, "application/json", "text/plain", 1), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"+one,
	)
	return plain, others
}

// FuzzPlain holds that a mock which answers plain requests at once cannot be told
// from one that does not: neither by the bytes that come back nor by what the
// journal has.
func FuzzPlain(f *testing.F) {
	plain, others := plainSeeds()
	for _, seed := range append(plain, others...) {
		f.Add([]byte(seed))
	}
	quick, full := serveWatched(f, false), serveWatched(f, true)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 8<<10 || bytes.Contains(data, []byte("delay")) { // which may come in pieces, or take its time
			return
		}
		if got, want := quick.ask(t, data), full.ask(t, data); got != want {
			t.Errorf("%q\nis answered %q\nthe full way %q", data, got, want)
		}
		if got, want := quick.shown(), full.shown(); !reflect.DeepEqual(got, want) {
			t.Errorf("%q\nhas the entries %+v\nthe full way %+v", data, got, want)
		}
		for _, s := range []*watchedServer{quick, full} {
			if err := s.mock.Reset(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Those that are plain never come to net/http, unless there is a fault.
func TestPlainRequestsAreQuick(t *testing.T) {
	plain, _ := plainSeeds()
	s := serveWatched(t, false)
	for _, data := range plain {
		before := s.read.Load()
		s.ask(t, []byte(data))
		if read := s.read.Load() - before - 1; read != 0 { // the first one of each connection is
			t.Errorf("net/http read %q", data)
		}
	}
	if _, err := s.mock.SetFault(t.Context(), fault.Fault{Manufacturer: "acme", Kind: fault.Status, Status: 503, After: 1}); err != nil {
		t.Fatal(err)
	}
	if got := s.ask(t, []byte(plain[0])); !strings.HasPrefix(got, "HTTP/1.1 503 ") {
		t.Errorf("a fault in force is passed over: %q", got)
	}
}

// A request that comes in pieces is one all the same, and a header or a body that
// looks like a request is none.
func TestPlainInPieces(t *testing.T) {
	quick, full := serveWatched(t, false), serveWatched(t, true)
	one := plainly("", `{"user_id":"u-1"}`)
	for _, pieces := range [][]string{
		{one[:10], one[10:]},
		{one[:len(one)-5], one[len(one)-5:]},
		{"POST /v2/x HTTP/1.1\r\nHost: x\r\nX-Value: ", one},
		{"POST /v2/x HTTP/1.1\r\nHost: x\r\n", strings.Replace(one, "Host", "X-Host", 1)},
		{fmt.Sprintf("POST /v2/x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", len(one)), one},
		{one + "POST /v2/x HTTP/1.1\r\nHost: x\r\nX-Value: ", one},
		{one + "P", one[1:] + "P", one[1:]},
		{one, one, one},
	} {
		var got [2]string
		for i, s := range []*watchedServer{quick, full} {
			c, err := net.Dial("tcp", s.address)
			if err != nil {
				t.Fatal(err)
			}
			c.SetDeadline(time.Now().Add(20 * time.Second))
			buffer := make([]byte, 4096)
			for _, piece := range append([]string{plainly("", `{"user_id":"first"}`)}, pieces...) {
				io.WriteString(c, piece)
				c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)) // so that the server sees the pieces one by one
				n, _ := c.Read(buffer)
				got[i] += string(buffer[:n])
			}
			c.SetReadDeadline(time.Now().Add(20 * time.Second))
			c.(*net.TCPConn).CloseWrite()
			rest, _ := io.ReadAll(c)
			c.Close()
			got[i] = dates.ReplaceAllString(got[i]+string(rest), "Date: now")
		}
		if got[0] != got[1] {
			t.Errorf("%q\nis answered %q\nthe full way %q", pieces, got[0], got[1])
		}
	}
	if got, want := quick.shown(), full.shown(); !reflect.DeepEqual(got, want) {
		t.Errorf("there are the entries %+v\nthe full way %+v", got, want)
	}
}
