package mock_test

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
)

// limited serves with room for a few connections. A request for /wait is
// answered once more may is closed.
func limited(t *testing.T, places int, may chan struct{}, waiting chan<- struct{}) string {
	t.Helper()
	l := mock.LimitConnections(listen(t), places)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			waiting <- struct{}{}
			<-may
		}
		io.WriteString(w, "ok")
	})
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	server := mock.NewHTTPServer(h)
	server.ReadHeaderTimeout, server.ReadTimeout = 0, 0 // only who is waited for leaves
	go func() { served <- mock.Serve(ctx, server, l) }()
	t.Cleanup(func() {
		stop()
		<-served
	})
	return l.Addr().String()
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
	address := limited(t, places, may, waiting)
	busy, busyAnswer := onConnection(t, address, "/wait")
	<-waiting
	var all []net.Conn
	var answers []*bufio.Reader
	for i := range 10 * places {
		c, r := onConnection(t, address, "/")
		if !answered(t, r) {
			t.Fatalf("connection %d is shut out", i)
		}
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
	address := limited(t, places, may, waiting)
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
	l := mock.LimitConnections(listen(t), 3)
	ctx, stop := context.WithCancel(context.Background())
	server, served := mock.NewHTTPServer(m), make(chan error, 1)
	server.ReadTimeout = 0
	go func() { served <- mock.Serve(ctx, server, l) }()
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
		if _, err := io.WriteString(c, "POST /v2"+connectPath+" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n{"); err != nil {
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
	address := limited(t, 2, may, waiting)
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
	l := mock.LimitConnections(listen(t), 6)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- mock.Serve(ctx, mock.NewHTTPServer(m), l) }()
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
