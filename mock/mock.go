package mock

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/internal/metrics"
	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/mock/internal/override"
	"nox.energy/contract/mock/internal/redact"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/store"
	"nox.energy/contract/spec"
)

// Mock answers requests as the contract says. It is an [http.Handler] for the
// contract's base path and everything beneath, and safe for concurrent use.
type Mock struct {
	recorder
	api       *openapi.API
	contract  *spec.Document
	store     store.Store
	ids       IDs
	overrides bool
	faults    *fault.Set
	explains  bool
	began     []store.Connection // what it began with
}

// New builds a mock. It fails if the contract cannot be served, or if
// manufacturers or connections contradict each other; the error names the
// place.
func New(cfg Config) (*Mock, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	if err := store.CheckManufacturers(cfg.Manufacturers); err != nil {
		return nil, err
	}
	api, err := openapi.Load(cfg.Contract, basePath(cfg.Contract), openapi.Limits{BodyTimeout: cfg.BodyTimeout, MaxBody: MaxBodyBytes})
	if err != nil {
		return nil, err
	}
	m := &Mock{
		api:       api,
		contract:  cfg.Contract,
		store:     cfg.Store,
		ids:       cfg.IDs,
		overrides: !cfg.NoOverrides,
		faults:    fault.NewSet(),
		explains:  cfg.ExplainErrors,
		began:     cfg.Connections,
	}
	m.recorder = recorder{
		registry: &registry{store: m.store, gone: m.gone, begin: m.begin},
		rule:     newConnectRule(api, m.store, m.ids),
		journal:  journal.New(cfg.Journal),
		trackers: newTrackers(cfg.ScorecardPatience),
		log:      cfg.Logger,
	}
	m.metrics = metrics.New(m.registry.names, m.store.Count, m.journal, m.faults)
	for i, c := range m.began {
		if store.IndexManufacturer(cfg.Manufacturers, c.Manufacturer) < 0 {
			return nil, strangerError(i, c)
		}
	}
	m.registry.current.Store(&registered{keys: &redact.Keys{}})
	m.registry.take(newRegistered("", cfg.Manufacturers, nil))
	_, err = m.registry.fresh(context.Background())
	return m, err
}

// BasePath is the path that all operations of the contract stand under, as
// "/v2".
func (m *Mock) BasePath() string { return m.api.BasePath() }

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
	if m.explains && a.Status >= http.StatusBadRequest {
		a = a.With(ExplainHeader, explanation(a.Reason))
	}
	if x.operation != nil {
		a = x.operation.Complete(a, m.BasePath())
	}
	if x.notUnderstood != "" {
		a = a.With(NotUnderstoodHeader, visible(x.notUnderstood))
	}
	a, x.decided = a.For(r), a.Status
	m.record(x, a)
	defer func() { m.metrics.Finished(x.caller.manufacturer, time.Since(x.began)) }()
	unread := !x.bodyRead && r.ProtoMajor == 1
	if unread && (r.ContentLength < 0 || r.ContentLength > openapi.MaxDrainBytes) {
		a.Close = true
	}
	deliver(x, w, a, func(stayed bool) { m.recordDribble(x, stayed) })
	if unread && !a.Close && r.Header.Get("Expect") == "" {
		httpserve.GiveWay(r)
		m.recordLateBody(x, m.api.Drain(w, r, redact.MaxKept))
	}
}

// exchange is what is known of one request while it is answered.
type exchange struct {
	request       *http.Request
	began         time.Time
	operation     *openapi.Operation
	caller        caller
	bodyRead      bool // to its end
	body          []byte
	decided       int             // the status that was decided on
	example       openapi.Example // that it prefers
	delivery      delivery
	gaveUp        bool
	shot          *fault.Shot // the fault that fires, nil if none
	notes         []string
	logged        []slog.Attr // further ones, for the log
	asked         bool        // for its outcome, and got it
	notUnderstood string      // what the request asked for in vain
	recorded      *recorded
	id            int64 // in the journal
	observed      bool  // by the scorecard
	storeErr      error // the store failed
	stored        bool  // the store did what it should
}

// guarded is answer, with a panic turned into the contract's 500.
func (m *Mock) guarded(x *exchange, w http.ResponseWriter) (a openapi.Response) {
	defer func() {
		if cause := recover(); cause != nil {
			m.log.Error("panic while answering", "cause", fmt.Sprint(cause))
			a = m.api.Fail(x.operation, http.StatusInternalServerError, "").Because("internal", "panic")
		}
	}()
	return m.answer(x, w)
}

