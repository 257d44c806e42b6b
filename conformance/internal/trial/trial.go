package trial

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

// Verdict is what one experiment came to.
type Verdict struct {
	Outcome  conformance.Outcome // Pass, Fail, Skip or Err; the level turns a Fail into a Warn later
	Level    conformance.Level   // of a Fail that weighs less than the check does, else ""
	Expected string
	Actual   string
	Reason   string
	Cause    string   // of a skip: id of the check whose failure leaves nothing to judge
	Symptom  string   // symptomStatus where the status is what is wrong
	Wanted   []string // the statuses that would do, where they are known
	Failed   int      // tries that failed …
	Tried    int      // … of so many, where there were several
	Evidence []*wire.Answer
	blamed   []*wire.Answer // every response that the failure rests on, where that is more than evidence
	Place    int            // of the first evidence among the answers of its try, -1 for elsewhere
	Wandered bool           // several tries failed, not all at the same place
}

// SymptomStatus says that a failure is for the status of the response.
const SymptomStatus = "status"

// Trial is one experiment of one check. Its methods end it, like those of
// testing.T, as soon as the outcome is known.
type Trial struct {
	Ctx      context.Context
	S        *Session
	Check    *Check
	Op       *contract.Operation
	mu       sync.Mutex
	Users    int // made so far, over all tries of the check
	sequence int // of the requests, likewise
	Answers  []*wire.Answer
	verdict  Verdict
}

// Run performs the experiment and returns its verdict.
func (t *Trial) Run() Verdict {
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.Check.Run(t)
		t.verdict = Verdict{Outcome: conformance.Pass, Evidence: t.Answers}
	}()
	<-done
	return t.verdict
}

func (t *Trial) End(v Verdict) {
	if len(v.Evidence) == 0 {
		v.Evidence = t.Answers
	}
	if v.Place = -1; len(v.Evidence) > 0 {
		v.Place = slices.Index(t.Answers, v.Evidence[0])
	}
	t.verdict = v
	runtime.Goexit()
}

// Fail ends the trial: the target did not do what the clause asks.
func (t *Trial) Fail(expected, actual string, evidence ...*wire.Answer) {
	t.End(Verdict{Outcome: conformance.Fail, Expected: expected, Actual: actual, Evidence: evidence})
}

// Warn ends the trial: the target did what is worth a warning only, whatever
// the level of the check.
func (t *Trial) Warn(expected, actual string, evidence ...*wire.Answer) {
	t.End(Verdict{Outcome: conformance.Fail, Level: conformance.Should, Expected: expected, Actual: actual, Evidence: evidence})
}

// Skip ends the trial without a verdict.
func (t *Trial) Skip(reason string) { t.End(Verdict{Outcome: conformance.Skip, Reason: reason}) }

// fell ends the trial: it could not be judged, because of what another check
// fails for.
func (t *Trial) fell(a *wire.Answer, cause string) {
	t.End(Verdict{Outcome: conformance.Skip, Reason: "not judged: the answer already breaks " + cause, Cause: cause, Evidence: []*wire.Answer{a}})
}

// Broke ends the trial: the experiment itself went wrong.
func (t *Trial) Broke(reason string, evidence ...*wire.Answer) {
	t.End(Verdict{Outcome: conformance.Err, Reason: reason, Evidence: evidence})
}

// User makes the name of a user that nobody had before, the same one in each
// run of the same id.
func (t *Trial) User() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.IsSparing() {
		return t.S.UserPrefix + "1" // all checks are about one user, as far as they can
	}
	t.Users++
	return t.S.UserPrefix + t.S.Number[t.Check.ID] + "-" + strconv.Itoa(t.Users)
}

// UserLike makes the name of a user that nobody had before in a given form. A
// run that spares its target has one user for all checks, under a plain name.
func (t *Trial) UserLike(form func(user string) string) string {
	if t.IsSparing() {
		return t.User()
	}
	return form(t.User())
}

// IsSparing reports whether the run sends no more than it must, and creates no
// user that it can do without.
func (t *Trial) IsSparing() bool { return t.S.isSparing() }

// Repeats returns how many times to send a request that must have the same
// outcome each time.
func (t *Trial) Repeats() int {
	if t.IsSparing() {
		return FewRepeats
	}
	return ManyRepeats
}

// Some returns the cases to try: all of them, or the first alone in a run that
// spares its target.
func Some[T any](t *Trial, cases []T) []T {
	if t.IsSparing() {
		return cases[:min(1, len(cases))]
	}
	return cases
}

