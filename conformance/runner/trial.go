package runner

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/wire"
)

// verdict is what one experiment came to.
type verdict struct {
	outcome  conformance.Outcome // Pass, Fail, Skip or Err; the level turns a Fail into a Warn later
	level    conformance.Level   // of a Fail that weighs less than the check does, else ""
	expected string
	actual   string
	reason   string
	cause    string   // of a skip: id of the check whose failure leaves nothing to judge
	symptom  string   // symptomStatus where the status is what is wrong
	wanted   []string // the statuses that would do, where they are known
	failed   int      // tries that failed …
	tried    int      // … of so many, where there were several
	evidence []*wire.Answer
	blamed   []*wire.Answer // every response that the failure rests on, where that is more than evidence
	place    int            // of the first evidence among the answers of its try, -1 for elsewhere
	wandered bool           // several tries failed, not all at the same place
}

// symptomStatus says that a failure is for the status of the response.
const symptomStatus = "status"

// trial is one experiment of one check. Its methods end it, like those of
// testing.T, as soon as the outcome is known.
type trial struct {
	ctx      context.Context
	s        *session
	check    *check
	op       *contract.Operation
	mu       sync.Mutex
	users    int // made so far, over all tries of the check
	sequence int // of the requests, likewise
	answers  []*wire.Answer
	verdict  verdict
}

// run performs the experiment and returns its verdict.
func (t *trial) run() verdict {
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.check.run(t)
		t.verdict = verdict{outcome: conformance.Pass, evidence: t.answers}
	}()
	<-done
	return t.verdict
}

func (t *trial) end(v verdict) {
	if len(v.evidence) == 0 {
		v.evidence = t.answers
	}
	if v.place = -1; len(v.evidence) > 0 {
		v.place = slices.Index(t.answers, v.evidence[0])
	}
	t.verdict = v
	runtime.Goexit()
}

// fail ends the trial: the target did not do what the clause asks.
func (t *trial) fail(expected, actual string, evidence ...*wire.Answer) {
	t.end(verdict{outcome: conformance.Fail, expected: expected, actual: actual, evidence: evidence})
}

// warn ends the trial: the target did what is worth a warning only, whatever
// the level of the check.
func (t *trial) warn(expected, actual string, evidence ...*wire.Answer) {
	t.end(verdict{outcome: conformance.Fail, level: conformance.Should, expected: expected, actual: actual, evidence: evidence})
}

// skip ends the trial without a verdict.
func (t *trial) skip(reason string) { t.end(verdict{outcome: conformance.Skip, reason: reason}) }

// fell ends the trial: it could not be judged, because of what another check
// fails for.
func (t *trial) fell(a *wire.Answer, cause string) {
	t.end(verdict{outcome: conformance.Skip, reason: "not judged: the answer already breaks " + cause, cause: cause, evidence: []*wire.Answer{a}})
}

// broke ends the trial: the experiment itself went wrong.
func (t *trial) broke(reason string, evidence ...*wire.Answer) {
	t.end(verdict{outcome: conformance.Err, reason: reason, evidence: evidence})
}

// user makes the name of a user that nobody had before, the same one in each
// run of the same id.
func (t *trial) user() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.s.cfg.Profile == conformance.Production {
		return t.s.userPrefix + "1" // all checks are about one user, as far as they can
	}
	t.users++
	return t.s.userPrefix + t.s.number[t.check.ID] + "-" + strconv.Itoa(t.users)
}

// firstUser is the user whom the gate asked for.
func (t *trial) firstUser() string {
	return t.s.firstUser(t.op)
}

// firstUser is the user whom the gate asked for at an operation.
func (s *session) firstUser(op *contract.Operation) string {
	if s.cfg.Profile == conformance.Production {
		return s.userPrefix + "1"
	}
	return s.userPrefix + s.number[op.ID+"/"+op.Success()+"/minimal"] + "-1"
}

// request makes a valid request about a user that nobody had before.
func (t *trial) request() *wire.Request { return t.requestFor(t.user()) }

// requestFor makes a valid request about a user.
func (t *trial) requestFor(user string) *wire.Request { return t.s.validRequest(t.op, user) }

// body is the minimal valid body about a user, as an object.
func (t *trial) body(user string) schema.Object { return t.s.validBody(t.op, user) }

