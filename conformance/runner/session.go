package runner

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
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

// overAnswers judges every answer to an operation by one rule; with around, also
// those to other methods and to paths beside it.
func (s *session) overAnswers(op *contract.Operation, around bool, rule func(*wire.Answer) (problem wire.Finding, judged bool)) verdict {
	v := verdict{outcome: conformance.Pass}
	var problems wire.Tally
	wrong, right := map[sameRequest]int{}, map[sameRequest]int{}
	for _, each := range s.all() {
		if each.answer.Request.Op != op || each.check.Status == statusHTTP && !around {
			continue
		}
		same := sameRequest{each.check, each.answer.Request.Kind}
		problem, judged := rule(each.answer)
		if !judged {
			continue
		}
		v.tried++
		if problem.Actual == "" {
			right[same]++
			continue
		}
		if v.failed++; v.failed == 1 {
			v.outcome, v.expected = conformance.Fail, problem.Expected
		}
		problems.Add(problem.Actual, each.answer)
		v.blamed = append(v.blamed, each.answer)
		if len(v.evidence) < evidenceExchanges {
			v.evidence = append(v.evidence, each.answer)
		}
		wrong[same]++
	}
	if v.tried == 0 {
		return verdict{outcome: conformance.Skip, reason: "no answer was seen"}
	}
	v.actual = problems.String()
	if v.outcome == conformance.Fail && !intermittent(wrong, right) {
		v.actual += fmt.Sprintf(" (%d of %d answers)", v.failed, v.tried)
		v.failed, v.tried = 0, 0
	}
	return v
}

// otherMethod is a request by a method that the contract does not declare; nil
// where the profile does not allow it.
func (s *session) otherMethod(op *contract.Operation, method string) *wire.Request {
	if s.cfg.Profile == conformance.Production && method != "GET" && method != "HEAD" {
		return nil
	}
	r := s.validRequest(op, userPrefixOf(s.cfg.RunID)+strings.ToLower(method))
	r.Method, r.Intent = method, wire.Open
	if slices.Contains([]string{"GET", "HEAD", "TRACE"}, method) {
		r.Body = nil
		delete(r.Header, "Content-Type")
	}
	return r
}

// sameRequest stands for the requests of a check that are all alike.
type sameRequest struct {
	check *check
	kind  int
}

// intermittent tells whether a check that sends one request again and again
// had right answers beside wrong ones. Elsewhere the difference may lie in what
// was sent.
func intermittent(wrong, right map[sameRequest]int) bool {
	for same := range wrong {
		if same.check.uniform && right[same] > 0 {
			return true
		}
	}
	return false
}

// overIdentities looks for two answers that contradict each other: the same id
// for two users (sameID), or two ids for one.
func (s *session) overIdentities(op *contract.Operation, contradiction func(a, other *wire.Answer) string, sameID bool) verdict {
	first := map[string]*wire.Answer{}
	v := verdict{outcome: conformance.Pass}
	for _, each := range s.all() {
		a := each.answer
		id, ok := a.Member(op.Rules.Identity)
		if !ok || a.Request.Op != op || !a.Succeeded() || len(a.Request.Keys) != 1 || !a.Request.Keys[0].Good || a.Request.Subject == "" {
			continue
		}
		v.tried++
		tenant := a.Request.Keys[0].Label
		key := tenant + "\x00" + a.Request.Subject
		if sameID {
			key = id
		}
		other := first[key]
		if other == nil {
			first[key] = a
			continue
		}
		otherID, _ := other.Member(op.Rules.Identity)
		if sameID == (id == otherID) {
			if expected := contradiction(a, other); expected != "" {
				v.blamed = append(v.blamed, other, a)
				if v.failed++; v.failed == 1 {
					v.outcome, v.expected, v.evidence = conformance.Fail, expected, []*wire.Answer{other, a}
					v.actual = fmt.Sprintf("%q for %s, %q for %s", otherID, wire.Quoted(other.Request.Subject), id, wire.Quoted(a.Request.Subject))
				}
			}
		}
	}
	if v.tried == 0 {
		return verdict{outcome: conformance.Skip, reason: "no answer of this run held an id"}
	}
	if v.outcome == conformance.Fail {
		v.actual += fmt.Sprintf(" (%d of %d answers)", v.failed, v.tried)
		v.failed, v.tried = 0, 0
	}
	return v
}

func (s *session) noteAbsent(op *contract.Operation, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.absent[op.ID] = status
}

// isAbsent tells whether no valid request gets further than to this status.
func (s *session) isAbsent(op *contract.Operation, status int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.absent[op.ID] == status
}

// shut tells whether nothing behind the gate of an operation can be judged: no
// valid request succeeds in any way.
func (s *session) shut(op *contract.Operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	status, wrong := s.gate[op.ID]
	return wrong && status/100 != 2
}

// isRealKey reports whether the target may take a key. White space around it is
// lost on the way.
func (s *session) isRealKey(key string) bool {
	k := s.cfg.Keys
	return slices.Contains([]string{k.Key, k.Other, k.Disabled}, strings.TrimSpace(key))
}

// evidenceExchanges is how many exchanges are kept for a check that did not pass.
const evidenceExchanges = 3

// productionRequests is how many requests a run under [Production] sends at most.
const productionRequests = 60 // requests sent at most
