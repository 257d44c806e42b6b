package trial

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/guard"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/secret"
	"nox.energy/contract/conformance/internal/wire"
)

// Session is a run in progress. The clauses over the whole run judge the
// responses that it keeps.
type Session struct {
	Config       *conformance.Config
	Contract     *Contract
	Client       *wire.Client
	Redactor     *secret.Redactor
	UserPrefix   string
	CheckNumbers map[string]string // of each check, for the names of its users
	SkipReasons  map[string]string // why a check is left out
	SchemeKeys   map[string]string // keys for one security scheme each, by its id

	measured []*wire.Response // to valid requests about the first user, for a check to judge

	blocked atomic.Bool  // a firewall's page has answered a plain valid request
	weight  atomic.Int64 // of the responses that are kept
	shown   atomic.Int64 // of those that are part of the result

	recording sync.Mutex // held while an exchange is recorded

	mu            sync.Mutex
	ended         bool
	Seen          []SeenResponse
	indexed       int // of those seen, how many are in byOperation
	byOperation   map[*contract.Operation][]SeenResponse
	SeenElsewhere []SeenResponse // from elsewhere than the target
	notes         []string
	operations    map[*contract.Operation]*finding
}

// finding is what the run has found out about an operation.
type finding struct {
	gate    int            // status of the gate's answer, where it was wrong
	absent  int            // the same, where it was documented for a state of the target
	full    bool           // valid requests contain everything optional
	located *wire.Response // what the path is taken from
}

// found reads or changes what the run has found out about an operation.
func (s *Session) found(op *contract.Operation, use func(*finding)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations == nil {
		s.operations = map[*contract.Operation]*finding{}
	}
	if s.operations[op] == nil {
		s.operations[op] = &finding{}
	}
	use(s.operations[op])
}

// SeenResponse is a response and the check that asked for it.
type SeenResponse struct {
	Check    *Check
	Response *wire.Response
}

// Operation is the one that a check is about.
func (s *Session) Operation(c *Check) *contract.Operation {
	i := slices.IndexFunc(s.Contract.Operations, func(op *contract.Operation) bool { return op.ID == c.Operation })
	return s.Contract.Operations[i]
}

// send sends a request, judges the response by the clauses of every response and
// remembers it.
func (s *Session) send(ctx context.Context, c *Check, r *wire.Request) *wire.Response {
	a := s.exchange(ctx, c, r)
	if s.weight.Add(int64(a.Weight())) > keptWeight {
		a.Shrink(littleBody, littleBody, littleFields)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.Seen = append(s.Seen, SeenResponse{c, a})
	}
	return a
}

// exchange is send for a response that the run does not remember.
func (s *Session) exchange(ctx context.Context, c *Check, r *wire.Request) *wire.Response {
	for _, k := range r.Keys {
		s.Redactor.Add(k.Value, wire.LabelOf(k))
	}
	sent := r.Clone()
	sent.Check = c.ID
	a := &wire.Response{Request: sent, Started: time.Now(), Failure: wire.Unjudged}
	if err := guard.Call(func() { a = s.Client.Do(ctx, sent) }); err != nil {
		a.Err = err
	}
	s.assess(ctx, a)
	return a
}

// What is kept of a response that has been judged: more than any report shows.
// Once the responses of a run weigh much in all, it is less.
const (
	keptBody, keptFields     = 2 * maxEvidence, 200
	littleBody, littleFields = 1 << 10, 20
	keptWeight               = 32 << 20
)

// assess judges a response, unless the run is over, and forgets what nobody
// needs of it from then on.
func (s *Session) assess(ctx context.Context, a *wire.Response) {
	if why, over := wire.HasEnded(ctx); over && a.Arrived() && a.Failure == wire.NoFailure {
		a.Failure = why
	} else {
		s.Contract.Assess(a)
	}
	a.Shrink(keptBody, math.MaxInt, keptFields)
}