const (
	// ManyRepeats finds a fault that does not show each time: one in seven is
	// missed by forty requests with a probability below 0.3%.
	ManyRepeats = 40
	// FewRepeats is the same for a run that spares its target.
	FewRepeats = 2
)

// FirstUser is the user whom the gate asked for.
func (t *Trial) FirstUser() string {
	return t.S.FirstUser(t.Op)
}

// FirstUser is the user whom the gate asked for at an operation.
func (s *Session) FirstUser(op *contract.Operation) string {
	if s.isSparing() {
		return s.UserPrefix + "1"
	}
	return s.UserPrefix + s.Number[op.ID+"/"+op.Success()+"/minimal"] + "-1"
}

// Request makes a valid request about a user that nobody had before.
func (t *Trial) Request() *wire.Request { return t.RequestFor(t.User()) }

// RequestFor makes a valid request about a user.
func (t *Trial) RequestFor(user string) *wire.Request { return t.S.ValidRequest(t.Op, user) }

// Body is the minimal valid body about a user, as an object.
func (t *Trial) Body(user string) schema.Object { return t.S.validBody(t.Op, user) }

// Try sends a request and returns what came back, whatever it is, unless the
// experiment broke.
func (t *Trial) Try(r *wire.Request) *wire.Answer {
	if err := t.S.Contract.Confirm(r); err != nil {
		t.Broke("the experiment is at fault, not the target: " + err.Error())
	}
	a := t.S.send(t.Ctx, t.Check, t.numbered(r))
	t.mu.Lock()
	t.Answers = append(t.Answers, a)
	t.mu.Unlock()
	return a
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

// Send sends a request that must be answered.
func (t *Trial) Send(r *wire.Request) *wire.Answer {
	a := t.Try(r)
	t.Answered(a)
	return a
}

// Answered ends the trial where no answer came.
func (t *Trial) Answered(a *wire.Answer) {
	switch {
	case a.Failure == wire.Spent:
		t.Skip(fmt.Sprintf("not sent: the %d requests of the production profile were used up", ProductionRequests))
	case a.Failure.DecidesNothing():
		t.Broke(FailureWords(a), a)
	case a.Failure == wire.TimedOut && t.S.usuallyQuick():
		t.Fail("an answer", fmt.Sprintf("no answer within %s, though others took %s", t.S.Cfg.Timeout, t.S.quickest()), a)
	case a.Broken():
		t.Fail("an HTTP answer", a.Says(), a)
	case a.Failure != wire.None && a.Failure != wire.CutShort:
		t.Broke(FailureWords(a), a)
	}
}

func FailureWords(a *wire.Answer) string {
	if a.Err == nil {
		return string(a.Failure)
	}
	return string(a.Failure) + ": " + Innermost(a.Err)
}

func Innermost(err error) string {
	text := err.Error()
	if _, after, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(text, "Post ") {
		return after
	}
	return text
}

// Expect sends a request and ends the trial unless the answer has one of the
// statuses.
func (t *Trial) Expect(r *wire.Request, statuses ...string) *wire.Answer {
	a := t.Send(r)
	t.HasStatus(a, statuses...)
	return a
}

func (t *Trial) HasStatus(a *wire.Answer, statuses ...string) {
	var expected contract.Want
	for _, s := range statuses {
		for _, each := range t.Op.Meaning(s) {
			if !slices.Contains(expected, each) {
				expected = append(expected, each)
			}
		}
	}
	if expected.Has(a.Status) {
		return
	}
	if t.Op.Depends(a.Status) && (slices.Contains(statuses, t.Op.Success()) || t.S.isAbsent(t.Op, a.Status)) {
		t.Skip(StateWords(a))
	}
	v := Verdict{Outcome: conformance.Fail, Expected: expected.String(), Actual: a.Says(), Evidence: []*wire.Answer{a}, Symptom: SymptomStatus, Wanted: statuses}
	if a.IsBlocked() {
		v.Level = conformance.Should
	}
	t.End(v)
}

// Digest sends what parsers and stores commonly trip over. One of the statuses
// is expected; a server error as the contract documents it ends the trial with
// a warning, if the target is unharmed by it.
func (t *Trial) Digest(r *wire.Request, statuses ...string) *wire.Answer {
	a := t.Send(r.Excused())
	t.Digested(a, statuses...)
	return a
}

func (t *Trial) Digested(a *wire.Answer, statuses ...string) {
	if a.Excused() {
		t.unharmed(a)
		t.Warn(contract.Want(statuses).String(), a.Says(), a)
	}
	t.HasStatus(a, statuses...)
}

// unharmed ends the trial unless a known user still has the same id after a
// server error.
func (t *Trial) unharmed(broke *wire.Answer) {
	if t.Op.Success() == "" {
		return
	}
	user := t.FirstUser()
	after := t.Send(t.RequestFor(user))
	if !after.Succeeded() {
		t.Fail(StatusWords(t.Op.Success())+" to a valid request after the "+contract.StatusText(broke.Status), after.Says(), broke, after)
	}
	for _, s := range t.S.All() {
		before, known := s.Answer.Member(t.Op.Rules.Identity)
		if !known || !s.Answer.Succeeded() || s.Answer.Request.Subject != user || !OwnKey(s.Answer.Request) {
			continue
		}
		if id := t.Identity(after); id != before {
			t.Fail(fmt.Sprintf("%s %q as before the %s", t.Op.Rules.Identity, before, contract.StatusText(broke.Status)), fmt.Sprintf("%q", id), broke, after)
		}
		return
	}
}

// ExpectAll sends requests side by side and ends the trial unless each answer
// has one of the statuses.
func (t *Trial) ExpectAll(requests []*wire.Request, statuses ...string) []*wire.Answer {
	answers := t.Together(requests)
	for _, a := range answers {
		t.Answered(a)
		t.HasStatus(a, statuses...)
	}
	return answers
}

// Accepted sends a valid request and returns the answer, which is a success
// whose body can be read.
func (t *Trial) Accepted(r *wire.Request) *wire.Answer {
	a := t.Expect(r, t.Op.Success())
	t.Readable(a)
	return a
}

// Readable ends the trial where the body of an answer cannot be judged.
func (t *Trial) Readable(a *wire.Answer) {
	prefix := t.Op.ID + "/" + t.Op.Documented(a.Status).Status + "/"
	for _, f := range a.Findings {
		if f.Clause == wire.ClauseJSON || f.Clause == wire.ClauseSchema || f.Clause == wire.ClauseContentType && !a.IsJSON {
			t.fell(a, prefix+f.Clause)
		}
	}
}

// Identity is the id that an answer gives to the user it is about.
func (t *Trial) Identity(a *wire.Answer) string {
	id, ok := a.Member(t.Op.Rules.Identity)
	if !ok {
		t.fell(a, t.Op.ID+"/"+t.Op.Success()+"/"+wire.ClauseSchema)
	}
	return id
}

// Together sends requests side by side and returns the answers in order.
func (t *Trial) Together(requests []*wire.Request) []*wire.Answer {
	for _, r := range requests {
		if err := t.S.Contract.Confirm(r); err != nil {
			t.Broke("the experiment is at fault, not the target: " + err.Error())
		}
	}
	answers := make([]*wire.Answer, len(requests))
	var wg sync.WaitGroup
	for i, r := range requests {
		r = t.numbered(r)
		wg.Add(1)
		go func() {
			defer wg.Done()
			answers[i] = t.S.send(t.Ctx, t.Check, r)
		}()
	}
	wg.Wait()
	t.Answers = append(t.Answers, answers...)
	return answers
}

// Most lists the failures among many tries of one thing and ends the trial if
// there is one, saying how many of how many failed.
func (t *Trial) Most(answers []*wire.Answer, expected string, wrong func(*wire.Answer) string) {
	var wrongs []*wire.Answer
	var problems wire.Tally
	for _, a := range answers {
		if a.Failure.DecidesNothing() || a.Failure == wire.TimedOut && !t.S.usuallyQuick() {
			t.Answered(a)
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
	v := Verdict{Outcome: conformance.Fail, Expected: expected, Actual: problems.String(), Evidence: []*wire.Answer{first}, blamed: wrongs, Tried: len(answers), Failed: len(wrongs)}
	switch {
	case first.Came() && wrong(first) == first.Says():
		v.Symptom = SymptomStatus
	case first.Succeeded() && answers[0] != first:
		v.blamed = append([]*wire.Answer{answers[0]}, wrongs...) // the one that the others differ from
	}
	t.End(v)
}

// InTurn sends two kinds of requests, which stand in turn, side by side and
// demands one status of all. Each kind is counted for itself.
func (t *Trial) InTurn(requests []*wire.Request, status string) {
	for i, r := range requests {
		r.Kind = i % 2
	}
	answers := t.Together(requests)
	for kind := range 2 {
		var same []*wire.Answer
		for i := kind; i < len(answers); i += 2 {
			same = append(same, answers[i])
		}
		t.Most(same, StatusWords(status), func(a *wire.Answer) string {
			if !t.Op.Meaning(status).Has(a.Status) {
				return a.Says()
			}
			return ""
		})
	}
}

// Random is a source of its own for a check, the same in each run of a seed.
func (t *Trial) Random() *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(t.Check.ID))
	return rand.New(rand.NewPCG(uint64(t.S.Cfg.Seed), h.Sum64()))
}

// Aside sends a request to another place than the target. What comes back says
// nothing of the target's answers, so that the run does not remember it among
// them. Nobody need be there.
func (t *Trial) Aside(r *wire.Request) *wire.Answer {
	c := t.S.Client
	if err := c.Pace(t.Ctx); err != nil {
		t.Broke(string(wire.Interruption(err)))
	}
	ctx, cancel := context.WithTimeout(t.Ctx, min(c.Timeout, plainPatience+10*time.Duration(c.Fastest.Load())))
	defer cancel()
	r = t.numbered(r)
	var a *wire.Answer
	if c.Imagine != nil {
		a = c.Do(ctx, r)
		a.Status = 0
	} else {
		a, _ = c.Once(ctx, r)
	}
	if _, over := wire.Ended(t.Ctx); over || a.Failure == wire.Spent { // rather than the time that the twin has
		t.Answered(a)
	}
	t.S.Contract.Assess(a)
	t.S.mu.Lock()
	defer t.S.mu.Unlock()
	t.S.Asides = append(t.S.Asides, SeenAnswer{t.Check, a})
	return a
}

// plainPatience is how long the plain-HTTP twin has to answer, beside what the
// target itself takes: where a firewall drops what is sent there, nothing ever
// comes.
const plainPatience = time.Second

// Echoed ends the trial unless the answer returns the user as sent.
func (t *Trial) Echoed(a *wire.Answer, user string) {
	t.Readable(a)
	name := t.Op.Rules.Echo
	if name == "" {
		return
	}
	got, ok := a.Member(name)
	if !ok {
		t.fell(a, t.Op.ID+"/"+t.Op.Success()+"/"+wire.ClauseSchema)
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
		return wire.Quoted(text)
	}
	at := 0
	for at < len(runes) && at < len(others) && runes[at] == others[at] {
		at++
	}
	from, to := max(0, at-around), min(len(runes), at+around)
	return fmt.Sprintf("…%s… (%d characters, differing from the %d. on)", wire.Quoted(string(runes[from:to])), len(runes), at+1)
}

// Blames returns the responses that a failure rests on.
func (v *Verdict) Blames() []*wire.Answer {
	if len(v.blamed) > 0 {
		return v.blamed
	}
	return v.Evidence
}

// SameCharacters reports whether two keys differ at most in the order and case
// of their characters.
func SameCharacters(a, b string) bool {
	sorted := func(s string) []rune {
		runes := []rune(strings.ToLower(s))
		slices.Sort(runes)
		return runes
	}
	return slices.Equal(sorted(a), sorted(b))
}

func OwnKey(r *wire.Request) bool {
	return len(r.Keys) == 1 && r.Keys[0].Good && r.Keys[0].Label == "the key"
}

// DocumentedNumber is a status as a number; of a range, its first.
func DocumentedNumber(status string) int {
	for n := http.StatusOK; n < 600; n++ {
		if contract.Want([]string{status}).Has(n) {
			return n
		}
	}
	return 0
}

// StateWords say why an answer to a valid request decides nothing: it is
// documented for a state of the target, which the runner does not know.
func StateWords(a *wire.Answer) string {
	return "the target answers " + a.Says() + ", which the contract documents for " + a.Request.Method + " " + a.Request.Path + ": an example in the contract that the target knows would help"
}

func StatusWords(status string) string { return contract.Want{status}.String() }

// AtOnce is how many requests for one user are released together.
const AtOnce = 8

func WordOr(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// Unrecorded is the failure of an answer whose status and fields are known and
// whose body is not: browsers drop bodies, and exports cut them.
const Unrecorded wire.Failure = "an answer whose body was not recorded whole"