// answer decides, in the order of the package comment.
func (m *Mock) answer(x *exchange, w http.ResponseWriter) openapi.Response {
	r := x.request
	op, parameters, allowed := m.api.Find(r)
	if op == nil {
		return m.api.RefuseUnknown(r, allowed)
	}
	x.operation = op
	who, err := m.registry.authenticate(op, r)
	x.caller = who
	if refused := (*refusal)(nil); err != nil && !errors.As(err, &refused) {
		x.storeErr = err
		return op.Fail(http.StatusInternalServerError, "").Because("internal", "store: "+err.Error())
	}
	if err != nil {
		status := op.RefusalStatus(http.StatusUnauthorized)
		x.noteStatus(http.StatusUnauthorized, status)
		return op.Fail(status, "").WithReason(refusalReason(op, err)).With("WWW-Authenticate", op.Challenge(m.BasePath()))
	}
	wanted, ask := override.Preferred(op, r)
	if m.overrides {
		x.example.Name, x.example.Dynamic = override.Example(r)
		if ask == "" && x.example.Name != "" {
			ask = override.NoExample(x.example.Name, m.examples(op, wanted))
		}
	} else if wanted != 0 {
		wanted, ask = 0, override.SwitchedOff(override.PreferPrefix, strconv.Itoa(wanted))
	}
	m.tellAsk(x, ask)
	x.asked = wanted != 0
	if wanted >= 300 {
		return op.Generate(wanted, x.example).With("Preference-Applied", "code="+strconv.Itoa(wanted))
	}
	x.body, x.bodyRead, err = m.api.ReadBody(w, r, op)
	if err == nil {
		err = op.Validate(r, parameters, x.body)
	}
	var p *openapi.Problem
	errors.As(err, &p)
	honest := func() openapi.Response { return m.honest(x, p, wanted) }
	if p != nil && p.Close {
		return honest()
	}
	userID := m.rule.userID(op, x.body)
	if userID != nil && wanted == 0 {
		asked, ask := override.Magic(op, *userID)
		if !m.overrides && asked != (override.Outcome{}) {
			ask = override.SwitchedOff("user_id ", *userID)
		}
		m.tellAsk(x, ask)
	}
	if p == nil && (wanted != 0 || m.overrides && userID != nil && override.AsksFor(op, *userID)) {
		x.asked = true
		return honest() // what a request asks for itself comes before what was set for many
	}
	if shot := m.faults.Pick(who.manufacturer, userID, time.Now()); shot != nil {
		return fire(x, shot, honest)
	}
	return honest()
}

// examples lists the names of the examples that the response to a request may have:
// none where it follows from what the mock keeps.
func (m *Mock) examples(op *openapi.Operation, wanted int) []string {
	if m.rule.appliesTo(op) && (wanted == 0 || wanted == op.Success) {
		return nil
	}
	return op.Examples(cmp.Or(wanted, op.Success))
}

// noteStatus notes in the journal that a request was refused with another status than
// the usual one, or with one that the contract does not document.
func (x *exchange) noteStatus(usual, status int) {
	switch documented := x.operation.Documents(status); {
	case !documented:
		x.notes = append(x.notes, fmt.Sprintf("the contract documents no %d here, nor a status near it", status))
	case status != usual && status != http.StatusUnprocessableEntity: // which says the same as 400
		x.notes = append(x.notes, fmt.Sprintf("the contract documents no %d here; %d is the nearest that it does", usual, status))
	}
}

// honest answers a request whose body was read and judged: p is what is wrong
// with it, wanted the status that it prefers.
func (m *Mock) honest(x *exchange, p *openapi.Problem, wanted int) openapi.Response {
	op := x.operation
	switch {
	case p != nil:
		a := op.Reject(*p)
		x.noteStatus(http.StatusBadRequest, a.Status)
		a.Close = p.Close
		return a
	case wanted != 0 && (wanted != op.Success || !m.rule.appliesTo(op)):
		return op.Generate(wanted, x.example).With("Preference-Applied", "code="+strconv.Itoa(wanted))
	case !m.rule.appliesTo(op):
		return op.Generate(op.Success, x.example)
	}
	a := m.rule.connect(x, m.overrides && wanted == 0)
	if wanted != 0 && a.Status == wanted {
		a = a.With("Preference-Applied", "code="+strconv.Itoa(wanted))
	}
	return a
}
