package trial

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/guard"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/wire"
)

// Verdict is what one experiment came to.
type Verdict struct {
	Outcome        conformance.Outcome // Pass, Fail, Skip or Err; the level turns a Fail into a Warn later
	Level          conformance.Level   // of a Fail that weighs less than the check does, else ""
	Expected       string
	Actual         string
	Reason         string
	Cause          string   // of a skip: id of the check whose failure leaves nothing to judge
	Stack          string   // where this program failed, if it did
	Symptom        string   // symptomStatus where the status is what is wrong
	WantedStatuses []string // the statuses that would do, where they are known
	Failed         int      // tries that failed …
	Tried          int      // … of so many, where there were several
	Evidence       []*wire.Response
	blamed         []*wire.Response // every response that the failure rests on, where that is more than evidence
	EvidenceIndex  int              // of the first evidence among the responses of its try, -1 for elsewhere
	IsScript       bool             // the evidence is a sequence of requests that shows the failure
	Varies         bool             // several tries failed, not all at the same place
}

// SymptomStatus marks a failure for the status of the response.
const SymptomStatus = "status"

// Broken is the verdict of an experiment in which this program itself failed.
func Broken(err error) Verdict {
	return Verdict{Outcome: conformance.Err, Reason: err.Error(), Stack: guard.StackOf(err)}
}

// Trial is one experiment of one check. Its methods end it, like those of
// testing.T, as soon as the outcome is known.
type Trial struct {
	Context   context.Context
	Session   *Session
	Check     *Check
	Op        *contract.Operation
	mu        sync.Mutex
	UserCount int // made so far, over all tries of the check
	sequence  int // of the requests, likewise
	Responses []*wire.Response
	isPart    bool // one of several cases, of which another is judged all the same
	verdict   Verdict
}

// Run performs the experiment and returns its verdict.
func (t *Trial) Run() Verdict {
	return t.perform(t.Check.Run)
}

// perform performs an experiment on a goroutine of its own, which the trial may
// end, and returns the verdict.
func (t *Trial) perform(run func(*Trial)) Verdict {
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := guard.Call(func() { run(t) }) // which does not return where the trial was ended
		t.verdict = Verdict{Outcome: conformance.Pass, Evidence: t.Responses}
		if err != nil {
			t.verdict = Broken(err)
		}
	}()
	<-done
	return t.verdict
}

// part returns a trial of its own for a part of the check: it numbers its users and
// requests on from those of t, with so many left out.
func (t *Trial) part(users, requests int) *Trial {
	return &Trial{Context: t.Context, Session: t.Session, Check: t.Check, Op: t.Op, UserCount: t.UserCount + users, sequence: t.sequence + requests, isPart: true}
}

// End ends the trial with a verdict. Unless that names its evidence, all responses
// of the trial are.
func (t *Trial) End(v Verdict) {
	if len(v.Evidence) == 0 {
		v.Evidence = t.Responses
	}
	if v.EvidenceIndex = -1; len(v.Evidence) > 0 {
		v.EvidenceIndex = slices.Index(t.Responses, v.Evidence[0])
	}
	t.verdict = v
	runtime.Goexit()
}

// Fail ends the trial as failed.
func (t *Trial) Fail(expected, actual string, evidence ...*wire.Response) {
	t.End(Verdict{Outcome: conformance.Fail, Expected: expected, Actual: actual, Evidence: evidence})
}

// Warn ends the trial as failed with a warning, whatever the level of the
// check.
func (t *Trial) Warn(expected, actual string, evidence ...*wire.Response) {
	t.End(Verdict{Outcome: conformance.Fail, Level: conformance.Should, Expected: expected, Actual: actual, Evidence: evidence})
}

// Skip ends the trial without a verdict.
func (t *Trial) Skip(reason string) { t.End(Verdict{Outcome: conformance.Skip, Reason: reason}) }

// skipAsConsequence ends the trial: it could not be judged, because of what another check
// fails for.
func (t *Trial) skipAsConsequence(a *wire.Response, cause string) {
	t.End(Verdict{Outcome: conformance.Skip, Reason: "not judged: the response already fails " + cause, Cause: cause, Evidence: []*wire.Response{a}})
}

// Abort ends the trial as an error: the check itself could not run.
func (t *Trial) Abort(reason string, evidence ...*wire.Response) {
	t.End(Verdict{Outcome: conformance.Err, Reason: reason, Evidence: evidence})
}

