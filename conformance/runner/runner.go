package runner

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/checks"
	"nox.energy/contract/conformance/internal/guard"
	"nox.energy/contract/conformance/internal/secret"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
	"nox.energy/contract/spec"
)

// Runner judges one target by one contract.
type Runner struct {
	cfg      conformance.Config
	contract *trial.Contract
	checks   []*trial.Check    // those selected
	number   map[string]string // of each check in the catalogue
	leftOut  map[string]string // why a check is left out
	client   *wire.Client
}

var runIDSyntax = regexp.MustCompile(`^[A-Za-z0-9]{1,16}$`)

// New reads the contract and the configuration. An error is a [*UsageError],
// or an [*nox.energy/contract/spec.Error] where the contract is at fault.
func New(cfg conformance.Config) (*Runner, error) {
	c, target, err := configure(&cfg)
	if err != nil {
		return nil, err
	}
	if _, err := schemeKeys(&cfg, c.Contract); err != nil {
		return nil, err
	}
	if cfg.RunID == "" {
		cfg.RunID = randomID()
	}
	if !runIDSyntax.MatchString(cfg.RunID) {
		return nil, conformance.UsageErrorf("the run id %q must be 1 to 16 letters and digits", cfg.RunID)
	}
	if cfg.Seed == 0 {
		cfg.Seed = mathrand.Int64N(1<<31) + 1
	}
	all := checks.Catalogue(c)
	if err := refuseKnown(cfg.Known, all); err != nil {
		return nil, err
	}
	selected, err := choose(all, &cfg)
	if err != nil {
		return nil, err
	}
	number, left := make(map[string]string, len(all)), leftOut(selected, cfg.Profile, cfg.NoForeignIDs)
	chosen := map[*trial.Check]bool{}
	for _, each := range selected {
		chosen[each] = true
	}
	for i, each := range all {
		if !chosen[each] {
			left[each.ID] = "not chosen"
		}
		for _, name := range each.IDs() {
			number[name] = trial.CheckNumber(i)
		}
	}
	r := &Runner{cfg: cfg, contract: c, checks: selected, number: number, leftOut: left, client: wire.NewClient(clientConfig(&cfg), target)}
	if err := setDeadline(r); err != nil {
		return nil, err
	}
	return r, nil
}

func randomID() string {
	b := make([]byte, 4)
	rand.Read(b) // never fails since Go 1.24
	return hex.EncodeToString(b)
}

// ending is how long after the end of its time a run waits for checks that are
// under way.
const ending = 350 * time.Millisecond

// Run sends what the checks need and judges what comes back. It returns a
// result whatever happens: a target that cannot be reached, or a context that
// ends, makes the run inconclusive.
func (r *Runner) Run(ctx context.Context) *conformance.Result {
	started := time.Now()
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Deadline)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s := r.session()
	s.Client.Stop = stop
	if r.cfg.Record != nil {
		s.Client.OnExchange = s.Recorder()
	}
	defer s.Client.ReleaseIdle()
	run := newRun(s, r.checks)
	quiet := run.tellInBetween()
	var why string
	failed := guard.Within(ctx, ending, func() {
		if why = run.wait(ctx); why == "" {
			why = run.perform(ctx)
		}
	})
	reason := ""
	switch {
	case failed == nil:
		reason = why
	case errors.Is(failed, guard.ErrAbandoned):
		reason = run.whyEnded(ctx)
	default:
		reason = failed.Error()
	}
	run.end()
	quiet()
	result := assemble(run, reason)
	for _, note := range s.Notes() {
		result.Notes = append(result.Notes, s.Redactor.RedactOwn(note))
	}
	if note := s.Client.Pauses.Summary(); note != "" {
		result.Notes = append(result.Notes, s.Redactor.Redact(note))
	}
	result.Started, result.DurationMS = started.UTC(), time.Since(started).Milliseconds()
	return result
}

func newRun(s *trial.Session, checks []*trial.Check) *run {
	return &run{Session: s, checks: checks, verdicts: make([]trial.Verdict, len(checks)), took: make([]time.Duration, len(checks))}
}

