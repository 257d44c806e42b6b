package trial

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

// Session is one run in progress. What it remembers of the answers is what the
// clauses over the whole run are judged by.
type Session struct {
	Cfg        *conformance.Config
	Contract   *Reading
	Client     *wire.Client
	Redactor   *secret.Redactor
	UserPrefix string
	Number     map[string]string // of each check, for the names of its users
	LeftOut    map[string]string // why the profile leaves a check out

	mu      sync.Mutex
	Answers []SeenAnswer
	Asides  []SeenAnswer   // from elsewhere than the target
	Gate    map[string]int // status of the gate's answer, by operation, where it was wrong
	Full    map[string]bool
	Absent  map[string]int // the same, where it was documented for a state of the target
}

// SeenAnswer is an answer and the check that asked for it.
type SeenAnswer struct {
	Check  *Check
	Answer *wire.Answer
}

// send sends a request, judges the answer by the clauses of every answer and
// remembers it.
func (s *Session) send(ctx context.Context, c *Check, r *wire.Request) *wire.Answer {
	for _, k := range r.Keys {
		s.Redactor.Add(k.Value, wire.LabelOf(k))
	}
	sent := r.Clone()
	sent.Check = c.ID
	a := s.Client.Do(ctx, sent)
	s.Contract.Assess(a)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Answers = append(s.Answers, SeenAnswer{c, a})
	return a
}

// isSparing reports whether the profile is one that spares the target.
func (s *Session) isSparing() bool { return s.Cfg.Profile == conformance.Production }

// All returns what has been seen so far.
func (s *Session) All() []SeenAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Answers[:len(s.Answers):len(s.Answers)]
}

// InOrder sorts answers by the order of the catalogue, which is the same in each
// run.
func (s *Session) InOrder(seen []SeenAnswer) []SeenAnswer {
	seen = slices.Clone(seen)
	slices.SortStableFunc(seen, func(a, b SeenAnswer) int {
		return cmp.Or(cmp.Compare(s.Number[a.Check.ID], s.Number[b.Check.ID]), cmp.Compare(a.Answer.Request.Sequence, b.Answer.Request.Sequence))
	})
	return seen
}

func (s *Session) Key() wire.Credential {
	return wire.Credential{Value: s.Cfg.Keys.Key, Label: "the key", Shell: `"$NOX_API_KEY"`, Good: true}
}

func (s *Session) OtherKey() wire.Credential {
	return wire.Credential{Value: s.Cfg.Keys.Other, Label: "the other manufacturer's key", Shell: `"$NOX_OTHER_API_KEY"`, Good: true}
}

func (s *Session) DisabledKey() wire.Credential {
	return wire.Credential{Value: s.Cfg.Keys.Disabled, Label: "the key of a manufacturer that is not enabled", Shell: `"$NOX_DISABLED_API_KEY"`}
}

// ValidRequest makes a request that fits the contract, about a user where the
// operation is about one.
func (s *Session) ValidRequest(op *contract.Operation, user string) *wire.Request {
	r := wire.PlainRequest(op)
	if s.usesFull(op) {
		r = wire.FullRequest(op)
	}
	r.Header["User-Agent"] = []string{s.Cfg.UserAgent}
	if len(op.Security) > 0 {
		r.Keys = []wire.Credential{s.Key()}
	}
	if r.Subject = user; op.Body != nil && op.Rules.Subject != "" {
		r.Body = schema.Encode(s.validBody(op, user))
	}
	return r
}

