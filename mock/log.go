package mock

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
)

// NewLogHandler returns a handler that writes what [slog.TextHandler] would or,
// if asJSON is true, [slog.JSONHandler]; the line of an ordinary request at a
// fraction of the cost.
func NewLogHandler(w io.Writer, asJSON bool, options *slog.HandlerOptions) slog.Handler {
	if asJSON {
		return &logHandler{Handler: slog.NewJSONHandler(w, options), writer: w, asJSON: true}
	}
	return &logHandler{Handler: slog.NewTextHandler(w, options), writer: w}
}

type logHandler struct {
	slog.Handler
	writer io.Writer
	asJSON bool

	mu   sync.Mutex
	line []byte // to be used again
}

// Handle implements [slog.Handler].
func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	var request plainLogged
	quick := false
	r.Attrs(func(a slog.Attr) bool {
		request, quick = a.Value.Any().(plainLogged)
		return false
	})
	if !quick || !isSimple(request.manufacturer) || request.known.keys.MayBeIn(request.userID) {
		return h.Handler.Handle(ctx, r)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.asJSON {
		h.line = request.appendJSON(h.line[:0], r)
	} else {
		h.line = request.appendText(h.line[:0], r)
	}
	_, err := h.writer.Write(h.line)
	return err
}

// appendText appends the line of [slog.TextHandler].
func (l plainLogged) appendText(b []byte, r slog.Record) []byte {
	b = append(b, "time="...)
	b = r.Time.AppendFormat(b, "2006-01-02T15:04:05.000Z07:00")
	b = append(b, " level="...)
	b = append(b, r.Level.String()...)
	b = append(b, " msg=request id="...)
	b = strconv.AppendInt(b, l.id, 10)
	b = append(b, " method="...)
	b = append(b, l.method...)
	b = append(b, " path="...)
	b = appendWord(b, l.where)
	b = append(b, " status=201 took_ms="...)
	b = strconv.AppendFloat(b, milliseconds(l.took), 'g', -1, 64)
	b = append(b, " remote="...)
	b = appendWord(b, l.remote)
	b = append(b, " operation="...)
	b = appendWord(b, l.mock.rule.operation.ID)
	b = append(b, " manufacturer="...)
	b = appendWord(b, l.manufacturer)
	b = append(b, " key_sha256="...)
	b = append(b, l.key...)
	b = append(b, " user_id="...)
	b = appendWord(b, l.userID)
	b = append(b, " reason="...)
	b = append(b, l.reason()...)
	return append(b, '\n')
}

// appendWord appends a value of [slog.TextHandler], in quotes if it needs them.
func appendWord(b []byte, text string) []byte {
	plain := text != ""
	for i := 0; i < len(text) && plain; i++ {
		plain = text[i] > ' ' && text[i] < 0x7f && text[i] != '"' && text[i] != '='
	}
	if plain {
		return append(b, text...)
	}
	return strconv.AppendQuote(b, text)
}

// appendJSON appends the line of [slog.JSONHandler].
func (l plainLogged) appendJSON(b []byte, r slog.Record) []byte {
	b = append(b, `{"time":"`...)
	b = r.Time.AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","level":"`...)
	b = append(b, r.Level.String()...)
	b = append(b, `","msg":"request","id":`...)
	b = strconv.AppendInt(b, l.id, 10)
	for _, each := range [...]struct{ before, value string }{
		{`,"method":`, l.method}, {`,"path":`, l.where}, {`,"status":201,"took_ms":`, ""}, {`,"remote":`, l.remote},
		{`,"operation":`, l.mock.rule.operation.ID}, {`,"manufacturer":`, l.manufacturer}, {`,"key_sha256":`, l.key},
		{`,"user_id":`, l.userID}, {`,"reason":`, l.reason()},
	} {
		b = append(b, each.before...)
		if each.before == `,"status":201,"took_ms":` {
			b = strconv.AppendFloat(b, milliseconds(l.took), 'g', -1, 64)
			continue
		}
		b = append(b, '"')
		b = append(b, each.value...)
		b = append(b, '"')
	}
	return append(b, "}\n"...)
}

// isSimple reports whether a text is written as it is in JSON.
func isSimple(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' || c == '"' || c == '\\' })
}
