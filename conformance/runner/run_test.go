package runner_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/mocktest"
)

// configFor is a run against a mock with everything that it can be asked for.
func configFor(s *mocktest.Server) conformance.Config {
	return conformance.Config{
		Target:  s.URL,
		Keys:    conformance.Keys{Key: s.APIKey, Other: s.OtherAPIKey, Disabled: s.DisabledAPIKey},
		Provoke: []conformance.Provocation{{Status: "500", Header: "Prefer: code=500"}},
		RunID:   "test", Seed: 1,
	}
}

func judge(t *testing.T, cfg conformance.Config) *conformance.Result {
	t.Helper()
	r, err := runner.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r.Run(t.Context())
}

// takesRuns skips a test that takes several runs, or one of all checks that no
// other test lacks, where tests are to be short.
func takesRuns(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long")
	}
}

// conforms demands that nothing failed or was left undecided.
func conforms(t *testing.T, r *conformance.Result) {
	t.Helper()
	if bad := outcomes(r, conformance.Fail, conformance.Err); len(bad) > 0 || r.ExitCode != 0 {
		t.Errorf("exit code %d %s\n%s", r.ExitCode, r.Reason, strings.Join(bad, "\n"))
	}
}

// outcomes lists the checks of a result that did not pass.
func outcomes(r *conformance.Result, which ...conformance.Outcome) []string {
	var out []string
	for _, c := range r.Checks {
		for _, o := range which {
			if c.Outcome == o {
				out = append(out, fmt.Sprintf("%s %s: %s%s", o, c.ID, c.Reason, c.Actual))
			}
		}
	}
	return out
}

func TestSoundMockPassesEveryCheck(t *testing.T) {
	r := judge(t, configFor(mocktest.NewServer(t)))
	bad := slices.DeleteFunc(outcomes(r, conformance.Fail, conformance.Warn, conformance.Err, conformance.Skip), func(line string) bool {
		return strings.HasSuffix(line, "not applicable: the target uses plain HTTP")
	})
	if len(bad) > 0 {
		t.Errorf("not passed:\n%s", strings.Join(bad, "\n"))
	}
	if r.Verdict != conformance.Conforms || r.ExitCode != conformance.ExitConforms {
		t.Errorf("verdict %s, exit code %d: %s", r.Verdict, r.ExitCode, r.Reason)
	}
	if r.Requests > 650 {
		t.Errorf("%d requests, more than 650", r.Requests)
	}
	for _, row := range r.Responses {
		if row.Verdict != conformance.Conforms || row.Exchanges == 0 || row.Latency == nil {
			t.Errorf("%s: %s after %d exchanges", row.Status, row.Verdict, row.Exchanges)
		}
	}
}

func TestWithoutProvocationThe500IsNotExercised(t *testing.T) {
	cfg := configFor(mocktest.NewServer(t))
	cfg.Provoke = nil
	r := judge(t, cfg)
	if r.ExitCode != conformance.ExitConforms {
		t.Fatalf("exit code %d: %s", r.ExitCode, r.Reason)
	}
	if row := r.Responses[3]; row.Status != "500" || row.Verdict != conformance.NotExercised {
		t.Errorf("the 500 is %s", row.Verdict)
	}
	cfg.Require, cfg.Run = []string{"201", "500"}, []string{"201/minimal"}
	if r := judge(t, cfg); r.ExitCode != conformance.ExitViolates || !strings.Contains(r.Reason, "500") {
		t.Errorf("required and not exercised: exit code %d, %q", r.ExitCode, r.Reason)
	}
}

// around serves the mock behind a handler of the test's own.
func around(t *testing.T, wrap func(next http.Handler) http.Handler) *mocktest.Server {
	t.Helper()
	return mocktest.NewServer(t, mocktest.WithWrapper(wrap))
}

