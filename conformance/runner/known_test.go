package runner_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/mock/defect"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/spec"
)

func readKnown(t *testing.T, text string) []conformance.Known {
	t.Helper()
	known, err := conformance.ReadKnown(strings.NewReader(text), "known.json")
	if err != nil {
		t.Fatal(err)
	}
	return known
}

func writeKnown(t *testing.T, known []conformance.Known) string {
	t.Helper()
	var b bytes.Buffer
	if err := conformance.WriteKnown(&b, known); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A person's fields come back as they were, each in its place.
func TestKnownFieldsOfPeopleAreKept(t *testing.T) {
	t.Parallel()
	const text = `{
  "known": [
    {
      "owner": "Ann <ann@example.com> & co",
      "id": "op/400/schema",
      "ticket": 17.0,
      "reason": "later",
      "note": {
        "since": [
          1,
          null,
          "\u00e9"
        ]
      },
      "expires": "2999-12-31",
      "intermittent": false
    }
  ]
}
`
	if got := writeKnown(t, readKnown(t, "\ufeff"+text)); got != text {
		t.Errorf("came back as\n%s", got)
	}
	fails := &conformance.Result{Checks: []conformance.CheckResult{{ID: "op/400/schema", Operation: "op", Outcome: conformance.Fail, Intermittent: true}}}
	got := writeKnown(t, conformance.UpdateKnown(readKnown(t, text), fails, time.Now()))
	if want := strings.Replace(text, `"intermittent": false`, `"intermittent": true`, 1); got != want {
		t.Errorf("after an update\n%s", got)
	}
}

func TestKnownMistakesAreNamed(t *testing.T) {
	t.Parallel()
	const whole = `"id": "op/400/schema", "reason": "later", "expires": "2999-12-31"`
	for text, says := range map[string]string{
		`{"known": [{"id": "op/400/schema", "reason": "later", "expire": "2999-12-31"}]}`:     `op/400/schema has no "expires"; is "expire" a misspelling of it?`,
		`{"known": [{"id": "op/400/schema", "Reason": "later", "expires": "2999-12-31"}]}`:    `op/400/schema has no "reason"; is "Reason" a misspelling of it?`,
		`{"known": [{"ids": "op/400/schema", "reason": "later", "expires": "2999-12-31"}]}`:   `known failure 1 has no "id"; is "ids" a misspelling of it?`,
		`{"known": [{"check": "op/400/schema", "reason": "later", "expires": "2999-12-31"}]}`: `known failure 1 has no id`,
		`{"known": [{"id": "op/400/schema", "reason": "later", "until": "2999-12-31"}]}`:      `op/400/schema has no expiry date: add "expires"`,
		`{"known": [{` + whole + `, "intermitent": true}]}`:                                   `unknown field "intermitent"; did you mean "intermittent"?`,
		`{"known": [{` + whole + `, "intermittent": "yes"}]}`:                                 `known.intermittent is a JSON string`,
		`{"known": [{` + whole + `, "note": 1, "note": 2}]}`:                                  `the field "note" appears twice in one entry`,
		`{"known": [{` + whole + `}, {` + whole + `}]}`:                                       `op/400/schema is listed twice`,
		`{"known": [7]}`:        `an entry of known is a JSON number`,
		`{"known": {}}`:         `known is a JSON object`,
		`[]`:                    `the file is a JSON array`,
		`{"knwon": []}`:         `unknown field "knwon"`,
		"{\"known\": []\n":      `known.json:2: not a file of known failures: the file is truncated`,
		``:                      `the file is empty`,
		"{\"known\": [\n//\n]}": `known.json:2: not a file of known failures: invalid character '/'`,
	} {
		known, err := conformance.ReadKnown(strings.NewReader(text), "known.json")
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, %v", text, known, err)
		}
	}
	for _, text := range []string{`{}`, `{"known": null}`, `{"known": []}`} {
		if known := readKnown(t, text); len(known) > 0 {
			t.Errorf("%s: %v", text, known)
		}
	}
}

