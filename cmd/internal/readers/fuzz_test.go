package readers_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nox.energy/contract/mock"
)

// FuzzReaders looks for messages on which the readers differ for a reason that
// the tables do not list. A status of 0 stands for a request. header is the value
// of the key's header for a request, of a declared one for a response. Several
// values of one field are joined by line feeds. Where spelled holds, each byte of
// target, contentType and body stands for a word, so that most of what comes of
// a mutation is nearly right.
func FuzzReaders(f *testing.F) {
	all := subjects(f)
	mocks := make([]*mock.Mock, len(all))
	for i, s := range all {
		var err error
		if mocks[i], err = mock.New(mock.Config{Contract: s.contract, Manufacturers: readersManufacturers()}); err != nil {
			f.Fatal(err)
		}
		for _, m := range slices.Concat(s.requests, s.responses) {
			if len(m.body) <= maxSeed && !m.cut {
				f.Add(uint8(i), false, m.status, m.unsized, m.method, m.target, strings.Join(m.header[s.headerOf(m)], "\n"), strings.Join(m.header["Content-Type"], "\n"), m.body)
			}
		}
		for _, m := range []message{s.requests[0], s.responses[0]} {
			f.Add(uint8(i), true, m.status, m.unsized, m.method, spell(m.target, s.words(inTarget)), m.header.Get(s.headerOf(m)), spell(m.header.Get("Content-Type"), s.words(inMediaType)), []byte(spell(string(m.body), s.words(inBody))))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, spelled bool, status int, unsized bool, method, target, header, contentType string, body []byte) {
		s, mock := all[int(which)%len(all)], mocks[int(which)%len(all)]
		if spelled {
			target, contentType = spelledOut(target, s.words(inTarget)), spelledOut(contentType, s.words(inMediaType))
			body = []byte(spelledOut(string(body), s.words(inBody)))
		}
		m := message{status: status, unsized: unsized, method: method, target: target, body: body, header: http.Header{}}
		m.setFields("Content-Type", contentType)
		m.setFields(s.headerOf(m), header)
		switch {
		case !m.canBeSent():
		case status == 0:
			fuzzRequest(t, s, mock, m)
		default:
			fuzzResponse(t, s, m)
		}
	})
}

// maxSeed bounds the bodies that the fuzzer begins with.
const maxSeed = 4 << 10

// headerOf names the field that the fuzzer changes beside Content-Type.
func (s *subject) headerOf(m message) string {
	if m.status == 0 {
		return s.keyHeader
	}
	return s.answerHeader
}

// place is a part of a message that can be spelled.
type place int

const (
	inTarget place = iota
	inMediaType
	inBody
)

// words are those that a part of a message of the contract is made of, at most
// 256.
func (s *subject) words(p place) []string {
	switch p {
	case inTarget:
		return []string{
			s.contract.BasePath(), "/", "manufacturer", "device-connections", "tariffs", "trf-", "000001", "000002", "?", "&", "=", ";", "+", ",", ".", "..", "%", "2D", "2F",
			"currency", "EUR", "CHF", "USD", "days", "0", "1", "7", "31", "32", "e", "-", "with_history", "true", "false", "regions", "north", "east", "[]", "x",
		}
	case inMediaType:
		return []string{"application", "/", "json", "text", "plain", "*", "+", "vnd", ".", ";", " ", "charset", "=", "utf-8", "utf-16", `"`, ",", "\n", "x"}
	}
	return []string{
		"{", "}", "[", "]", ":", ",", " ", "\t", "\n", "\v", "\u00a0", "\ufeff", "\x00", "\xff", `"`, `\`, `\u0000`, `\ud800`, `\udc00`, `\u006e`, "é", "🙂", "x", "null", "true", "false", "NaN", "Infinity",
		"0", "1", "-", "+", ".", "e", "400", "1e400", "0.1", "250", "2026-02-28", "T00:00:00Z", "t", "z", "/*", "*/", "//", "'",
		`"user_id"`, `"u1"`, `"nox-mock:`, `"manufacturer_user_id"`, `"nox_user_id"`, `"error"`, `"more"`, `"User_Id"`,
		`"code"`, `"NW-0001"`, `"name"`, `"Night"`, `"kind"`, `"fixed"`, `"currency"`, `"EUR"`, `"price"`, `"base_fee"`, `"step_watts"`, `"renewable"`, `"terms_url"`, `"https://example.com/t"`,
		`"valid_until"`, `"2026-12-31"`, `"regions"`, `"north"`, `"east"`, `"bands"`, `"from_hour"`, `"factor"`, `"contact"`, `"email"`, `"a@example.com"`, `"phone"`, `"+4512345678"`,
		`"tariff_id"`, `"trf-000001"`, `"status"`, `"registered"`, `"revision"`, `"registered_at"`, `"2026-01-01T00:00:00Z"`, `"message"`, `"field"`, `"invalid"`,
	}
}

// spell writes text in bytes that stand for words, the longest word first. What
// is no word is left out.
func spell(text string, words []string) string {
	var b []byte
	for text != "" {
		best := -1
		for i, w := range words {
			if w != "" && strings.HasPrefix(text, w) && (best < 0 || len(w) > len(words[best])) {
				best = i
			}
		}
		if best < 0 {
			text = text[1:]
			continue
		}
		b, text = append(b, byte(best)), text[len(words[best]):]
	}
	return string(b)
}

// spelledOut is what bytes that stand for words say.
func spelledOut(spelled string, words []string) string {
	var b strings.Builder
	for _, c := range []byte(spelled) {
		b.WriteString(words[int(c)%len(words)])
	}
	return b.String()
}

// setFields sets the fields of one name; an empty text sets none.
func (m message) setFields(name, joined string) {
	if joined != "" {
		m.header[name] = strings.Split(joined, "\n")
	}
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
	if rest, under := strings.CutPrefix(m.target, "/v2"); under && rest != "" && !strings.ContainsRune("/?", rune(rest[0])) {
		t.Skip("libopenapi-validator takes the base path off without its slash")
	}
	v := verdicts{Kin: s.kin.request(m), Validator: s.validator.request(m), Mock: served(mock, m)}
	if v.broken() {
		t.Fatalf("a reader broke: %s\n%s", v, m)
	}
	if !v.readersAgree() && !s.explains(s.table.Requests, m, func(c verdicts) bool { return c.Kin == v.Kin && c.Validator == v.Validator }) {
		t.Errorf("the two libraries differ as no class of the table explains: %s\n%s", v, m)
	}
	if v.Mock != s.expectedStatus(m, v.Validator) && !s.explains(s.table.Requests, m, func(c verdicts) bool { return c.Mock == v.Mock }) {
		t.Errorf("the mock and libopenapi-validator differ as no class of the table explains: %s\n%s", v, m)
	}
}

func fuzzResponse(t *testing.T, s *subject, m message) {
	if route, _ := s.kin.route(m.method, m.target); route == nil {
		return
	}
	v := verdicts{Kin: s.kin.response(m), Validator: s.validator.response(m), Runner: "not asked"}
	if v.broken() {
		t.Fatalf("a reader broke: %s\n%s", v, m)
	}
	if !v.readersAgree() && !s.explains(s.table.Responses, m, func(c verdicts) bool { return c.Kin == v.Kin && c.Validator == v.Validator }) {
		t.Errorf("the two libraries differ as no class of the table explains: %s\n%s", v, m)
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
