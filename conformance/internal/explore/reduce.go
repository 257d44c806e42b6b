package explore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nox.energy/contract/conformance/internal/wire"
)

const (
	// reduceRequests bounds what is sent to reduce a sequence.
	reduceRequests = 5000
	// reduceTime bounds how long that takes.
	reduceTime = 20 * time.Second
	// longestPause bounds the pause that is tried between two requests.
	longestPause = 10 * time.Second
	// replays is how often the sequence that is left is played to tell whether it
	// fails each time.
	replays = 3
)

// reducer replays sequences with new users.
type reducer struct {
	*explorer
	class string
	sent  int
	until time.Time
	last  outcome          // of the failing step
	shown []*wire.Response // of the sequence that failed last
}

// reduce finds the shortest sequence in which a failure shows again.
func (e *explorer) reduce(ctx context.Context, f *failure) *Problem {
	r := &reducer{explorer: e, class: f.Class, until: time.Now().Add(reduceTime)}
	found := &Problem{Finding: f.Finding, Script: f.evidence, Failed: 1, Played: 1}
	for _, candidate := range f.candidates() {
		for range 2 { // a fault now and then may not show the first time
			found.Played++
			if !r.fails(ctx, candidate) {
				continue
			}
			shortest := r.shorten(ctx, candidate)
			found.Failed, found.Played = 1, 1
			for range replays {
				found.Played++
				if r.fails(ctx, shortest) {
					found.Failed++
				}
			}
			found.Finding, found.Script, found.Note = r.last.failure.Finding, r.shown, describe(shortest)
			return found
		}
		if r.spent(ctx) {
			break
		}
	}
	return found
}

// candidates are sequences in which the failure may show, the shortest first.
func (f *failure) candidates() [][]step {
	last := f.step
	last.pause = 0
	all := [][]step{{last}}
	if last.kind != ask {
		return append(all, f.worker.tails(nil, last)...)
	}
	first := step{kind: ask, user: last.user, other: last.other, times: 1}
	if known := f.worker.model.known[tenant{last.user, last.other}]; known != nil {
		first.form = known.form
	}
	if f.rival >= 0 {
		return append(all, []step{{kind: ask, user: f.rival, times: 1}, last}, []step{{kind: ask, user: f.rival, other: last.other, times: 1}, last})
	}
	all = append(all, []step{first, last})
	if both := last; f.worker.HasOther {
		both.other = !last.other
		all = append(all, []step{first, both, last})
	}
	if age := min(f.first, longestPause); age > 100*time.Millisecond {
		later := last
		later.pause = age
		all = append(all, []step{first, later})
	}
	for n := 4; n < 16*f.between && n <= reduceRequests/4; n *= 4 { // other requests may count as well
		all = append(all, []step{first, {kind: newcomers, user: -1, times: n}, last})
	}
	return append(all, f.worker.tails(&first, last)...)
}

// tails are the last steps of a sequence, behind the first one about the user in
// question.
func (w *worker) tails(first *step, last step) (all [][]step) {
	before := w.history[:max(0, len(w.history)-1)]
	for n := 4; ; n *= 4 {
		tail := slices.Clone(before[max(0, len(before)-n):])
		for i := range tail {
			tail[i].pause = 0
		}
		if first != nil {
			tail = slices.Insert(tail, 0, *first)
		}
		all = append(all, append(tail, last))
		if n >= len(before) || n >= historySize {
			return all
		}
	}
}

func (r *reducer) spent(ctx context.Context) bool {
	return ctx.Err() != nil || r.sent >= reduceRequests || time.Now().After(r.until)
}

// fails reports whether a sequence shows the failure at its last step.
func (r *reducer) fails(ctx context.Context, sequence []step) bool {
	m := newModel(r.explorer, newOwners())
	numbers := map[int]int{} // of the users in this replay, which keep their kind of name
	var shown []*wire.Response
	for i, s := range sequence {
		if r.spent(ctx) {
			return false
		}
		if s.user >= 0 {
			at, has := numbers[s.user]
			if !has {
				at = len(numbers)
				numbers[s.user] = at
				m.names = append(m.names, m.newName(s.user))
			}
			s.user = at
		}
		if s.pause > 0 {
			select {
			case <-ctx.Done():
				return false
			case <-time.After(s.pause):
			}
		}
		out := m.perform(ctx, s)
		r.sent += out.sent
		if s.kind != newcomers {
			shown = append(shown, out.responses...)
		}
		if out.ended != nil {
			return false
		}
		if out.failure != nil {
			if out.failure.Class != r.class || i < len(sequence)-1 {
				return false
			}
			r.last, r.shown = out, shown
			return true
		}
	}
	return false
}

// shorten removes what a failing sequence fails without. Its last step stays.
func (r *reducer) shorten(ctx context.Context, sequence []step) []step {
	for size := len(sequence) / 2; size > 0; {
		removed := false
		for at := 0; at+size < len(sequence); {
			shorter := slices.Delete(slices.Clone(sequence), at, at+size)
			if r.fails(ctx, shorter) {
				sequence, removed = shorter, true
			} else {
				at += size
			}
			if r.spent(ctx) {
				return sequence
			}
		}
		if !removed || size > 1 {
			size /= 2
		}
	}
	for i := range sequence { // fewer at one moment, fewer newcomers, plainer forms, shorter pauses
		for _, simpler := range sequence[i].simpler() {
			changed := slices.Clone(sequence)
			changed[i] = simpler
			if !r.spent(ctx) && r.fails(ctx, changed) {
				sequence = changed
			}
		}
	}
	return sequence
}

// simpler are steps to try in the place of s.
func (s step) simpler() (all []step) {
	if s.form != 0 && s.kind == ask {
		plain := s
		plain.form = 0
		all = append(all, plain)
	}
	if s.times > 1 && s.kind == ask {
		once := s
		once.times = 1
		all = append(all, once)
	}
	for n := s.times / 2; s.kind == newcomers && n > 0; n /= 2 {
		fewer := s
		fewer.times = n
		all = append(all, fewer)
	}
	for d := s.pause / 2; d > 50*time.Millisecond; d /= 2 {
		shorter := s
		shorter.pause = d
		all = append(all, shorter)
	}
	return all
}

// describe says what of a sequence its responses do not show.
func describe(sequence []step) string {
	note := ""
	add := func(format string, args ...any) {
		if note != "" {
			note += ", "
		}
		note += fmt.Sprintf(format, args...)
	}
	for i, s := range sequence {
		switch {
		case s.kind == newcomers:
			add("%d other users before request %d", s.times, i+1)
		case s.pause > 0:
			add("a pause of %s before request %d", s.pause.Round(time.Millisecond), i+1)
		case s.times > 1:
			add("%d concurrent requests", s.times)
		}
	}
	return note
}