func TestKnownUpdateMerges(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	check := func(id string, o conformance.Outcome, intermittent bool) conformance.CheckResult {
		return conformance.CheckResult{ID: id, Operation: strings.Split(id, "/")[0], Outcome: o, Actual: "wrong", Intermittent: intermittent}
	}
	known := []conformance.Known{
		{ID: "racy/201/b", Reason: "r", Expires: "2999-12-31"},
		{ID: "racy/201/a", Reason: "r", Expires: "2999-12-31", Intermittent: true},
		{ID: "racy/201/old", Reason: "r", Expires: "2026-04-30", Intermittent: true},
		{ID: "steady/201/fixed", Reason: "r", Expires: "2999-12-31"},
		{ID: "steady/201/now-and-then", Reason: "r", Expires: "2999-12-31", Intermittent: true},
		{ID: "steady/201/left-out", Reason: "r", Expires: "2999-12-31"},
		{ID: "steady/201/undecided", Reason: "r", Expires: "2999-12-31"},
	}
	r := &conformance.Result{Checks: []conformance.CheckResult{
		check("racy/201/a", conformance.Pass, false), check("racy/201/b", conformance.Pass, false), check("racy/201/old", conformance.Pass, false),
		check("racy/201/c", conformance.Fail, true), check("racy/201/d", conformance.Fail, false), check("racy/201/e", conformance.Warn, true),
		check("steady/201/fixed", conformance.Pass, false), check("steady/201/now-and-then", conformance.Pass, false), check("steady/201/undecided", conformance.Skip, false),
	}}
	for i, c := range r.Checks {
		r.Checks[i].Known = c.ID == "racy/201/b" || c.ID == "steady/201/fixed" // of which the run said that they pass
	}
	got := ""
	for _, k := range conformance.UpdateKnown(known, r, now) {
		got += fmt.Sprintln(k.ID, k.Intermittent, k.Expires)
	}
	const want = `racy/201/b true 2999-12-31
racy/201/a true 2999-12-31
steady/201/now-and-then true 2999-12-31
steady/201/left-out false 2999-12-31
steady/201/undecided false 2999-12-31
racy/201/c true 2026-05-31
racy/201/d false 2026-05-31
`
	if got != want {
		t.Errorf("got\n%s", got)
	}
}

// faulty is a mock with a defect.
func faulty(t *testing.T, name string) *mocktest.Server {
	t.Helper()
	d, err := defect.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return mocktest.NewServer(t, mocktest.WithWrapper(d.Wrap))
}

// Which checks meet a race is chance; a file that is up to date excuses them
// in any run.
func TestKnownRacesNeverFail(t *testing.T) {
	t.Parallel()
	for name, runs := range map[string]int{"race-two-ids": 8, "race-500": 3, "every-7th-500": 3, "every-7th-400-as-422": 3} {
		if testing.Short() && name != "race-two-ids" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() {
				runs = 1
			}
			cfg := configFor(faulty(t, name))
			cfg.RunID, cfg.Seed = "", 0
			for range 3 {
				r := judge(t, cfg)
				var text bytes.Buffer
				if err := conformance.WriteKnown(&text, conformance.UpdateKnown(cfg.Known, r, time.Now())); err != nil {
					t.Fatal(err)
				}
				cfg.Known = readKnown(t, text.String())
			}
			if !slices.ContainsFunc(cfg.Known, func(k conformance.Known) bool { return k.Intermittent }) {
				t.Fatal("no failure is known to be intermittent")
			}
			for i := range runs {
				if r := judge(t, cfg); r.ExitCode != conformance.ExitConforms || r.Summary.Known == 0 {
					t.Errorf("run %d: exit code %d, %d known, %s\n%s", i+1, r.ExitCode, r.Summary.Known, r.Reason, strings.Join(unexcused(r), "\n"))
				}
			}
			// A steady failure beside it is not excused.
			d, err := defect.Find("echo-lower-cased")
			if err != nil {
				t.Fatal(err)
			}
			race, err := defect.Find(name)
			if err != nil {
				t.Fatal(err)
			}
			s := mocktest.NewServer(t, mocktest.WithWrapper(func(h http.Handler) http.Handler { return race.Wrap(d.Wrap(h)) }))
			cfg.Target, cfg.Keys = s.URL, conformance.Keys{Key: s.APIKey, Other: s.OtherAPIKey, Disabled: s.DisabledAPIKey}
			if r := judge(t, cfg); r.ExitCode != conformance.ExitViolates || !strings.Contains(strings.Join(unexcused(r), "\n"), "/201/echo-") {
				t.Errorf("a steady failure beside it: exit code %d\n%s", r.ExitCode, strings.Join(unexcused(r), "\n"))
			}
		})
	}
}

