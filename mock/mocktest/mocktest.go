// Package mocktest starts the mock for tests, on a free port of the loopback
// interface.
//
//	func TestConnect(t *testing.T) {
//		server := mocktest.NewServer(t)
//		server.Fail(t, fault.Fault{Kind: fault.Status, Status: 503, Times: 2})
//		client := mydevice.NewClient(server.URL, server.APIKey)
//		…
//		server.Verify(t, journal.Expectation{Status: 201}.ForUser("customer-7").Exactly(1))
//		for _, mistake := range server.Scorecard().In(scorecard.Made) {
//			t.Errorf("%s: %s", mistake.Summary, mistake.Advice)
//		}
//	}
//
// Servers share nothing: each test can have its own, parallel ones too. A server
// fails on purpose with [Server.Fail], and tells what it was asked with
// [Server.Journal] and [Server.Verify], and what the client does wrong with
// [Server.Scorecard].
package mocktest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/store"
)

// Server is a running mock.
type Server struct {
	// URL is the base URL with the base path: "http://127.0.0.1:41234/v2".
	URL string
	// APIKey belongs to the first manufacturer that is enabled, OtherAPIKey to
	// the second, DisabledAPIKey to the first that is not. One that there is
	// no manufacturer for is "".
	APIKey, OtherAPIKey, DisabledAPIKey string

	// Mock is what the server serves.
	Mock *mock.Mock

	manufacturer string // of APIKey

	stop      context.CancelFunc
	stopped   chan struct{}
	transport *http.Transport
	once      sync.Once
}

// Option changes the server before it starts.
type Option func(*options)

type options struct {
	config mock.Config
	wrap   []func(http.Handler) http.Handler
}

// WithConfig replaces the configuration, which is the zero [mock.Config] by
// default.
func WithConfig(config mock.Config) Option { return func(o *options) { o.config = config } }

// WithWrapper puts a handler of your own around the mock, as its deviations
// are. Of several, the last one is the outermost.
func WithWrapper(wrap func(http.Handler) http.Handler) Option {
	return func(o *options) { o.wrap = append(o.wrap, wrap) }
}

// NewServer starts a server that is closed when the test ends. If it cannot be
// started the test fails.
func NewServer(tb testing.TB, opts ...Option) *Server {
	tb.Helper()
	s, err := Start(opts...)
	if err != nil {
		tb.Fatalf("mocktest: %v", err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Start starts a server where there is no test to speak of, as in TestMain or
// an example. Close it when done.
func Start(opts ...Option) (*Server, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	if o.config.Manufacturers == nil {
		o.config.Manufacturers = mock.DefaultManufacturers()
	}
	m, err := mock.New(o.config)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("no free port on the loopback interface: %w", err)
	}
	var h http.Handler = m
	for _, wrap := range o.wrap {
		h = wrap(h)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{
		URL:       "http://" + l.Addr().String() + m.BasePath(),
		Mock:      m,
		stop:      stop,
		stopped:   make(chan struct{}),
		transport: &http.Transport{MaxIdleConnsPerHost: 64},
	}
	s.takeKeys(o.config.Manufacturers)
	go func() {
		defer close(s.stopped)
		_ = httpserve.Serve(ctx, httpserve.NewServer(h), l) // ends when Close is called
	}()
	return s, nil
}

func (s *Server) takeKeys(manufacturers []store.Manufacturer) {
	for _, m := range manufacturers {
		switch {
		case len(m.Keys) == 0:
		case !m.Enabled:
			if s.DisabledAPIKey == "" {
				s.DisabledAPIKey = m.Keys[0]
			}
		case s.APIKey == "":
			s.APIKey, s.manufacturer = m.Keys[0], m.Name
		case s.OtherAPIKey == "":
			s.OtherAPIKey = m.Keys[0]
		}
	}
}

// Client returns a client for the server. It follows no redirect, as there is
// none to follow.
func (s *Server) Client() *http.Client {
	return &http.Client{
		Transport:     s.transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Close stops the server and waits until the requests in flight are answered.
// It may be called twice.
func (s *Server) Close() {
	s.once.Do(func() {
		s.transport.CloseIdleConnections()
		s.stop()
		<-s.stopped
	})
}
