package clienttest

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"nox.energy/contract/mock/control"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/mocktest"
)

// Listen opens a free port of the loopback interface.
func Listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Control serves the control API of a mock until the test ends, and returns its URL.
func Control(t testing.TB, s *mocktest.Server, config control.Config) string {
	t.Helper()
	url, _ := ControlOn(t, s, config, Listen(t))
	return url
}

// ControlOn serves the control API on a listener, until the test ends or it is
// stopped.
func ControlOn(t testing.TB, s *mocktest.Server, config control.Config, l net.Listener) (url string, stop func()) {
	t.Helper()
	h, err := control.New(s.Mock, config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- httpserve.Serve(ctx, httpserve.NewServer(h), l) }()
	stop = sync.OnceFunc(func() {
		cancel()
		<-served
	})
	t.Cleanup(stop)
	return "http://" + l.Addr().String(), stop
}

// Ask sends a request to the control API on a connection of its own.
func Ask(t testing.TB, method, url, body string, header http.Header) Reply {
	t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, url, content)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	if host := header.Get("Host"); host != "" {
		req.Host = host
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	return Read(t, resp)
}