func unexcused(r *conformance.Result) []string {
	var out []string
	for _, c := range r.Checks {
		if c.Outcome == conformance.Fail && !c.Known {
			out = append(out, fmt.Sprintf("%s (%d of %d): %s", c.ID, c.Failed, c.Tried, c.Actual))
		}
	}
	return out
}

// A server without faults owes nothing to chance.
func TestKnownSteadyFailuresAreSteady(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"echo-lower-cased", "400-as-422", "id-folds-case"} {
		if testing.Short() && name != "400-as-422" {
			continue
		}
		cfg := configFor(faulty(t, name))
		cfg.Skip = []string{"201/simultaneous"}
		for _, c := range judge(t, cfg).Checks {
			if c.Intermittent {
				t.Errorf("%s: %s is called intermittent (%d of %d)", name, c.ID, c.Failed, c.Tried)
			}
		}
	}
}

// An intermittent known failure may pass, one that is not must fail.
func TestKnownIntermittentMayPass(t *testing.T) {
	cfg := configFor(mocktest.NewServer(t))
	cfg.Run = []string{"401/missing-key"}
	id := judge(t, cfg).Checks[1].ID
	for _, intermittent := range []bool{true, false} {
		cfg.Known = []conformance.Known{{ID: id, Reason: "a race", Expires: "2999-12-31", Intermittent: intermittent}}
		r := judge(t, cfg)
		if want := map[bool]int{true: 0, false: 1}[intermittent]; r.ExitCode != want || r.Verdict != conformance.Conforms || r.Summary.Known != 0 {
			t.Errorf("intermittent %t: exit code %d, %s, %d known, %s", intermittent, r.ExitCode, r.Verdict, r.Summary.Known, r.Reason)
		}
	}
}

// The run is made however old the excuse is; the last week of one is announced.
func TestKnownFailuresExpire(t *testing.T) {
	cfg := configFor(faulty(t, "missing-key-403"))
	cfg.Run = []string{"401/missing-key"}
	for days, want := range map[int]struct {
		exit     int
		expiring int
		reason   string
	}{
		-1: {1, 1, "the excuse expired on %s: later (owner Ann, ticket 17)"},
		0:  {0, 1, "known until %s: later (owner Ann, ticket 17)"},
		7:  {0, 1, "known until %s"}, 8: {0, 0, "known until %s"},
	} {
		day := time.Now().AddDate(0, 0, days).Format(time.DateOnly)
		cfg.Known = readKnown(t, fmt.Sprintf(`{"known": [{"id": "401/missing-key", "owner": "Ann", "ticket": 17, "note": ["x"], "reason": "later", "expires": %q}]}`, day))
		r := judge(t, cfg)
		i := slices.IndexFunc(r.Checks, func(c conformance.CheckResult) bool { return c.Outcome == conformance.Fail })
		if i < 0 || r.ExitCode != want.exit || len(r.Expiring) != want.expiring || !strings.Contains(r.Checks[i].Reason, fmt.Sprintf(want.reason, day)) {
			t.Errorf("expires in %d days: exit code %d, expiring %q, %+v", days, r.ExitCode, r.Expiring, r.Checks)
		}
		for _, soon := range r.Expiring {
			when := fmt.Sprintf("expires on %s (days left: %d)", day, days)
			if days < 0 {
				when = "expired on " + day
			}
			if !strings.Contains(soon, "the excuse for 401/missing-key "+when+": later (owner Ann, ticket 17)") {
				t.Errorf("expires in %d days: %s", days, soon)
			}
		}
	}
}

