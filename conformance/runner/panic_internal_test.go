package runner

import (
	"context"
	"slices"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/mock/mocktest"
)

// TestPanicIsAnErrorOfItsCheck lets checks break down. The run goes
// on, and says which checks it could not perform and where it failed.
func TestPanicIsAnErrorOfItsCheck(t *testing.T) {
	t.Parallel()
	server := mocktest.NewServer(t)
	r, err := New(conformance.Config{Target: server.URL, Keys: conformance.Keys{Key: server.APIKey}, Run: []string{"201/minimal", "201/repeat", "201/json", "401/missing-key"}})
	if err != nil {
		t.Fatal(err)
	}
	byName := func(name string) *trial.Check {
		return r.checks[slices.IndexFunc(r.checks, func(c *trial.Check) bool { return strings.HasSuffix(c.ID, name) })]
	}
	byName("/repeat").Run = func(*trial.Trial) { panic("an experiment") }
	byName("/json").JudgeRun = func(*trial.Session) trial.Verdict { panic("a judgement") }
	result := r.Run(context.Background())
	for _, c := range result.Checks {
		broken := strings.HasSuffix(c.ID, "/repeat") || strings.HasSuffix(c.ID, "201/json")
		switch {
		case !broken && c.Outcome != conformance.Pass:
			t.Errorf("%s: %s %s", c.ID, c.Outcome, c.Reason)
		case broken && (c.Outcome != conformance.Err || !strings.Contains(c.Stack, "panic") || !strings.Contains(c.Reason, "nox-conformance itself failed")):
			t.Errorf("%s: %s %q, at %q", c.ID, c.Outcome, c.Reason, c.Stack)
		}
	}
	if result.ExitCode != conformance.ExitInconclusive {
		t.Errorf("exit code %d: %s", result.ExitCode, result.Reason)
	}
}
