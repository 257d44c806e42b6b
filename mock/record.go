package mock

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/internal/metrics"
	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/mock/internal/redact"
	"nox.energy/contract/mock/journal"
)

// recorder keeps what is known of the exchanges: in the journal, the scorecard,
// the metrics and the log.
type recorder struct {
	registry *registry
	rule     *connectRule
	journal  *journal.Journal
	metrics  *metrics.Metrics
	trackers *trackers
	log      *slog.Logger

	storeLost atomic.Bool
}

// record puts one exchange into the journal and the log.
func (m *recorder) record(x *exchange, a openapi.Response) {
	tried := triedOf(x.request.Context())
	if tried != nil {
		x.notes = append(x.notes, triedNote)
	}
	x.recorded = m.newRecorded(x, a)
	x.id = m.journal.Add(x.caller.manufacturer, x.recorded)
	m.metrics.Count(x.caller.manufacturer, x.recorded.answered())
	if tried != nil {
		*tried = x.recorded.Entry()
		tried.ID = x.id
	} else if x.delivery.kind != fault.Dribble { // of which it is not known yet how it ends
		m.trackers.observe(x.recorded.glance(x.id))
	}
	switch {
	case x.storeErr != nil:
		m.noteStore(x.storeErr)
	case x.stored:
		m.noteStore(nil)
	}
	level := slog.LevelInfo
	switch {
	case x.recorded.response.Reason.Rule == "internal" && x.storeErr == nil:
		level = slog.LevelError // nobody asked for it; that the store is lost is said once
	case x.storeErr != nil, x.notUnderstood != "":
		level = slog.LevelWarn
	}
	m.log.LogAttrs(x.request.Context(), level, "request", slog.Any("", logged{x.recorded, x.id}))
}

// noteStore says that the store was lost, or is back: once.
func (m *recorder) noteStore(err error) {
	switch lost := err != nil; {
	case lost && !m.storeLost.Swap(true):
		m.log.Error("the store is unavailable; the mock responds with 500 until it is back", "error", err.Error())
	case !lost && m.storeLost.Load() && m.storeLost.Swap(false):
		m.log.Info("the store is back")
	}
}

// recordDribble records how an answer in pieces ended: whether the client stayed.
// It may be called twice, before the last piece and after it.
func (m *recorder) recordDribble(x *exchange, stayed bool) {
	if !stayed {
		m.journal.SetOutcome(x.caller.manufacturer, x.id, journal.GaveUp)
	}
	if !x.observed && triedOf(x.request.Context()) == nil {
		e := x.recorded.glance(x.id)
		if !stayed {
			e.Outcome = journal.GaveUp
		}
		m.trackers.observe(e)
	}
	x.observed = true
}

// recorded is one exchange as the journal keeps it: as it was, with what is
// needed to take the keys out once somebody reads it. It is never changed.
type recorded struct {
	*recorder
	known        *registered // as it was then; keys that came later count as well
	began        time.Time
	took         time.Duration
	caller       caller
	connection   int64
	operation    *openapi.Operation
	request      *http.Request // without its body
	body         []byte        // as much as may be shown
	bodyBytes    int
	userID       *string
	response     openapi.Response
	decided      int
	outcome      journal.Outcome
	unanswered   bool
	fault        *journal.Cause
	keyElsewhere string
	asked        bool
	askedFor     string // in vain
	notes        []string
	logged       []slog.Attr
	remote       string // the client's address
}

// maxRecordedBody is how much of a body is recorded: what is shown, and as much
// again as the longest secret of a header may take.
const maxRecordedBody = redact.MaxKept + httpserve.MaxHeaderBytes

