package runner

import (
	"sync"
	"time"

	"nox.energy/contract/conformance"
)

// progressEvery is how often the progress of a run is told between two checks.
const progressEvery = 200 * time.Millisecond

// tell tells how far the run has come. The run is locked.
func (r *run) tell() {
	if r.Config.Progress == nil {
		return
	}
	now := conformance.Progress{Done: r.done, Total: len(r.checks), Requests: int(r.Client.SentCount.Load()), Failed: r.failed}
	if wait, asked := r.Client.Pauses.Remaining(); wait > 0 {
		now.Waiting, now.WaitingFor = wait, r.Redactor.Redact(asked)
	}
	r.Config.Progress(now)
}

// tellInBetween tells it while requests are sent, or put off, and no check is
// finished, until it is stopped.
func (r *run) tellInBetween() (stop func()) {
	if r.Config.Progress == nil {
		return func() {}
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		last := int64(0)
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			now := r.Client.SentCount.Load()
			if wait, _ := r.Client.Pauses.Remaining(); now != last || wait > 0 {
				last = now
				r.mu.Lock()
				r.tell()
				r.mu.Unlock()
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}
