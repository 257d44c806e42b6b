// Package explore plays random sequences of requests against a model of what a
// target promises about users, and reduces a sequence that fails to the shortest
// that still does.
package explore

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"nox.energy/contract/conformance/internal/wire"
)

// Form is one way to write a request, with what its response must be.
type Form struct {
	Make  func(user string, other bool) *wire.Request // other: with the other manufacturer's key
	Judge func(*wire.Response) *Finding               // nil if the response is as it must be
}

// Finding is what is wrong with a response.
type Finding struct {
	Class            string // findings of one class are one fault
	Expected, Actual string
}

// Game is what an exploration needs to know of a target.
type Game struct {
	Valid    []Form // requests that are answered with the user's id; the first is the plainest
	Refused  []Form // requests that must be refused, and change nothing
	Identity func(*wire.Response) string
	Decides  func(*wire.Response) bool                               // whether a response says something of the target
	Send     func(context.Context, []*wire.Request) []*wire.Response // at one moment
	Name     func(unique string) string                              // of a user
	HasOther bool                                                    // a second manufacturer may ask as well
	Seed     uint64
	Workers  int // sequences that are played side by side
	Limits
}

// Limits bound an exploration; 0 stands for no bound.
type Limits struct {
	Time     time.Duration
	Requests int
	Users    int // created
}

// Report is what an exploration came to.
type Report struct {
	Judged  int            // responses
	Users   int            // created
	Gap     time.Duration  // the longest time after which a known user was asked for again
	Between int            // the most users that were created in the meantime
	Problem *Problem       // nil if all was as it must be
	Ended   *wire.Response // what ended the exploration before its time, nil if nothing did
}

// Problem is a fault, with a sequence of requests that shows it.
type Problem struct {
	Finding
	Script []*wire.Response // the shortest sequence found that fails, the response at fault last
	Note   string           // what of the sequence the script does not show: pauses, a crowd of other users
	Failed int              // how often it failed …
	Played int              // … of so many times
}

// step is a part of a sequence.
type step struct {
	kind  kind
	user  int // number within the sequence
	other bool
	form  int
	times int           // of ask: how many at one moment; of newcomers: how many in turn
	pause time.Duration // before it
}

type kind int

const (
	ask       kind = iota // a valid request
	refuse                // one that must be refused
	newcomers             // valid requests for users that nobody had before
)

// historySize is how many steps are remembered for a sequence to be reduced.
const historySize = 512

// explorer is one exploration under way.
type explorer struct {
	Game
	unique  atomic.Int64 // numbers the users
	created atomic.Int64
	judged  atomic.Int64
	owners  *owners
	until   time.Time

	mu      sync.Mutex
	found   *failure
	report  Report
	stopped atomic.Bool
}

// failure is a finding, and the worker that made it.
type failure struct {
	Finding
	worker   *worker
	evidence []*wire.Response
	step     step
	first    time.Duration // since the user was first asked for
	between  int           // users created since then
	rival    int           // the number of the user who has the same id, -1 for none
}

// Explore plays until a limit is reached, the context ends or a response is wrong.
func (g Game) Explore(ctx context.Context) Report {
	e := &explorer{Game: g, owners: newOwners()}
	began := time.Now()
	if g.Time > 0 {
		e.until = began.Add(g.Time)
	}
	workers := max(1, g.Workers)
	var wg sync.WaitGroup
	for i := range workers {
		w := newWorker(e, i)
		if g.Requests > 0 {
			w.budget = g.Requests / workers
			if i < g.Requests%workers {
				w.budget++
			}
		}
		wg.Go(func() { w.play(ctx) })
	}
	wg.Wait()
	e.report.Judged, e.report.Users = int(e.judged.Load()), int(e.created.Load())
	if e.found != nil {
		e.report.Problem = e.reduce(ctx, e.found)
		e.report.Users = int(e.created.Load())
	}
	return e.report
}

// Detectable returns N for which a fault of one response in N shows among so many
// responses with a probability of 95 %.
func Detectable(responses int) int {
	return max(1, int(float64(responses)/-math.Log(1-0.95)))
}