// User returns the name of a new user, the same in each run with one run id.
func (t *Trial) User() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.IsSparing() {
		return t.Session.UserPrefix + "1" // all checks are about one user, as far as they can
	}
	t.UserCount++
	return t.Session.UserPrefix + t.Session.CheckNumbers[t.Check.ID] + "-" + strconv.Itoa(t.UserCount)
}

// UserLike returns the name of a new user in a given form. A run that spares
// its target has one user for all checks, under a plain name.
func (t *Trial) UserLike(form func(user string) string) string {
	if t.IsSparing() {
		return t.User()
	}
	return form(t.User())
}

// IsSparing reports whether the run sends no more than it must, and creates no
// user that it can do without.
func (t *Trial) IsSparing() bool { return t.Session.isSparing() }

// Repeats returns how many times to send a request that must have the same
// outcome each time.
func (t *Trial) Repeats() int {
	if t.IsSparing() {
		return FewRepeats
	}
	return ManyRepeats
}

// TakeMeasured returns responses to a valid request about the first user, each on
// a new connection, as if the trial had sent it. It returns none where nothing
// was measured, or where they were judged before.
func (t *Trial) TakeMeasured() []*wire.Response {
	t.Session.mu.Lock()
	defer t.Session.mu.Unlock()
	answers := t.Session.measured
	t.Session.measured = nil
	t.Responses = append(t.Responses, answers...)
	t.sequence += len(answers)
	return answers
}

// Sample returns the cases to try: all of them, or the first alone in a run that
// spares its target.
func Sample[T any](t *Trial, cases []T) []T {
	if t.IsSparing() {
		return cases[:min(1, len(cases))]
	}
	return cases
}

const (
	// ManyRepeats finds a fault that does not show each time: one in seven is
	// missed by ten requests with a probability of 21%, and then by all
	// others of its kind in a run with one near zero.
	ManyRepeats = 10
	// FewRepeats is the same for a run that spares its target.
	FewRepeats = 2
)

// FirstUser returns the user of the gate's request.
func (t *Trial) FirstUser() string {
	return t.Session.FirstUser(t.Op)
}

// Request returns a valid request about a new user.
func (t *Trial) Request() *wire.Request { return t.RequestFor(t.User()) }

// RequestFor returns a valid request about a user.
func (t *Trial) RequestFor(user string) *wire.Request { return t.Session.ValidRequest(t.Op, user) }

// Body returns the minimal valid body about a user, as an object.
func (t *Trial) Body(user string) schema.Object { return t.Session.validBody(t.Op, user) }

// Try sends a request and returns its response, whatever it is. It ends the
// trial if the request is not what the check says.
func (t *Trial) Try(r *wire.Request) *wire.Response {
	t.confirm(r)
	a := t.Session.send(t.Context, t.Check, t.numbered(r))
	t.mu.Lock()
	t.Responses = append(t.Responses, a)
	t.mu.Unlock()
	return a
}

// confirm ends the trial if a request is not what the check says. Where a rule is
// about a property that does not take any text, not every check applies.
func (t *Trial) confirm(r *wire.Request) {
	err := t.Session.Contract.Confirm(r)
	if err == nil {
		return
	}
	if s := t.Op.RequestProperty(t.Op.Rules.Subject); s != nil && s.IsNarrow() {
		t.Skip("not applicable: the schema does not allow such a " + t.Op.Rules.Subject)
	}
	t.Abort("error in this check, not in the target: " + err.Error())
}

// numbered gives a request its place among those of the check.
func (t *Trial) numbered(r *wire.Request) *wire.Request {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sequence++
	c := r.Clone()
	c.Sequence = t.sequence
	return c
}

// Send sends a request and returns its response. It ends the trial if there is
// none.
func (t *Trial) Send(r *wire.Request) *wire.Response {
	a := t.Try(r)
	t.RequireResponse(a)
	return a
}

