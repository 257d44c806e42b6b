package explore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"nox.energy/contract/conformance/internal/wire"
)

// model is what a sequence has learnt of its users: one user of one manufacturer
// has one id, for ever, and nobody else has it.
type model struct {
	*explorer
	names  []string // by number
	known  map[tenant]*known
	owners *owners
}

// tenant is a user of one of the two manufacturers.
type tenant struct {
	number int
	other  bool
}

type known struct {
	tenant
	id          string
	form        int // of the first request
	first, last time.Time
	before      int64 // users created until the last request
	beforeFirst int64
}

func newModel(e *explorer, all *owners) *model {
	return &model{explorer: e, known: map[tenant]*known{}, owners: all}
}

func (m *model) count() int { return len(m.names) }

// name returns the name of a user, a new one for a number that had none.
func (m *model) name(number int) string {
	for len(m.names) <= number {
		m.names = append(m.names, m.newName(len(m.names)))
	}
	return m.names[number]
}

// longestUnasked returns the n users that were not asked for the longest.
func (m *model) longestUnasked(n int) []*known {
	var all []*known
	for _, u := range m.known {
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b *known) int { return cmp.Or(a.last.Compare(b.last), cmp.Compare(a.number, b.number)) })
	return all[:min(n, len(all))]
}

// outcome is what came of a step.
type outcome struct {
	responses []*wire.Response
	sent      int
	gap       time.Duration
	between   int
	failure   *failure
	ended     *wire.Response // a response that decides nothing
}

// perform plays a step.
func (m *model) perform(ctx context.Context, s step) (out outcome) {
	switch s.kind {
	case refuse:
		form, name := m.Refused[s.form], ""
		if s.user >= 0 {
			name = m.name(s.user)
		} else {
			name = m.newName(s.form)
		}
		return m.judge(s, form, m.Send(ctx, []*wire.Request{form.Make(name, s.other)}), nil)
	case newcomers:
		for range s.times {
			form := m.Valid[0]
			each := m.judge(s, form, m.Send(ctx, []*wire.Request{form.Make(m.newName(0), false)}), nil)
			m.created.Add(1)
			out.sent += each.sent
			if each.failure != nil || each.ended != nil || ctx.Err() != nil {
				each.sent = out.sent
				return each
			}
		}
		return out
	}
	form, name := m.Valid[s.form], m.name(s.user)
	requests := make([]*wire.Request, s.times)
	for i := range requests {
		requests[i] = form.Make(name, s.other)
	}
	who := tenant{s.user, s.other}
	user := m.known[who]
	if user == nil {
		m.created.Add(1)
		user = &known{tenant: who, form: s.form, beforeFirst: m.created.Load()}
	}
	out = m.judge(s, form, m.Send(ctx, requests), user)
	if user.id != "" {
		m.known[who] = user
	}
	return out
}

// judge holds responses to the form of their requests and, where they are about a
// user, to the model.
func (m *model) judge(s step, form Form, responses []*wire.Response, user *known) outcome {
	out := outcome{responses: responses, sent: len(responses)}
	now := time.Now()
	fail := func(f *Finding, rival int, evidence ...*wire.Response) outcome {
		out.failure = &failure{Finding: *f, evidence: evidence, step: s, rival: rival}
		if user != nil && !user.first.IsZero() {
			out.failure.first, out.failure.between = now.Sub(user.first), int(m.created.Load()-user.beforeFirst)
		}
		return out
	}
	for _, a := range responses {
		if !m.Decides(a) {
			out.ended = a
			return out
		}
		m.judged.Add(1)
		if f := form.Judge(a); f != nil {
			return fail(f, -1, a)
		}
		if user == nil {
			continue
		}
		id := m.Identity(a)
		if user.id == "" {
			user.id = id
			if rival, taken := m.owners.take(id, owner{m, user.tenant}); taken {
				number := -1
				if rival.model == m {
					number = rival.number
				}
				return fail(&Finding{Class: "collision", Expected: "a different id for each user", Actual: fmt.Sprintf("%q, which another user already has", id)}, number, a)
			}
		}
		if id != user.id {
			return fail(&Finding{Class: "identity", Expected: fmt.Sprintf("the id %q as before", user.id), Actual: fmt.Sprintf("%q", id)}, -1, a)
		}
	}
	if user != nil {
		if user.first.IsZero() {
			user.first = now
		} else {
			out.gap, out.between = now.Sub(user.last), int(m.created.Load()-user.before)
		}
		user.last, user.before = now, m.created.Load()
	}
	return out
}

// owners knows whose an id is, over all sequences.
type owners struct {
	mu  sync.Mutex
	all map[string]owner
}

type owner struct {
	model *model
	tenant
}

func newOwners() *owners { return &owners{all: map[string]owner{}} }

// take notes the owner of an id, unless it has another one.
func (o *owners) take(id string, by owner) (other owner, taken bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	other, taken = o.all[id]
	if !taken {
		o.all[id] = by
	}
	return other, taken && other != by
}
