package mock_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/store"
)

// Serve stops in under a second, whatever its clients do, and answers what is
// in flight.
func TestServeStops(t *testing.T) {
	m, err := mock.New(mock.Config{})
	if err != nil {
		t.Fatal(err)
	}
	l := listen(t)
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
	c1, r1 := dial(t, s)
	fmt.Fprintf(c1, "%s%s", strings.ReplaceAll(head(s, fmt.Sprintf("Content-Length: %d\n", len(delayed))), "\n", "\r\n"), delayed)
	c2, r2 := dial(t, s)
	io.WriteString(c2, strings.ReplaceAll(head(s, "Content-Length: 15\n"), "\n", "\r\n")+validBody[:3])
	dial(t, s)
	raw(t, s, head(s, "Content-Length: 15\n"), validBody)
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

// syncBuffer is a log that requests write to at once.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestLog(t *testing.T) {
	var log syncBuffer
	s := mocktest.NewServer(t, configured(mock.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}))
	do(t, s, "POST", connectPath, good(s), strings.NewReader(validBody))
	do(t, s, "POST", connectPath, good(s, "Prefer", "code=418"), strings.NewReader(validBody))
	do(t, s, "POST", connectPath+"?key="+s.APIKey, headers("x-api-key", s.DisabledAPIKey), nil)
	do(t, s, "POST", connectPath, headers("x-api-key", "mistyped-key"), nil)
	do(t, s, "GET", "/"+s.APIKey+"/x", nil, nil)
	s.Close()
	got := log.String()
	for _, key := range []string{s.APIKey, s.DisabledAPIKey, "mistyped-key"} {
		if strings.Contains(got, key) {
			t.Errorf("the log holds the key %s:\n%s", key, got)
		}
	}
	for i, want := range []string{
		"status=201 took_ms=… operation=createManufacturerDeviceConnection manufacturer=acme key_sha256=" + store.Fingerprint(s.APIKey) + " user_id=u reason=created",
		`reason=resolved not_understood="`,
		"status=401 took_ms=… operation=createManufacturerDeviceConnection manufacturer=initech key_sha256=" + store.Fingerprint(s.DisabledAPIKey) + ` reason="manufacturer not enabled"`,
		`reason="unknown key"`,
		`path=/v2/sha256:` + store.Fingerprint(s.APIKey) + `/x status=404`,
	} {
		line := strings.Split(got, "\n")[i]
		if before, after, ok := strings.Cut(line, "took_ms="); ok {
			_, after, _ = strings.Cut(after, " ") // the time
			_, after, _ = strings.Cut(after, " ") // the client's address
			line = before + "took_ms=… " + after
		}
		if !strings.Contains(line, want) {
			t.Errorf("line %d: %s\nwant %s", i+1, line, want)
		}
	}
}

func TestNearMissesOfAKey(t *testing.T) {
	s := mocktest.NewServer(t)
	for i := range len(s.APIKey) {
		for _, key := range []string{s.APIKey[:i], s.APIKey[i+1:], s.APIKey[:i] + "_" + s.APIKey[i+1:], s.APIKey + s.APIKey[:i+1]} {
			if r := do(t, s, "POST", connectPath, good(s, "X-I", fmt.Sprint(i)), strings.NewReader(validBody)); r.status != 201 {
				t.Fatalf("the key itself: status %d", r.status)
			}
			h := good(s)
			h.Set("x-api-key", key)
			if r := do(t, s, "POST", connectPath, h, strings.NewReader(validBody)); r.status != 401 {
				t.Errorf("key %q: status %d", key, r.status)
			}
		}
	}
}