// isSparing reports whether the profile is one that spares the target.
func (s *Session) isSparing() bool { return s.Config.Profile == conformance.Production }

// NoteMeasured keeps responses to valid requests, which were sent to measure what
// the target bears, for the check that judges them.
func (s *Session) NoteMeasured(ctx context.Context, c *Check, answers []*wire.Response) {
	for _, a := range answers {
		s.assess(ctx, a)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.measured = answers
	for _, a := range answers {
		s.Seen = append(s.Seen, SeenResponse{c, a})
	}
}

// AllSeen returns what has been seen so far.
func (s *Session) AllSeen() []SeenResponse {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Seen[:len(s.Seen):len(s.Seen)]
}

// seenOf returns what has been seen so far of one operation. It is asked for by each
// check of what every response should be.
func (s *Session) seenOf(op *contract.Operation) []SeenResponse {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byOperation == nil {
		s.byOperation = map[*contract.Operation][]SeenResponse{}
	}
	for _, each := range s.Seen[s.indexed:] {
		of := each.Response.Request.Op
		s.byOperation[of] = append(s.byOperation[of], each)
	}
	s.indexed = len(s.Seen)
	return slices.Clip(s.byOperation[op])
}

// Sort returns responses in the order of the catalogue, which is the same in
// each run.
func (s *Session) Sort(seen []SeenResponse) []SeenResponse {
	seen = slices.Clone(seen)
	slices.SortStableFunc(seen, func(a, b SeenResponse) int {
		return cmp.Or(cmp.Compare(s.CheckNumbers[a.Check.ID], s.CheckNumbers[b.Check.ID]), cmp.Compare(a.Response.Request.Sequence, b.Response.Request.Sequence))
	})
	return seen
}

// AddNote adds a sentence to the notes of the result.
func (s *Session) AddNote(note string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = append(s.notes, note)
}

// Notes returns what was added by AddNote.
func (s *Session) Notes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.notes)
}

// Key is the key of the manufacturer that the run is about.
func (s *Session) Key() wire.Credential {
	return wire.Credential{Value: s.Config.Keys.Key, Label: "the key", ShellWord: `"$NOX_API_KEY"`, IsValid: true, ByScheme: s.SchemeKeys}
}

// KeyVariable names the environment variable with the key for one security scheme.
func KeyVariable(s contract.SecurityScheme) string {
	word := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(s.ID))
	return "NOX_API_KEY_" + word
}

// KeyVariables is [KeyVariable] for each of them.
func KeyVariables(schemes []contract.SecurityScheme) []string {
	out := make([]string, len(schemes))
	for i, s := range schemes {
		out[i] = KeyVariable(s)
	}
	return out
}

// HasKeysFor reports whether the configuration has a key for each scheme.
func (s *Session) HasKeysFor(schemes []contract.SecurityScheme) bool {
	return !slices.ContainsFunc(schemes, func(each contract.SecurityScheme) bool { return s.SchemeKeys[each.ID] == "" })
}

// OtherKey is the key of a second manufacturer.
func (s *Session) OtherKey() wire.Credential {
	return wire.Credential{Value: s.Config.Keys.Other, Label: "the other manufacturer's key", ShellWord: `"$NOX_OTHER_API_KEY"`, IsValid: true}
}

// DisabledKeyLabel names the key of [Session.DisabledKey].
const DisabledKeyLabel = "the key of a manufacturer that is not enabled"

// DisabledKey is the key of a manufacturer that is not enabled.
func (s *Session) DisabledKey() wire.Credential {
	return wire.Credential{Value: s.Config.Keys.Disabled, Label: DisabledKeyLabel, ShellWord: `"$NOX_DISABLED_API_KEY"`}
}