// RequireResponse ends the trial if no response arrived.
func (t *Trial) RequireResponse(a *wire.Response) {
	switch {
	case a.Failure == wire.BudgetSpent:
		t.Skip(fmt.Sprintf("not sent: the production profile sends at most %d requests", ProductionRequests))
	case a.Failure.IsInconclusive():
		t.Abort(DescribeFailure(a), a)
	case a.Failure == wire.TimedOut && t.Session.usuallyQuick():
		t.Fail("a response", fmt.Sprintf("no response within %s, although the fastest took %s", t.Session.Config.Timeout, t.Session.quickest()), a)
	case a.IsBroken():
		t.Fail("an HTTP response", a.Summary(), a)
	case a.Failure != wire.NoFailure && a.Failure != wire.Truncated && a.Failure != wire.Unread:
		t.Abort(DescribeFailure(a), a)
	}
}

// DescribeFailure says why no response came.
func DescribeFailure(a *wire.Response) string {
	if a.Err == nil {
		return string(a.Failure)
	}
	if a.Failure == wire.TimedOut && a.Status == 0 && errors.Is(a.Err, context.DeadlineExceeded) && !errors.Is(a.Err, wire.ErrNotConnected) {
		return fmt.Sprintf("%s: the target took the connection, and sent nothing for %.3g s", a.Failure, a.Duration.Seconds())
	}
	return string(a.Failure) + ": " + InnermostError(a.Err)
}

// InnermostError returns the text of an error of net/http without the URL.
func InnermostError(err error) string {
	text := err.Error()
	if _, after, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(text, "Post ") {
		return after
	}
	return text
}

// Expect sends a request and returns its response. It ends the trial unless the
// response has one of the statuses.
func (t *Trial) Expect(r *wire.Request, statuses ...string) *wire.Response {
	a := t.Send(r)
	t.RequireStatus(a, statuses...)
	return a
}

// RequireStatus ends the trial unless the response has one of the statuses, or one
// that the contract documents for the same.
func (t *Trial) RequireStatus(a *wire.Response, statuses ...string) {
	var expected contract.Statuses
	for _, s := range statuses {
		for _, each := range t.Op.EquivalentStatuses(s) {
			if !slices.Contains(expected, each) {
				expected = append(expected, each)
			}
		}
	}
	if expected.Contains(a.Status) {
		return
	}
	if len(statuses) == 1 && statuses[0] == "" {
		t.Skip("not judged: the contract documents no success of the operation")
	}
	if t.Op.DependsOnState(a.Status) && (slices.Contains(statuses, t.Op.SuccessStatus()) || t.Session.isAbsent(t.Op, a.Status)) {
		t.Skip(DescribeState(a))
	}
	v := Verdict{Outcome: conformance.Fail, Expected: expected.String(), Actual: a.Summary(), Evidence: []*wire.Response{a}, Symptom: SymptomStatus, WantedStatuses: statuses}
	if a.IsBlocked() {
		v.Level = conformance.Should
	}
	t.End(v)
}

// ExpectExcused is Expect for a request that parsers and stores commonly fail
// on: a documented server error is a warning, if the target is unharmed by it.
func (t *Trial) ExpectExcused(r *wire.Request, statuses ...string) *wire.Response {
	a := t.Send(r.Excused())
	t.RequireExcused(a, statuses...)
	return a
}

// RequireExcused ends the trial unless the response has one of the statuses. A
// documented server error is a warning, if the target is unharmed by it.
func (t *Trial) RequireExcused(a *wire.Response, statuses ...string) {
	if a.IsExcused() {
		t.unharmed(a)
		t.Warn(contract.Statuses(statuses).String(), a.Summary(), a)
	}
	t.RequireStatus(a, statuses...)
}

// unharmed ends the trial unless a known user still has the same id after a
// server error.
func (t *Trial) unharmed(broke *wire.Response) {
	if t.Op.SuccessStatus() == "" {
		return
	}
	user := t.FirstUser()
	after := t.Send(t.RequestFor(user))
	if !after.Succeeded() {
		t.Fail(DescribeStatus(t.Op.SuccessStatus())+" to a valid request after the "+contract.StatusText(broke.Status), after.Summary(), broke, after)
	}
	for _, s := range t.Session.AllSeen() {
		before, known := s.Response.Member(t.Op.Rules.Identity)
		if !known || !s.Response.Succeeded() || s.Response.Request.Subject != user || !HasOwnKey(s.Response.Request) {
			continue
		}
		if id := t.IdentityOf(after); id != before {
			t.Fail(fmt.Sprintf("%s %q as before the %s", t.Op.Rules.Identity, before, contract.StatusText(broke.Status)), fmt.Sprintf("%q", id), broke, after)
		}
		return
	}
}

