package httpserve_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/mocktest"
)

// secure serves a mock over TLS. roots holds what to trust.
func secure(t testing.TB) (s *mocktest.Server, roots *x509.CertPool) {
	t.Helper()
	s, roots, stop := secureUntil(t)
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s, roots
}

// secureUntil is secure; stop must be called.
func secureUntil(t testing.TB) (s *mocktest.Server, roots *x509.CertPool, stop func() error) {
	t.Helper()
	m, err := mock.New(mock.Config{})
	if err != nil {
		t.Fatal(err)
	}
	lender := httptest.NewTLSServer(http.NotFoundHandler()) // has a certificate for 127.0.0.1
	lender.Close()
	roots = x509.NewCertPool()
	roots.AddCert(lender.Certificate())
	server := httpserve.NewServer(m)
	server.TLSConfig = &tls.Config{Certificates: lender.TLS.Certificates}
	l := clienttest.Listen(t)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- httpserve.Serve(ctx, server, l) }()
	stop = func() error {
		cancel()
		return <-served
	}
	return &mocktest.Server{URL: "https://" + l.Addr().String() + "/v2", APIKey: mock.DefaultManufacturers()[0].Keys[0], Mock: m}, roots, stop
}

// secureClient speaks one version of HTTP.
func secureClient(t testing.TB, roots *x509.CertPool, http2 bool) *http.Client {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, Protocols: &http.Protocols{}}
	transport.Protocols.SetHTTP1(!http2)
	transport.Protocols.SetHTTP2(http2)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// Every way to fail is one over TLS too, with either version of HTTP.
func TestFaultsOverTLS(t *testing.T) {
	for version, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		for _, x := range []struct {
			fault  fault.Fault
			status int
			body   string
			fails  error // over HTTP/1.1
			drops  bool
		}{
			{fault.Fault{Kind: fault.Status, Status: 503}, 503, `{"error":"Service Unavailable"}`, nil, false},
			{fault.Fault{Kind: fault.Reset}, 0, "", syscall.ECONNRESET, true},
			{fault.Fault{Kind: fault.Empty}, 0, "", io.EOF, true},
			{fault.Fault{Kind: fault.Lost}, 0, "", io.EOF, true},
			{fault.Fault{Kind: fault.CutShort}, 201, clienttest.Created[:len(clienttest.Created)/2], io.ErrUnexpectedEOF, true},
			{fault.Fault{Kind: fault.ResetDuring}, 201, clienttest.Created[:len(clienttest.Created)/2], syscall.ECONNRESET, true},
			{fault.Fault{Kind: fault.Dribble, PieceBytes: 20, EveryMS: 1}, 201, clienttest.Created, nil, false},
		} {
			t.Run(version+" "+string(x.fault.Kind), func(t *testing.T) {
				t.Parallel()
				s, roots := secure(t)
				client := secureClient(t, roots, http2)
				x.fault.Times = 1
				clienttest.SetFault(t, s, x.fault)
				resp, body, err := clienttest.Attempt(client, s, "u")
				want := x.fails
				if http2 && want != nil && !failsAs(err, "INTERNAL_ERROR", "PROTOCOL_ERROR") || !http2 && !errors.Is(err, want) || want == nil && err != nil {
					t.Errorf("the client saw %v, want %v", err, want)
				}
				if resp == nil {
					resp = &http.Response{Proto: version}
				}
				if resp.StatusCode != x.status || body != x.body || resp.Proto != version {
					t.Errorf("%s %d, body %q", resp.Proto, resp.StatusCode, body)
				}
				if e := clienttest.Latest(s); (e.Outcome == journal.Dropped) != x.drops || e.Request.Protocol != version || !e.Request.TLS || e.Connection == 0 {
					t.Errorf("the journal has %+v", e)
				}
				if resp, body, err := clienttest.Attempt(client, s, "u"); err != nil || resp.StatusCode != 201 || body != clienttest.Created {
					t.Errorf("afterwards: %v, %s, %v", resp, body, err)
				}
			})
		}
	}
}