func TestHostsOfTheContractInAnySpelling(t *testing.T) {
	t.Parallel()
	embedded, err := spec.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for server, targets := range map[string][]string{
		"https://auth.nox.energy/v2": {
			"https://AUTH.nox.energy/v2", "https://auth.nox.energy./v2", "https://auth.nox.energy:443/v2", "https://auth.NOX.energy.:443", "http://auth.nox.energy/other",
			"http://auth.nox.energy:80", "https://ａuth.nox.energy/v2", "https://auth。nox。energy/v2",
		},
		"https://auth.bücher.example/v2":        {"https://auth.xn--bcher-kva.example/v2", "https://AUTH.XN--BCHER-KVA.example./v2", "https://auth.BÜCHER.example", "https://auth.bu\u0308cher.example"},
		"https://auth.xn--bcher-kva.example/v2": {"https://auth.bücher.example/v2"},
		"https://[2001:db8::1]/v2":              {"https://[2001:DB8:0:0::1]/v2", "https://[2001:0db8::0001]:443/v2", "https://[2001:db8::1]:8443"},
		"https://192.0.2.7/v2":                  {"https://[::ffff:192.0.2.7]/v2", "https://192.0.2.7:443"},
		"https://internal_host.example/v2":      {"https://INTERNAL_HOST.example./v2"},
	} {
		doc, err := spec.Parse("contract.yaml", []byte(strings.Replace(string(embedded.Bytes()), "https://auth.nox.energy/v2", server, 1)))
		if err != nil {
			t.Fatal(err)
		}
		cfg := conformance.Config{Contract: doc, Keys: conformance.Keys{Key: "a-key-of-nobody"}}
		for _, target := range append(targets, server) {
			cfg.Target = target
			if _, err := runner.New(cfg); err == nil || !strings.Contains(err.Error(), "--profile production") {
				t.Errorf("%s, served at %s: %v", target, server, err)
			}
		}
		for _, target := range []string{"https://staging.auth.nox.energy/v2", "https://nox.energy", "https://auth.nox.energy.example/v2", "https://[2001:db8::2]/v2", "http://127.0.0.1:4010/v2"} {
			cfg.Target = target
			if _, err := runner.New(cfg); err != nil {
				t.Errorf("%s, served at %s: %v", target, server, err)
			}
		}
	}
}

// bodyTexts lists the strings in a body, under whatever name; a body that is
// not JSON is one string.
func bodyTexts(body []byte) []string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		if bytes.HasPrefix(body, []byte{0xff, 0xfe}) {
			var units []uint16
			for i := 2; i+1 < len(body); i += 2 {
				units = append(units, uint16(body[i])|uint16(body[i+1])<<8)
			}
			return []string{string(utf16.Decode(units))}
		}
		return []string{string(body)}
	}
	var out []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			out = append(out, v)
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(v)
	return out
}

// Whoever is created by what a careless target takes can be recognised.
func TestBodiesCarryThePrefix(t *testing.T) {
	t.Parallel()
	words := []string{ // that mean something only as they are
		"__proto__", "null", "true", "false", "undefined", "NaN", "12e5", "1.50", "0x1F", "+15", "2024-02-29T10:00:00.000+01:00", "x", "", "   ",
	}
	// What the contract gives; what names a user in no way that a target could take;
	// numbers, UUIDs and Base64 that are made from the prefix.
	ownExample := regexp.MustCompile(`/201/(example|resolve-later)$|/400/(json-kinds|user_id-more-types)$|/201/(other-manufacturer|create-numbers|create-uuid|echo-text-like)$`)
	digits := regexp.MustCompile(`^[0-9A-F-]{20,}$`) // made from the prefix
	for _, p := range []conformance.Profile{conformance.Full, conformance.Production} {
		r, err := runner.New(conformance.Config{
			Target: "https://staging.example.com/v2", Profile: p, RunID: "Prefix", NoForeignIDs: true,
			Keys: conformance.Keys{Key: "first-secret-key", Other: "second-secret-key", Disabled: "third-secret-key"},
		})
		if err != nil {
			t.Fatal(err)
		}
		plan := slices.Collect(r.DryRun(t.Context()))
		if len(plan) < 40 {
			t.Fatalf("%s: %d requests", p, len(plan))
		}
		for _, x := range plan {
			body, err := bodyOf(x.Request)
			if err != nil {
				t.Fatal(err)
			}
			texts := bodyTexts(body)
			if len(texts) == 0 || strings.Trim(string(body), "{ \r\n\t") == "" {
				continue // nothing that could name a user
			}
			marked := slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(strings.ToLower(text), "ox-conformance-prefix-") })
			exempt := p == conformance.Full && (slices.Contains(words, texts[0]) || ownExample.MatchString(x.Check) || digits.MatchString(texts[0]))
			if !marked && !exempt {
				t.Errorf("%s: %s sends %q without the prefix", p, x.Check, texts)
			}
		}
	}
}