func TestTheGate(t *testing.T) {
	status := func(code int, header ...string) func(http.Handler) http.Handler {
		return func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for i := 0; i+1 < len(header); i += 2 {
					w.Header().Set(header[i], header[i+1])
				}
				w.WriteHeader(code)
			})
		}
	}
	page := func(code int, html string) func(http.Handler) http.Handler {
		return func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				w.WriteHeader(code)
				io.WriteString(w, html)
			})
		}
	}
	for name, c := range map[string]struct {
		wrap   func(http.Handler) http.Handler
		exit   int
		reason string
	}{
		"refused key":     {status(401), conformance.ExitInconclusive, "the target rejects the key"},
		"forbidden":       {status(403), conformance.ExitInconclusive, "the target rejects the key"},
		"wrong base path": {status(404), conformance.ExitInconclusive, "base path"},
		"bad gateway":     {status(502), conformance.ExitInconclusive, "a gateway responds"},
		"warming up":      {status(503), conformance.ExitInconclusive, "--wait 1m"},
		"port for TLS":    {page(400, "Client sent an HTTP request to an HTTPS server.\n"), conformance.ExitInconclusive, "the port speaks HTTPS: use https://"},
		"firewall":        {page(403, "<!doctype html><title>Access denied</title>"), conformance.ExitInconclusive, "comes from a firewall or proxy"},
		"login":           {status(302, "Location", "https://sso.example.com/login?next=%2Fv2"), conformance.ExitInconclusive, "login page, https://sso.example.com/login"},
		"login beside it": {status(307, "Location", "/oauth2/authorize?client_id=1"), conformance.ExitInconclusive, "login page"},
		"no certificate":  {page(400, "<html><head><title>400 No required SSL certificate was sent</title></head></html>"), conformance.ExitInconclusive, "--client-cert and --client-key"},
		"redirect":        {status(308, "Location", "https://example.com/"), conformance.ExitViolates, "leads to https://example.com/"},
		"another base":    {status(308, "Location", "https://api.example.com/v3/manufacturer/device-connections"), conformance.ExitViolates, "use the base URL https://api.example.com/v3"},
		"trailing slash":  {status(307, "Location", "/v2/manufacturer/device-connections/"), conformance.ExitViolates, "the server redirects to /v2/manufacturer/device-connections/"},
		"breakdown":       {status(500), conformance.ExitViolates, ""},
		"refusal":         {status(400), conformance.ExitViolates, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := judge(t, configFor(around(t, c.wrap)))
			said := r.Reason
			if c.exit == conformance.ExitViolates && len(r.Causes) > 0 {
				said = r.Causes[0].Fix
			}
			if r.ExitCode != c.exit || !strings.Contains(said, c.reason) {
				t.Errorf("exit code %d, %q; want %d, %q", r.ExitCode, said, c.exit, c.reason)
			}
			if r.Requests > 10 {
				t.Errorf("%d requests past a shut gate", r.Requests)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	cfg := configFor(&mocktest.Server{URL: "http://" + l.Addr().String() + "/v2", APIKey: "some-key"})
	r := judge(t, cfg)
	if r.ExitCode != conformance.ExitInconclusive || !strings.Contains(r.Reason, "check that the server runs") {
		t.Errorf("exit code %d, reason %q", r.ExitCode, r.Reason)
	}
}

func TestAnotherProtocol(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(c, "220 mail.example.com ESMTP\r\n")
			c.Close()
		}
	}()
	cfg := configFor(&mocktest.Server{URL: "http://" + l.Addr().String() + "/v2", APIKey: "some-key"})
	r := judge(t, cfg)
	if r.ExitCode != conformance.ExitInconclusive || !strings.Contains(r.Reason, "not HTTP") {
		t.Errorf("exit code %d, reason %q", r.ExitCode, r.Reason)
	}
}

// A server that asks for a client certificate gets none, in every version of TLS.
func TestNoClientCertificate(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cfg := overTLS(t, func(c *tls.Config) {
			c.ClientAuth, c.MaxVersion = tls.RequireAnyClientCert, version
		}, sameListener)
		if r := judge(t, cfg); r.ExitCode != conformance.ExitInconclusive || !strings.Contains(r.Reason, "--client-cert") {
			t.Errorf("%s: exit code %d, reason %q", tls.VersionName(version), r.ExitCode, r.Reason)
		}
	}
}

// A greeting that is seen once tells, whatever became of the requests before.
// The last one is sent so that nothing can take it for a connection that was
// closed.
func TestAGreetingAfterSilence(t *testing.T) {
	var n atomic.Int64
	s := around(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			if n.Add(1) == 3 && r.Close { // as a request has it whose response is read by hand
				fmt.Fprint(conn, "220 mail.example.com ESMTP\r\n")
			}
			conn.Close()
		})
	})
	if r := judge(t, configFor(s)); r.ExitCode != conformance.ExitInconclusive || !strings.Contains(r.Reason, "not HTTP") {
		t.Errorf("exit code %d, reason %q", r.ExitCode, r.Reason)
	}
}

