package main

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/mock/defect"
)

// TestNoCheckPassesForAnothersFailure judges each defect by all checks, then
// once more by those alone that had passed: with the others gone, none of them
// may fail or have nothing to judge. By itself it takes a few defects; with
// NOX_RUNS set, all of them.
func TestNoCheckPassesForAnothersFailure(t *testing.T) {
	all := slices.DeleteFunc(defect.Defects(), goesByOrder)
	if os.Getenv("NOX_RUNS") == "" {
		all = everyNth(all, someOf(40))
	}
	st := newSelfTest(t, true)
	slots := make(chan struct{}, selfTestParallel)
	var wg sync.WaitGroup
	for _, d := range all {
		slots <- struct{}{}
		wg.Add(1)
		go func() {
			defer func() { <-slots; wg.Done() }()
			together := st.tryBy(t.Context(), d, nil)
			alone, err := st.judge(t.Context(), together.passed, d)
			if err != nil {
				t.Errorf("%s: %v", d.Name, err)
				return
			}
			if failed := failedAmong(alone, together.passed); len(failed) > 0 {
				t.Errorf("%s: passed beside [%s], and failed without: %s", d.Name, strings.Join(together.Failed, " "), strings.Join(failed, " "))
			}
		}()
	}
	wg.Wait()
}

// goesByOrder tells of defects that show on whichever request is the seventh,
// or the one after another: which check they meet is chance.
func goesByOrder(d defect.Deviation) bool {
	return strings.HasPrefix(d.Name, "every-") || strings.HasSuffix(d.Name, "-before") || slices.Contains([]string{"wears-out", "id-new-now-and-then"}, d.Name)
}

// failedAmong are those of some checks that did not pass: one that failed, and
// one that says that it passed but did not run.
func failedAmong(r *conformance.Result, ids []string) []string {
	outcome := map[string]conformance.Outcome{}
	for _, c := range r.Checks {
		outcome[c.ID] = c.Outcome
	}
	var failed []string
	for _, id := range ids {
		if outcome[id] != conformance.Pass {
			failed = append(failed, id+" ("+string(outcome[id])+")")
		}
	}
	return failed
}
