package mock

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"time"
	"unicode/utf8"

	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/mock/journal"
)

// recorder keeps what is known of the exchanges: in the journal, the scorecard,
// the metrics and the log.
type recorder struct {
	registry *registry
	rule     *connectRule
	journal  *journal.Journal
	metrics  *metrics
	trackers *trackers
	log      *slog.Logger
}

// record puts one exchange into the journal and the log.
func (m *recorder) record(x *exchange, a openapi.Response) {
	tried := triedOf(x.request.Context())
	if tried != nil {
		x.notes = append(x.notes, triedNote)
	}
	x.entry = m.journal.Add(m.newEntry(x, a))
	m.metrics.count(&x.entry)
	if tried != nil {
		*tried = x.entry
	} else if x.delivery.kind != fault.Dribble { // of which it is not known yet how it ends
		m.trackers.observe(&x.entry)
	}
	m.logEntry(x, &x.entry)
}

// recordDribble records how an answer in pieces ended: whether the client stayed.
// It may be called twice, before the last piece and after it.
func (m *recorder) recordDribble(x *exchange, stayed bool) {
	if !stayed {
		m.journal.SetOutcome(x.entry.Manufacturer, x.entry.ID, journal.GaveUp)
		x.entry.Outcome = journal.GaveUp
	}
	if !x.observed && triedOf(x.request.Context()) == nil {
		m.trackers.observe(&x.entry)
	}
	x.observed = true
}

func (m *recorder) newEntry(x *exchange, a openapi.Response) journal.Entry {
	r := x.request
	hidden := newRedactor(m.registry, x.operation, r)
	e := journal.Entry{
		Time:          x.began,
		Manufacturer:  x.caller.manufacturer,
		Key:           x.caller.key,
		Connection:    connectionNumber(r.Context()),
		Request:       x.keptRequest(hidden),
		TookMS:        float64(time.Since(x.began).Microseconds()) / 1000,
		Outcome:       journal.Answered,
		Why:           redactedWhy(hidden, a.Reason),
		Asked:         x.asked,
		NotUnderstood: x.notUnderstood,
		Notes:         x.notes,
	}
	if x.operation != nil {
		e.Operation = x.operation.ID
		if userID := m.rule.userID(x.operation, x.body); userID != nil {
			*userID = kept(hidden.text(*userID))
			e.UserID = userID
		}
	}
	if x.caller.key == "" {
		e.KeyElsewhere = hidden.elsewhere(r)
	}
	switch {
	case x.gaveUp:
		e.Outcome = journal.GaveUp
	case x.delivery.unanswered() || x.delivery.partial():
		e.Outcome = journal.Dropped
	}
	if x.shot != nil {
		e.Fault = &journal.Cause{ID: x.shot.ID, Kind: string(x.shot.Kind)}
	}
	if !x.delivery.unanswered() {
		e.Response = journal.Response{Status: a.Status, Headers: hidden.header(a.Header()), Body: hidden.body(string(a.Body))}
	}
	return e
}

// keptRequest is what the journal keeps of a request.
func (x *exchange) keptRequest(hidden *redactor) journal.Request {
	r := x.request
	header := r.Header.Clone()
	header.Set("Host", r.Host)
	made := journal.Request{
		Method:    hidden.text(r.Method),
		Path:      hidden.path(r.URL.EscapedPath()),
		Query:     hidden.query(r.URL.RawQuery),
		Protocol:  r.Proto,
		TLS:       r.TLS != nil,
		Headers:   hidden.header(header),
		BodyBytes: len(x.body),
		Cut:       len(x.body) > maxKeptBody,
	}
	if utf8.Valid(x.body) {
		made.Body = hidden.body(string(x.body))
	} else {
		made.Body, made.Encoding = base64.StdEncoding.EncodeToString([]byte(hidden.body(string(x.body)))), "base64"
	}
	return made
}

func redactedWhy(hidden *redactor, why journal.Why) journal.Why {
	why.Pointer, why.Got = hidden.text(why.Pointer), hidden.text(why.Got)
	why.Expected, why.Reason = hidden.text(why.Expected), hidden.text(why.Reason)
	return why
}

// logEntry logs one exchange.
func (m *recorder) logEntry(x *exchange, e *journal.Entry) {
	attributes := []slog.Attr{
		slog.String("method", e.Request.Method),
		slog.String("path", e.Request.Path),
		slog.Int("status", x.decided),
		slog.Duration("took", time.Since(x.began)),
	}
	add := func(name, value string) {
		if value != "" {
			attributes = append(attributes, slog.String(name, value))
		}
	}
	add("operation", e.Operation)
	add("manufacturer", e.Manufacturer)
	add("key_sha256", e.Key)
	add("reason", e.Why.Reason)
	if x.decided >= http.StatusBadRequest {
		add("rule", e.Why.Rule)
		add("pointer", e.Why.Pointer)
		add("got", e.Why.Got)
		add("expected", e.Why.Expected)
	}
	if e.Fault != nil {
		add("fault", e.Fault.ID)
	}
	if e.Outcome == journal.Dropped {
		attributes = append(attributes, slog.Bool("lost", true))
	}
	attributes = append(attributes, x.logged...)
	m.log.LogAttrs(x.request.Context(), slog.LevelInfo, "request", attributes...)
}