func (m *recorder) newRecorded(x *exchange, a openapi.Response) *recorded {
	req := x.request
	made := &recorded{
		recorder:   m,
		known:      m.registry.current.Load(),
		began:      x.began,
		took:       time.Since(x.began),
		caller:     x.caller,
		connection: httpserve.ConnectionNumber(req.Context()),
		operation:  x.operation,
		request:    &http.Request{Method: req.Method, URL: req.URL, Proto: req.Proto, Header: req.Header.Clone(), Host: req.Host, TLS: req.TLS},
		body:       x.body,
		bodyBytes:  len(x.body),
		userID:     m.rule.userID(x.operation, x.body),
		response:   a,
		decided:    x.decided,
		outcome:    journal.Answered,
		unanswered: x.delivery.unanswered(),
		asked:      x.asked,
		askedFor:   x.notUnderstood,
		notes:      x.notes,
		logged:     x.logged,
		remote:     req.RemoteAddr,
	}
	if len(made.body) > maxRecordedBody {
		made.body = slices.Clone(made.body[:maxRecordedBody])
	}
	if made.userID != nil && len(*made.userID) > maxRecordedBody {
		start := strings.Clone((*made.userID)[:maxRecordedBody])
		made.userID = &start
	}
	if x.caller.key == "" && x.operation != nil { // else nothing says where the key belongs
		made.keyElsewhere = made.known.keys.Place(req)
	}
	switch {
	case x.gaveUp:
		made.outcome = journal.GaveUp
	case x.delivery.unanswered() || x.delivery.partial():
		made.outcome = journal.Dropped
	}
	if x.shot != nil {
		made.fault = &journal.Cause{ID: x.shot.ID, Kind: string(x.shot.Kind)}
	}
	return made
}

// answered is the status that the client got, 0 if none.
func (r *recorded) answered() int {
	if r.unanswered {
		return 0
	}
	return r.response.Status
}

// Bytes implements [journal.Source].
func (r *recorded) Bytes() int {
	n := 1024 + len(r.body) + len(r.response.Body) + len(r.request.URL.Path) + len(r.request.URL.RawQuery)
	if r.userID != nil {
		n += len(*r.userID)
	}
	for name, values := range r.request.Header {
		n += 64 + len(name)
		for _, value := range values {
			n += 16 + len(value)
		}
	}
	return n
}

// Entry implements [journal.Source].
func (r *recorded) Entry() journal.Entry {
	hidden := r.registry.redactor(r.known, r.operation, r.request)
	e := r.outline()
	e.Request = r.keptRequest(hidden)
	e.Why = redactedWhy(hidden, r.response.Reason)
	e.Asked, e.NotUnderstood, e.Notes = r.asked, hidden.Text(r.askedFor), r.notes
	e.KeyElsewhere = hidden.Name(r.keyElsewhere)
	if r.userID != nil {
		userID := hidden.Start(*r.userID, len(*r.userID) < maxRecordedBody)
		e.UserID = &userID
	}
	if !r.unanswered {
		e.Response = journal.Response{Status: r.response.Status, Headers: hidden.Header(r.response.Header()), Body: hidden.Body(string(r.response.Body), len(r.response.Body))}
	}
	return e
}

// outline is an entry with what holds no text of the request.
func (r *recorded) outline() journal.Entry {
	e := journal.Entry{
		Time:          r.began,
		Manufacturer:  r.caller.manufacturer,
		Key:           r.caller.key,
		Connection:    r.connection,
		TookMS:        milliseconds(r.took),
		Outcome:       r.outcome,
		Fault:         r.fault,
		Asked:         r.asked,
		NotUnderstood: r.askedFor,
	}
	if r.operation != nil {
		e.Operation = r.operation.ID
	}
	return e
}

// glance is the entry for those who compare exchanges and keep no text of them
// but the user_id. Of a success it is made without looking for keys in the rest.
func (r *recorded) glance(id int64) *journal.Entry {
	if r.outcome != journal.Answered || r.response.Status/100 != 2 || r.userID == nil || r.known.keys.MayBeIn(*r.userID) ||
		r.request.URL.RawQuery != "" || !r.operation.Fixed() || r.caller.key == "" || secretFields(r.request.Header) > 1 {
		e := r.Entry()
		e.ID = id
		return &e
	}
	e := r.outline()
	e.ID, e.UserID = id, r.userID
	e.Request = journal.Request{Method: r.request.Method, Path: r.request.URL.EscapedPath(), Query: r.request.URL.RawQuery, Headers: r.request.Header, Body: string(r.body), BodyBytes: r.bodyBytes}
	e.Response.Status = r.response.Status
	return &e
}

