package mock

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// answer is a response that is decided but not yet written. Handlers return
// one; only [Mock.ServeHTTP] writes.
type answer struct {
	status    int
	mediaType string // "" where there is no body
	body      []byte
	header    http.Header // further fields; may be nil
	reason    string      // why, for the log; holds nothing secret
	closing   bool        // close the connection afterwards
	lost      bool        // close the connection instead of answering
}

// with adds a header field.
func (a answer) with(name, value string) answer {
	header := a.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Add(name, value)
	a.header = header
	return a
}

// because sets the reason for the log.
func (a answer) because(reason string) answer {
	a.reason = reason
	return a
}

func (a answer) write(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if a.mediaType != "" {
		h.Set("Content-Type", a.mediaType)
	}
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	if a.closing {
		h.Set("Connection", "close")
	}
	w.WriteHeader(a.status)
	w.Write(a.body) // an error means that the client is gone
}

// encode writes a value of the JSON data model without a newline behind it and
// without escaping what only HTML would need escaped.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
