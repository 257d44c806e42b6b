package mock

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/store"
	"nox.energy/contract/spec"
)

// Mock answers requests as the contract says. It is an [http.Handler] for the
// contract's base path and everything beneath, and safe for concurrent use.
type Mock struct {
	front
	contract  *spec.Document
	registry  *registry
	store     store.Store
	ids       IDs
	overrides bool
	journal   *journal.Journal
	faults    *fault.Set
	metrics   *metrics
	trackers  *trackers
	explains  bool
	began     []store.Connection // what it began with
	changes   chan struct{}      // see Changes
	log       *slog.Logger
}

// New builds a mock. It fails if the contract cannot be served, or if
// manufacturers or connections contradict each other; the error names the
// place.
func New(cfg Config) (*Mock, error) {
	m := &Mock{
		contract:  cfg.Contract,
		store:     cfg.Store,
		ids:       cfg.IDs,
		overrides: !cfg.NoOverrides,
		front:     front{bodyTimeout: cfg.BodyTimeout, maxBody: MaxBodyBytes},
		journal:   journal.New(cfg.Journal),
		faults:    fault.NewSet(),
		explains:  cfg.ExplainErrors,
		began:     cfg.Connections,
		changes:   make(chan struct{}, 1),
		log:       cfg.Logger,
	}
	if err := m.setDefaults(); err != nil {
		return nil, err
	}
	manufacturers := cfg.Manufacturers
	if manufacturers == nil {
		manufacturers = DefaultManufacturers()
	}
	if err := store.CheckManufacturers(manufacturers); err != nil {
		return nil, err
	}
	doc, err := readContract(m.contract)
	if err != nil {
		return nil, err
	}
	operations, err := readOperations(m.contract, doc)
	if err != nil {
		return nil, err
	}
	m.first = operations[0]
	m.router = newRouter(basePath(m.contract), operations)
	m.metrics, m.trackers = newMetrics(m), newTrackers()
	for i, c := range m.began {
		if store.IndexManufacturer(manufacturers, c.Manufacturer) < 0 {
			return nil, strangerError(i, c)
		}
	}
	m.registry = &registry{store: m.store, gone: m.gone, begin: m.begin}
	m.registry.current.Store(newRegistered("", manufacturers, nil))
	_, err = m.registry.fresh(context.Background())
	return m, err
}

func (m *Mock) setDefaults() error {
	if m.contract == nil {
		embedded, err := spec.Embedded()
		if err != nil {
			return err
		}
		m.contract = embedded
	}
	if m.store == nil {
		m.store = store.NewMemory()
	}
	if m.ids == "" {
		m.ids = DerivedIDs
	}
	if _, err := ParseIDs(string(m.ids)); err != nil {
		return err
	}
	if m.bodyTimeout <= 0 {
		m.bodyTimeout = DefaultBodyTimeout
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// BasePath is the path that all operations of the contract stand under, as
// "/v2".
func (m *Mock) BasePath() string { return m.router.base }

// basePath starts with a slash, unless it is empty. That of a server URL which
// is relative to its document need not.
func basePath(contract *spec.Document) string {
	base := contract.BasePath()
	if base != "" && !strings.HasPrefix(base, "/") {
		return "/" + base
	}
	return base
}

// Contract is the contract in force.
func (m *Mock) Contract() *spec.Document { return m.contract }

// ServeHTTP answers one request.
func (m *Mock) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{request: r, began: time.Now(), bodyRead: r.Body == nil || r.Body == http.NoBody}
	// Otherwise the server takes the body off the line before it sends an
	// answer, a refusal for want of a key included. Not every writer can.
	_ = http.NewResponseController(w).EnableFullDuplex()
	a := m.guarded(x, w)
	if m.explains && a.status >= http.StatusBadRequest {
		a = a.with(ExplainHeader, explanation(a.why))
	}
	a, x.decided = a.onto(r), a.status
	m.record(x, a)
	defer m.metrics.finished(x)
	unread := !x.bodyRead && r.ProtoMajor == 1
	if unread && (r.ContentLength < 0 || r.ContentLength > maxDrainBytes) {
		a.closing = true
	}
	m.deliver(x, w, a)
	if unread && !a.closing && r.Header.Get("Expect") == "" {
		m.drain(w, r)
	}
}

// exchange is what is known of one request while it is answered.
type exchange struct {
	request   *http.Request
	began     time.Time
	operation *operation
	caller    caller
	bodyRead  bool // to its end
	body      []byte
	decided   int // the status that was decided on
	gaveUp    bool
	shot      *fault.Shot // the fault that fires, nil if none
	notes     []string
	logged    []slog.Attr // further ones, for the log
	entry     journal.Entry
}

// guarded is answer, with a panic turned into the contract's 500.
func (m *Mock) guarded(x *exchange, w http.ResponseWriter) (a answer) {
	defer func() {
		if cause := recover(); cause != nil {
			m.log.Error("panic while answering", "cause", fmt.Sprint(cause))
			a = m.failure(x.operation, http.StatusInternalServerError, "").because("internal", "panic")
		}
	}()
	return m.answer(x, w)
}

// answer decides, in the order of the package comment.
func (m *Mock) answer(x *exchange, w http.ResponseWriter) answer {
	r := x.request
	op, parameters, allowed := m.router.find(r)
	if op == nil {
		return m.unknown(allowed)
	}
	x.operation = op
	who, err := m.authenticate(op, r)
	x.caller = who
	if refused := (*refusal)(nil); err != nil && !errors.As(err, &refused) {
		return op.fail(http.StatusInternalServerError, "").because("internal", "store: "+err.Error())
	}
	if err != nil {
		return op.fail(http.StatusUnauthorized, "").explained(op.refused(err)).with("WWW-Authenticate", m.challenge(op))
	}
	wanted := 0
	if m.overrides {
		wanted = preferred(r)
	}
	if wanted != 0 && !op.documents(wanted) {
		x.logged = append(x.logged, slog.Int("prefer_ignored", wanted))
		x.notes = append(x.notes, fmt.Sprintf("Prefer: code=%d is ignored, as the contract does not document that status here", wanted))
		wanted = 0
	}
	if wanted >= 300 {
		return op.outcome(wanted).with("Preference-Applied", "code="+strconv.Itoa(wanted))
	}
	body, err := m.readBody(x, w)
	if err == nil {
		err = op.validate(r, parameters, body)
	}
	var p *problem
	errors.As(err, &p)
	honest := func() answer { return m.honest(x, p, wanted) }
	if p != nil && p.closing {
		return honest()
	}
	userID := op.userID(body)
	if p == nil && (wanted != 0 || m.overrides && userID != nil && magicOf(op, *userID) != magic{}) {
		return honest() // what a request asks for itself comes before what was set for many
	}
	if shot := m.faults.Pick(who.manufacturer, userID, time.Now()); shot != nil {
		return m.fire(x, shot, honest)
	}
	return honest()
}

// honest answers a request whose body was read and judged: p is what is wrong
// with it, wanted the status that it prefers.
func (m *Mock) honest(x *exchange, p *problem, wanted int) answer {
	op := x.operation
	switch {
	case p != nil:
		a := op.invalid(*p)
		a.closing = p.closing
		return a
	case wanted != 0 && (wanted != op.success || op.rule == nil):
		return op.outcome(wanted).with("Preference-Applied", "code="+strconv.Itoa(wanted))
	case op.rule == nil:
		return op.outcome(op.success)
	}
	a := m.connect(x, m.overrides && wanted == 0)
	if wanted != 0 && a.status == wanted {
		a = a.with("Preference-Applied", "code="+strconv.Itoa(wanted))
	}
	return a
}
