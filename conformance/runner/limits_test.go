package runner_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/mock/mocktest"
)

// undecided demands that nothing is blamed on the target.
func undecided(t *testing.T, r *conformance.Result, reasons ...string) {
	t.Helper()
	if bad := outcomes(r, conformance.Fail, conformance.Warn); len(bad) > 0 {
		t.Errorf("the target is blamed:\n%s", strings.Join(bad, "\n"))
	}
	if r.Verdict != conformance.Inconclusive || r.ExitCode != conformance.ExitInconclusive {
		t.Errorf("%s, exit code %d", r.Verdict, r.ExitCode)
	}
	for _, reason := range reasons {
		if !strings.Contains(r.Reason, reason) {
			t.Errorf("reason %q does not say %q", r.Reason, reason)
		}
	}
}

// fromThe calls instead for the n-th request and those after it.
func fromThe(n int64, instead http.HandlerFunc) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		var count atomic.Int64
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if count.Add(1) >= n {
				instead(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// silent answers nothing until its client is gone.
func silent(w http.ResponseWriter, r *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = io.Copy(io.Discard, conn) // the rest of a body, until the client closes
}

// A run that is cancelled, or whose deadline comes, blames nobody for the
// requests that it cuts off, whichever those are.
func TestARunThatEndsBlamesNobody(t *testing.T) {
	t.Parallel()
	for i, n := range []int64{1, 2, 40, 120, 200, 260, 330} {
		if testing.Short() && i%3 != 0 {
			continue
		}
		t.Run(fmt.Sprintf("cancelled at request %d", n), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			cfg := configFor(around(t, fromThe(n, func(w http.ResponseWriter, r *http.Request) {
				cancel()
				silent(w, r)
			})))
			judging, err := runner.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			undecided(t, judging.Run(ctx), "interrupted")
		})
		t.Run(fmt.Sprintf("out of time at request %d", n), func(t *testing.T) {
			t.Parallel()
			cfg := configFor(around(t, fromThe(n, silent)))
			cfg.Deadline = 3 * time.Second
			undecided(t, judge(t, cfg), "3s")
		})
	}
}

// What really failed before a run ended is a failure.
func TestARunThatEndsKeepsWhatFailed(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var forbidden atomic.Int64
	cfg := configFor(around(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case forbidden.Load() > 20: // by then some check has failed
				cancel()
				silent(w, r)
			case r.Header.Get("X-Api-Key") == "":
				forbidden.Add(1)
				w.WriteHeader(http.StatusForbidden)
			default:
				next.ServeHTTP(w, r)
			}
		})
	}))
	judging, err := runner.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if r := judging.Run(ctx); r.Verdict != conformance.Violates {
		t.Errorf("%s: %s", r.Verdict, r.Reason)
	}
}

// The requests of a run are counted before the first is sent.
func TestADeadlineThatCannotDoIsRefused(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	cfg := configFor(around(t, fromThe(1, func(http.ResponseWriter, *http.Request) { n.Add(1) })))
	cfg.Rate, cfg.Deadline = 20, 5*time.Second
	_, err := runner.New(cfg)
	var usage *conformance.UsageError
	if !errors.As(err, &usage) {
		t.Fatalf("%v", err)
	}
	for _, part := range []string{"--deadline 5s", "--rate 20", "requests", "take 3", "--rate "} {
		if !strings.Contains(usage.Problem, part) {
			t.Errorf("%q does not say %q", usage.Problem, part)
		}
	}
	for _, c := range []func(*conformance.Config){
		func(c *conformance.Config) { c.Deadline = time.Minute },
		func(c *conformance.Config) { c.Deadline, c.Rate = 0, 0.001 },
		func(c *conformance.Config) { c.Deadline, c.Rate = 0, 1e-300 },
		func(c *conformance.Config) { c.Run = []string{"401/missing-key"} },
		func(c *conformance.Config) { c.Rate = 0 },
	} {
		c2 := cfg
		c(&c2)
		if _, err := runner.New(c2); err != nil {
			t.Error(err)
		}
	}
	if n.Load() > 0 {
		t.Errorf("%d requests were sent", n.Load())
	}
}

// putOff answers that the client is to come back later.
func putOff(status int, after string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(status)
	}
}

// relay writes what was recorded.
func relay(rec *httptest.ResponseRecorder, w http.ResponseWriter) {
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.Code)
	w.Write(rec.Body.Bytes())
}