// A body that is too large, and not read, does not take the answer or the
// connection with it over HTTP/2.
func TestLargeBodyOverHTTP2(t *testing.T) {
	s, roots := secure(t)
	client := secureClient(t, roots, true)
	for range 3 {
		if r := posted(t, client, s, strings.Repeat("x", 2<<20)); r.Status != 400 || clienttest.Words(t, r) != "The request body is larger than 1048576 bytes" || r.Header.Get("Connection") != "" {
			t.Errorf("%+v", r)
		}
	}
	if e := clienttest.Latest(s); e.Connection != 1 {
		t.Errorf("connection %d", e.Connection)
	}
}

// posted sends a body with a good key.
func posted(t *testing.T, client *http.Client, s *mocktest.Server, body string) clienttest.Reply {
	t.Helper()
	req, err := http.NewRequest("POST", s.URL+clienttest.ConnectPath, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = clienttest.Good(s)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return clienttest.Read(t, resp)
}

// failsAs tells whether an error is that of a stream that was reset.
func failsAs(err error, codes ...string) bool {
	for _, code := range codes {
		if err != nil && strings.Contains(err.Error(), "stream error") && strings.Contains(err.Error(), code) {
			return true
		}
	}
	return false
}

// Over TLS, too, the connection closes after a request with two lengths, and
// what is refused before its body is read is answered.
func TestWireOverTLS(t *testing.T) {
	s, roots := secure(t)
	dialSecure := func() (net.Conn, *bufio.Reader) {
		c, err := tls.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(s.URL, "https://"), "/v2"), &tls.Config{RootCAs: roots})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(20 * time.Second))
		return c, bufio.NewReader(c)
	}
	c, r := dialSecure()
	io.WriteString(c, strings.ReplaceAll(clienttest.Head(s, "Content-Length: 15\nTransfer-Encoding: chunked\n"), "\n", "\r\n")+clienttest.ValidChunked)
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != 201 || !resp.Close {
		t.Fatalf("two lengths: %+v, %v", resp, err)
	}
	io.Copy(io.Discard, resp.Body)
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("two lengths: the connection stays, %v", err)
	}
	c, r = dialSecure()
	for range 2 {
		io.WriteString(c, strings.ReplaceAll(clienttest.Head(s, "Content-Length: 15\n"), "\n", "\r\n")+clienttest.ValidBody)
		resp, err := http.ReadResponse(r, nil)
		if err != nil || resp.StatusCode != 201 || resp.Close {
			t.Fatalf("one length: %+v, %v", resp, err)
		}
		io.Copy(io.Discard, resp.Body)
	}
	for _, http2 := range []bool{false, true} {
		client := secureClient(t, roots, http2)
		if r := posted(t, client, s, strings.Repeat(" ", mock.MaxBodyBytes+1)); r.Status != 400 || clienttest.Words(t, r) == "" {
			t.Errorf("HTTP/2 %t: too large a body: %d, %s", http2, r.Status, r.Body)
		}
	}
	plain, err := http.Get(strings.Replace(s.URL, "https:", "http:", 1) + clienttest.ConnectPath)
	if err != nil {
		t.Fatal(err)
	}
	if r := clienttest.Read(t, plain); r.Status != 400 {
		t.Errorf("plain HTTP: status %d", r.Status)
	}
}

// Serve stops in time though a client of HTTP/2 keeps its connection, and
// answers what is in flight on it.
func TestServeStopsOverHTTP2(t *testing.T) {
	s, roots, stop := secureUntil(t)
	client := secureClient(t, roots, true)
	if _, _, err := clienttest.Attempt(client, s, "u"); err != nil {
		t.Fatal(err)
	}
	clienttest.SetFault(t, s, fault.Fault{Kind: fault.Slow, Delay: &fault.Delay{MS: 60_000}})
	answered := make(chan error, 1)
	go func() {
		resp, _, err := clienttest.Attempt(client, s, "u")
		if err == nil && resp.StatusCode != 201 {
			err = errors.New(resp.Status)
		}
		answered <- err
	}()
	for s.Mock.Faults(nil)[0].Fired == 0 {
		time.Sleep(time.Millisecond)
	}
	began := time.Now()
	if err := stop(); err != nil {
		t.Errorf("Serve: %v", err)
	}
	if took := time.Since(began); took > 5*time.Second { // as in TestServeStops
		t.Errorf("it took %s to stop", took)
	}
	if err := <-answered; err != nil {
		t.Errorf("in flight: %v", err)
	}
}
