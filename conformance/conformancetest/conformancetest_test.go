package conformancetest_test

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/conformancetest"
	"nox.energy/contract/mock/defect"
	"nox.energy/contract/mock/mocktest"
)

const operation = "createManufacturerDeviceConnection"

func configFor(s *mocktest.Server) conformance.Config {
	return conformance.Config{
		Target: s.URL,
		Keys:   conformance.Keys{Key: s.APIKey, Other: s.OtherAPIKey, Disabled: s.DisabledAPIKey},
		RunID:  "test", Seed: 1,
	}
}

func TestSoundServer(t *testing.T) {
	cfg := configFor(mocktest.NewServer(t))
	cfg.Provoke = []conformance.Provocation{{Status: "500", Header: "Prefer: code=500"}}
	cfg.Require = []string{"201", "400", "401", "500"}
	cfg.Skip = []string{"http/tls-*"} // which say nothing of a server by plain HTTP
	r := conformancetest.Run(t, cfg)
	if r.Verdict != conformance.Conforms || r.Summary.Pass != len(r.Checks) {
		t.Errorf("%s with %+v of %d checks", r.Verdict, r.Summary, len(r.Checks))
	}
}

// forbids answers 403 where 401 is documented, without WWW-Authenticate, and a
// text with an escape sequence in its body.
func forbids(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("x-api-key") == "" {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte("{\"error\":\"no \x1b[31m::error:: key\"}"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// The tests below fail or skip by themselves. They run in a process of their
// own, which TestOutcomes starts.
const child = "CONFORMANCETEST_CHILD"

func inChild(t *testing.T) {
	if os.Getenv(child) == "" {
		t.Skip("started by TestOutcomes")
	}
}

func TestChildForbids(t *testing.T) {
	inChild(t)
	cfg := configFor(mocktest.NewServer(t, mocktest.WithWrapper(forbids)))
	cfg.Run = []string{"401/missing-key", "401/unknown-key", "500/provoked"}
	conformancetest.Run(t, cfg)
}

func TestChildWarns(t *testing.T) {
	inChild(t)
	cfg := configFor(cached(t))
	cfg.Run = []string{"201/minimal", "201/no-shared-cache"}
	conformancetest.Run(t, cfg)
}

func TestChildStrict(t *testing.T) {
	inChild(t)
	cfg := configFor(cached(t))
	cfg.Run, cfg.Strict = []string{"201/minimal", "201/no-shared-cache"}, true
	conformancetest.Run(t, cfg)
}

// cached is a mock whose 201 may be kept by anybody for a day.
func cached(t *testing.T) *mocktest.Server {
	d, err := defect.Find("id-cacheable")
	if err != nil {
		t.Fatal(err)
	}
	return mocktest.NewServer(t, mocktest.WithWrapper(d.Wrap))
}

func TestChildKnown(t *testing.T) {
	inChild(t)
	cfg := configFor(mocktest.NewServer(t, mocktest.WithWrapper(forbids)))
	cfg.Run = []string{"401/missing-key", "401/unknown-key"}
	cfg.Known = []conformance.Known{
		{ID: operation + "/401/missing-key", Reason: "mended in the next release", Expires: "2999-12-31"},
		{ID: operation + "/401/unknown-key", Reason: "mended in the next release", Expires: "2999-12-31"},
	}
	conformancetest.Run(t, cfg)
}

func TestChildRequires(t *testing.T) {
	inChild(t)
	cfg := configFor(mocktest.NewServer(t))
	cfg.Run, cfg.Require = []string{"401/missing-key"}, []string{"500"}
	conformancetest.Run(t, cfg)
}

func TestChildUnreachable(t *testing.T) {
	inChild(t)
	s := mocktest.NewServer(t)
	s.Close()
	cfg := configFor(s)
	cfg.Run = []string{"401/missing-key"}
	conformancetest.Run(t, cfg)
}

func TestChildWithoutTarget(t *testing.T) {
	inChild(t)
	conformancetest.Run(t, conformance.Config{})
}

func TestOutcomes(t *testing.T) {
	for name, want := range map[string]struct {
		fails bool
		lines []string // that stand in the output
		not   []string // that do not
	}{
		"TestChildForbids": {true, []string{
			"--- FAIL: TestChildForbids/" + operation + "/401/missing-key",
			"--- PASS: TestChildForbids/" + operation + "/401/unknown-key",
			"--- SKIP: TestChildForbids/" + operation + "/500/provoked",
			"not exercised: no ordinary request causes a 500",
			"clause    create-manufacturer-device-connection.md:",
			"Missing or invalid API key, or manufacturer not enabled.",
			"expected  401", "actual    403 Forbidden",
			"repeat    curl -sS -i ", `\x1b[31m`,
		}, []string{"\x1b"}},
		"TestChildWarns": {false, []string{
			"--- PASS: TestChildWarns/" + operation + "/201/no-shared-cache",
			"warning\n", "actual    Cache-Control: public, max-age=86400",
		}, nil},
		"TestChildStrict": {true, []string{"--- FAIL: TestChildStrict/" + operation + "/201/no-shared-cache"}, nil},
		"TestChildKnown": {true, []string{
			"--- SKIP: TestChildKnown/" + operation + "/401/missing-key", "known until 2999-12-31: mended in the next release",
			"--- PASS: TestChildKnown/" + operation + "/401/unknown-key", "/401/unknown-key passes now: remove it from the list",
		}, nil},
		"TestChildRequires": {true, []string{
			"--- PASS: TestChildRequires/" + operation + "/401/missing-key",
			"violates: required but not exercised: " + operation + " 500",
		}, nil},
		"TestChildUnreachable": {true, []string{
			"--- FAIL: TestChildUnreachable/" + operation + "/201/minimal", "undecided: the check could not run",
			"inconclusive: ", "connection refused",
		}, nil},
		"TestChildWithoutTarget": {true, []string{"conformancetest: no target: pass its base URL"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, fails := runChild(t, name)
			if fails != want.fails {
				t.Errorf("it fails: %v", fails)
			}
			for _, l := range want.lines {
				if !strings.Contains(out, l) {
					t.Errorf("no %q", l)
				}
			}
			for _, l := range append(want.not, mocktestKeys(t)...) {
				if strings.Contains(out, l) {
					t.Errorf("there is %q", l)
				}
			}
			if t.Failed() {
				t.Log(out)
			}
		})
	}
}

func mocktestKeys(t *testing.T) []string {
	s := mocktest.NewServer(t)
	return []string{s.APIKey, s.OtherAPIKey, s.DisabledAPIKey}
}

// runChild runs one test of this package in a process of its own.
func runChild(t *testing.T, name string) (output string, fails bool) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.v", "-test.run", "^"+name+"$")
	cmd.Env = append(os.Environ(), child+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), err != nil
}
