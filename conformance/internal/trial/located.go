package trial

import (
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/wire"
)

// Locate takes the values of an operation's path from what the gate of another
// operation returned. It reports whether there is such a response. From then on
// every valid request to the operation has them.
func (s *Session) Locate(op *contract.Operation) bool {
	if op.Source == nil {
		return false
	}
	for _, each := range s.AllSeen() {
		if each.Check.Stage == StageGate && s.locateBy(op, each.Response) {
			return true
		}
	}
	return false
}

func (s *Session) locateBy(op *contract.Operation, a *wire.Response) bool {
	if a.Request.Op != op.Source.From || !a.Succeeded() {
		return false
	}
	r, ok := wire.MinimalRequest(op).Linked(a, op.Source.Values)
	if !ok || s.Contract.Confirm(r) != nil {
		return false
	}
	s.found(op, func(f *finding) { f.located = a })
	return true
}

// Unlocate forgets what [Session.Locate] found.
func (s *Session) Unlocate(op *contract.Operation) {
	s.found(op, func(f *finding) { f.located = nil })
}

// atLocation puts what was found into a valid request.
func (s *Session) atLocation(r *wire.Request) *wire.Request {
	s.found(r.Op, func(f *finding) {
		if f.located != nil {
			r, _ = r.Linked(f.located, r.Op.Source.Values)
		}
	})
	return r
}

// HasSeenBefore reports whether an earlier response named the same values, or
// there is none to compare with.
func (s *Session) HasSeenBefore(a *wire.Response, expressions map[int]string) bool {
	compared := false
	for _, each := range s.AllSeen() {
		b := each.Response
		if b.Request.Op != a.Request.Op || b == a || !b.Succeeded() {
			continue
		}
		compared = true
		same := true
		for _, expression := range expressions {
			x, _ := a.Evaluate(expression)
			y, _ := b.Evaluate(expression)
			same = same && schema.Equal(x, y)
		}
		if same {
			return true
		}
	}
	return !compared
}
