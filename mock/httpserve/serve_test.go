package httpserve_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/mocktest"
)

// Serve stops in under a second, whatever its clients do, and answers what is
// in flight.
func TestServeStops(t *testing.T) {
	m, err := mock.New(mock.Config{})
	if err != nil {
		t.Fatal(err)
	}
	l := clienttest.Listen(t)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	entered := make(chan struct{}, 8)
	counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		m.ServeHTTP(w, r)
	})
	go func() { served <- httpserve.Serve(ctx, httpserve.NewServer(counted), l) }()
	s := &mocktest.Server{URL: "http://" + l.Addr().String(), APIKey: mock.DefaultManufacturers()[0].Keys[0]}

	// A delay, a body that never ends, a connection that says nothing, an idle one.
	delayed := `{"user_id":"nox-mock:delay=50s"}`
	c1, r1 := clienttest.Dial(t, s)
	fmt.Fprintf(c1, "%s%s", strings.ReplaceAll(clienttest.Head(s, fmt.Sprintf("Content-Length: %d\n", len(delayed))), "\n", "\r\n"), delayed)
	c2, r2 := clienttest.Dial(t, s)
	io.WriteString(c2, strings.ReplaceAll(clienttest.Head(s, "Content-Length: 15\n"), "\n", "\r\n")+clienttest.ValidBody[:3])
	clienttest.Dial(t, s)
	clienttest.Raw(t, s, clienttest.Head(s, "Content-Length: 15\n"), clienttest.ValidBody)
	for range 3 {
		<-entered
	}

	began := time.Now()
	stop()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	// A second is promised. The test leaves room for a busy machine, as what
	// it waits for would take ten seconds and more.
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s to stop", took)
	}
	if resp, err := http.ReadResponse(r1, nil); err != nil || resp.StatusCode != 201 {
		t.Errorf("the delayed request was not answered: %v, %v", resp, err)
	}
	if resp, err := http.ReadResponse(r2, nil); err != nil || resp.StatusCode != 400 {
		t.Errorf("the request without its body was not answered: %v, %v", resp, err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the port still answers")
	}
}