// try sends a request and returns what came back, whatever it is, unless the
// experiment broke.
func (t *trial) try(r *wire.Request) *wire.Answer {
	if err := t.s.contract.Confirm(r); err != nil {
		t.broke("the experiment is at fault, not the target: " + err.Error())
	}
	a := t.s.send(t.ctx, t.check, t.numbered(r))
	t.mu.Lock()
	t.answers = append(t.answers, a)
	t.mu.Unlock()
	return a
}

// numbered gives a request its place among those of the check.
func (t *trial) numbered(r *wire.Request) *wire.Request {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sequence++
	return r.On(func(r *wire.Request) { r.Sequence = t.sequence })
}

// send sends a request that must be answered.
func (t *trial) send(r *wire.Request) *wire.Answer {
	a := t.try(r)
	t.answered(a)
	return a
}

// answered ends the trial where no answer came.
func (t *trial) answered(a *wire.Answer) {
	switch {
	case a.Failure == wire.Spent:
		t.skip(fmt.Sprintf("not sent: the %d requests of the production profile were used up", productionRequests))
	case a.Failure.DecidesNothing():
		t.broke(failureWords(a), a)
	case a.Failure == wire.TimedOut && t.s.usuallyQuick():
		t.fail("an answer", fmt.Sprintf("no answer within %s, though others took %s", t.s.cfg.Timeout, t.s.quickest()), a)
	case a.Broken():
		t.fail("an HTTP answer", a.Says(), a)
	case a.Failure != wire.None && a.Failure != wire.CutShort:
		t.broke(failureWords(a), a)
	}
}

func failureWords(a *wire.Answer) string {
	if a.Err == nil {
		return string(a.Failure)
	}
	return string(a.Failure) + ": " + innermost(a.Err)
}

func innermost(err error) string {
	text := err.Error()
	if _, after, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(text, "Post ") {
		return after
	}
	return text
}

// expect sends a request and ends the trial unless the answer has one of the
// statuses.
func (t *trial) expect(r *wire.Request, statuses ...string) *wire.Answer {
	a := t.send(r)
	t.hasStatus(a, statuses...)
	return a
}

func (t *trial) hasStatus(a *wire.Answer, statuses ...string) {
	var expected contract.Want
	for _, s := range statuses {
		for _, each := range t.op.Meaning(s) {
			if !slices.Contains(expected, each) {
				expected = append(expected, each)
			}
		}
	}
	if expected.Has(a.Status) {
		return
	}
	if t.op.Depends(a.Status) && (slices.Contains(statuses, t.op.Success()) || t.s.isAbsent(t.op, a.Status)) {
		t.skip(stateWords(a))
	}
	v := verdict{outcome: conformance.Fail, expected: expected.String(), actual: a.Says(), evidence: []*wire.Answer{a}, symptom: symptomStatus, wanted: statuses}
	if a.Request.Attack && a.FromFirewall() {
		v.level = conformance.Should
	}
	t.end(v)
}

// digest sends what parsers and stores commonly trip over. One of the statuses
// is expected; a server error as the contract documents it ends the trial with
// a warning, if the target is unharmed by it.
func (t *trial) digest(r *wire.Request, statuses ...string) *wire.Answer {
	a := t.send(r.On(func(r *wire.Request) { r.Excused = true }))
	t.digested(a, statuses...)
	return a
}

func (t *trial) digested(a *wire.Answer, statuses ...string) {
	if a.Excused() {
		t.unharmed(a)
		t.warn(contract.Want(statuses).String(), a.Says(), a)
	}
	t.hasStatus(a, statuses...)
}

// unharmed ends the trial unless a known user still has the same id after a
// server error.
func (t *trial) unharmed(broke *wire.Answer) {
	if t.op.Success() == "" {
		return
	}
	user := t.firstUser()
	after := t.send(t.requestFor(user))
	if !after.Succeeded() {
		t.fail(statusWords(t.op.Success())+" to a valid request after the "+contract.StatusText(broke.Status), after.Says(), broke, after)
	}
	for _, s := range t.s.all() {
		before, known := s.answer.Member(t.op.Rules.Identity)
		if !known || !s.answer.Succeeded() || s.answer.Request.Subject != user || !ownKey(s.answer.Request) {
			continue
		}
		if id := t.identity(after); id != before {
			t.fail(fmt.Sprintf("%s %q as before the %s", t.op.Rules.Identity, before, contract.StatusText(broke.Status)), fmt.Sprintf("%q", id), broke, after)
		}
		return
	}
}