// ExpectAll sends requests at the same time. It ends the trial unless each
// response has one of the statuses.
func (t *Trial) ExpectAll(requests []*wire.Request, statuses ...string) []*wire.Response {
	answers := t.SendAll(requests)
	for _, a := range answers {
		t.RequireResponse(a)
		t.RequireStatus(a, statuses...)
	}
	return answers
}

// ExpectSuccess sends a valid request and returns its response, a success with
// a readable body.
func (t *Trial) ExpectSuccess(r *wire.Request) *wire.Response {
	a := t.Expect(r, t.Op.SuccessStatus())
	t.RequireReadable(a)
	return a
}

// RequireReadable ends the trial if the body of a response cannot be judged.
func (t *Trial) RequireReadable(a *wire.Response) {
	if a.Failure == wire.Unread {
		t.Abort(DescribeFailure(a), a)
	}
	prefix := t.Op.ID + "/" + t.Op.ResponseFor(a.Status).Status + "/"
	for _, f := range a.Findings {
		if f.Clause == wire.ClauseJSON || f.Clause == wire.ClauseSchema || f.Clause == wire.ClauseContentType && !a.IsJSON {
			if !t.isPart && t.Session.SkipReasons[prefix+f.Clause] != "" { // which nobody else says then
				t.Fail(f.Expected, f.Actual, a)
			}
			t.skipAsConsequence(a, prefix+f.Clause)
		}
	}
}

// IdentityOf returns the id that a response gives its user.
func (t *Trial) IdentityOf(a *wire.Response) string {
	id, ok := a.Member(t.Op.Rules.Identity)
	if !ok {
		t.skipAsConsequence(a, t.Op.ID+"/"+t.Op.SuccessStatus()+"/"+wire.ClauseSchema)
	}
	return id
}

// SendAll sends requests at the same time and returns their responses in order.
func (t *Trial) SendAll(requests []*wire.Request) []*wire.Response {
	for _, r := range requests {
		t.confirm(r)
	}
	answers := make([]*wire.Response, len(requests))
	var wg sync.WaitGroup
	for i, r := range requests {
		r = t.numbered(r)
		wg.Go(func() { answers[i] = t.Session.send(t.Context, t.Check, r) })
	}
	wg.Wait()
	t.Responses = append(t.Responses, answers...)
	return answers
}

// RequireEach ends the trial if wrong names a problem of any response. The
// verdict says how many of them failed.
func (t *Trial) RequireEach(answers []*wire.Response, expected string, wrong func(*wire.Response) string) {
	var wrongs []*wire.Response
	var problems wire.Tally
	for _, a := range answers {
		if a.Failure.IsInconclusive() || a.Failure == wire.TimedOut && !t.Session.usuallyQuick() {
			t.RequireResponse(a)
		}
		problem := ""
		if !a.Arrived() || a.Failure == wire.TimedOut {
			problem = a.Summary()
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
	v := Verdict{Outcome: conformance.Fail, Expected: expected, Actual: problems.String(), Evidence: []*wire.Response{first}, blamed: wrongs, Tried: len(answers), Failed: len(wrongs)}
	switch {
	case first.Arrived() && wrong(first) == first.Summary():
		v.Symptom = SymptomStatus
	case first.Succeeded() && answers[0] != first:
		v.blamed = append([]*wire.Response{answers[0]}, wrongs...) // the one that the others differ from
	}
	t.End(v)
}

// SendAlternating sends requests of two alternating kinds at the same time. It
// ends the trial unless all responses have the status, and counts each kind by
// itself.
func (t *Trial) SendAlternating(requests []*wire.Request, status string) {
	for i, r := range requests {
		r.Kind = i % 2
	}
	answers := t.SendAll(requests)
	for kind := range 2 {
		var same []*wire.Response
		for i := kind; i < len(answers); i += 2 {
			same = append(same, answers[i])
		}
		t.RequireEach(same, DescribeStatus(status), func(a *wire.Response) string {
			if !t.Op.EquivalentStatuses(status).Contains(a.Status) {
				return a.Summary()
			}
			return ""
		})
	}
}

// Random returns a source of randomness for the check, the same in each run
// with one seed.
func (t *Trial) Random() *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(t.Check.ID))
	return rand.New(rand.NewPCG(uint64(t.Session.Config.Seed), h.Sum64()))
}

