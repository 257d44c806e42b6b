package runner_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/httpserve"
)

// workers serves a handler as servers do that have so many workers, each of
// which serves one connection until that closes: others wait. idle is how long
// it stays with one on which nothing comes, 0 for ever.
func workers(t *testing.T, n int, idle time.Duration, h http.Handler) (address string) {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := httpserve.NewServer(h)
	srv.IdleTimeout = idle
	if idle == 0 {
		srv.IdleTimeout = time.Hour
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(&busyListener{inner, make(chan struct{}, n)}) // ends with the test
	}()
	t.Cleanup(func() { srv.Close(); <-done })
	return inner.Addr().String()
}

// busyListener accepts a connection once fewer than so many are open.
type busyListener struct {
	net.Listener
	workers chan struct{}
}

func (l *busyListener) Accept() (net.Conn, error) {
	l.workers <- struct{}{}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.workers
		return nil, err
	}
	return &busyConn{Conn: conn, leave: sync.OnceFunc(func() { <-l.workers })}, nil
}

type busyConn struct {
	net.Conn
	leave func()
}

func (c *busyConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// A server whose workers each serve one connection until it closes is judged as
// any other: connections that the run keeps for later use do not keep its own
// requests waiting until they time out.
func TestOneWorkerForEachConnection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		workers, parallel int
		idle              time.Duration
	}{{1, 0, 0}, {1, 1, 0}, {2, 0, 0}, {5, 0, 0}, {8, 0, time.Minute}, {20, 0, 0}} {
		t.Run(fmt.Sprintf("%d workers, %d at a time", c.workers, c.parallel), func(t *testing.T) {
			t.Parallel()
			m, err := mock.New(mock.Config{})
			if err != nil {
				t.Fatal(err)
			}
			var kept atomic.Int64
			address := workers(t, c.workers, c.idle, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !r.Close {
					kept.Add(1)
				}
				m.ServeHTTP(w, r)
			}))
			keys := mock.DefaultManufacturers()
			r := judge(t, conformance.Config{
				Target: "http://" + address + m.BasePath(), Keys: conformance.Keys{Key: keys[0].Keys[0], Other: keys[1].Keys[0]},
				RunID: "test", Seed: 1, Parallel: c.parallel, Timeout: time.Minute, Deadline: 30 * time.Second,
			})
			conforms(t, r)
			// The run has learnt it from the first responses.
			if n := kept.Load(); c.workers < 16 && c.parallel != 1 && n > int64(r.Requests/2) {
				t.Errorf("%d of %d requests on connections that stay open", n, r.Requests)
			}
			t.Logf("%d requests in %d ms, %d on connections that stay open", r.Requests, r.DurationMS, kept.Load())
		})
	}
}

// limited is a listener that closes what comes while so many connections are
// open, as Node does with maxConnections.
type limited struct {
	net.Listener
	most int64
	open atomic.Int64
}

func (l *limited) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= l.most {
			return &countedConn{Conn: conn, closed: sync.OnceFunc(func() { l.open.Add(-1) })}, nil
		}
		l.open.Add(-1)
		conn.Close()
	}
}

type countedConn struct {
	net.Conn
	closed func()
}

func (c *countedConn) Close() error {
	c.closed()
	return c.Conn.Close()
}

// A limit of connections, or of requests at one time, is no fault of a target:
// the run stays below it.
func TestFewConnectionsAreBorne(t *testing.T) {
	t.Parallel()
	m, err := mock.New(mock.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var busy atomic.Int64
	for name, c := range map[string]struct {
		connections int64
		handler     http.Handler
	}{
		"connections": {10, m},
		"requests": {1000, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer busy.Add(-1)
			if busy.Add(1) > 10 {
				http.Error(w, "too many requests at a time", http.StatusServiceUnavailable)
				return
			}
			m.ServeHTTP(w, r)
		})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewUnstartedServer(c.handler)
			s.Listener = &limited{Listener: s.Listener, most: c.connections}
			s.Start()
			t.Cleanup(s.Close)
			keys := mock.DefaultManufacturers()
			conforms(t, judge(t, conformance.Config{
				Target: s.URL + m.BasePath(), Keys: conformance.Keys{Key: keys[0].Keys[0], Other: keys[1].Keys[0]}, RunID: "test", Seed: 1,
			}))
		})
	}
}