// worker plays one sequence about users of its own.
type worker struct {
	*explorer
	random  *rand.Rand
	number  int
	budget  int // requests that it may send; 0: any number
	sent    int
	model   *model
	history []step
}

func newWorker(e *explorer, number int) *worker {
	return &worker{explorer: e, number: number, random: rand.New(rand.NewPCG(e.Seed, uint64(number))), model: newModel(e, e.owners)}
}

// final is the share of a worker's budget or time that goes to the users who were
// not asked for the longest.
const final = 0.05

func (w *worker) play(ctx context.Context) {
	last := time.Now()
	for !w.over(ctx, 1-final) {
		s := w.next()
		now := time.Now()
		s.pause, last = now.Sub(last), now
		if !w.take(ctx, s) {
			return
		}
	}
	for _, u := range w.model.longestUnasked(50) {
		if w.over(ctx, 1) || !w.take(ctx, step{kind: ask, user: u.number, other: u.other, times: 1}) {
			return
		}
	}
}

// over reports whether a share of what the worker may do is done.
func (w *worker) over(ctx context.Context, share float64) bool {
	switch {
	case ctx.Err() != nil, w.stopped.Load():
		return true
	case w.budget > 0 && float64(w.sent) >= share*float64(w.budget):
		return true
	case w.until.IsZero():
		return false
	}
	return time.Until(w.until) <= time.Duration((1-share)*float64(w.Time))
}

// take plays a step and remembers it. It reports whether to go on.
func (w *worker) take(ctx context.Context, s step) bool {
	if w.history = append(w.history, s); len(w.history) > 2*historySize {
		w.history = append(w.history[:0], w.history[len(w.history)-historySize:]...)
	}
	outcome := w.model.perform(ctx, s)
	w.sent += outcome.sent
	w.mu.Lock()
	defer w.mu.Unlock()
	w.report.Gap, w.report.Between = max(w.report.Gap, outcome.gap), max(w.report.Between, outcome.between)
	switch {
	case outcome.ended != nil:
		if w.report.Ended == nil {
			w.report.Ended = outcome.ended
		}
		w.stopped.Store(true)
	case outcome.failure != nil:
		if w.found == nil {
			w.found = outcome.failure
			w.found.worker = w
		}
		w.stopped.Store(true)
	}
	return !w.stopped.Load()
}

// next draws a step.
func (w *worker) next() step {
	r, known := w.random, w.model.count()
	s := step{kind: ask, times: 1, other: w.HasOther && r.IntN(4) == 0}
	if len(w.Refused) > 0 && r.IntN(100) < 15 {
		s.kind, s.form, s.user = refuse, r.IntN(len(w.Refused)), -1
		if known > 0 && r.IntN(4) > 0 { // about somebody whom it must not change
			s.user = max(0, known-1-r.IntN(min(known, 16)))
		}
		return s
	}
	if r.IntN(100) < 40 {
		s.form = r.IntN(len(w.Valid))
	}
	chance := r.IntN(100)
	if chance < 8 {
		s.times = 2 + r.IntN(4)
	}
	mayCreate := w.Users == 0 || w.created.Load() < int64(w.Users)
	switch {
	case known == 0, mayCreate && chance%2 == 0 && r.IntN(100) < 60:
		s.user = known
	case r.IntN(100) < 40: // one of the last
		s.user = max(0, known-1-r.IntN(8))
	case r.IntN(100) < 30: // one of the first
		s.user = r.IntN(min(known, 8))
	default:
		s.user = r.IntN(known)
	}
	return s
}

// suffixes vary the names of users: what clients call theirs.
func suffix(number int) string {
	return []string{"", "É", "@Example.COM", "+tag", "-漢字", " space"}[number%6]
}

// newName makes the name of a user that nobody had before, in the form that the
// number stands for.
func (e *explorer) newName(number int) string {
	return e.Name(strconv.FormatInt(e.unique.Add(1), 36) + suffix(number))
}
