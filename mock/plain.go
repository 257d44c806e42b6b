package mock

import (
	"bufio"
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/mock/internal/override"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/store"
)

// This file answers the plain request, which nearly all requests are, as it comes
// off the connection: a whole one, valid, with nothing unusual about it, for
// which there is no fault. What net/http and the schema would say of it is known
// then. Everything else, and whatever is in doubt, goes the full way; so nothing
// is refused here. FuzzPlain holds that no client can tell the difference.

// plain knows the plain requests of a mock and their responses.
type plain struct {
	mock   *Mock
	line   []byte // the first line of the request
	method string
	where  string // the path
	key    string // the name of the key's header field
	before []byte // of the body, up to the value
	base   openapi.Response
	header http.Header // what is compared of that of a plain request
	parts  [3]string   // of the response body: before the user_id, between the ids, behind them
	date   atomic.Pointer[stamp]
}

// stamp is the field Date of one second.
type stamp struct {
	second int64
	field  []byte
}

// PlainAnswerer returns what answers the plain requests of the mock, nil if it
// has none: see package httpserve.
func (m *Mock) PlainAnswerer() httpserve.PlainAnswerer {
	if p := newPlain(m); p != nil {
		return p
	}
	return nil
}

// newPlain returns the plain requests of a mock, nil if it has none.
func newPlain(m *Mock) *plain {
	if m.rule == nil || !store.IsQuick(m.store) { // which may wait for another process
		return nil
	}
	request, is := m.rule.operation.Plain(providedProperty)
	if !is {
		return nil
	}
	p := &plain{
		mock:   m,
		method: request.Method,
		where:  m.BasePath() + request.Path,
		line:   []byte(request.Method + " " + m.BasePath() + request.Path + " HTTP/1.1\r\n"),
		key:    request.KeyHeader,
		header: http.Header{"Content-Type": {request.MediaType}},
		before: []byte(`{"` + request.Property + `":"`),
		base:   m.rule.response(),
	}
	const one, two = "the first id", "the second id"
	body, err := m.rule.body(one, two)
	if err != nil {
		return nil
	}
	before, rest, _ := strings.Cut(string(body), one)
	between, behind, found := strings.Cut(rest, two)
	p.parts = [3]string{before, between, behind}
	if !found || m.rule.operation.Success != http.StatusCreated {
		return nil
	}
	return p
}

// plainRequest is what is read of one. All are parts of the data.
type plainRequest struct {
	key, contentType, userID, body []byte
}

// read takes a request apart; ok is false if it is not plain.
func (p *plain) read(data []byte) (r plainRequest, ok bool) {
	rest, is := bytes.CutPrefix(data, p.line)
	if !is {
		return r, false
	}
	length, hosts := -1, 0
	for {
		end := bytes.IndexByte(rest, '\r')
		if end < 0 || end+1 >= len(rest) || rest[end+1] != '\n' {
			return r, false
		}
		field := rest[:end]
		rest = rest[end+2:]
		if end == 0 {
			break
		}
		colon := bytes.IndexByte(field, ':')
		if colon < 1 || colon+2 >= len(field) || field[colon+1] != ' ' || field[colon+2] == ' ' || field[len(field)-1] == ' ' {
			return r, false
		}
		value := field[colon+2:]
		for _, c := range value {
			if c < ' ' || c > '~' {
				return r, false
			}
		}
		switch name := field[:colon]; {
		case equalFold(name, p.key):
			if r.key != nil {
				return r, false
			}
			r.key = value
		case equalFold(name, "host"):
			if hosts++; hosts > 1 || !isHost(value) {
				return r, false
			}
		case equalFold(name, "content-type"):
			if r.contentType != nil || string(value) != "application/json" {
				return r, false
			}
			r.contentType = value
		case equalFold(name, "content-length"):
			n, err := strconv.ParseUint(string(value), 10, 16)
			if length >= 0 || err != nil || value[0] == '+' {
				return r, false
			}
			length = int(n)
		case equalFold(name, "connection"):
			if !equalFold(value, "keep-alive") {
				return r, false
			}
		case equalFold(name, "accept"), equalFold(name, "accept-encoding"), equalFold(name, "accept-language"),
			equalFold(name, "user-agent"), equalFold(name, "sec-fetch-mode"):
		default:
			return r, false
		}
	}
	if r.key == nil || r.contentType == nil || hosts != 1 || length != len(rest) {
		return r, false
	}
	r.body = rest
	value, is := bytes.CutPrefix(rest, p.before)
	if !is || !bytes.HasSuffix(value, []byte(`"}`)) {
		return r, false
	}
	r.userID = value[:len(value)-2]
	for _, c := range r.userID {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return r, false
		}
	}
	return r, true
}

// equalFold compares with a name of ASCII characters.
func equalFold(name []byte, with string) bool {
	return len(name) == len(with) && strings.EqualFold(string(name), with)
}

// isHost reports whether a value is a name or an address, with a port or without.
func isHost(value []byte) bool {
	for _, c := range value {
		if !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("-_.:[]", c) >= 0) {
			return false
		}
	}
	return true
}