// expectAll sends requests side by side and ends the trial unless each answer
// has one of the statuses.
func (t *trial) expectAll(requests []*wire.Request, statuses ...string) []*wire.Answer {
	answers := t.together(requests)
	for _, a := range answers {
		t.answered(a)
		t.hasStatus(a, statuses...)
	}
	return answers
}

// accepted sends a valid request and returns the answer, which is a success
// whose body can be read.
func (t *trial) accepted(r *wire.Request) *wire.Answer {
	a := t.expect(r, t.op.Success())
	t.readable(a)
	return a
}

// readable ends the trial where the body of an answer cannot be judged.
func (t *trial) readable(a *wire.Answer) {
	prefix := t.op.ID + "/" + t.op.Documented(a.Status).Status + "/"
	for _, f := range a.Findings {
		if f.Clause == wire.ClauseJSON || f.Clause == wire.ClauseSchema || f.Clause == wire.ClauseContentType && !a.IsJSON {
			t.fell(a, prefix+f.Clause)
		}
	}
}

// identity is the id that an answer gives to the user it is about.
func (t *trial) identity(a *wire.Answer) string {
	id, ok := a.Member(t.op.Rules.Identity)
	if !ok {
		t.fell(a, t.op.ID+"/"+t.op.Success()+"/"+wire.ClauseSchema)
	}
	return id
}

// together sends requests side by side and returns the answers in order.
func (t *trial) together(requests []*wire.Request) []*wire.Answer {
	for _, r := range requests {
		if err := t.s.contract.Confirm(r); err != nil {
			t.broke("the experiment is at fault, not the target: " + err.Error())
		}
	}
	answers := make([]*wire.Answer, len(requests))
	var wg sync.WaitGroup
	for i, r := range requests {
		r = t.numbered(r)
		wg.Add(1)
		go func() {
			defer wg.Done()
			answers[i] = t.s.send(t.ctx, t.check, r)
		}()
	}
	wg.Wait()
	t.answers = append(t.answers, answers...)
	return answers
}

// most lists the failures among many tries of one thing and ends the trial if
// there is one, saying how many of how many failed.
func (t *trial) most(answers []*wire.Answer, expected string, wrong func(*wire.Answer) string) {
	var wrongs []*wire.Answer
	var problems wire.Tally
	for _, a := range answers {
		if a.Failure.DecidesNothing() || a.Failure == wire.TimedOut && !t.s.usuallyQuick() {
			t.answered(a)
		}
		problem := ""
		if !a.Came() || a.Failure == wire.TimedOut {
			problem = a.Says()
		} else {
			problem = wrong(a)
		}
		if problem != "" {
			problems.Add(problem, a)
			wrongs = append(wrongs, a)
		}
	}
	if len(wrongs) == 0 {
		return
	}
	first := wrongs[0]
	v := verdict{outcome: conformance.Fail, expected: expected, actual: problems.String(), evidence: []*wire.Answer{first}, blamed: wrongs, tried: len(answers), failed: len(wrongs)}
	switch {
	case first.Came() && wrong(first) == first.Says():
		v.symptom = symptomStatus
	case first.Succeeded() && answers[0] != first:
		v.blamed = append([]*wire.Answer{answers[0]}, wrongs...) // the one that the others differ from
	}
	t.end(v)
}

// inTurn sends two kinds of requests, which stand in turn, side by side and
// demands one status of all. Each kind is counted for itself.
func (t *trial) inTurn(requests []*wire.Request, status string) {
	for i, r := range requests {
		r.Kind = i % 2
	}
	answers := t.together(requests)
	for kind := range 2 {
		var same []*wire.Answer
		for i := kind; i < len(answers); i += 2 {
			same = append(same, answers[i])
		}
		t.most(same, statusWords(status), func(a *wire.Answer) string {
			if !t.op.Meaning(status).Has(a.Status) {
				return a.Says()
			}
			return ""
		})
	}
}

