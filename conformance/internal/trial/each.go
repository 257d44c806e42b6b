package trial

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/wire"
)

const (
	usersPerCase    = 10   // names of users that each case may use
	requestsPerCase = 1000 // numbers of requests, likewise
	namedCases      = 3    // cases that a failure quotes in full
)

// Each performs an experiment for each of several cases side by side, each as a
// trial of its own, and ends the trial with the gravest outcome. The verdict
// names the cases that failed.
func Each[T any](t *Trial, cases []T, name func(T) string, run func(*Trial, T)) {
	if len(cases) == 0 {
		return
	}
	subs := make([]*Trial, len(cases))
	var wg sync.WaitGroup
	for i, c := range cases {
		subs[i] = t.part(i*usersPerCase, i*requestsPerCase)
		wg.Go(func() { subs[i].perform(func(sub *Trial) { run(sub, c) }) })
	}
	wg.Wait()
	t.UserCount += len(cases) * usersPerCase
	t.sequence += len(cases) * requestsPerCase
	names, verdicts := make([]string, len(cases)), make([]Verdict, len(cases))
	for i, sub := range subs {
		t.Responses = append(t.Responses, sub.Responses...)
		names[i], verdicts[i] = name(cases[i]), sub.verdict
	}
	t.conclude(names, verdicts)
}

// conclude ends the trial with the gravest of the verdicts, unless all pass.
func (t *Trial) conclude(names []string, verdicts []Verdict) {
	gravity := func(v Verdict) int {
		switch {
		case v.Outcome == conformance.Fail && v.Level == "":
			return 4
		case v.Outcome == conformance.Fail:
			return 3
		case v.Outcome == conformance.Err:
			return 2
		}
		return 0
	}
	worst := slices.MaxFunc(verdicts, func(a, b Verdict) int { return gravity(a) - gravity(b) })
	if gravity(worst) == 0 {
		if skipped := func(v Verdict) bool { return v.Outcome == conformance.Skip }; slices.ContainsFunc(verdicts, skipped) && !slices.ContainsFunc(verdicts, func(v Verdict) bool { return !skipped(v) }) {
			t.End(verdicts[0]) // all of them
		}
		return
	}
	if worst.Outcome == conformance.Err {
		t.End(worst)
	}
	var failed []string
	var evidence []*wire.Response
	more := 0
	for i, v := range verdicts {
		if gravity(v) != gravity(worst) {
			continue
		}
		if len(failed) == namedCases {
			more++
			continue
		}
		failed, evidence = append(failed, names[i]+": "+v.Actual), append(evidence, v.Evidence...)
	}
	worst.Actual = strings.Join(failed, "; ")
	if more > 0 {
		worst.Actual += fmt.Sprintf("; and %d more", more)
	}
	worst.Evidence, worst.blamed = evidence[:min(len(evidence), MaxExchanges)], evidence
	t.End(worst)
}

// MailUser is a user known since the first stage whose name is an e-mail address
// in both cases: what many manufacturers call their users by.
func (t *Trial) MailUser() string {
	if t.IsSparing() {
		return t.User()
	}
	return MailForm(t.Session.UserPrefix + "known")
}

// MailForm makes an e-mail address of a user's name.
func MailForm(user string) string { return "First.Last+" + user + "@Example.com" }

// NoteBlocked remembers that a firewall's page answered a plain valid request.
func (s *Session) NoteBlocked() { s.blocked.Store(true) }

// IsBlocked reports whether a firewall's page has answered a plain valid
// request of the run.
func (s *Session) IsBlocked() bool { return s.blocked.Load() }

// Sub performs an experiment as a trial of its own, and returns its verdict.
// What was sent counts as sent by t.
func Sub(t *Trial, run func(*Trial)) Verdict {
	sub := t.part(0, 0)
	v := sub.perform(run)
	t.UserCount, t.sequence = sub.UserCount, sub.sequence
	t.Responses = append(t.Responses, sub.Responses...)
	return v
}
