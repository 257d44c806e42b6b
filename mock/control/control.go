// Package control serves the control API of a mock, and its web UI, to people and
// to programs that test clients: one file a subject, each request held to
// control.openapi.yaml first.
package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/mock/store"
	"nox.energy/contract/spec"
)

// Config says how a [Control] may be reached. The zero value is for one
// that listens on the loopback interface only.
type Config struct {
	// Token must be presented as a bearer token by all requests but those for
	// the health; "" means that none is needed.
	Token string
	// Hosts are names under which the API may be addressed, beside localhost
	// and IP addresses.
	Hosts []string
	// Version is that of the program.
	Version string
	// BaseURL is where clients find the mock, with the base path, for lines to
	// copy; "" if that is not known.
	BaseURL string
}

// Control is the control API of a mock: an [http.Handler] that serves what its
// own OpenAPI document declares, that document at /openapi.json, and a page for
// people at /. Give it a listener of its own. It is safe for concurrent use.
type Control struct {
	*declared // made by the first request, or by Document
	declare   func() (*declared, error)
	mock      *mock.Mock
	config    Config
	started   time.Time
	readers   chan struct{} // holds a value for each reader of events
	importing sync.Mutex    // an import takes some twenty times its size in memory
	guesses   guesses
	watchers  watchers
}

// declared is what is made of the document and of the page. That takes longer than
// all else which a mock does until its first response.
type declared struct {
	api      *openapi.API
	document []byte // as it is served
	rules    map[string]rule
	streams  map[string]http.HandlerFunc
	page     *page
}

// rule answers a request that fits the document.
type rule func(c *call) openapi.Response

// call is one request to the control API.
type call struct {
	operation  *openapi.Operation
	parameters map[string]string // of the path
	request    *http.Request
	body       []byte
}

// maxControlBody bounds the body of an import, in bytes.
const maxControlBody = 64 << 20

// New returns the control API of m. It reads its document when it is first asked.
func New(m *mock.Mock, config Config) (*Control, error) {
	if config.Token != "" {
		m.Hide(config.Token)
	}
	c := &Control{
		mock:    m,
		config:  config,
		started: time.Now().UTC(),
		readers: make(chan struct{}, maxReaders),
	}
	c.declare = sync.OnceValues(c.load)
	return c, nil
}

// load makes what is declared.
func (c *Control) load() (*declared, error) {
	document, err := newDocument(c.config)
	if err != nil {
		return nil, err
	}
	served, err := openapi.Load(document, "", openapi.Limits{BodyTimeout: mock.DefaultBodyTimeout, MaxBody: maxControlBody})
	if err != nil {
		return nil, err
	}
	d := &declared{api: served, document: document.Bytes(), rules: map[string]rule{}}
	for _, group := range []map[string]rule{
		c.healthRules(), c.manufacturerRules(), c.connectionRules(), c.journalRules(), c.faultRules(), c.scorecardRules(), c.tryRules(),
	} {
		maps.Copy(d.rules, group)
	}
	d.streams = map[string]http.HandlerFunc{"streamEvents": c.streamEvents, "getHAR": c.getHAR, "getMetrics": c.mock.ServeMetrics}
	if d.page, err = newPage(); err != nil {
		return nil, err
	}
	for _, op := range served.Operations() {
		if d.rules[op.ID] == nil && d.streams[op.ID] == nil {
			return nil, fmt.Errorf("the control API has no rule for %s", op.ID)
		}
	}
	c.declared = d
	return d, nil
}