// A target that puts every request off is waited for as long as it may be, and
// its last response is named.
func TestPatienceEnds(t *testing.T) {
	t.Parallel()
	inAnHour := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	for name, c := range map[string]struct {
		instead  http.HandlerFunc
		from     int64
		patience time.Duration
		reasons  []string
	}{
		"an hour, at the gate":          {putOff(503, "3600"), 1, 0, []string{"503 Service Unavailable with Retry-After: 3600", "longer than the 1m0s", "--patience"}},
		"an hour, in mid-run":           {putOff(503, "3600"), 100, 0, []string{"503 Service Unavailable with Retry-After: 3600", "longer than the 1m0s"}},
		"an hour, as a date":            {putOff(429, inAnHour), 100, 0, []string{"429 Too Many Requests with Retry-After: " + inAnHour}},
		"more than fits":                {putOff(429, "99999999999999999999"), 100, 0, []string{"longer than the 1m0s"}},
		"again and again, at the gate":  {putOff(503, "1"), 1, 1500 * time.Millisecond, []string{"503 Service Unavailable with Retry-After: 1", "it kept returning"}},
		"again and again, in mid-run":   {putOff(429, "1"), 100, 1500 * time.Millisecond, []string{"429 Too Many Requests with Retry-After: 1", "it kept returning", "--rate"}},
		"without Retry-After":           {putOff(429, ""), 100, time.Second, []string{"429 Too Many Requests without Retry-After", "--rate"}},
		"without, though one can wait":  {putOff(429, ""), 330, 100 * time.Hour, []string{"429 Too Many Requests without Retry-After"}},
		"a time that has come, for all": {putOff(429, "0"), 1, time.Second, []string{"429 Too Many Requests with Retry-After: 0", "it kept returning"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := configFor(around(t, fromThe(c.from, c.instead)))
			cfg.Patience = c.patience
			undecided(t, judge(t, cfg), c.reasons...)
		})
	}
}

// Who has a wrong key is put off, who has the right one is not: the checks of
// wrong keys are undecided, the others are not.
func TestOnlyWrongKeysArePutOff(t *testing.T) {
	t.Parallel()
	for _, after := range []string{"", "3600"} {
		cfg := configFor(around(t, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := httptest.NewRecorder()
				next.ServeHTTP(rec, r)
				if rec.Code == http.StatusUnauthorized {
					putOff(429, after)(w, r)
					return
				}
				relay(rec, w)
			})
		}))
		cfg.Patience = time.Second
		r := judge(t, cfg)
		undecided(t, r, "429 Too Many Requests")
		for _, c := range r.Checks {
			if strings.HasSuffix(c.ID, "/500/serves-on") && c.Outcome != conformance.Pass {
				t.Errorf("Retry-After %q: %s is %s: %s", after, c.ID, c.Outcome, c.Reason)
			}
		}
	}
}

// A pause that the target asks for is kept, told while it lasts, and told again
// at the end.
func TestAPauseIsKeptAndTold(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	cfg := configFor(around(t, func(next http.Handler) http.Handler {
		var count atomic.Int64
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if count.Add(1) == 100 {
				asked.Store(time.Now().UnixNano())
				putOff(503, "2")(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}))
	var mu sync.Mutex
	var told conformance.Progress
	cfg.Progress = func(p conformance.Progress) {
		mu.Lock()
		defer mu.Unlock()
		if p.Waiting > 0 {
			told = p
		}
	}
	r := judge(t, cfg)
	conforms(t, r)
	if took := time.Since(time.Unix(0, asked.Load())); took < 2*time.Second {
		t.Errorf("the run went on after %s", took)
	}
	if told.Waiting <= 0 || told.Waiting > 2*time.Second || told.WaitingFor != "503 Service Unavailable with Retry-After: 2" {
		t.Errorf("told while waiting: %+v", told)
	}
	if notes := strings.Join(r.Notes, "; "); !strings.Contains(notes, "paused for 2s") || !strings.Contains(notes, "503 Service Unavailable with Retry-After: 2") {
		t.Errorf("notes: %q", notes)
	}
}

// A target that answers some requests in broken HTTP speaks HTTP, and breaks
// it. One that answers all of them so does as well.
func TestBrokenHTTPIsAViolation(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a line before the status line": "\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}",
		"two codings":                   "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"a status that is no number":    "HTTP/1.1 OK Created\r\nContent-Length: 2\r\n\r\n{}",
		"another protocol's name":       "HTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}",
		"no status line":                "{}",
		"two lengths":                   "HTTP/1.1 201 Created\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
		"a field without a colon":       "HTTP/1.1 201 Created\r\nContent-Length 2\r\n\r\n{}",
	} {
		for _, status := range []int{201, 400, 401, 404, 0} {
			if status == 0 && !strings.Contains(text, "HTTP/") {
				continue // nothing of it is HTTP
			}
			t.Run(fmt.Sprintf("%s instead of %d", name, status), func(t *testing.T) {
				t.Parallel()
				cfg := configFor(around(t, func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						rec := httptest.NewRecorder()
						next.ServeHTTP(rec, r)
						if status != 0 && rec.Code != status {
							relay(rec, w)
							return
						}
						conn, _, err := http.NewResponseController(w).Hijack()
						if err != nil {
							t.Error(err)
							return
						}
						defer conn.Close()
						fmt.Fprint(conn, text)
					})
				}))
				cfg.Run = []string{"201/minimal", "400/json-*", "401/missing-key", "http/**"}
				if r := judge(t, cfg); r.Verdict != conformance.Violates {
					t.Errorf("%s: %s\n%s", r.Verdict, r.Reason, strings.Join(outcomes(r, conformance.Fail, conformance.Warn, conformance.Err), "\n"))
				}
			})
		}
	}
}