// validBody is the smallest body that fits, about a user; nil where it is no
// object.
func (s *Session) validBody(op *contract.Operation, user string) schema.Object {
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
func (s *Session) usesFull(op *contract.Operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Full[op.ID]
}

func (s *Session) UseFull(op *contract.Operation, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Full[op.ID] = full
}

// usuallyQuick tells whether the target has answered so quickly before that a
// time-out is not mere slowness.
func (s *Session) usuallyQuick() bool {
	fastest := s.Client.Fastest.Load()
	return fastest > 0 && time.Duration(fastest) < s.Cfg.Timeout/10
}

func (s *Session) quickest() string {
	return time.Duration(s.Client.Fastest.Load()).Round(time.Millisecond / 10).String()
}

func (s *Session) NoteGate(op *contract.Operation, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Gate[op.ID] = status
}

// UserPrefixOf marks the users of a run, so that they can be found and told
// from real ones. It has letters of both cases whatever the id, so that a target
// that changes case does so to each of them.
func UserPrefixOf(runID string) string { return "nox-conformance-" + runID + "-U" }

func NumberOf(i int) string { return fmt.Sprintf("%03d", i) }

// OverAnswers judges every answer to an operation by one rule; with around, also
// those to other methods and to paths beside it.
func (s *Session) OverAnswers(op *contract.Operation, around bool, rule func(*wire.Answer) (problem wire.Finding, judged bool)) Verdict {
	v := Verdict{Outcome: conformance.Pass}
	var problems wire.Tally
	wrong, right := map[sameRequest]int{}, map[sameRequest]int{}
	for _, each := range s.All() {
		if each.Answer.Request.Op != op || each.Check.Status == StatusHTTP && !around {
			continue
		}
		same := sameRequest{each.Check, each.Answer.Request.Kind}
		problem, judged := rule(each.Answer)
		if !judged {
			continue
		}
		v.Tried++
		if problem.Actual == "" {
			right[same]++
			continue
		}
		if v.Failed++; v.Failed == 1 {
			v.Outcome, v.Expected = conformance.Fail, problem.Expected
		}
		problems.Add(problem.Actual, each.Answer)
		v.blamed = append(v.blamed, each.Answer)
		if len(v.Evidence) < EvidenceExchanges {
			v.Evidence = append(v.Evidence, each.Answer)
		}
		wrong[same]++
	}
	if v.Tried == 0 {
		return Verdict{Outcome: conformance.Skip, Reason: "no answer was seen"}
	}
	v.Actual = problems.String()
	if v.Outcome == conformance.Fail && !intermittent(wrong, right) {
		v.Actual += fmt.Sprintf(" (%d of %d answers)", v.Failed, v.Tried)
		v.Failed, v.Tried = 0, 0
	}
	return v
}

// OtherMethod is a request by a method that the contract does not declare; nil
// where the profile does not allow it.
func (s *Session) OtherMethod(op *contract.Operation, method string) *wire.Request {
	if s.isSparing() && method != "GET" && method != "HEAD" {
		return nil
	}
	r := s.ValidRequest(op, UserPrefixOf(s.Cfg.RunID)+strings.ToLower(method))
	r.Method, r.Intent = method, wire.Open
	if slices.Contains([]string{"GET", "HEAD", "TRACE"}, method) {
		r.Body = nil
		delete(r.Header, "Content-Type")
	}
	return r
}

// sameRequest stands for the requests of a check that are all alike.
type sameRequest struct {
	check *Check
	kind  int
}

// intermittent tells whether a check that sends one request again and again
// had right answers beside wrong ones. Elsewhere the difference may lie in what
// was sent.
func intermittent(wrong, right map[sameRequest]int) bool {
	for same := range wrong {
		if same.check.Uniform && right[same] > 0 {
			return true
		}
	}
	return false
}

// OverIdentities looks for two answers that contradict each other: the same id
// for two users (sameID), or two ids for one.
func (s *Session) OverIdentities(op *contract.Operation, contradiction func(a, other *wire.Answer) string, sameID bool) Verdict {
	first := map[string]*wire.Answer{}
	v := Verdict{Outcome: conformance.Pass}
	for _, each := range s.All() {
		a := each.Answer
		id, ok := a.Member(op.Rules.Identity)
		if !ok || a.Request.Op != op || !a.Succeeded() || len(a.Request.Keys) != 1 || !a.Request.Keys[0].Good || a.Request.Subject == "" {
			continue
		}
		v.Tried++
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
				if v.Failed++; v.Failed == 1 {
					v.Outcome, v.Expected, v.Evidence = conformance.Fail, expected, []*wire.Answer{other, a}
					v.Actual = fmt.Sprintf("%q for %s, %q for %s", otherID, wire.Quoted(other.Request.Subject), id, wire.Quoted(a.Request.Subject))
				}
			}
		}
	}
	if v.Tried == 0 {
		return Verdict{Outcome: conformance.Skip, Reason: "no answer of this run held an id"}
	}
	if v.Outcome == conformance.Fail {
		v.Actual += fmt.Sprintf(" (%d of %d answers)", v.Failed, v.Tried)
		v.Failed, v.Tried = 0, 0
	}
	return v
}

func (s *Session) NoteAbsent(op *contract.Operation, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Absent[op.ID] = status
}

// isAbsent tells whether no valid request gets further than to this status.
func (s *Session) isAbsent(op *contract.Operation, status int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Absent[op.ID] == status
}

// Shut tells whether nothing behind the gate of an operation can be judged: no
// valid request succeeds in any way.
func (s *Session) Shut(op *contract.Operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	status, wrong := s.Gate[op.ID]
	return wrong && status/100 != 2
}

// IsRealKey reports whether the target may take a key. White space around it is
// lost on the way.
func (s *Session) IsRealKey(key string) bool {
	k := s.Cfg.Keys
	return slices.Contains([]string{k.Key, k.Other, k.Disabled}, strings.TrimSpace(key))
}

// EvidenceExchanges is how many exchanges are kept for a check that did not pass.
const EvidenceExchanges = 3

// ProductionRequests is how many requests a run under [Production] sends at most.
const ProductionRequests = 60 // requests sent at most
