package readers_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/routers"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/store"
)

// mockHalf is a running mock that requests of a corpus are sent to.
type mockHalf struct {
	server *mocktest.Server
	origin string
	client *http.Client
}

// readersManufacturers are those whose keys the corpora send.
func readersManufacturers() []store.Manufacturer {
	return []store.Manufacturer{
		{Name: "acme", Keys: []string{"acme-key"}, Enabled: true},
		{Name: "idle", Keys: []string{"idle-key"}, Enabled: false},
	}
}

func newMockHalf(tb testing.TB, s *subject) *mockHalf {
	tb.Helper()
	server := mocktest.NewServer(tb, mocktest.WithConfig(mock.Config{Contract: s.contract, Manufacturers: readersManufacturers()}))
	u, err := url.Parse(server.URL)
	if err != nil {
		tb.Fatal(err)
	}
	return &mockHalf{server, "http://" + u.Host, server.Client()}
}

// status sends a request and returns the status of the answer, or "closed"
// where none came.
func (h *mockHalf) status(t *testing.T, m message) string {
	t.Helper()
	r := m.httpRequest(h.origin)
	if len(m.body) == 0 {
		r.Body = http.NoBody
	}
	if m.unsized {
		r.ContentLength = -1
	}
	if r.Header["User-Agent"] == nil {
		r.Header["User-Agent"] = []string{""}
	}
	resp, err := h.client.Do(r.WithContext(t.Context()))
	if errors.Is(err, io.EOF) {
		return "closed"
	}
	if err != nil {
		t.Fatalf("%q cannot be sent: %v", m.name, err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatalf("%q: %v", m.name, err)
	}
	return strconv.Itoa(resp.StatusCode)
}

// expectedStatus is what the mock answers if it agrees with a verdict.
func (s *subject) expectedStatus(m message, v verdict) string {
	switch v {
	case accepts:
		return s.kin.success(m)
	case wrongPath:
		return "404"
	case wrongMethod:
		return "405"
	case noKey:
		return "401"
	default:
		return "400"
	}
}

// runnerHalf is a server that answers as a corpus says, for the runner to judge.
type runnerHalf struct {
	subject *subject
	server  *mocktest.Server
	checks  []conformance.Check
	runners map[string]*runner.Runner // by what they ask for

	mu     sync.Mutex
	answer message // what is answered instead of …
	to     string  // … an answer of the mock with this status to that request
}

func newRunnerHalf(tb testing.TB, s *subject) *runnerHalf {
	tb.Helper()
	h := &runnerHalf{subject: s, runners: map[string]*runner.Runner{}}
	var err error
	if h.checks, err = runner.Catalogue(s.contract); err != nil {
		tb.Fatal(err)
	}
	h.server = mocktest.NewServer(tb,
		mocktest.WithConfig(mock.Config{Contract: s.contract, Manufacturers: readersManufacturers()}),
		mocktest.WithWrapper(h.wrap))
	return h
}

func (h *runnerHalf) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		h.mu.Lock()
		m, to := h.answer, h.to
		h.mu.Unlock()
		if asked, _ := h.subject.kin.route(r.Method, r.RequestURI); asked != nil && strconv.Itoa(recorder.Code) == to {
			if wanted, _ := h.subject.kin.route(m.method, m.target); wanted.Operation == asked.Operation {
				m.write(w)
				return
			}
		}
		for name, values := range recorder.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(recorder.Code)
		w.Write(recorder.Body.Bytes())
	})
}

// write answers with a response of the corpus.
func (m message) write(w http.ResponseWriter) {
	for name, values := range m.header {
		w.Header()[name] = values
	}
	if m.header["Content-Type"] == nil {
		w.Header()["Content-Type"] = nil // otherwise net/http guesses one
	}
	size := len(m.body)
	if m.cut {
		size++
	}
	if !m.unsized {
		w.Header().Set("Content-Length", strconv.Itoa(size))
	}
	w.WriteHeader(m.status)
	io.Copy(w, bytes.NewReader(m.body))
	if m.unsized {
		_ = http.NewResponseController(w).Flush()
	}
}

// everyAnswer names the clauses that the runner holds every answer to.
func everyAnswer() []string {
	return []string{"content-type", "headers", "json", "non-empty", "schema", "unique-names"}
}

// failing lets the runner judge a server that gives this response, and returns
// the checks that fail or warn, "conforms" for none, "inconclusive" where the
// run decides nothing.
func (h *runnerHalf) failing(t *testing.T, m message) string {
	t.Helper()
	status, ids := h.relevant(m)
	h.mu.Lock()
	h.answer, h.to = m, status
	h.mu.Unlock()
	result := h.runner(t, ids).Run(t.Context())
	var failing []string
	for _, c := range result.Checks {
		if c.Outcome != conformance.Fail && c.Outcome != conformance.Warn {
			continue
		}
		name := c.ID[strings.LastIndex(c.ID, "/")+1:]
		if !slices.Contains(everyAnswer(), name) {
			name = "status" // the answer was not the one that was asked for
		}
		if c.Outcome == conformance.Warn {
			name += " (warning)"
		}
		failing = append(failing, name)
	}
	switch {
	case len(failing) > 0:
		slices.Sort(failing)
		return strings.Join(slices.Compact(failing), ", ")
	case result.Verdict == conformance.Conforms:
		return "conforms"
	default:
		return string(result.Verdict)
	}
}

// runner is one that runs these checks.
func (h *runnerHalf) runner(t *testing.T, ids []string) *runner.Runner {
	t.Helper()
	key := strings.Join(ids, " ")
	if h.runners[key] != nil {
		return h.runners[key]
	}
	r, err := runner.New(conformance.Config{
		Contract: h.subject.contract, Target: h.server.URL, Run: ids,
		Keys:    conformance.Keys{Key: h.server.APIKey, Disabled: h.server.DisabledAPIKey},
		Provoke: []conformance.Provocation{{Status: "500", Header: "Prefer: code=500"}},
		RunID:   "readers", Seed: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.runners[key] = r
	return r
}

// relevant picks the checks that look at a response: one that asks for its
// status, and the clauses of every answer. A status that the contract does not
// document stands in for a success.
func (h *runnerHalf) relevant(m message) (status string, ids []string) {
	route, _ := h.subject.kin.route(m.method, m.target)
	status = strconv.Itoa(m.status)
	if route.Operation.Responses.Value(status) == nil {
		status = h.subject.kin.success(m)
	}
	asking := false
	for _, c := range h.checks {
		name := c.ID[strings.LastIndex(c.ID, "/")+1:]
		every := slices.Contains(everyAnswer(), name)
		if c.Operation != h.subject.operationID(route) || c.Status != status || !every && asking {
			continue
		}
		asking = asking || !every
		ids = append(ids, c.ID)
	}
	return status, ids
}

func (s *subject) operationID(route *routers.Route) string {
	for _, op := range s.contract.Operations() {
		if op.Path == route.Path && op.Method == route.Method {
			return op.ID
		}
	}
	return ""
}

// expectedChecks are those that fail if the runner agrees with a verdict.
func expectedChecks(v verdict) string {
	switch v {
	case accepts:
		return "conforms"
	case wrongStatus:
		return "status"
	case wrongHeader:
		return "headers"
	case wrongMediaType:
		return "content-type"
	case wrongSchema:
		return "schema"
	default:
		return "json"
	}
}