// bodyOf is the body of a request as sent.
func bodyOf(r conformance.Request) ([]byte, error) {
	if r.Base64 {
		return base64.StdEncoding.DecodeString(r.Body)
	}
	return []byte(r.Body), nil
}

// Whoever may have been created is listed, with the manufacturer whose key was
// sent.
func TestUsersOfTheRunAreListed(t *testing.T) {
	cfg := configFor(mocktest.NewServer(t))
	cfg.Profile, cfg.Rate, cfg.Provoke = conformance.Production, 1e6, nil
	r := judge(t, cfg)
	listed := map[string]int{}
	for _, u := range r.Users {
		listed[u.Manufacturer]++
		if !strings.Contains(u.Name, "nox-conformance-test-") || u.ID == "" || u.Uncertain || u.Check == "" {
			t.Errorf("%+v", u)
		}
	}
	if listed["the key"] < 2 || listed["the other manufacturer's key"] != 1 || len(listed) != 2 || len(r.Users) > 5 {
		t.Errorf("listed: %v", r.Users)
	}
}

// The list is that of the server, whatever it takes and whether it answers.
func TestUsersOfACarelessTargetAreListed(t *testing.T) {
	t.Parallel()
	for i, name := range []string{"number-accepted", "missing-as-undefined", "array-accepted", "every-7th-wrong-key-accepted", "every-7th-cut-short"} {
		if testing.Short() && i > 0 {
			break
		}
		var mu sync.Mutex
		created := map[string]bool{}
		d, err := defect.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		s := mocktest.NewServer(t, mocktest.WithWrapper(func(next http.Handler) http.Handler {
			return d.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := httptest.NewRecorder()
				next.ServeHTTP(rec, r)
				var body struct {
					User string `json:"manufacturer_user_id"`
				}
				if rec.Code == http.StatusCreated && json.Unmarshal(rec.Body.Bytes(), &body) == nil {
					mu.Lock()
					created[body.User] = true
					mu.Unlock()
				}
				for k, v := range rec.Header() {
					w.Header()[k] = v
				}
				w.WriteHeader(rec.Code)
				_, _ = w.Write(rec.Body.Bytes())
			}))
		}))
		for _, u := range judge(t, configFor(s)).Users {
			delete(created, u.Name)
		}
		for user := range created {
			if strings.ContainsRune(user, utf8.RuneError) || strings.ContainsAny(user, "[") { // half a surrogate pair; markup of a redacted text
				continue
			}
			t.Errorf("%s: the user %q is not listed", name, user)
		}
	}
}

// What a careless server creates under the production profile can be recognised.
func TestProductionProfileMarksTheUsersOfACarelessTarget(t *testing.T) {
	for name, creates := range map[string]bool{"array-accepted": true, "array-joined": true, "unclosed-accepted": false, "extra-brace-accepted": false} {
		cfg := configFor(faulty(t, name))
		cfg.Profile, cfg.Rate, cfg.Provoke = conformance.Production, 1e6, nil
		r := judge(t, cfg)
		if creates && r.ExitCode != conformance.ExitViolates {
			t.Errorf("%s: exit code %d", name, r.ExitCode)
		}
		for _, u := range r.Users {
			if !strings.Contains(u.Name, "nox-conformance-test-") {
				t.Errorf("%s: %s creates %q", name, u.Check, u.Name)
			}
		}
	}
}

// A user whom a lost response was about may exist.
func TestUsersOfLostResponsesAreListed(t *testing.T) {
	s := around(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			if bytes.Contains(body, []byte("MiXed")) {
				panic(http.ErrAbortHandler)
			}
			next.ServeHTTP(w, r)
		})
	})
	cfg := configFor(s)
	cfg.Run = []string{"201/echo-case"}
	if !slices.ContainsFunc(judge(t, cfg).Users, func(u conformance.User) bool { return strings.HasPrefix(u.Name, "MiXed-") && u.Uncertain }) {
		t.Error("not listed")
	}
}