func (r *Runner) session() *trial.Session {
	s := &trial.Session{
		Config: &r.cfg, Contract: r.contract, Client: r.client, Redactor: secret.NewRedactor(ordinaryWords(&r.cfg.Keys), append(publicTexts(r.contract.Document, r.checks), trial.UserPrefixOf(r.cfg.RunID))...),
		UserPrefix: trial.UserPrefixOf(r.cfg.RunID), CheckNumbers: r.number, SkipReasons: r.leftOut,
	}
	s.SchemeKeys, _ = schemeKeys(&r.cfg, r.contract.Contract) // New has refused what cannot be sent
	for _, key := range s.SchemeKeys {
		s.Redactor.AddKey(key, "the key")
	}
	base := r.client.BaseURL
	s.Redactor.AllowURL(base.String())
	s.Redactor.AllowURL(base.Scheme + "://" + base.Host)
	for _, k := range []wire.Credential{s.Key(), s.OtherKey(), s.DisabledKey()} {
		s.Redactor.AddKey(k.Value, k.Label)
	}
	for name, values := range r.cfg.Header { // what a gateway asks for may be a secret
		for _, v := range values {
			if len(v) >= secret.MinHeaderLength && !secret.IsPlainHeader(name) {
				s.Redactor.Add(v, "the value of "+name)
			}
		}
	}
	return s
}

// run holds the verdicts of a session while they come in.
type run struct {
	*trial.Session
	checks   []*trial.Check
	mu       sync.Mutex
	verdicts []trial.Verdict
	took     []time.Duration
	done     int
	failed   int
	ended    bool        // what comes in from now on is too late
	fickle   atomic.Bool // a failure was intermittent
}

// perform runs the stages in turn. It returns why the run is undecided as a
// whole, "" where it is not.
func (r *run) perform(ctx context.Context) string {
	for st := range trial.StageCount {
		for wave := range r.waves(st) { // a gate that takes its path from another's response comes after that
			var wg sync.WaitGroup
			for i, c := range r.checks {
				if c.Stage != st || c.RunsAlone || c.IsUniform || st == trial.StageGate && r.Operation(c).Depth() != wave {
					continue
				}
				wg.Add(1)
				go func() {
					defer wg.Done()
					r.one(ctx, i, c)
				}()
			}
			wg.Wait()
		}
		for i, c := range r.checks {
			if c.Stage == st && (c.RunsAlone || c.IsUniform) {
				r.one(ctx, i, c)
			}
		}
		if st == trial.StageGate {
			if reason, seen := r.closedGate(); reason != "" {
				r.giveUp("the first request of the run failed")
				why := r.whyEnded(ctx)
				if why != "" && seen {
					return why + "; " + reason
				}
				return cmp.Or(why, reason)
			}
			r.measure(ctx)
		}
	}
	if !slices.ContainsFunc(r.verdicts, func(v trial.Verdict) bool { return v.Outcome == conformance.Err }) {
		return "" // it was done when it ended
	}
	return r.whyEnded(ctx)
}

// waves is in how many turns the checks of a stage are performed.
func (r *run) waves(st trial.Stage) int {
	deepest := 0
	for _, c := range r.checks {
		if st == trial.StageGate && c.Stage == st {
			deepest = max(deepest, r.Operation(c).Depth())
		}
	}
	return deepest + 1
}

// whyEnded says why a run was over before it was done, "" where it was not.
func (r *run) whyEnded(ctx context.Context) string {
	if ctx.Err() == nil {
		return ""
	}
	var stopped *wire.StoppedError
	if errors.As(context.Cause(ctx), &stopped) {
		return stopped.Error()
	}
	reason := "the run stopped early: " + string(wire.Interrupted)
	if wire.InterruptionOf(context.Cause(ctx)) == wire.DeadlineReached {
		reason = fmt.Sprintf("the run stopped early, at its deadline of %s (--deadline)", r.Config.Deadline)
	}
	if putOff := r.Client.Pauses.Postponement(); putOff != "" {
		reason += "; " + putOff
	}
	return reason
}

