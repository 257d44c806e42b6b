package mock

import (
	"log/slog"
	"strings"
	"time"
)

// record logs one exchange. Of a path that the contract does not know, segments
// that are keys are left out.
func (m *Mock) record(x *exchange, a answer) {
	attributes := []slog.Attr{
		slog.String("method", x.request.Method),
		slog.String("path", m.withoutKeys(x.request.URL.EscapedPath())),
		slog.Int("status", a.status),
		slog.Duration("took", time.Since(x.began)),
	}
	if x.operation != nil {
		attributes = append(attributes, slog.String("operation", x.operation.id))
	}
	if x.caller.manufacturer != "" {
		attributes = append(attributes, slog.String("manufacturer", x.caller.manufacturer))
	}
	if x.caller.key != "" {
		attributes = append(attributes, slog.String("key_sha256", x.caller.key))
	}
	if a.reason != "" {
		attributes = append(attributes, slog.String("reason", a.reason))
	}
	if a.lost {
		attributes = append(attributes, slog.Bool("lost", true))
	}
	attributes = append(attributes, x.notes...)
	m.log.LogAttrs(x.request.Context(), slog.LevelInfo, "request", attributes...)
}

func (m *Mock) withoutKeys(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if _, isKey := m.registry.find(segment); isKey {
			segments[i] = "KEY"
		}
	}
	return strings.Join(segments, "/")
}