// No check that sends what a careless target may take is said to be harmless.
func TestProductionClassesAreHonest(t *testing.T) {
	t.Parallel()
	checks, err := runner.Catalogue(nil)
	if err != nil {
		t.Fatal(err)
	}
	classes := map[string]conformance.ProductionClass{}
	for _, c := range checks {
		classes[c.ID] = c.Production
	}
	cfg := conformance.Config{Target: "https://staging.example.com/v2", Keys: conformance.Keys{Key: "first-secret-key", Other: "second-secret-key", Disabled: "third-secret-key"}}
	r, err := runner.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for x := range r.DryRun(t.Context()) {
		if classes[x.Check] == conformance.Harmless {
			t.Errorf("%s is said to be harmless and sends %s %q", x.Check, x.Request.Method, x.Request.Body)
		}
	}
}

func TestPublishedContractIsACheck(t *testing.T) {
	embedded, err := spec.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	breaking := &spec.Drift{From: embedded.Edition(), To: embedded.Edition(), Breaks: true, Changes: []spec.Change{
		{Effect: spec.Breaks, Text: "removed the server"}, {Effect: spec.Harmless, Text: "added another"},
	}}
	const id = "createManufacturerDeviceConnection/http/published"
	for name, c := range map[string]struct {
		change func(*conformance.Config)
		exit   int
		want   conformance.Outcome // empty: not in the result
	}{
		"breaking":          {func(cfg *conformance.Config) { cfg.Published = breaking }, 1, conformance.Fail},
		"breaking, skipped": {func(cfg *conformance.Config) { cfg.Published, cfg.Skip = breaking, []string{"http/published"} }, 0, ""},
		"breaking, known": {func(cfg *conformance.Config) {
			cfg.Published, cfg.Known = breaking, []conformance.Known{{ID: id, Reason: "announced", Expires: "2999-12-31"}}
		}, 0, conformance.Fail},
		"the same":        {func(cfg *conformance.Config) { cfg.Published = &spec.Drift{} }, 0, conformance.Pass},
		"none":            {func(*conformance.Config) {}, 0, ""},
		"none, asked for": {func(cfg *conformance.Config) { cfg.Run = append(cfg.Run, "http/published") }, 0, conformance.Skip},
	} {
		cfg := configFor(mocktest.NewServer(t))
		cfg.Run = []string{"401/missing-key"}
		c.change(&cfg)
		r := judge(t, cfg)
		var got conformance.Outcome
		for _, each := range r.Checks {
			if each.ID == id {
				got = each.Outcome
				if got == conformance.Fail && (each.Actual != "removed the server" || each.Expected == "") {
					t.Errorf("%s: expected %q, actual %q", name, each.Expected, each.Actual)
				}
			}
		}
		if r.ExitCode != c.exit || got != c.want {
			t.Errorf("%s: exit code %d, outcome %q: %s", name, r.ExitCode, got, r.Reason)
		}
	}
	recorded, err := runner.JudgeHAR(t.Context(), conformance.Config{Published: breaking}, recordingOf(t, recordedEntry{}))
	if err != nil || recorded.ExitCode != 1 {
		t.Errorf("a recording: %v, %+v", err, recorded)
	}
}

// Where a firewall shuts the run out for users without its mark, few more of
// them are named.
func TestUsersWithoutTheMarkEndWithABlockPage(t *testing.T) {
	takesRuns(t)
	t.Parallel()
	var foreign, blocked atomic.Int64
	s := around(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			if blocked.Load() > 0 {
				if !strings.Contains(strings.ToLower(string(body)), "ox-conformance-test-") {
					foreign.Add(1)
				}
				w.Header().Set("Content-Type", "text/html")
				w.WriteHeader(http.StatusForbidden)
				io.WriteString(w, "<h1>Request blocked</h1>")
				return
			}
			if string(body) == `{"user_id":"NO"}` {
				blocked.Store(1)
			}
			next.ServeHTTP(w, r)
		})
	})
	all := 0
	r, err := runner.New(configFor(s))
	if err != nil {
		t.Fatal(err)
	}
	for x := range r.DryRun(t.Context()) {
		if strings.Contains(x.Check, "/echo-") && !strings.Contains(x.Request.Body, "onformance-test-") {
			all++
		}
	}
	judge(t, configFor(s))
	if got := int(foreign.Load()); blocked.Load() == 0 || all < 30 || got >= all-5 {
		t.Errorf("%d requests for users without the mark after the block page, of %d", got, all)
	}
}
