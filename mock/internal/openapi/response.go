package openapi

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"

	"nox.energy/contract/mock/journal"
)

// Response is a response that is decided but not yet written.
type Response struct {
	Status    int
	MediaType string // "" where there is no body
	Body      []byte
	Fields    http.Header // further fields; may be nil
	Reason    journal.Why // for journal and log; holds nothing secret
	Close     bool        // close the connection afterwards
}

// With adds a header field.
func (a Response) With(name, value string) Response {
	header := a.Fields.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Add(name, value)
	a.Fields = header
	return a
}

// Because adds the reason: the name of a rule, and a sentence.
func (a Response) Because(rule, reason string) Response {
	return a.WithReason(journal.Why{Rule: rule, Reason: reason})
}

// WithReason adds the reason.
func (a Response) WithReason(why journal.Why) Response {
	a.Reason = why
	return a
}

// Header returns all header fields of the response.
func (a Response) Header() http.Header {
	h := a.Fields.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if a.MediaType != "" {
		h.Set("Content-Type", a.MediaType)
	}
	if a.Status != http.StatusNoContent && a.Status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	}
	if a.Close {
		h.Set("Connection", "close")
	}
	return h
}

// Complete returns the response with the header fields that HTTP asks of its
// status (RFC 9110, sections 15.5.2 and 15.5.6), whatever brought it about. realm
// names what the key of a 401 is for.
func (op *Operation) Complete(a Response, realm string) Response {
	switch {
	case a.Status == http.StatusUnauthorized && a.Fields.Get("WWW-Authenticate") == "":
		return a.With("WWW-Authenticate", op.Challenge(realm))
	case a.Status == http.StatusMethodNotAllowed && a.Fields.Get("Allow") == "":
		return a.With("Allow", op.route.Method)
	}
	return a
}

// For is the answer to r: over HTTP/2 a stream ends by itself, and what would
// close a connection takes the others, and the rest of this answer, with it.
func (a Response) For(r *http.Request) Response {
	a.Close = a.Close && r.ProtoMajor == 1
	return a
}

func (a Response) Write(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.Header())
	w.WriteHeader(a.Status)
	w.Write(a.Body) // an error means that the client is gone
}

// EncodeJSON writes a value of the JSON data model without a newline behind it and
// without escaping what only HTML would need escaped.
func EncodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
