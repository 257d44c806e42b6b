package mock

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"

	"nox.energy/contract/mock/journal"
)

// answer is a response that is decided but not yet written. Handlers return
// one; only [Mock.ServeHTTP] writes.
type answer struct {
	status    int
	mediaType string // "" where there is no body
	body      []byte
	header    http.Header // further fields; may be nil
	why       journal.Why // for journal and log; holds nothing secret
	closing   bool        // close the connection afterwards
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

// because says why: the name of a rule, and a sentence.
func (a answer) because(rule, reason string) answer {
	return a.explained(journal.Why{Rule: rule, Reason: reason})
}

// explained says why, in full.
func (a answer) explained(why journal.Why) answer {
	a.why = why
	return a
}

// fields are the header fields of the answer.
func (a answer) fields() http.Header {
	h := a.header.Clone()
	if h == nil {
		h = http.Header{}
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
	return h
}

// onto is the answer to r: over HTTP/2 a stream ends by itself, and what would
// close a connection takes the others, and the rest of this answer, with it.
func (a answer) onto(r *http.Request) answer {
	a.closing = a.closing && r.ProtoMajor == 1
	return a
}

func (a answer) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.fields())
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
