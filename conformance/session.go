package conformance

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/secret"
)

// session is one run in progress. What it remembers of the answers is what the
// clauses over the whole run are judged by.
type session struct {
	cfg        *Config
	contract   *reading
	client     *client
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
	answer *answer
}

// send sends a request, judges the answer by the clauses of every answer and
// remembers it.
func (s *session) send(ctx context.Context, c *check, r *request) *answer {
	for _, k := range r.keys {
		s.redactor.Add(k.value, labelOf(k))
	}
	a := s.client.do(ctx, r.on(func(r *request) { r.check = c.ID }))
	s.contract.assess(a)
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
		return cmp.Or(cmp.Compare(s.number[a.check.ID], s.number[b.check.ID]), cmp.Compare(a.answer.request.sequence, b.answer.request.sequence))
	})
	return seen
}

func (s *session) key() credential {
	return credential{value: s.cfg.Keys.Key, label: "the key", shell: `"$NOX_API_KEY"`, good: true}
}

func (s *session) otherKey() credential {
	return credential{value: s.cfg.Keys.Other, label: "the other manufacturer's key", shell: `"$NOX_OTHER_API_KEY"`, good: true}
}

func (s *session) disabledKey() credential {
	return credential{value: s.cfg.Keys.Disabled, label: "the key of a manufacturer that is not enabled", shell: `"$NOX_DISABLED_API_KEY"`}
}

// validRequest makes a request that fits the contract, about a user where the
// operation is about one.
func (s *session) validRequest(op *operation, user string) *request {
	r := plainRequest(op)
	if s.usesFull(op) {
		r = fullRequest(op)
	}
	r.header["User-Agent"] = []string{s.cfg.UserAgent}
	if len(op.security) > 0 {
		r.keys = []credential{s.key()}
	}
	if r.subject = user; op.body != nil && op.rules.subject != "" {
		r.body = schema.Encode(s.validBody(op, user))
	}
	return r
}

// validBody is the smallest body that fits, about a user; nil where it is no
// object.
func (s *session) validBody(op *operation, user string) schema.Object {
	body, _ := op.body.plain.(schema.Object)
	if s.usesFull(op) {
		body, _ = op.body.full.(schema.Object)
	}
	if op.rules.subject != "" {
		body = body.With([]string{op.rules.subject}, user)
	}
	return body
}

// usesFull tells whether the plain request of an operation is to have
// everything in it that is optional, because the target takes no other.
func (s *session) usesFull(op *operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full[op.ID]
}

func (s *session) useFull(op *operation, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full[op.ID] = full
}

// usuallyQuick tells whether the target has answered so quickly before that a
// time-out is not mere slowness.
func (s *session) usuallyQuick() bool {
	fastest := s.client.fastest.Load()
	return fastest > 0 && time.Duration(fastest) < s.cfg.Timeout/10
}

func (s *session) quickest() string {
	return time.Duration(s.client.fastest.Load()).Round(time.Millisecond / 10).String()
}

func (s *session) noteGate(op *operation, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate[op.ID] = status
}

// userPrefixOf marks the users of a run, so that they can be found and told
// from real ones. It has letters of both cases whatever the id, so that a target
// that changes case does so to each of them.
func userPrefixOf(runID string) string { return "nox-conformance-" + runID + "-U" }

func numberOf(i int) string { return fmt.Sprintf("%03d", i) }