// A target that asks for patience, closes connections or is slow is waited
// for, not blamed.
func TestFairInTheWorld(t *testing.T) {
	every := func(n int64, instead http.HandlerFunc) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			var count atomic.Int64
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if count.Add(1)%n == 0 {
					instead(w, r)
					return
				}
				next.ServeHTTP(w, r)
			})
		}
	}
	limiter := func(next http.Handler) http.Handler {
		var mu sync.Mutex
		window, n := time.Now(), 0
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			if time.Since(window) > 100*time.Millisecond {
				window, n = time.Now(), 0
			}
			n++
			over := n > 60
			mu.Unlock()
			if over {
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	for name, wrap := range map[string]func(http.Handler) http.Handler{
		"too many requests": every(40, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "0")
			http.Error(w, "slow down", http.StatusTooManyRequests)
		}),
		"unavailable for a moment": every(40, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", time.Now().Add(-time.Second).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusServiceUnavailable)
		}),
		"a rate limit": limiter,
		"connections closed after each answer": func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Connection", "close")
				next.ServeHTTP(w, r)
			})
		},
		"slow": func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(30 * time.Millisecond)
				next.ServeHTTP(w, r)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conforms(t, judge(t, configFor(around(t, wrap))))
		})
	}
}

// A target that keeps asking for patience leaves the run undecided.
func TestForEverTooManyRequests(t *testing.T) {
	s := around(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		})
	})
	cfg := configFor(s)
	cfg.Patience = time.Second
	if r := judge(t, cfg); r.ExitCode != conformance.ExitInconclusive || !strings.Contains(r.Reason, "--rate") {
		t.Errorf("exit code %d: %s", r.ExitCode, r.Reason)
	}
}

// A target that takes so many requests a second, and says of no time that lies
// ahead when it takes the next, is waited for.
func TestFewRequestsASecond(t *testing.T) {
	takesRuns(t)
	t.Parallel()
	limiter := rate.NewLimiter(200, 20)
	s := around(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !limiter.Allow() {
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	conforms(t, judge(t, configFor(s)))
}

// A server may say 408 on a connection that nothing came on, which then
// answers no request (RFC 9110, section 15.5.9).
func TestIdleConnectionsAreAnswered408(t *testing.T) {
	m, err := mock.New(mock.Config{})
	if err != nil {
		t.Fatal(err)
	}
	type connection struct{} // the key of the number of requests on one
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(connection{}).(*atomic.Int64).Add(1) > 1 {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusRequestTimeout)
			return
		}
		m.ServeHTTP(w, r)
	}))
	srv.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, connection{}, new(atomic.Int64))
	}
	srv.Start()
	defer srv.Close()
	keys := mock.DefaultManufacturers()
	conforms(t, judge(t, conformance.Config{
		Target: srv.URL + m.BasePath(), Keys: conformance.Keys{Key: keys[0].Keys[0], Other: keys[1].Keys[0]}, RunID: "test", Seed: 1,
	}))
}

func TestOverTLSAndHTTP2(t *testing.T) {
	m, err := mock.New(mock.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var malformed atomic.Int64 // requests that HTTP/2 forbids (RFC 9113, section 8.2.1), for which other servers close the connection
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, v := range r.Header {
			if r.ProtoMajor == 2 && v[0] != strings.TrimSpace(v[0]) {
				malformed.Add(1)
			}
		}
		m.ServeHTTP(w, r)
	}))
	srv.EnableHTTP2 = true
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	manufacturers := mock.DefaultManufacturers()
	cfg := conformance.Config{Target: srv.URL + m.BasePath(), Keys: conformance.Keys{Key: manufacturers[0].Keys[0]}, TLS: &tls.Config{RootCAs: roots}}
	if r := judge(t, cfg); r.ExitCode != 0 {
		t.Errorf("exit code %d %s\n%s", r.ExitCode, r.Reason, strings.Join(outcomes(r, conformance.Fail, conformance.Err), "\n"))
	}
	if n := malformed.Load(); n != 0 {
		t.Errorf("%d requests had a header value with white space at its end", n)
	}
	cfg.TLS = nil
	if r := judge(t, cfg); r.ExitCode != conformance.ExitInconclusive || !strings.Contains(r.Reason, "--ca-cert") {
		t.Errorf("an unknown authority: exit code %d %s", r.ExitCode, r.Reason)
	}
}

