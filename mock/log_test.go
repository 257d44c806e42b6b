package mock_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/store"
)

// The quick line of a request is the one that log/slog writes.
func TestLogLines(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		var quick, usual syncBuffer
		var handler slog.Handler = slog.NewTextHandler(&usual, nil)
		if asJSON {
			handler = slog.NewJSONHandler(&usual, nil)
		}
		both := bothHandlers{mock.NewLogHandler(&quick, asJSON, nil), handler}
		s := serveWith(t, mock.Config{Logger: slog.New(both), Manufacturers: []store.Manufacturer{
			{Name: "acme", Keys: []string{"acme-test-key-5c1d0a"}, Enabled: true},
			{Name: "é \"=\\\t<&>\u2028", Keys: []string{"globex-test-key-e83b27"}, Enabled: true},
		}})
		plain, others := plainSeeds()
		for _, data := range append(plain, others...) {
			s.ask(t, []byte(data))
		}
		lines := strings.Split(usual.String(), "\n")
		for i, line := range strings.Split(quick.String(), "\n") {
			if i >= len(lines) || line != lines[i] {
				t.Fatalf("JSON %t: line %d is\n%s\nlog/slog writes\n%s", asJSON, i+1, line, lines[min(i, len(lines)-1)])
			}
		}
		if strings.Contains(quick.String(), "-test-key-") {
			t.Error("the log holds a key")
		}
		if asJSON {
			for line := range strings.Lines(quick.String()) {
				if !json.Valid([]byte(line)) {
					t.Errorf("no JSON: %s", line)
				}
			}
		}
		wants := regexp.MustCompile(`id.+took_ms.+remote.+manufacturer.+key_sha256.+user_id.+reason`)
		if first, _, _ := strings.Cut(quick.String(), "\n"); !wants.MatchString(first) {
			t.Errorf("the log lacks a field: %s", first)
		}
	}
}

// bothHandlers lets two handlers have each record.
type bothHandlers struct{ quick, usual slog.Handler }

func (h bothHandlers) Enabled(context.Context, slog.Level) bool { return true }
func (h bothHandlers) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h bothHandlers) WithGroup(string) slog.Handler            { return h }
func (h bothHandlers) Handle(ctx context.Context, r slog.Record) error {
	if err := h.quick.Handle(ctx, r.Clone()); err != nil {
		return err
	}
	return h.usual.Handle(ctx, r)
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
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}))
	clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(clienttest.ValidBody))
	clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s, "Prefer", "code=418"), strings.NewReader(clienttest.ValidBody))
	clienttest.Do(t, s, "POST", clienttest.ConnectPath+"?key="+s.APIKey, clienttest.Headers("x-api-key", s.DisabledAPIKey), nil)
	clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Headers("x-api-key", "mistyped-key"), nil)
	clienttest.Do(t, s, "GET", "/"+s.APIKey+"/x", nil, nil)
	s.Close()
	got := log.String()
	for _, key := range []string{s.APIKey, s.DisabledAPIKey, "mistyped-key"} {
		if strings.Contains(got, key) {
			t.Errorf("the log holds the key %s:\n%s", key, got)
		}
	}
	if n := strings.Count(got, "level=WARN"); n != 1 || !strings.Contains(strings.Split(got, "\n")[1], "level=WARN") {
		t.Errorf("%d lines warn, want one, of the ask that is not understood:\n%s", n, got)
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

// storeThatFails is a store that can be told to fail.
type storeThatFails struct {
	store.Store
	lost atomic.Bool
}

func (s *storeThatFails) Connect(ctx context.Context, manufacturer, userID, noxUserID string, now time.Time) (store.Connection, bool, error) {
	if s.lost.Load() {
		return store.Connection{}, false, store.ErrUnavailable
	}
	return s.Store.Connect(ctx, manufacturer, userID, noxUserID, now)
}

// That the store is lost is an error, once, however many requests it fails; that
// it is back is said too.
func TestLostStoreIsSaidOnce(t *testing.T) {
	var log syncBuffer
	kept := &storeThatFails{Store: store.NewMemory()}
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Store: kept, Logger: slog.New(slog.NewTextHandler(&log, nil))}))
	for _, lost := range []bool{false, true, true, true, false, false} {
		kept.lost.Store(lost)
		clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(clienttest.ValidBody))
	}
	s.Close()
	var said []string
	for line := range strings.Lines(log.String()) {
		_, line, _ = strings.Cut(line, " level=")
		said = append(said, strings.Join(strings.SplitN(line, " ", 5)[:4], " "))
	}
	want := []string{
		"INFO msg=request id=1 method=POST", `ERROR msg="the store is`, "WARN msg=request id=2 method=POST", "WARN msg=request id=3 method=POST",
		"WARN msg=request id=4 method=POST", `INFO msg="the store is`, "INFO msg=request id=5 method=POST", "INFO msg=request id=6 method=POST",
	}
	if !slices.Equal(said, want) {
		t.Errorf("the log is\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
	}
}