// keptRequest is what the journal shows of a request.
func (r *recorded) keptRequest(hidden *redact.Redactor) journal.Request {
	header := r.request.Header.Clone()
	header.Set("Host", r.request.Host)
	made := journal.Request{
		Method:    hidden.Text(r.request.Method),
		Path:      hidden.Path(r.request.URL.EscapedPath()),
		Query:     hidden.Query(r.request.URL.RawQuery),
		Protocol:  r.request.Proto,
		TLS:       r.request.TLS != nil,
		Headers:   hidden.Header(header),
		BodyBytes: r.bodyBytes,
		Cut:       r.bodyBytes > redact.MaxKept,
	}
	body := hidden.Body(string(r.body), r.bodyBytes)
	if utf8.Valid(r.body) {
		made.Body = body
	} else {
		made.Body, made.Encoding = base64.StdEncoding.EncodeToString([]byte(body)), "base64"
	}
	return made
}

// secretFields counts the header fields that may hold a secret.
func secretFields(header http.Header) (n int) {
	for name, values := range header {
		if redact.IsSecretName(name) {
			n += len(values)
		}
	}
	return n
}

func redactedWhy(hidden *redact.Redactor, why journal.Why) journal.Why {
	why.Pointer, why.Got = hidden.Text(why.Pointer), hidden.Text(why.Got)
	why.Expected, why.Reason = hidden.Text(why.Expected), hidden.Text(why.Reason)
	return why
}

// logged is an exchange for the log. Its attributes are made where the log is
// written, which need not be where the request waits.
type logged struct {
	*recorded
	id int64
}

// LogValue implements [slog.LogValuer].
func (l logged) LogValue() slog.Value {
	e := l.glance(l.id)
	attributes := make([]slog.Attr, 0, 16)
	add := func(name, value string) {
		if value != "" {
			attributes = append(attributes, slog.String(name, value))
		}
	}
	attributes = append(attributes,
		slog.Int64("id", l.id),
		slog.String("method", e.Request.Method),
		slog.String("path", e.Request.Path),
		slog.Int("status", l.decided),
		slog.Float64("took_ms", e.TookMS),
	)
	add("remote", l.remote)
	add("operation", e.Operation)
	add("manufacturer", e.Manufacturer)
	add("key_sha256", e.Key)
	if e.UserID != nil {
		attributes = append(attributes, slog.String("user_id", *e.UserID))
	}
	why := e.Why
	if why.Rule == "" {
		why = l.response.Reason // of a success, which holds no text of the request
	}
	add("reason", why.Reason)
	if l.decided >= http.StatusBadRequest {
		add("rule", why.Rule)
		add("pointer", why.Pointer)
		add("got", why.Got)
		add("expected", why.Expected)
	}
	if e.Fault != nil {
		add("fault", e.Fault.ID)
	}
	if e.Outcome == journal.Dropped {
		attributes = append(attributes, slog.Bool("lost", true))
	}
	return slog.GroupValue(append(attributes, l.logged...)...)
}

// milliseconds is a duration as journal and log have it.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// recordLateBody completes the journal's entry of a request that was refused
// before its body was read: whoever looks for a user finds it. body is nil if it
// was not kept.
func (m *recorder) recordLateBody(x *exchange, body []byte) {
	if len(body) == 0 || x.operation == nil || triedOf(x.request.Context()) != nil {
		return
	}
	late := *x.recorded
	late.body, late.bodyBytes, late.userID = body, len(body), m.rule.userID(x.operation, body)
	m.journal.Revise(x.caller.manufacturer, x.id, &late)
}
