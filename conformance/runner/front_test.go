package runner_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/mock/mocktest"
)

// A firewall's page for what no user is called is worth a warning, whatever its
// status.
func TestFirewallPagesForAttacksWarn(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusBadRequest, http.StatusForbidden} {
		if testing.Short() && status != http.StatusForbidden {
			continue
		}
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			r := judge(t, configFor(around(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					body, err := io.ReadAll(r.Body)
					if err != nil {
						panic(http.ErrAbortHandler)
					}
					r.Body = io.NopCloser(bytes.NewReader(body))
					if !bytes.Contains(body, []byte("<b ")) {
						next.ServeHTTP(w, r)
						return
					}
					w.Header().Set("Content-Type", "text/html")
					w.WriteHeader(status)
					fmt.Fprint(w, "<html><title>Request Rejected</title></html>")
				})
			})))
			if bad := outcomes(r, conformance.Fail, conformance.Err); len(bad) > 0 || r.Summary.Warn == 0 {
				t.Errorf("%d warnings, and\n%s", r.Summary.Warn, strings.Join(bad, "\n"))
			}
		})
	}
}

// A second key that the target does not know is no fault of the target.
func TestARefusedSecondKeyDecidesNothing(t *testing.T) {
	cfg := configFor(mocktest.NewServer(t))
	cfg.Keys.Other = "a-key-of-another-target"
	if r := judge(t, cfg); r.ExitCode != conformance.ExitInconclusive || !strings.Contains(r.Reason, "NOX_OTHER_API_KEY") {
		t.Errorf("exit code %d: %s", r.ExitCode, r.Reason)
	}
}

// A cause names the status that its request was owed, not one that it got.
func TestCausesNameWhatARequestWasOwed(t *testing.T) {
	takesRuns(t)
	for _, name := range []string{"locked-out-with-401", "status-200"} {
		for _, c := range judge(t, broken(t, name)).Causes {
			if strings.HasPrefix(c.Summary, "401") && strings.Contains(c.Summary, "wants 401") || strings.HasPrefix(c.Summary, "200") && strings.Contains(c.Summary, "wants 400") {
				t.Errorf("%s: %s", name, c.Summary)
			}
		}
	}
}