// ServeHTTP answers one request.
func (c *Control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := c.declare(); err != nil { // which a test of New's rules out
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff") // streams included
	found := r
	if r.Method == http.MethodHead { // is GET without the body, which the server leaves out
		found = r.WithContext(r.Context())
		found.Method = http.MethodGet
	}
	if c.page.holds(r.URL.EscapedPath()) {
		c.servePage(found).Write(w)
		return
	}
	op, parameters, allowed := c.api.Find(found)
	if op == nil {
		c.api.RefuseUnknown(r, allowed).Write(w)
		return
	}
	if a, refused := c.guard(op, r); refused {
		a.Write(w)
		return
	}
	if op.ID == "import" {
		c.importing.Lock()
		defer c.importing.Unlock()
	}
	body, err := c.judge(op, found, parameters, w)
	if p := (*openapi.Problem)(nil); errors.As(err, &p) {
		a := op.Fail(http.StatusBadRequest, p.Message)
		a.Close = p.Close
		a.For(r).Write(w)
		return
	}
	if stream := c.streams[op.ID]; stream != nil {
		stream(w, r)
		return
	}
	a := c.rules[op.ID](&call{op, parameters, r, body})
	if found.Method != http.MethodGet && a.Status < http.StatusBadRequest && op.ID != "verify" {
		c.watchers.tell()
	}
	a.Write(w)
}

// judge reads the body and holds the request to the document. Any error is a
// *problem.
func (c *Control) judge(op *openapi.Operation, r *http.Request, parameters map[string]string, w http.ResponseWriter) ([]byte, error) {
	if p := op.CheckQuery(r); p != nil {
		return nil, p
	}
	if p := op.CheckQueryNames(r); p != nil { // a filter that is misspelt would select all
		return nil, p
	}
	body, _, err := c.api.ReadBody(w, r, op)
	if err != nil {
		return nil, err
	}
	return body, op.Validate(r, parameters, body)
}

// query is the value of a query parameter, nil if it is not there.
func (c *call) query(name string) *string {
	values := c.request.URL.Query()[name]
	if len(values) == 0 {
		return nil
	}
	return &values[0]
}

// text is the value of a query parameter, "" if it is not there.
func (c *call) text(name string) string {
	if value := c.query(name); value != nil {
		return *value
	}
	return ""
}

// read takes the body, which fits its schema, into v.
func (c *call) read(v any) error {
	err := json.Unmarshal(c.body, v, json.RejectUnknownMembers(true))
	if err != nil {
		return store.DescribeJSONError(c.body, err)
	}
	return nil
}

func (c *call) context() context.Context { return c.request.Context() }

// reply answers with a JSON value.
func (c *call) reply(status int, value any) openapi.Response {
	body, err := openapi.EncodeJSON(value)
	if err != nil {
		return c.fail(err)
	}
	return openapi.Response{Status: status, MediaType: "application/json", Body: body}
}

// done answers that there is nothing to say.
func (c *call) done() openapi.Response { return openapi.Response{Status: http.StatusNoContent} }

// fail answers with an error, in its own words.
func (c *call) fail(err error) openapi.Response {
	status := http.StatusBadRequest
	var conflict *store.ConflictError
	switch {
	case errors.Is(err, mock.ErrNoManufacturer):
		status = http.StatusNotFound
	case errors.As(err, &conflict), errors.Is(err, mock.ErrTooMany), errors.Is(err, store.ErrKeyTaken):
		status = http.StatusConflict
	case errors.Is(err, store.ErrUnavailable):
		status = http.StatusServiceUnavailable
	}
	return c.operation.Fail(status, err.Error())
}

// manufacturer is the query parameter of that name, nil if it is not there.
// One that is not known is an error.
func (c *call) manufacturer(m *mock.Mock) (*string, error) {
	name := c.query("manufacturer")
	if name != nil {
		if err := m.CheckManufacturer(c.context(), *name); err != nil {
			return nil, err
		}
	}
	return name, nil
}

// checkSelection returns an error for a name of no manufacturer. Nil, for all,
// and "", for nobody, are none.
func (c *Control) checkSelection(ctx context.Context, name *string) error {
	if name == nil || *name == "" {
		return nil
	}
	return c.mock.CheckManufacturer(ctx, *name)
}

// ofKnown lets rule answer for all, which * stands for as well, for nobody, and
// for a manufacturer that is known.
func (c *Control) ofKnown(rule rule) rule {
	return func(x *call) openapi.Response {
		if name := x.query("manufacturer"); name == nil || *name != store.AllManufacturers {
			if err := c.checkSelection(x.context(), name); err != nil {
				return x.fail(err)
			}
		}
		return rule(x)
	}
}

func (c *Control) healthRules() map[string]rule {
	healthy := func(x *call) openapi.Response { return x.reply(http.StatusOK, map[string]string{"status": "ok"}) }
	return map[string]rule{
		"live": healthy,
		"ready": func(x *call) openapi.Response {
			ctx, cancel := context.WithTimeout(x.context(), time.Second)
			defer cancel()
			if err := c.mock.Ready(ctx); err != nil { // whose words are not for everybody
				return x.operation.Fail(http.StatusServiceUnavailable, "not ready: "+store.ErrUnavailable.Error())
			}
			if httpserve.Stopping(x.context()) {
				return x.operation.Fail(http.StatusServiceUnavailable, "not ready: the mock stops")
			}
			return healthy(x)
		},
		"getDocument": func(*call) openapi.Response {
			return openapi.Response{Status: http.StatusOK, MediaType: "application/json", Body: c.document}
		},
		"getContract": func(*call) openapi.Response {
			return openapi.Response{Status: http.StatusOK, MediaType: "application/yaml", Body: c.mock.Contract().Bytes()}
		},
	}
}

// Document is the OpenAPI document of the control API.
func (c *Control) Document() (*spec.Document, error) {
	if _, err := c.declare(); err != nil {
		return nil, err
	}
	return spec.Parse("control.openapi.json", c.document)
}
