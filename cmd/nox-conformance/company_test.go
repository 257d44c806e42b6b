package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/mock/defect"
)

// TestNoCheckPassesForAnothersFailure judges each defect by all checks, then
// once more by those alone that had passed: with the others gone, none of them
// may fail or have nothing to judge. By itself it takes a few defects; with
// NOX_RUNS set, all of them.
func TestNoCheckPassesForAnothersFailure(t *testing.T) {
	if testing.Short() {
		t.Skip("many runs, whose code the tests of the runner go through")
	}
	all := slices.DeleteFunc(defect.Defects(), dependsOnOrder)
	if os.Getenv("NOX_RUNS") == "" {
		all = everyNth(all, someOf(40))
	}
	st := newSelfTest(t, true)
	inParallel(all, func(_ int, d defect.Deviation) {
		together := st.judgeBy(t.Context(), d, nil)
		if together.Problem != "" {
			t.Errorf("%s: %s", d.Name, together.Problem)
		}
		if len(together.passed) == 0 { // behind a gate that is shut
			return
		}
		alone, err := st.judge(t.Context(), together.passed, d)
		if err != nil {
			t.Errorf("%s: %v", d.Name, err)
			return
		}
		if others := notPassed(alone, together.passed); len(others) > 0 {
			t.Errorf("%s: passed beside [%s], and not without: %s", d.Name, strings.Join(together.Failed, " "), strings.Join(others, " "))
		}
	})
	t.Logf("%d defects", len(all))
}

// dependsOnOrder tells of defects that show on whichever request is the seventh,
// the one after another, or on one connection: which check they meet is chance.
func dependsOnOrder(d defect.Deviation) bool {
	return strings.HasPrefix(d.Name, "every-") || strings.HasPrefix(d.Name, "connection-") || strings.HasSuffix(d.Name, "-before") || slices.Contains([]string{"wears-out", "id-new-now-and-then"}, d.Name)
}

// notPassed are those of some checks that did not pass, with their outcome.
func notPassed(r *conformance.Result, ids []string) []string {
	outcome := map[string]conformance.Outcome{}
	for _, c := range r.Checks {
		outcome[c.ID] = c.Outcome
	}
	var out []string
	for _, id := range ids {
		if outcome[id] != conformance.Pass {
			out = append(out, id+" ("+string(outcome[id])+")")
		}
	}
	return out
}