// ValidRequest returns a request that fits the contract, about a user if the
// operation is about one.
func (s *Session) ValidRequest(op *contract.Operation, user string) *wire.Request {
	r := wire.MinimalRequest(op)
	if s.usesFull(op) {
		r = wire.FullRequest(op)
	}
	r = s.atLocation(r)
	r.Header["User-Agent"] = []string{s.Config.UserAgent}
	if len(op.Security) > 0 {
		r.Keys = []wire.Credential{s.Key()}
	}
	if r.Subject = user; op.Body != nil && op.Rules.Subject != "" {
		r.Body = op.Body.Encode(s.validBody(op, user))
	}
	return r
}

// FirstUser returns the user of the gate's request to an operation.
func (s *Session) FirstUser(op *contract.Operation) string {
	if s.isSparing() {
		return s.UserPrefix + "1"
	}
	return s.UserPrefix + s.CheckNumbers[op.ID+"/"+op.SuccessStatus()+"/minimal"] + "-1"
}

// validBody is the smallest body that fits, about a user; nil where it is no
// object.
func (s *Session) validBody(op *contract.Operation, user string) schema.Object {
	body, _ := op.Body.Minimal.(schema.Object)
	if s.usesFull(op) {
		body, _ = op.Body.Full.(schema.Object)
	}
	if op.Rules.Subject != "" {
		body = body.With([]string{op.Rules.Subject}, user)
	}
	return body
}

// usesFull reports whether the plain request of an operation is to have
// everything in it that is optional, because the target takes no other.
func (s *Session) usesFull(op *contract.Operation) (full bool) {
	s.found(op, func(f *finding) { full = f.full })
	return full
}

// UseFull sets whether valid requests to an operation contain everything optional.
func (s *Session) UseFull(op *contract.Operation, full bool) {
	s.found(op, func(f *finding) { f.full = full })
}

// usuallyQuick reports whether the target has answered so quickly before that a
// time-out is not mere slowness.
func (s *Session) usuallyQuick() bool {
	fastest := s.Client.Fastest.Load()
	return fastest > 0 && time.Duration(fastest) < s.Config.Timeout/10
}

func (s *Session) quickest() string {
	return time.Duration(s.Client.Fastest.Load()).Round(time.Millisecond / 10).String()
}

// NoteGate records the status of a gate that stays shut.
func (s *Session) NoteGate(op *contract.Operation, status int) {
	s.found(op, func(f *finding) { f.gate = status })
}

// UserPrefixOf returns how the names of a run's users begin, to distinguish
// them from real ones. It contains letters of both cases, so that a target that
// changes case changes each name.
func UserPrefixOf(runID string) string { return "nox-conformance-" + runID + "-U" }

// CheckNumber returns the number of the i-th check, as the names of its users
// contain it.
func CheckNumber(i int) string { return fmt.Sprintf("%03d", i) }