// A target that speaks HTTP/2 and nothing older is judged as any other.
func TestOverHTTP2Alone(t *testing.T) {
	takesRuns(t)
	cfg := overTLS(t, func(c *tls.Config) {
		c.NextProtos = []string{"h2"}
		c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			if !slices.Contains(hello.SupportedProtos, "h2") {
				return nil, errors.New("HTTP/2 alone is spoken here")
			}
			return nil, nil
		}
	}, sameListener)
	cfg.Run = nil
	r := judge(t, cfg)
	conforms(t, r)
	if skipped := strings.Join(outcomes(r, conformance.Skip), "\n"); !strings.Contains(skipped, "http/nothing-behind") {
		t.Errorf("what HTTP/2 does not show is not said:\n%s", skipped)
	}
}

// The same seed, run id and contract give the same requests, byte for byte.
func TestDryRunRepeats(t *testing.T) {
	takesRuns(t)
	plan := func(profile conformance.Profile) []byte {
		r, err := runner.New(conformance.Config{
			Target: "https://staging.example.com/v2", Profile: profile, RunID: "repeat", Seed: 7,
			Keys: conformance.Keys{Key: "first-secret-key", Other: "second-secret-key", Disabled: "third-secret-key"},
		})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(slices.Collect(r.DryRun(t.Context())))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for _, p := range []conformance.Profile{conformance.Full, conformance.Production} {
		first := plan(p)
		if again := plan(p); !bytes.Equal(first, again) {
			t.Errorf("profile %s: two dry runs differ", p)
		}
		if bytes.Contains(first, []byte("secret-key")) {
			t.Errorf("profile %s: a key stands in the plan", p)
		}
	}
}

// What is sent is what the dry run said.
func TestDryRunIsTheRun(t *testing.T) {
	s := mocktest.NewServer(t)
	cfg := configFor(s)
	cfg.Profile, cfg.Rate, cfg.Provoke = conformance.Production, 1e6, nil
	r, err := runner.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	planned := slices.Collect(r.DryRun(t.Context()))
	result := judge(t, cfg)
	if result.ExitCode != 0 || len(planned) != result.Requests {
		t.Errorf("%d requests planned, %d sent; exit code %d %s", len(planned), result.Requests, result.ExitCode, result.Reason)
	}
}

func TestProductionProfileKeepsItsBounds(t *testing.T) {
	var mu sync.Mutex
	users := map[string]bool{}
	n := 0
	s := around(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			next.ServeHTTP(rec, r)
			var body struct {
				NOX string `json:"nox_user_id"`
				ID  string `json:"manufacturer_user_id"`
			}
			mu.Lock()
			n++
			if rec.Code == http.StatusCreated && json.Unmarshal(rec.Body.Bytes(), &body) == nil {
				users[body.NOX] = true
				if !strings.Contains(body.ID, "nox-conformance-test-") {
					t.Errorf("the user %q cannot be told from a real one", body.ID)
				}
			}
			mu.Unlock()
			for k, v := range rec.Header() {
				w.Header()[k] = v
			}
			w.WriteHeader(rec.Code)
			w.Write(rec.Body.Bytes())
		})
	})
	cfg := configFor(s)
	cfg.Profile, cfg.Rate = conformance.Production, 1e6
	r := judge(t, cfg)
	conforms(t, r)
	if len(users) > 5 || len(users) < 2 || n > 60 || n < 40 {
		t.Errorf("%d users, %d requests", len(users), n)
	}
	for _, id := range []string{"201/minimal", "201/echo-multibyte", "201/resolve-at-once", "201/tenants", "400/user_id-missing", "400/user_id-number", "401/missing-key", "401/unknown-key", "401/key-half", "401/not-enabled", "401/no-lock-out"} {
		for _, c := range r.Checks {
			if strings.HasSuffix(c.ID, "/"+id) && c.Outcome != conformance.Pass {
				t.Errorf("%s is %s under the production profile: %s", id, c.Outcome, c.Reason)
			}
		}
	}
}

func TestProductionProfileStopsForTheTargetsSake(t *testing.T) {
	var n atomic.Int64
	s := around(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if n.Add(1) > 5 {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	cfg := configFor(s)
	cfg.Profile, cfg.Rate = conformance.Production, 1e6
	r := judge(t, cfg)
	if n.Load() > 8 || r.ExitCode == 0 || !strings.Contains(r.Reason, "in a row") {
		t.Errorf("%d requests, exit code %d, %q", n.Load(), r.ExitCode, r.Reason)
	}
}

func TestFullProfileIsRefusedOnAServerOfTheContract(t *testing.T) {
	_, err := runner.New(conformance.Config{Target: "https://AUTH.nox.energy/v2", Keys: conformance.Keys{Key: "k"}})
	if err == nil || !strings.Contains(err.Error(), "--profile production") {
		t.Errorf("%v", err)
	}
}
