package runner

import (
	"context"
	"math"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/wire"
)

const (
	// plainDeadline is how long a run may take at most whose pace is the target's.
	plainDeadline = 10 * time.Minute
	// spare is how much longer than the requests take at the configured rate a
	// run may be: a failed check sends more of them.
	spare = 2
)

// setDeadline fits the deadline to the rate, and refuses one in which the
// requests of the run cannot all be sent.
func setDeadline(r *Runner) error {
	cfg, requests := &r.cfg, 0
	least := time.Duration(0)
	if cfg.Rate > 0 {
		requests = countRequests(r)
		least = seconds(float64(requests-1) / cfg.Rate) // the first one goes at once
	}
	switch {
	case cfg.Deadline <= 0:
		cfg.Deadline = max(plainDeadline, times(least, spare)) + cfg.Wait + times(cfg.Thorough.Time, spare)
	case least >= cfg.Deadline:
		return conformance.UsageErrorf("--deadline %s is too short: %d requests at --rate %g take %s; use --deadline %s or longer, --rate %g or higher, or select fewer checks with --run",
			cfg.Deadline, requests, cfg.Rate, wire.RoundDuration(least), times(least, spare).Truncate(time.Second)+time.Second, math.Ceil(spare*float64(requests)/cfg.Deadline.Seconds()))
	}
	return nil
}

// countRequests is how many requests a run sends to a target that keeps the
// contract.
func countRequests(r *Runner) int {
	plan := *r
	plan.cfg.Rate, plan.cfg.Progress = 0, nil
	plan.client = wire.NewClient(clientConfig(&plan.cfg), r.client.BaseURL)
	s := plan.session()
	s.Client.Simulate = newIdeal()
	newRun(s, plan.checks).perform(context.Background())
	return len(s.AllSeen()) + len(s.SeenElsewhere)
}

// seconds is a duration of so many seconds, or the longest there is.
func seconds(n float64) time.Duration {
	if n >= wire.Forever.Seconds() {
		return wire.Forever
	}
	return time.Duration(n * float64(time.Second))
}

func times(d time.Duration, n int) time.Duration { return seconds(float64(n) * d.Seconds()) }