// one performs one check, as often as it takes to tell a failure from an
// intermittent one.
func (r *run) one(ctx context.Context, i int, c *trial.Check) {
	started := time.Now()
	var v trial.Verdict
	if err := guard.Call(func() { v = r.attempt(ctx, c) }); err != nil {
		v = trial.Broken(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	r.verdicts[i], r.took[i] = v, time.Since(started)
	r.done++
	if v.Outcome == conformance.Fail {
		r.failed++
	}
	r.tell()
}

// end keeps checks that are still under way from changing the result.
func (r *run) end() {
	r.Session.End()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
}

// notReached is why a check says nothing that was not begun.
const notReached = "the run stopped before this check"

func (r *run) attempt(ctx context.Context, c *trial.Check) trial.Verdict {
	if ctx.Err() != nil {
		return trial.Verdict{Outcome: conformance.Err, Reason: notReached}
	}
	if reason := r.Session.SkipReasons[c.ID]; reason != "" {
		return trial.Verdict{Outcome: conformance.Skip, Reason: reason}
	}
	if lack := missingNeed(c, r.Config); lack != "" {
		return trial.Verdict{Outcome: conformance.Skip, Reason: lack}
	}
	if c.JudgeRun != nil {
		return c.JudgeRun(r.Session)
	}
	op := r.Operation(c)
	if c.Stage != trial.StageGate && r.IsShut(op) {
		return trial.Verdict{Outcome: conformance.Skip, Reason: "not tried: no valid request to " + op.ID + " succeeds", Cause: op.ID + "/" + op.SuccessStatus() + "/minimal"}
	}
	t := &trial.Trial{Context: ctx, Session: r.Session, Check: c, Op: op}
	v := t.Run()
	if slices.ContainsFunc(t.Responses, func(a *wire.Response) bool { return a.Request.IsSingle() }) {
		r.Client.ReleaseSingle()
	}
	if late(v) { // a moment's stall, no connection to spare, or does the target never answer this?
		r.Client.ReleaseIdle()
		second := r.again(t)
		if cutOff := ctx.Err() != nil && v.Outcome == conformance.Err; !cutOff && (v.Outcome == conformance.Err || second.Outcome != conformance.Fail) {
			v = second
		}
	}
	if v.Outcome == conformance.Fail && v.Tried == 0 {
		r.repeat(t, &v)
	}
	return v
}

// late reports whether a verdict rests on a time-out.
func late(v trial.Verdict) bool {
	return (v.Outcome == conformance.Err || v.Outcome == conformance.Fail) && slices.ContainsFunc(v.Evidence, func(a *wire.Response) bool { return a.Failure == wire.TimedOut })
}

// again performs the experiment of a trial once more, with new users.
func (r *run) again(t *trial.Trial) trial.Verdict {
	next := &trial.Trial{Context: t.Context, Session: t.Session, Check: t.Check, Op: t.Op, UserCount: t.UserCount}
	v := next.Run()
	t.UserCount = next.UserCount
	return v
}

// repetitions of a failed experiment reports whether it fails each time. At a
// target that has failed now and then before, it takes more of them to be sure.
const (
	repetitions     = 3
	moreRepetitions = 9
)

func (r *run) repeat(t *trial.Trial, v *trial.Verdict) {
	if late(*v) || t.Check.Production == conformance.NotInProduction {
		return
	}
	if r.Config.Profile == conformance.Production {
		return
	}
	v.Failed, v.Tried = 1, 1
	for n := 0; n < repetitions || n < moreRepetitions && v.Failed == v.Tried && r.fickle.Load(); n++ {
		next := r.again(t)
		if next.Outcome == conformance.Pass || next.Outcome == conformance.Fail {
			v.Tried++
		}
		if next.Outcome == conformance.Fail {
			v.Failed++
			v.Varies = v.Varies || next.EvidenceIndex != v.EvidenceIndex
		}
	}
	if v.Failed < v.Tried {
		r.fickle.Store(true)
	}
}

// giveUp gives every check that has no verdict yet a reason for it.
func (r *run) giveUp(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	for i := range r.verdicts {
		if r.verdicts[i].Outcome == "" {
			r.verdicts[i] = trial.Verdict{Outcome: conformance.Skip, Reason: "not tried: " + reason}
		}
	}
}

// wait polls until the target answers at all, as long as the configuration
// allows.
func (r *run) wait(ctx context.Context) string {
	if r.Config.Wait <= 0 {
		return ""
	}
	until := time.Now().Add(r.Config.Wait)
	op := r.Contract.Operations[0]
	for {
		probe := r.ValidRequest(op, "")
		probe.Keys, probe.Method, probe.Body = nil, "GET", nil
		a, _ := r.Client.SendOnce(ctx, probe)
		if a.Arrived() && a.Status != 502 && a.Status != 503 && a.Status != 504 || a.Failure == wire.NotHTTP || a.Failure == wire.Malformed {
			return "" // whatever it speaks, it is there
		}
		if ctx.Err() != nil || time.Now().After(until) {
			r.giveUp("the target did not respond")
			if reason := r.whyEnded(ctx); reason != "" {
				return reason
			}
			return fmt.Sprintf("the target did not respond within %s: %s", r.Config.Wait, failureOrStatus(a))
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func failureOrStatus(a *wire.Response) string {
	if a.Arrived() {
		return a.Summary()
	}
	return trial.DescribeFailure(a)
}

// ordinaryWords are words that reveal nothing, unless one is a key of the run.
func ordinaryWords(keys *conformance.Keys) []string {
	return slices.DeleteFunc(checks.OrdinaryWords(), func(word string) bool {
		return word == keys.Key || word == keys.Other || word == keys.Disabled
	})
}

// publicTexts are what everybody knows: the contract, and the checks.
func publicTexts(doc *spec.Document, checks []*trial.Check) []string {
	out := []string{string(doc.Bytes()), toolName, "nox-mock"}
	for _, c := range checks {
		out = append(out, c.ID, c.Summary, c.Sends, c.Why)
	}
	return out
}

// measure lets the client find out how many connections the target bears at
// once. The request is the one that the gate was answered, so it creates
// nobody. The check that repeats a valid request judges the responses.
func (r *run) measure(ctx context.Context) {
	op := r.Contract.Operations[0]
	if op.Rules.Identity == "" || r.IsShut(op) {
		return
	}
	var judge *trial.Check
	if i := slices.IndexFunc(r.checks, func(c *trial.Check) bool { return c.TakesMeasured && c.Operation == op.ID }); i >= 0 && r.SkipReasons[r.checks[i].ID] == "" {
		judge = r.checks[i]
	}
	sent := 0
	answers := r.Client.MeasureConnections(ctx, func() *wire.Request {
		q := r.ValidRequest(op, r.FirstUser(op))
		if sent++; judge != nil {
			q.Check, q.Sequence = judge.ID, sent
		}
		return q
	})
	postponed := func(a *wire.Response) bool { return a.Status == http.StatusTooManyRequests }
	if judge != nil && !slices.ContainsFunc(answers, postponed) {
		r.NoteMeasured(ctx, judge, answers)
	}
}

// closedGate returns why the run ends at the gate, "" where it goes on. It goes
// on where some operation takes valid requests.
func (r *run) closedGate() (reason string, seen bool) {
	for i, c := range r.checks {
		if c.Stage != trial.StageGate {
			continue
		}
		v := r.verdicts[i]
		switch {
		case v.Outcome == conformance.Err && len(v.Evidence) > 0:
			reason = "no valid request to " + c.Operation + " could be judged: " + v.Reason
			if hint := checks.LikelyCause(v.Evidence[0], r.Contract.Document.BasePath()); hint != "" {
				reason += "; " + hint
			}
			f := v.Evidence[0].Failure
			seen = !f.IsOurs() && f != wire.Postponed
			r.NoteGate(r.Operation(c), -1)
		case v.Outcome == conformance.Err:
			return v.Reason, false
		default:
			return "", false
		}
	}
	return reason, seen
}