// random is a source of its own for a check, the same in each run of a seed.
func (t *trial) random() *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(t.check.ID))
	return rand.New(rand.NewPCG(uint64(t.s.cfg.Seed), h.Sum64()))
}

// aside sends a request to another place than the target. What comes back says
// nothing of the target's answers, so that the run does not remember it among
// them. Nobody need be there.
func (t *trial) aside(r *wire.Request) *wire.Answer {
	c := t.s.client
	if err := c.Pace(t.ctx); err != nil {
		t.broke(string(wire.Interruption(err)))
	}
	ctx, cancel := context.WithTimeout(t.ctx, min(c.Timeout, plainPatience+10*time.Duration(c.Fastest.Load())))
	defer cancel()
	r = t.numbered(r)
	var a *wire.Answer
	if c.Imagine != nil {
		a = c.Do(ctx, r)
		a.Status = 0
	} else {
		a, _ = c.Once(ctx, r)
	}
	if _, over := wire.Ended(t.ctx); over || a.Failure == wire.Spent { // rather than the time that the twin has
		t.answered(a)
	}
	t.s.contract.Assess(a)
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	t.s.asides = append(t.s.asides, seenAnswer{t.check, a})
	return a
}

// plainPatience is how long the plain-HTTP twin has to answer, beside what the
// target itself takes: where a firewall drops what is sent there, nothing ever
// comes.
const plainPatience = time.Second

// echoed ends the trial unless the answer returns the user as sent.
func (t *trial) echoed(a *wire.Answer, user string) {
	t.readable(a)
	name := t.op.Rules.Echo
	if name == "" {
		return
	}
	got, ok := a.Member(name)
	if !ok {
		t.fell(a, t.op.ID+"/"+t.op.Success()+"/"+wire.ClauseSchema)
	}
	if got != user {
		t.fail(fmt.Sprintf("%s %s", name, quoteDifference(user, got)), fmt.Sprintf("%s %s", name, quoteDifference(got, user)), a)
	}
}

// quoteDifference quotes a text; a long one from a little before the place
// where it begins to differ from another.
func quoteDifference(text, other string) string {
	const around, enough = 12, 60
	runes, others := []rune(text), []rune(other)
	if len(runes) <= enough {
		return wire.Quoted(text)
	}
	at := 0
	for at < len(runes) && at < len(others) && runes[at] == others[at] {
		at++
	}
	from, to := max(0, at-around), min(len(runes), at+around)
	return fmt.Sprintf("…%s… (%d characters, differing from the %d. on)", wire.Quoted(string(runes[from:to])), len(runes), at+1)
}

// blames returns the responses that a failure rests on.
func (v *verdict) blames() []*wire.Answer {
	if len(v.blamed) > 0 {
		return v.blamed
	}
	return v.evidence
}

// sameCharacters reports whether two keys differ at most in the order and case
// of their characters.
func sameCharacters(a, b string) bool {
	sorted := func(s string) []rune {
		runes := []rune(strings.ToLower(s))
		slices.Sort(runes)
		return runes
	}
	return slices.Equal(sorted(a), sorted(b))
}

func ownKey(r *wire.Request) bool {
	return len(r.Keys) == 1 && r.Keys[0].Good && r.Keys[0].Label == "the key"
}

// documentedNumber is a status as a number; of a range, its first.
func documentedNumber(status string) int {
	for n := http.StatusOK; n < 600; n++ {
		if contract.Want([]string{status}).Has(n) {
			return n
		}
	}
	return 0
}

// stateWords say why an answer to a valid request decides nothing: it is
// documented for a state of the target, which the runner does not know.
func stateWords(a *wire.Answer) string {
	return "the target answers " + a.Says() + ", which the contract documents for " + a.Request.Method + " " + a.Request.Path + ": an example in the contract that the target knows would help"
}

func statusWords(status string) string { return contract.Want{status}.String() }

// atOnce is how many requests for one user are released together.
const atOnce = 8

func wordOr(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// unrecorded is the failure of an answer whose status and fields are known and
// whose body is not: browsers drop bodies, and exports cut them.
const unrecorded wire.Failure = "an answer whose body was not recorded whole"
