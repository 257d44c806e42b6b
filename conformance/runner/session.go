package runner

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/secret"
	"nox.energy/contract/conformance/internal/wire"
)

// session is one run in progress. What it remembers of the answers is what the
// clauses over the whole run are judged by.
type session struct {
	cfg        *conformance.Config
	contract   *reading
	client     *wire.Client
	redactor   *secret.Redactor
	userPrefix string
	number     map[string]string // of each check, for the names of its users
	leftOut    map[string]string // why the profile leaves a check out

	mu      sync.Mutex
	answers []seenAnswer
	asides  []seenAnswer   // from elsewhere than the target
	gate    map[string]int // status of the gate's answer, by operation, where it was wrong
	full    map[string]bool
	absent  map[string]int // the same, where it was documented for a state of the target
}

// seenAnswer is an answer and the check that asked for it.
type seenAnswer struct {
	check  *check
	answer *wire.Answer
}

// send sends a request, judges the answer by the clauses of every answer and
// remembers it.
func (s *session) send(ctx context.Context, c *check, r *wire.Request) *wire.Answer {
	for _, k := range r.Keys {
		s.redactor.Add(k.Value, wire.LabelOf(k))
	}
	a := s.client.Do(ctx, r.On(func(r *wire.Request) { r.Check = c.ID }))
	s.contract.Assess(a)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers, seenAnswer{c, a})
	return a
}

// all returns what has been seen so far.
func (s *session) all() []seenAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answers[:len(s.answers):len(s.answers)]
}

// inOrder sorts answers by the order of the catalogue, which is the same in each
// run.
func (s *session) inOrder(seen []seenAnswer) []seenAnswer {
	seen = slices.Clone(seen)
	slices.SortStableFunc(seen, func(a, b seenAnswer) int {
		return cmp.Or(cmp.Compare(s.number[a.check.ID], s.number[b.check.ID]), cmp.Compare(a.answer.Request.Sequence, b.answer.Request.Sequence))
	})
	return seen
}

func (s *session) key() wire.Credential {
	return wire.Credential{Value: s.cfg.Keys.Key, Label: "the key", Shell: `"$NOX_API_KEY"`, Good: true}
}

func (s *session) otherKey() wire.Credential {
	return wire.Credential{Value: s.cfg.Keys.Other, Label: "the other manufacturer's key", Shell: `"$NOX_OTHER_API_KEY"`, Good: true}
}

func (s *session) disabledKey() wire.Credential {
	return wire.Credential{Value: s.cfg.Keys.Disabled, Label: "the key of a manufacturer that is not enabled", Shell: `"$NOX_DISABLED_API_KEY"`}
}

// validRequest makes a request that fits the contract, about a user where the
// operation is about one.
func (s *session) validRequest(op *contract.Operation, user string) *wire.Request {
	r := wire.PlainRequest(op)
	if s.usesFull(op) {
		r = wire.FullRequest(op)
	}
	r.Header["User-Agent"] = []string{s.cfg.UserAgent}
	if len(op.Security) > 0 {
		r.Keys = []wire.Credential{s.key()}
	}
	if r.Subject = user; op.Body != nil && op.Rules.Subject != "" {
		r.Body = schema.Encode(s.validBody(op, user))
	}
	return r
}

// validBody is the smallest body that fits, about a user; nil where it is no
// object.
func (s *session) validBody(op *contract.Operation, user string) schema.Object {
	body, _ := op.Body.Plain.(schema.Object)
	if s.usesFull(op) {
		body, _ = op.Body.Full.(schema.Object)
	}
	if op.Rules.Subject != "" {
		body = body.With([]string{op.Rules.Subject}, user)
	}
	return body
}

// usesFull tells whether the plain request of an operation is to have
// everything in it that is optional, because the target takes no other.
func (s *session) usesFull(op *contract.Operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full[op.ID]
}

func (s *session) useFull(op *contract.Operation, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full[op.ID] = full
}

// usuallyQuick tells whether the target has answered so quickly before that a
// time-out is not mere slowness.
func (s *session) usuallyQuick() bool {
	fastest := s.client.Fastest.Load()
	return fastest > 0 && time.Duration(fastest) < s.cfg.Timeout/10
}

func (s *session) quickest() string {
	return time.Duration(s.client.Fastest.Load()).Round(time.Millisecond / 10).String()
}

func (s *session) noteGate(op *contract.Operation, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate[op.ID] = status
}

// userPrefixOf marks the users of a run, so that they can be found and told
// from real ones. It has letters of both cases whatever the id, so that a target
// that changes case does so to each of them.
func userPrefixOf(runID string) string { return "nox-conformance-" + runID + "-U" }

func numberOf(i int) string { return fmt.Sprintf("%03d", i) }
