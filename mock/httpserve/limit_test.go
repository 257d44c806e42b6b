package httpserve_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/internal/clienttest"
)

// limited serves with room for a few connections. A request for /wait is
// answered once may is closed. idle is told of each connection that becomes idle,
// which it does after its client has the response.
func limited(t *testing.T, places int, may chan struct{}, waiting chan<- struct{}) (address string, idle <-chan struct{}) {
	t.Helper()
	l := httpserve.LimitConnections(clienttest.Listen(t), places)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			waiting <- struct{}{}
			<-may
		}
		io.WriteString(w, "ok")
	})
	became := make(chan struct{}, 1000)
	server := httpserve.NewServer(h)
	server.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateIdle {
			became <- struct{}{}
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	server.ReadHeaderTimeout, server.ReadTimeout = 0, 0 // only who is waited for leaves
	go func() { served <- httpserve.Serve(ctx, server, l) }()
	t.Cleanup(func() {
		stop()
		<-served
	})
	return l.Addr().String(), became
}

// onConnection sends a request and leaves the connection open.
func onConnection(t *testing.T, address, path string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	again(t, c, path)
	return c, bufio.NewReader(c)
}

func again(t *testing.T, c net.Conn, path string) {
	t.Helper()
	if _, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Log(err)
	}
}

func answered(t *testing.T, r *bufio.Reader) bool {
	t.Helper()
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return false
	}
	body, err := io.ReadAll(resp.Body)
	return err == nil && strings.Contains(string(body), "ok")
}

// Connections that are idle shut nobody out: the one that is idle longest makes
// room. One with a request in flight never does.
func TestIdleConnectionsMakeRoom(t *testing.T) {
	const places = 4
	may, waiting := make(chan struct{}), make(chan struct{}, 1)
	address, idle := limited(t, places, may, waiting)
	busy, busyAnswer := onConnection(t, address, "/wait")
	<-waiting
	var all []net.Conn
	var answers []*bufio.Reader
	for i := range 10 * places {
		c, r := onConnection(t, address, "/")
		if !answered(t, r) {
			t.Fatalf("connection %d is shut out", i)
		}
		<-idle
		all, answers = append(all, c), append(answers, r)
	}
	if again(t, all[0], "/"); answered(t, answers[0]) {
		t.Error("the connection that is idle longest is still open")
	}
	close(may)
	if !answered(t, busyAnswer) {
		t.Error("a connection with a request in flight was closed")
	}
	busy.Close()
}

// Who opens connections and sends nothing, or a header without an end, shuts nobody
// out either.
func TestSilentConnectionsMakeRoom(t *testing.T) {
	const places = 4
	may, waiting := make(chan struct{}), make(chan struct{}, 1)
	address, _ := limited(t, places, may, waiting)
	_, busyAnswer := onConnection(t, address, "/wait")
	<-waiting
	for _, text := range []string{"", "GET / HTTP/1.1\r\nHost: loc"} {
		for range places {
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			if _, err := io.WriteString(c, text); err != nil {
				t.Fatal(err)
			}
		}
		if _, r := onConnection(t, address, "/"); !answered(t, r) {
			t.Errorf("connections that say %q shut others out", text)
		}
	}
	close(may)
	if !answered(t, busyAnswer) {
		t.Error("a connection with a request in flight was closed")
	}
}

// A request that is refused before its body has come holds no place until it does,
// and the refusal arrives all the same.
func TestRefusedRequestsMakeRoom(t *testing.T) {
	m, err := mock.New(mock.Config{BodyTimeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	l := httpserve.LimitConnections(clienttest.Listen(t), 3)
	ctx, stop := context.WithCancel(context.Background())
	server, served := httpserve.NewServer(m), make(chan error, 1)
	server.ReadTimeout = 0
	go func() { served <- httpserve.Serve(ctx, server, l) }()
	t.Cleanup(func() {
		stop()
		<-served
	})
	for i := range 9 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.WriteString(c, "POST /v2"+clienttest.ConnectPath+" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n{"); err != nil {
			t.Fatal(err)
		}
		if resp, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || resp.StatusCode != http.StatusUnauthorized {
			t.Fatalf("request %d: %+v, %v", i, resp, err)
		}
	}
}

// Where all connections are busy, a further one waits until one of them is idle.
func TestBusyConnectionsAreWaitedFor(t *testing.T) {
	may, waiting := make(chan struct{}), make(chan struct{}, 2)
	address, _ := limited(t, 2, may, waiting)
	_, one := onConnection(t, address, "/wait")
	_, two := onConnection(t, address, "/wait")
	<-waiting
	<-waiting
	_, late := onConnection(t, address, "/")
	close(may)
	if !answered(t, one) || !answered(t, two) || !answered(t, late) {
		t.Error("a connection was not answered")
	}
}

// A connection whose requests are answered past the server is in use: another
// one makes room.
func TestPlainRequestsKeepAConnection(t *testing.T) {
	m, err := mock.New(mock.Config{})
	if err != nil {
		t.Fatal(err)
	}
	l := httpserve.LimitConnections(clienttest.Listen(t), 6)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- httpserve.Serve(ctx, httpserve.NewServer(m), l) }()
	t.Cleanup(func() {
		stop()
		<-served
	})
	address := l.Addr().String()
	const plain = "POST /v2/manufacturer/device-connections HTTP/1.1\r\nHost: localhost\r\nx-api-key: acme-test-key-5c1d0a\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"user_id\":\"u\"}"
	busy, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	busy.SetDeadline(time.Now().Add(20 * time.Second))
	answers := bufio.NewReader(busy)
	use := func() {
		t.Helper()
		if _, err := io.WriteString(busy, plain); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
	}
	use()
	for range 10 {
		_, r := onConnection(t, address, "/")
		if _, err := http.ReadResponse(r, nil); err != nil {
			t.Fatal(err)
		}
		use()
	}
}

func TestLimitConnections(t *testing.T) {
	l := httpserve.LimitConnections(clienttest.Listen(t), 2)
	accepted := make(chan net.Conn)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
	for range 3 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	first, _ := <-accepted, <-accepted
	select {
	case <-accepted:
		t.Fatal("a third connection is let in")
	case <-time.After(100 * time.Millisecond):
	}
	first.Close()
	first.Close() // gives its place up once only
	<-accepted
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	select {
	case <-accepted:
		t.Fatal("a place was given up twice")
	case <-time.After(100 * time.Millisecond):
	}
	l.Close()
	if _, open := <-accepted; open {
		t.Error("a connection after Close")
	}
}
