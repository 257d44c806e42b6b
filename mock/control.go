package mock

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"nox.energy/contract/mock/store"
	"nox.energy/contract/spec"
)

// ControlConfig says how a [Control] may be reached. The zero value is for one
// that listens on the loopback interface only.
type ControlConfig struct {
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
	api      *api
	mock     *Mock
	config   ControlConfig
	document []byte // as it is served
	rules    map[string]controlRule
	streams  map[string]http.HandlerFunc
	page     *page
	started  time.Time
	readers  chan struct{} // holds a value for each reader of events
}

// controlRule answers a request that fits the document.
type controlRule func(c *call) answer

// call is one request to the control API.
type call struct {
	operation  *operation
	parameters map[string]string // of the path
	request    *http.Request
	body       []byte
}

// maxControlBody bounds the body of an import, in bytes.
const maxControlBody = 64 << 20

// NewControl returns the control API of m.
func NewControl(m *Mock, config ControlConfig) (*Control, error) {
	document, err := controlDocument(config)
	if err != nil {
		return nil, err
	}
	served, err := load(document, "", limits{DefaultBodyTimeout, maxControlBody})
	if err != nil {
		return nil, err
	}
	c := &Control{
		api:      served,
		mock:     m,
		config:   config,
		started:  time.Now().UTC(),
		document: document.Bytes(),
		rules:    map[string]controlRule{},
		readers:  make(chan struct{}, maxReaders),
	}
	for _, group := range []map[string]controlRule{
		c.healthRules(), c.manufacturerRules(), c.connectionRules(), c.journalRules(), c.faultRules(), c.scorecardRules(), c.tryRules(),
	} {
		maps.Copy(c.rules, group)
	}
	c.streams = map[string]http.HandlerFunc{"streamEvents": c.streamEvents, "getHAR": c.getHAR, "getMetrics": m.ServeMetrics}
	if c.page, err = newPage(); err != nil {
		return nil, err
	}
	for _, op := range served.operations() {
		if c.rules[op.id] == nil && c.streams[op.id] == nil {
			return nil, fmt.Errorf("the control API has no rule for %s", op.id)
		}
	}
	return c, nil
}

// ServeHTTP answers one request.
func (c *Control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found := r
	if r.Method == http.MethodHead { // is GET without the body, which the server leaves out
		found = r.WithContext(r.Context())
		found.Method = http.MethodGet
	}
	if c.page.holds(r.URL.EscapedPath()) {
		c.servePage(found).write(w)
		return
	}
	op, parameters, allowed := c.api.find(found)
	if op == nil {
		c.api.unknown(allowed).write(w)
		return
	}
	if a, refused := c.guard(op, r); refused {
		a.write(w)
		return
	}
	body, err := c.judge(op, found, parameters, w)
	if p := (*problem)(nil); errors.As(err, &p) {
		a := op.fail(http.StatusBadRequest, p.words)
		a.closing = p.closing
		a.onto(r).write(w)
		return
	}
	if stream := c.streams[op.id]; stream != nil {
		stream(w, r)
		return
	}
	c.rules[op.id](&call{op, parameters, r, body}).write(w)
}

// judge reads the body and holds the request to the document. Any error is a
// *problem.
func (c *Control) judge(op *operation, r *http.Request, parameters map[string]string, w http.ResponseWriter) ([]byte, error) {
	if p := op.checkQuery(r); p != nil {
		return nil, p
	}
	declared := op.parameters()
	for name := range r.URL.Query() {
		known := false
		for _, p := range declared {
			known = known || p.In == "query" && p.Name == name
		}
		if !known { // a filter that is misspelt would select all
			return nil, &problem{words: fmt.Sprintf("there is no query parameter %q here", name)}
		}
	}
	body, _, err := c.api.readBody(w, r, op)
	if err != nil {
		return nil, err
	}
	return body, op.validate(r, parameters, body)
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
func (c *call) reply(status int, value any) answer {
	body, err := encode(value)
	if err != nil {
		return c.fail(err)
	}
	return answer{status: status, mediaType: "application/json", body: body}
}

// done answers that there is nothing to say.
func (c *call) done() answer { return answer{status: http.StatusNoContent} }

// fail answers with an error, in its own words.
func (c *call) fail(err error) answer {
	status := http.StatusBadRequest
	var conflict *store.ConflictError
	switch {
	case errors.Is(err, ErrNoManufacturer):
		status = http.StatusNotFound
	case errors.As(err, &conflict), errors.Is(err, ErrTooMany), errors.Is(err, store.ErrKeyTaken):
		status = http.StatusConflict
	case errors.Is(err, store.ErrUnavailable):
		status = http.StatusServiceUnavailable
	}
	return c.operation.fail(status, err.Error())
}

// manufacturer is the query parameter of that name, nil if it is not there.
// One that is not known is an error.
func (c *call) manufacturer(m *Mock) (*string, error) {
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

// ofKnown lets rule answer for all, for nobody and for a manufacturer that is
// known; * stands for all as well.
func (c *Control) ofKnown(rule controlRule) controlRule {
	return func(x *call) answer {
		if name := x.query("manufacturer"); name == nil || *name != store.AllManufacturers {
			if err := c.checkSelection(x.context(), name); err != nil {
				return x.fail(err)
			}
		}
		return rule(x)
	}
}

func (c *Control) healthRules() map[string]controlRule {
	healthy := func(x *call) answer { return x.reply(http.StatusOK, map[string]string{"status": "ok"}) }
	return map[string]controlRule{
		"live": healthy,
		"ready": func(x *call) answer {
			ctx, cancel := context.WithTimeout(x.context(), time.Second)
			defer cancel()
			if err := c.mock.Ready(ctx); err != nil { // whose words are not for everybody
				return x.operation.fail(http.StatusServiceUnavailable, "not ready: "+store.ErrUnavailable.Error())
			}
			if Stopping(x.context()) {
				return x.operation.fail(http.StatusServiceUnavailable, "not ready: the mock stops")
			}
			return healthy(x)
		},
		"getDocument": func(*call) answer {
			return answer{status: http.StatusOK, mediaType: "application/json", body: c.document}
		},
	}
}

// Document is the OpenAPI document of the control API.
func (c *Control) Document() (*spec.Document, error) {
	return spec.Parse("control.openapi.json", c.document)
}
