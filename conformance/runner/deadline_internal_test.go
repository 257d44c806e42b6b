package runner

import (
	"testing"

	"nox.energy/contract/conformance"
)

// What a run may take grows with what its rate and its wait need.
func TestTheDefaultDeadlineGrows(t *testing.T) {
	of := func(rate float64) *Runner {
		r, err := New(conformance.Config{Target: "http://127.0.0.1:1/v2", Keys: conformance.Keys{Key: "some-key"}, Rate: rate, Wait: plainDeadline})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	n := countRequests(of(1))
	for rate, want := range map[float64]float64{0: 0, 1e6: 0, 0.5: float64(n-1) * 2, 0.01: float64(n-1) * 100} {
		if got, least := of(rate).cfg.Deadline, max(plainDeadline, seconds(want)); got < least+plainDeadline || got > 3*least+plainDeadline {
			t.Errorf("at %g a second: %s for %d requests", rate, got, n)
		}
	}
}