// What is wrong with a configuration is found before anything is sent.
func TestMistakesInTheConfiguration(t *testing.T) {
	t.Parallel()
	day := func(d int) string { return time.Now().AddDate(0, 0, d).Format(time.DateOnly) }
	const id = "createManufacturerDeviceConnection/400/schema"
	for name, c := range map[string]struct {
		change func(*conformance.Config)
		says   []string // nil: nothing is wrong
	}{
		"the operation's path": {func(c *conformance.Config) { c.Target = "http://127.0.0.1:1/v2/manufacturer/device-connections/" }, []string{"the path of createManufacturerDeviceConnection", "use http://127.0.0.1:1/v2"}},
		"a query":              {func(c *conformance.Config) { c.Target = "http://127.0.0.1:1/v2?key=s3cr3t" }, []string{"a query", "use http://127.0.0.1:1/v2"}},
		"an empty query":       {func(c *conformance.Config) { c.Target = "http://127.0.0.1:1/v2/?" }, []string{"a query", "use http://127.0.0.1:1/v2"}},
		"no host":              {func(c *conformance.Config) { c.Target = "http://:4010/v2" }, []string{"is not a base URL"}},
		"no such port":         {func(c *conformance.Config) { c.Target = "http://127.0.0.1:70000/v2" }, []string{"70000"}},
		"a part of the path":   {func(c *conformance.Config) { c.Target = "http://127.0.0.1:1/device-connections" }, nil},
		"an unknown id": {func(c *conformance.Config) {
			c.Known = []conformance.Known{{ID: id + "s", Reason: "x", Expires: day(9)}}
		}, []string{"matches no check; the nearest is " + id}},
		"a short id": {func(c *conformance.Config) {
			c.Known = []conformance.Known{{ID: "401/missing-key", Reason: "x", Expires: day(9)}}
		}, nil},
		"an ambiguous id": {func(c *conformance.Config) {
			c.Contract, c.Known = secondContract(t), []conformance.Known{{ID: "401/missing-key", Reason: "x", Expires: day(9)}}
		}, []string{"401/missing-key may be any of registerTariff/401/missing-key, readTariff/401/missing-key: write one id in full"}},
		"expired":            {func(c *conformance.Config) { c.Known = []conformance.Known{{ID: id, Reason: "x", Expires: day(-1)}} }, nil},
		"expires today":      {func(c *conformance.Config) { c.Known = []conformance.Known{{ID: id, Reason: "x", Expires: day(0)}} }, nil},
		"a key with a space": {func(c *conformance.Config) { c.Keys.Key = "key " }, []string{"begins or ends with a space"}},
		"one key twice":      {func(c *conformance.Config) { c.Keys.Other, c.Keys.Disabled = "k", "k" }, []string{"two of the API keys are equal"}},
		"a header's value":   {func(c *conformance.Config) { c.Header = http.Header{"X-A": {"a\x00b"}} }, []string{"X-A"}},
		"a header's name":    {func(c *conformance.Config) { c.Header = http.Header{"X A": {"a"}} }, []string{"X A"}},
		"a provocation": {func(c *conformance.Config) {
			c.Provoke = []conformance.Provocation{{Status: "500", Header: "Prefer: a\x01"}}
		}, []string{"--provoke 500"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := conformance.Config{Target: "http://127.0.0.1:1/v2", Keys: conformance.Keys{Key: "some-key"}}
			c.change(&cfg)
			_, err := runner.New(cfg)
			var usage *conformance.UsageError
			if errors.As(err, &usage) == (c.says == nil) || usage == nil && err != nil {
				t.Fatalf("%v", err)
			}
			for _, part := range c.says {
				if !strings.Contains(usage.Problem, part) || strings.Contains(usage.Problem, "s3cr3t") {
					t.Errorf("%q does not say %q", usage.Problem, part)
				}
			}
		})
	}
}

// A target that cannot be reached decides nothing, whatever the list of known
// failures says.
func TestUnreachableBeatsKnownFailures(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	cfg := configFor(&mocktest.Server{URL: "http://" + l.Addr().String() + "/v2", APIKey: "some-key"})
	for _, id := range []string{"400/schema", "201/minimal", "http/answered", "http/no-redirect"} {
		cfg.Known = append(cfg.Known, conformance.Known{ID: "createManufacturerDeviceConnection/" + id, Reason: "x", Expires: "2999-12-31"})
	}
	undecided(t, judge(t, cfg), "check that the server runs")

	// It also does so in mid-run.
	cfg = configFor(mocktest.NewServer(t))
	ctx, cancel := context.WithCancel(t.Context())
	cfg.Known = []conformance.Known{{ID: "createManufacturerDeviceConnection/201/minimal", Reason: "x", Expires: "2999-12-31"}}
	cfg.Progress = func(p conformance.Progress) {
		if p.Done >= 2 {
			cancel()
		}
	}
	judging, err := runner.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	undecided(t, judging.Run(ctx), "interrupted")
}
