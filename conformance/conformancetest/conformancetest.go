// Package conformancetest judges a server within the Go tests of whoever makes
// it: each check of the contract is a subtest.
//
//	func TestContract(t *testing.T) {
//		server := httptest.NewServer(myapi.New(…))
//		defer server.Close()
//		conformancetest.Run(t, conformance.Config{
//			Target: server.URL + "/v2",
//			Keys:   conformance.Keys{Key: "…"},
//		})
//	}
//
// The subtests are named by the ids of the checks, so that one of them is run
// with
//
//	go test -run 'TestContract/.*/401/missing-key'
//
// which chooses what is told, not what is sent: the Run and Skip patterns of
// the configuration do that.
package conformancetest

import (
	"context"
	"testing"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
	"nox.energy/contract/conformance/runner"
)

// Run judges the target of cfg and tells each check as a subtest of t:
//
//   - One that failed fails, with the clause, its line and words, what was
//     expected, what came, the exchange and a curl line that sends it again.
//   - A warning is logged with the same facts; see it with go test -v. Under
//     cfg.Strict it is a failure.
//   - One that was not tried, and a known failure, is skipped with the reason.
//   - One whose experiment broke fails where it counts, level must or
//     cfg.Strict, as the target did not get its say; else it is skipped.
//
// t itself fails where no single check says why: nothing was judged, a status
// of cfg.Require was not exercised, a known failure passed. It stops with
// [testing.T.Fatal] at a configuration that cannot be run.
//
// The run ends before the tests time out, so that what is known by then is
// told. The result that is returned holds no key and can be written by the
// functions of package [nox.energy/contract/conformance/report].
func Run(t *testing.T, cfg conformance.Config) *conformance.Result {
	t.Helper()
	judging, err := runner.New(cfg)
	if err != nil {
		t.Fatalf("conformancetest: %v", err)
	}
	ctx, cancel := withinDeadline(t)
	defer cancel()
	result := judging.Run(ctx)
	for i := range result.Checks {
		c := &result.Checks[i]
		t.Run(c.ID, func(t *testing.T) { tell(t, result, c, cfg.Strict) })
	}
	for _, why := range unexplained(result) {
		t.Error(why)
	}
	return result
}

// withinDeadline keeps a twentieth of the time that the tests have left to
// tell what came out.
func withinDeadline(t *testing.T) (context.Context, context.CancelFunc) {
	deadline, limited := t.Deadline()
	if !limited {
		return context.WithCancel(t.Context())
	}
	return context.WithDeadline(t.Context(), deadline.Add(-time.Until(deadline)/20))
}

// tell makes the outcome of a check that of a test.
func tell(t *testing.T, r *conformance.Result, c *conformance.CheckResult, strict bool) {
	counts := c.Level == conformance.Must || strict
	switch {
	case c.Outcome == conformance.Pass: // also a known failure, which Run tells
	case c.Known:
		t.Skipf("not counted\n%s", report.Facts(r, c))
	case c.Outcome == conformance.Fail:
		t.Errorf("%s\n%s", c.Level, report.Facts(r, c))
	case c.Outcome == conformance.Warn:
		t.Logf("warning\n%s", report.Facts(r, c))
	case c.Outcome == conformance.Skip:
		t.Skip(c.Reason)
	case counts:
		t.Errorf("undecided: the check could not run\n%s", report.Facts(r, c))
	default:
		t.Skipf("undecided: the check could not run\n%s", report.Facts(r, c))
	}
}

// unexplained lists what fails a run beside its checks.
func unexplained(r *conformance.Result) []string {
	if len(r.Problems) > 0 {
		return r.Problems
	}
	if r.ExitCode != conformance.ExitConforms && r.Reason != "" {
		return []string{string(r.Verdict) + ": " + r.Reason}
	}
	return nil
}
