package contract_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"nox.energy/contract/mock"
)

// FuzzReaders looks for messages on which the readers differ for a reason that
// the tables do not list. A status of 0 stands for a request. Several values of
// one header field are joined by line feeds.
func FuzzReaders(f *testing.F) {
	all := subjects(f)
	mocks := make([]*mock.Mock, len(all))
	for i, s := range all {
		var err error
		if mocks[i], err = mock.New(mock.Config{Contract: s.contract, Manufacturers: readersManufacturers()}); err != nil {
			f.Fatal(err)
		}
		for _, m := range append(s.requests, s.responses...) {
			if len(m.body) <= maxFuzzed && !m.cut {
				f.Add(uint8(i), m.status, m.unsized, m.method, m.target, strings.Join(m.header["X-Api-Key"], "\n"), strings.Join(m.header["Content-Type"], "\n"), m.body)
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, status int, unsized bool, method, target, key, contentType string, body []byte) {
		i := int(which) % len(all)
		m := message{status: status, unsized: unsized, method: method, target: target, body: body, header: http.Header{}}
		m.header["X-Api-Key"], m.header["Content-Type"] = fields(key), fields(contentType)
		switch {
		case !m.canBeSent():
		case status == 0:
			fuzzRequest(t, all[i], mocks[i], m)
		default:
			fuzzResponse(t, all[i], m)
		}
	})
}

// maxFuzzed bounds the bodies that the fuzzer begins with.
const maxFuzzed = 64 << 10

func fields(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, "\n")
}

var (
	tokenOnly  = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")                         // RFC 9110, section 5.6.2
	fieldValue = regexp.MustCompile(`^([!-~\x80-\xff]([\t -~\x80-\xff]*[!-~\x80-\xff])?)?$`) // section 5.5
	pathQuery  = regexp.MustCompile(`^/[!-"$-~]*$`)
)

// canBeSent tells whether the message can stand on the wire at all.
func (m message) canBeSent() bool {
	for _, values := range m.header {
		for _, v := range values {
			if !fieldValue.MatchString(latin1(v)) {
				return false
			}
		}
	}
	_, err := url.ParseRequestURI(m.target)
	return err == nil && tokenOnly.MatchString(m.method) && pathQuery.MatchString(m.target) &&
		(m.status == 0 || m.status >= 200 && m.status < 600)
}

// latin1 turns bytes into characters, for an expression over bytes.
func latin1(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

func fuzzRequest(t *testing.T, s *subject, mock http.Handler, m message) {
	v := verdicts{Kin: s.kin.request(m), Validator: s.validator.request(m), Mock: served(mock, m)}
	if v.broken() {
		t.Fatalf("a reader broke: %s", v)
	}
	if !v.readersAgree() && !s.explains(s.table.Requests, m, func(c verdicts) bool { return c.Kin == v.Kin && c.Validator == v.Validator }) {
		t.Errorf("the two libraries differ as no class of the table explains: %s", v)
	}
	if v.Mock != s.expectedStatus(m, v.Validator) && !s.explains(s.table.Requests, m, func(c verdicts) bool { return c.Mock == v.Mock }) {
		t.Errorf("the mock and libopenapi-validator differ as no class of the table explains: %s", v)
	}
}

func fuzzResponse(t *testing.T, s *subject, m message) {
	if route, _ := s.kin.route(m.method, m.target); route == nil {
		return
	}
	v := verdicts{Kin: s.kin.response(m), Validator: s.validator.response(m), Runner: "not asked"}
	if v.broken() {
		t.Fatalf("a reader broke: %s", v)
	}
	if !v.readersAgree() && !s.explains(s.table.Responses, m, func(c verdicts) bool { return c.Kin == v.Kin && c.Validator == v.Validator }) {
		t.Errorf("the two libraries differ as no class of the table explains: %s", v)
	}
}

// explains tells whether m belongs to a class that has such a case.
func (s *subject) explains(table differenceList, m message, such func(verdicts) bool) bool {
	belongs := s.classes()
	for _, d := range table {
		for _, c := range d.Cases {
			if such(c.verdicts) && belongs[d.Class](m) {
				return true
			}
		}
	}
	return false
}

// served is the status that a handler answers a request with, or "closed".
func served(h http.Handler, m message) (status string) {
	defer func() {
		if cause := recover(); cause == http.ErrAbortHandler {
			status = "closed"
		} else if cause != nil {
			panic(cause)
		}
	}()
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // no delay that the body asks for is waited for
	r := m.httpRequest("")
	r.URL, _ = url.ParseRequestURI(m.target) // canBeSent has tried
	r.RequestURI, r.Host = m.target, "127.0.0.1"
	r.Body = io.NopCloser(bytes.NewReader(m.body))
	if m.unsized {
		r.ContentLength = -1
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r.WithContext(ctx))
	return strconv.Itoa(w.Code)
}
