package mock

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/google/uuid"

	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/mock/journal"
)

// Attempt is a request that a person wants to see answered. What is nil or ""
// is as in an example of the contract.
type Attempt struct {
	Manufacturer string  `json:"manufacturer"`
	Key          string  `json:"key"` // "own", "none" or "wrong"
	Operation    string  `json:"operation"`
	Method       string  `json:"method"`
	UserID       *string `json:"user_id"`
	Body         *string `json:"body"`
	ContentType  *string `json:"content_type"`
	Prefer       string  `json:"prefer"`
}

// triedNote stands with an exchange that was tried.
const triedNote = "tried from the control API, not sent by a client"

// ErrNoKey says that a request cannot be made in a manufacturer's name.
var ErrNoKey = errors.New("the mock knows the keys of this manufacturer by their digests only, and so can present none")

// ErrNoOperation says that the contract has no such operation.
var ErrNoOperation = errors.New("the contract has no such operation")

// Try hands a request to the mock inside the process and returns the exchange.
func (m *Mock) Try(ctx context.Context, a Attempt) (journal.Entry, error) {
	req, err := m.attempted(ctx, a)
	if err != nil {
		return journal.Entry{}, err
	}
	var tried journal.Entry
	ctx = httpserve.WithoutConnection(ctx)
	m.serveAside(req.WithContext(context.WithValue(ctx, triedKey{}, &tried)))
	return tried, nil
}

type triedKey struct{}

// triedOf is where the exchange of a request that is tried is wanted, nil for
// one that a client sent.
func triedOf(ctx context.Context) *journal.Entry {
	tried, _ := ctx.Value(triedKey{}).(*journal.Entry)
	return tried
}

// attempted makes the request.
func (m *Mock) attempted(ctx context.Context, a Attempt) (*http.Request, error) {
	op, err := m.operation(a.Operation)
	if err != nil {
		return nil, err
	}
	key, err := m.keyFor(ctx, a)
	if err != nil {
		return nil, err
	}
	req, err := op.ExampleRequest("http://nox-mock"+m.BasePath(), key)
	if err != nil {
		return nil, err
	}
	if a.Method != "" {
		req.Method = a.Method
	}
	if a.ContentType != nil {
		req.Header.Del("Content-Type")
		if *a.ContentType != "" {
			req.Header.Set("Content-Type", *a.ContentType)
		}
	}
	if a.Prefer != "" {
		req.Header.Set("Prefer", a.Prefer)
	}
	body, err := m.attemptedBody(op, a)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	if req.ContentLength == 0 {
		req.Body = http.NoBody
	}
	req.RequestURI = req.URL.RequestURI()
	return req, nil
}

// operation returns one of the contract, the first if id is "".
func (m *Mock) operation(id string) (*openapi.Operation, error) {
	if id == "" {
		return m.api.First, nil
	}
	if op := m.api.Operation(id); op != nil {
		return op, nil
	}
	return nil, fmt.Errorf("%w: %q", ErrNoOperation, id)
}

// ExampleRequest makes a valid request of an operation, out of the contract's
// examples; the first operation if id is "". baseURL has the base path. key
// belongs to a manufacturer that is enabled; with "" the request presents none.
func (m *Mock) ExampleRequest(id, baseURL, key string) (*http.Request, error) {
	op, err := m.operation(id)
	if err != nil {
		return nil, err
	}
	return op.ExampleRequest(baseURL, key)
}

// UserProperty is the property of the request body that names the user, "" for
// an operation that the mock keeps no state for.
func (m *Mock) UserProperty(id string) string {
	if m.rule == nil || m.rule.operation.ID != id {
		return ""
	}
	return providedProperty
}

// keyFor is the key to present, "" for none. While the store is away, it is one of
// those that the mock knew last, and the mock says what it then says.
func (m *Mock) keyFor(ctx context.Context, a Attempt) (string, error) {
	known := m.registry.latest(ctx)
	key, open := known.open[a.Manufacturer]
	switch _, is := known.named(a.Manufacturer); {
	case !is:
		return "", noManufacturer(a.Manufacturer, known.manufacturers)
	case a.Key == "none":
		return "", nil
	case a.Key == "wrong":
		return "nobody-s-key-" + uuid.NewString(), nil
	case !open:
		return "", ErrNoKey
	}
	return key, nil
}

// attemptedBody is the body to send, nil for that of the example.
func (m *Mock) attemptedBody(op *openapi.Operation, a Attempt) ([]byte, error) {
	switch {
	case a.Body != nil:
		return []byte(*a.Body), nil
	case a.UserID != nil && m.rule.appliesTo(op):
		return openapi.EncodeJSON(map[string]string{providedProperty: *a.UserID})
	}
	return nil, nil
}

// serveAside answers a request whose answer nobody waits for.
func (m *Mock) serveAside(r *http.Request) {
	defer func() {
		if cause := recover(); cause != nil && cause != http.ErrAbortHandler { // which closes a connection
			panic(cause)
		}
	}()
	m.ServeHTTP(&aside{header: http.Header{}}, r)
}

// aside takes an answer and forgets it.
type aside struct{ header http.Header }

func (a *aside) Header() http.Header         { return a.header }
func (a *aside) WriteHeader(int)             {}
func (a *aside) Write(p []byte) (int, error) { return len(p), nil }

// FlushError lets an answer be sent in pieces.
func (a *aside) FlushError() error { return nil }
