package mock_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"nox.energy/contract/mock"
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