// JudgeResponses judges every response to an operation by one rule; with
// around, also responses to other methods and unknown paths.
func (s *Session) JudgeResponses(op *contract.Operation, around bool, rule func(*wire.Response) (problem wire.Finding, judged bool)) Verdict {
	v := Verdict{Outcome: conformance.Pass}
	var problems wire.Tally
	wrong, right := map[sameRequest]int{}, map[sameRequest]int{}
	var unread []*wire.Response // which may break the rule
	for _, each := range s.seenOf(op) {
		if each.Check.Status == StatusHTTP && !around {
			continue
		}
		same := sameRequest{each.Check, each.Response.Request.Kind}
		problem, judged := rule(each.Response)
		if !judged {
			continue
		}
		if f := each.Response.Failure; problem.Actual == "" && (f == wire.Unread || f == wire.Unjudged) {
			unread = append(unread, each.Response)
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
		problems.Add(problem.Actual, each.Response)
		v.blamed = append(v.blamed, each.Response)
		if len(v.Evidence) < MaxExchanges {
			v.Evidence = append(v.Evidence, each.Response)
		}
		wrong[same]++
	}
	if len(unread) > 0 && v.Outcome == conformance.Pass {
		return Verdict{Outcome: conformance.Err, Reason: DescribeFailure(unread[0]), Evidence: unread[:min(len(unread), MaxExchanges)]}
	}
	if v.Tried == 0 {
		return Verdict{Outcome: conformance.Skip, Reason: "not exercised: no response to judge"}
	}
	v.Actual = problems.String()
	if v.Outcome == conformance.Fail && !intermittent(wrong, right) {
		v.Actual += fmt.Sprintf(" (%d of %d responses)", v.Failed, v.Tried)
		v.Failed, v.Tried = 0, 0
	}
	return v
}

// RequestByMethod returns a request by a method that the contract does not
// declare, nil if the profile forbids it.
func (s *Session) RequestByMethod(op *contract.Operation, method string) *wire.Request {
	if s.isSparing() && method != "GET" && method != "HEAD" {
		return nil
	}
	r := s.ValidRequest(op, UserPrefixOf(s.Config.RunID)+strings.ToLower(method))
	r.Method, r.Intent = method, wire.Either
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

// intermittent reports whether a check that sends one request again and again
// had right responses beside wrong ones. Elsewhere the difference may lie in what
// was sent.
func intermittent(wrong, right map[sameRequest]int) bool {
	for same := range wrong {
		if same.check.IsUniform && right[same] > 0 {
			return true
		}
	}
	return false
}

// JudgeIdentities looks for two responses that contradict each other: one id
// for two users (sameID), or two ids for one user.
func (s *Session) JudgeIdentities(op *contract.Operation, contradiction func(a, other *wire.Response) string, sameID bool) Verdict {
	first := map[string]*wire.Response{}
	v := Verdict{Outcome: conformance.Pass}
	for _, each := range s.seenOf(op) {
		a := each.Response
		id, ok := a.Member(op.Rules.Identity)
		if !ok || !a.Succeeded() || len(a.Request.Keys) != 1 || !a.Request.Keys[0].IsValid || a.Request.Subject == "" {
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
					v.Outcome, v.Expected, v.Evidence = conformance.Fail, expected, []*wire.Response{other, a}
					v.Actual = fmt.Sprintf("%q for %s, %q for %s", otherID, wire.Quote(other.Request.Subject), id, wire.Quote(a.Request.Subject))
				}
			}
		}
	}
	if v.Tried == 0 {
		return Verdict{Outcome: conformance.Skip, Reason: "not exercised: no response of this run contains an id"}
	}
	if v.Outcome == conformance.Fail {
		v.Actual += fmt.Sprintf(" (%d of %d responses)", v.Failed, v.Tried)
		v.Failed, v.Tried = 0, 0
	}
	return v
}

// NoteAbsent records the status that the contract documents for a state of the
// target, if no valid request gets further.
func (s *Session) NoteAbsent(op *contract.Operation, status int) {
	s.found(op, func(f *finding) { f.absent = status })
}

// isAbsent reports whether no valid request gets further than to this status.
func (s *Session) isAbsent(op *contract.Operation, status int) (absent bool) {
	s.found(op, func(f *finding) { absent = f.absent == status })
	return absent
}

// IsShut reports whether no valid request to an operation succeeds, so that no
// other check of it can be judged.
func (s *Session) IsShut(op *contract.Operation) (shut bool) {
	s.found(op, func(f *finding) { shut = f.gate != 0 && f.gate/100 != 2 })
	return shut
}

// IsRealKey reports whether the target may accept a key. White space around it
// is lost on the way.
func (s *Session) IsRealKey(key string) bool {
	k := s.Config.Keys
	return slices.Contains([]string{k.Key, k.Other, k.Disabled}, strings.TrimSpace(key))
}

// MaxExchanges is how many exchanges are kept for a check that did not pass.
const MaxExchanges = 3

// MaxScript is how many exchanges are kept of a sequence that shows a failure.
const MaxScript = 20

// ProductionRequests is how many requests a run under [Production] sends at most.
const ProductionRequests = 60 // requests sent at most