// SendElsewhere sends a request to another server than the target. The run does
// not keep the response among the target's. No server need be there.
func (t *Trial) SendElsewhere(r *wire.Request) *wire.Response {
	c := t.Session.Client
	if err := c.WaitTurn(t.Context); err != nil {
		t.Abort(string(wire.InterruptionOf(err)))
	}
	ctx, cancel := context.WithTimeout(t.Context, c.BriefTimeout())
	defer cancel()
	r = t.numbered(r)
	var a *wire.Response
	if c.Simulate != nil {
		a = c.Do(ctx, r)
		a.Status = 0
	} else {
		a, _ = c.SendOnce(ctx, r)
	}
	if _, over := wire.HasEnded(t.Context); over || a.Failure == wire.BudgetSpent { // rather than the time that the twin has
		t.RequireResponse(a)
	}
	t.Session.assess(t.Context, a)
	t.Session.mu.Lock()
	defer t.Session.mu.Unlock()
	if !t.Session.ended {
		t.Session.SeenElsewhere = append(t.Session.SeenElsewhere, SeenResponse{t.Check, a})
	}
	return a
}

// RequireEcho ends the trial unless the response, if it is a success, returns the
// user id exactly as sent.
func (t *Trial) RequireEcho(a *wire.Response) {
	if !a.Succeeded() {
		return
	}
	t.RequireReadable(a)
	name, user := t.Op.Rules.Echo, a.Request.Subject
	if name == "" {
		return
	}
	got, ok := a.Member(name)
	if !ok {
		t.skipAsConsequence(a, t.Op.ID+"/"+t.Op.SuccessStatus()+"/"+wire.ClauseSchema)
	}
	if got != user {
		t.Fail(fmt.Sprintf("%s %s", name, QuoteDifference(user, got)), fmt.Sprintf("%s %s", name, QuoteDifference(got, user)), a)
	}
}

// QuoteDifference quotes a text; a long one from a little before the place
// where it begins to differ from another.
func QuoteDifference(text, other string) string {
	const around, enough = 12, 60
	runes, others := []rune(text), []rune(other)
	if len(runes) <= enough {
		return wire.Quote(text)
	}
	at := 0
	for at < len(runes) && at < len(others) && runes[at] == others[at] {
		at++
	}
	from, to := max(0, at-around), min(len(runes), at+around)
	return fmt.Sprintf("…%s… (%d characters, different from character %d on)", wire.Quote(string(runes[from:to])), len(runes), at+1)
}

// BlamedResponses returns the responses that a failure rests on.
func (v *Verdict) BlamedResponses() []*wire.Response {
	if len(v.blamed) > 0 {
		return v.blamed
	}
	return v.Evidence
}

// HaveSameCharacters reports whether two keys differ at most in the order and case
// of their characters.
func HaveSameCharacters(a, b string) bool {
	sorted := func(s string) []rune {
		runes := []rune(strings.ToLower(s))
		slices.Sort(runes)
		return runes
	}
	return slices.Equal(sorted(a), sorted(b))
}

// HasOwnKey reports whether a request carries the key of the run, and no other.
func HasOwnKey(r *wire.Request) bool {
	return len(r.Keys) == 1 && r.Keys[0].IsValid && r.Keys[0].Label == "the key"
}

// StatusNumber returns a status as a number: of a range, its first.
func StatusNumber(status string) int {
	for n := http.StatusOK; n < 600; n++ {
		if contract.Statuses([]string{status}).Contains(n) {
			return n
		}
	}
	return 0
}

// DescribeState says why a response to a valid request is inconclusive: the
// contract documents it for a state of the target, which the runner does not
// know.
func DescribeState(a *wire.Response) string {
	return "the target returns " + a.Summary() + ", which the contract documents for " + a.Request.Method + " " + a.Request.Path + "; add an example that the target knows to the contract"
}

// DescribeStatus returns a documented status in words.
func DescribeStatus(status string) string { return contract.Statuses{status}.String() }

// ConcurrentRequests is how many requests for one user are released together.
const ConcurrentRequests = 8

// BodyUnrecorded is the failure of a response whose status and fields are known and
// whose body is not: browsers drop bodies, and exports cut them.
const BodyUnrecorded wire.Failure = "the recording lacks part of the response body"