// AnswerPlain implements [httpserve.PlainAnswerer].
func (p *plain) AnswerPlain(out, data []byte, from httpserve.Peer) (response []byte, ok bool) {
	began := time.Now()
	read, ok := p.read(data)
	m := p.mock
	if !ok || !m.faults.None() {
		return out, false
	}
	known, err := m.registry.fresh(context.Background())
	if err != nil {
		return out, false
	}
	key, ok := known.find(string(read.key))
	if !ok || !key.enabled {
		return out, false
	}
	raw := string(data)
	body := len(raw) - len(read.body)
	at := body + len(p.before)
	userID := raw[at : at+len(read.userID)]
	if asked, unmet := override.Magic(m.rule.operation, userID); asked != (override.Outcome{}) || unmet != "" {
		return out, false
	}
	connection, created, err := m.rule.resolve(context.Background(), key.manufacturer, userID)
	if err != nil {
		return out, false
	}
	x := &plainExchange{
		plain: p, known: known, began: began, manufacturer: key.manufacturer, key: key.fingerprint,
		number: from.Number(), remote: from.Remote(), raw: raw, from: body, userID: userID, noxUserID: connection.NoxUserID, created: created,
	}
	x.took = time.Since(began)
	id := m.journal.Add(key.manufacturer, x)
	m.metrics.Count(key.manufacturer, http.StatusCreated)
	m.trackers.observe(x.glance(id))
	if m.log.Enabled(context.Background(), slog.LevelInfo) {
		m.log.LogAttrs(context.Background(), slog.LevelInfo, "request", slog.Any("", plainLogged{x, id}))
	}
	out = p.write(out, userID, connection.NoxUserID, began)
	m.metrics.Finished(key.manufacturer, time.Since(began))
	return out, true
}

// write appends a 201 as net/http would write it.
func (p *plain) write(out []byte, userID, noxUserID string, now time.Time) []byte {
	out = append(out, "HTTP/1.1 201 Created\r\nCache-Control: no-store\r\nContent-Length: "...)
	out = strconv.AppendInt(out, int64(len(p.parts[0])+len(userID)+len(p.parts[1])+len(noxUserID)+len(p.parts[2])), 10)
	out = append(out, "\r\nContent-Type: "...)
	out = append(out, p.base.MediaType...)
	out = append(out, "\r\nX-Content-Type-Options: nosniff\r\n"...)
	out = append(out, p.dateField(now)...)
	return p.appendBody(out, userID, noxUserID)
}

func (p *plain) appendBody(out []byte, userID, noxUserID string) []byte {
	out = append(out, p.parts[0]...)
	out = append(out, userID...)
	out = append(out, p.parts[1]...)
	out = append(out, noxUserID...)
	return append(out, p.parts[2]...)
}

// dateField returns the field Date with the end of the head.
func (p *plain) dateField(now time.Time) []byte {
	if s := p.date.Load(); s != nil && s.second == now.Unix() {
		return s.field
	}
	made := &stamp{now.Unix(), now.UTC().AppendFormat([]byte("Date: "), http.TimeFormat)}
	made.field = append(made.field, "\r\n\r\n"...)
	p.date.Store(made)
	return made.field
}

// plainExchange is a plain request as the journal keeps it, and its response.
type plainExchange struct {
	*plain
	known        *registered
	began        time.Time
	took         time.Duration
	manufacturer string
	key          string // its fingerprint
	number       int64  // of the connection
	remote       string
	raw          string // the request
	from         int    // where its body begins
	userID       string
	noxUserID    string
	created      bool
}

// Bytes implements [journal.Source].
func (x *plainExchange) Bytes() int { return 512 + len(x.raw) + len(x.noxUserID) }

func (x *plainExchange) reason() string {
	if x.created {
		return "created"
	}
	return "resolved"
}

// Entry implements [journal.Source]: net/http reads the request after all.
func (x *plainExchange) Entry() journal.Entry {
	request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(x.raw)))
	if err != nil { // which FuzzPlain rules out
		request = &http.Request{}
	}
	m := x.mock
	whole := &recorded{
		recorder: &m.recorder, known: x.known, began: x.began, took: x.took, caller: caller{x.manufacturer, x.key}, connection: x.number,
		operation: m.rule.operation, request: request, body: []byte(x.raw[x.from:]), bodyBytes: len(x.raw) - x.from, userID: &x.userID,
		response: x.base.Because(x.reason(), x.reason()), outcome: journal.Answered,
	}
	whole.response.Body = x.appendBody(nil, x.userID, x.noxUserID)
	return whole.Entry()
}

// glance is as that of recorded.
func (x *plainExchange) glance(id int64) *journal.Entry {
	if x.known.keys.MayBeIn(x.userID) {
		e := x.Entry()
		e.ID = id
		return &e
	}
	op := x.mock.rule.operation
	return &journal.Entry{
		ID: id, Time: x.began, Manufacturer: x.manufacturer, Key: x.key, Connection: x.number, Operation: op.ID, UserID: &x.userID,
		Request: journal.Request{
			Method: x.method, Path: x.where, Headers: x.header, Body: x.raw[x.from:], BodyBytes: len(x.raw) - x.from,
		},
		Response: journal.Response{Status: http.StatusCreated}, Outcome: journal.Answered, TookMS: milliseconds(x.took),
	}
}

// plainLogged is one for the log.
type plainLogged struct {
	*plainExchange
	id int64
}

// LogValue implements [slog.LogValuer].
func (l plainLogged) LogValue() slog.Value {
	e := l.glance(l.id)
	return slog.GroupValue(
		slog.Int64("id", l.id),
		slog.String("method", e.Request.Method),
		slog.String("path", e.Request.Path),
		slog.Int("status", http.StatusCreated),
		slog.Float64("took_ms", e.TookMS),
		slog.String("remote", l.remote),
		slog.String("operation", e.Operation),
		slog.String("manufacturer", e.Manufacturer),
		slog.String("key_sha256", e.Key),
		slog.String("user_id", *e.UserID),
		slog.String("reason", l.reason()),
	)
}
