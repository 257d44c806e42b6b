package main

import (
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/defect"
	"nox.energy/contract/mock/store"
)

func newSelfTest(t *testing.T, full bool) *selfTest {
	t.Helper()
	checks, err := runner.Catalogue(nil)
	if err != nil {
		t.Fatal(err)
	}
	o := &options{getenv: func(string) string { return "" }, timeout: 5 * time.Second, deadline: 10 * time.Minute}
	return &selfTest{options: o, line: newProgressLine(io.Discard, true, false), full: full, checks: checks, manufacturers: mock.DefaultManufacturers()}
}

// canaries are manufacturers whose keys are found wherever they show.
func canaries() []store.Manufacturer {
	key, other, disabled := scriptKeys()
	return []store.Manufacturer{
		{Name: "one", Keys: []string{key}, Enabled: true},
		{Name: "two", Keys: []string{other}, Enabled: true},
		{Name: "six", Keys: []string{disabled}},
	}
}

// TestNoKeyIsInAReport judges a part of the deviations, as --self-test judges all:
// the verdicts are right, and no piece of a key is in any report, whichever way
// the server sent it back.
func TestNoKeyIsInAReport(t *testing.T) {
	st := newSelfTest(t, false)
	st.manufacturers = canaries()
	keys := keysOf(st.manufacturers)
	st.inspect = func(name string, r *conformance.Result) {
		for _, format := range report.Formats() {
			var b strings.Builder
			if err := report.Write(&b, format, r); err != nil {
				t.Errorf("%s as %s: %v", name, format, err)
			}
			if piece := findKey(b.String(), keys.Key, keys.Other, keys.Disabled); piece != "" {
				t.Errorf("%s: %q, a piece of a key, is in the %s report", name, piece, format)
			}
		}
	}
	all := everyNth(append(defect.Variations(), defect.Defects()...), someOf(10))
	for _, d := range append(defect.Variations(), defect.Defects()...) {
		if !testing.Short() && strings.Contains(d.Name, "key") { // those that send keys back
			all = append(all, d)
		}
	}
	for _, out := range st.tryAll(t.Context(), all, "deviations") {
		if out.Problem != "" {
			t.Errorf("%s: %s", out.Name, out.Problem)
		}
	}
}

// TestTheProofCanFail breaks what the proof rests on and looks whether it
// notices.
func TestTheProofCanFail(t *testing.T) {
	st := newSelfTest(t, false)
	sound := defect.Deviation{Name: "nothing", Level: "must", Caught: "401/missing-key"}
	if got := problemOf(sound, deviationResult{Failed: []string{}}, nil, ""); !strings.Contains(got, "not caught") {
		t.Errorf("a defect that nothing catches: %q", got)
	}
	lax, err := defect.Find("missing-key-accepted")
	if err != nil {
		t.Fatal(err)
	}
	lax.Level = "" // as if it were legal
	if got := st.try(t.Context(), lax); !strings.Contains(got.Problem, "legal variation fails") {
		t.Errorf("a variation that fails: %q", got.Problem)
	}
	lax.Level, lax.Caught = "must", "201/echo-case"
	if got := st.try(t.Context(), lax); !strings.Contains(got.Problem, "not caught by 201/echo-case") {
		t.Errorf("a defect that the wrong check catches: %q", got.Problem)
	}
	p := &selfTestResult{Sound: &conformance.Result{Checks: []conformance.CheckResult{{ID: "x/401/lonely", Outcome: conformance.Pass}}}}
	p.findProblems(t.Context())
	if !slices.Contains(p.NeverFail, "x/401/lonely") || len(p.Problems) != 1 {
		t.Errorf("a check that nothing fails: %v", p.Problems)
	}
}

// takesOver tells of variations that write to the connection themselves, which
// only the outermost can do, and not over HTTP/2.
func takesOver(d defect.Deviation) bool { return strings.Contains(d.Name, "close") }

// TestRandomCorrectServers draws servers from the freedoms that the contract
// leaves, several at once, and demands that none fails.
func TestRandomCorrectServers(t *testing.T) {
	if testing.Short() {
		t.Skip("many runs, whose code the tests of the runner go through")
	}
	var legal, outermost []defect.Deviation
	for _, d := range defect.Variations() {
		if takesOver(d) || d.OverTLS() {
			outermost = append(outermost, d)
		} else {
			legal = append(legal, d)
		}
	}
	n := 20
	if testing.Short() {
		n = 2
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range n {
		var stack []defect.Deviation
		for range 2 + random.IntN(3) {
			stack = append(stack, legal[random.IntN(len(legal))])
		}
		if random.IntN(4) == 0 {
			stack = append(stack, outermost[random.IntN(len(outermost))])
		}
		var names []string
		for _, d := range stack {
			names = append(names, d.Name)
		}
		t.Run(strings.Join(names, "+"), func(t *testing.T) {
			b, err := serve(t.Context(), mock.DefaultManufacturers(), stack...)
			if err != nil {
				t.Fatal(err)
			}
			defer b.stop()
			r, err := runner.New(conformance.Config{
				Target: b.target, TLS: b.tls, Keys: keysOf(mock.DefaultManufacturers()), RunID: "random", Seed: 1,
				Provoke: []conformance.Provocation{{Status: "500", Header: "Prefer: code=500"}},
			})
			if err != nil {
				t.Fatal(err)
			}
			result := r.Run(t.Context())
			for _, c := range result.Checks {
				if c.Outcome == conformance.Fail || c.Outcome == conformance.Err {
					t.Errorf("%s %s: want %s, got %s %s", c.Outcome, c.ID, c.Expected, c.Actual, c.Reason)
				}
			}
		})
	}
}

// BenchmarkSoundMock reports how near a run comes to the least possible time:
// requests divided by those under way at once, times the round trip.
func BenchmarkSoundMock(b *testing.B) {
	const roundTrip = 50 * time.Millisecond
	slow := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(roundTrip)
			next.ServeHTTP(w, r)
		})
	}
	m, err := mock.New(mock.Config{})
	if err != nil {
		b.Fatal(err)
	}
	server, err := start(b.Context(), slow(m), m.BasePath())
	if err != nil {
		b.Fatal(err)
	}
	defer server.stop()
	for b.Loop() {
		r, err := runner.New(conformance.Config{Target: server.target, Keys: keysOf(mock.DefaultManufacturers())})
		if err != nil {
			b.Fatal(err)
		}
		started := time.Now()
		result := r.Run(b.Context())
		if result.ExitCode != 0 {
			b.Fatal(result.Reason)
		}
		least := time.Duration(result.Requests) * roundTrip / 16
		b.ReportMetric(float64(time.Since(started))/float64(least), "wall/least")
		b.ReportMetric(float64(result.Requests), "requests")
		b.ReportMetric(time.Since(started).Seconds(), "s/run")
	}
}
