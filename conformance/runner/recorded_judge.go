package runner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/checks"
	"nox.energy/contract/conformance/internal/guard"
	"nox.energy/contract/conformance/internal/secret"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// JudgeHAR judges recorded traffic by the clauses that need nothing sent. Each
// entry that belongs to an operation of the contract is judged: its method is
// the operation's, and its path ends as the operation's does, at any host, or
// at the target where the configuration names one. [Result].Notes says what was
// left out and why.
//
// Of the configuration count Contract, Target, Run, Skip, Strict, Provoke,
// Known, Require, Version and Evidence; Keys are kept out of the result, as is
// every key of the recordings. An error is a [*UsageError], or an
// [*nox.energy/contract/spec.Error] where the contract is at fault.
func JudgeHAR(ctx context.Context, cfg conformance.Config, recordings ...*Recording) (*conformance.Result, error) {
	started := time.Now()
	c, err := trial.LoadContract(cfg.Contract)
	if err != nil {
		return nil, err
	}
	setDefaults(&cfg)
	l := &reel{labels: map[string]string{}, good: map[string]bool{}}
	base := &url.URL{}
	if cfg.Target != "" {
		if l.target, err = parseTarget(cfg.Target); err != nil {
			return nil, err
		}
		base = l.target
	}
	// Nothing is sent, so a server of the contract may be judged as any other.
	if err := validate(&cfg, c.Document, &url.URL{}); err != nil {
		return nil, err
	}
	all := checks.RecordedCatalogue(c)
	if err := refuseKnown(cfg.Known, slices.Concat(checks.Catalogue(c), all)); err != nil { // of runs as well, for one file to serve both
		return nil, err
	}
	chosen, err := choose(all, &cfg)
	if err != nil {
		return nil, err
	}
	cfg.RunID = digestOf(recordings)
	l.s = &trial.Session{Config: &cfg, Contract: c, Client: wire.NewClient(clientConfig(&cfg), base), Redactor: secret.NewRedactor(ordinaryWords(&cfg.Keys), publicTexts(c.Document, all)...), CheckNumbers: map[string]string{}}
	for i, each := range all {
		l.s.CheckNumbers[each.ID] = trial.CheckNumber(i)
	}
	for _, k := range []wire.Credential{l.s.Key(), l.s.OtherKey(), l.s.DisabledKey()} {
		l.s.Redactor.AddKey(k.Value, k.Label)
	}
	for _, rec := range recordings {
		l.play(rec)
	}
	l.settleKeys()
	result := l.judge(ctx, chosen)
	result.Started, result.DurationMS = started.UTC(), time.Since(started).Milliseconds()
	return result, nil
}

// judge performs the chosen checks over what was played.
func (l *reel) judge(ctx context.Context, chosen []*trial.Check) *conformance.Result {
	r := newRun(l.s, chosen)
	reason := ""
	for i, c := range chosen {
		if ctx.Err() != nil {
			reason = "interrupted"
			break
		}
		if err := guard.Call(func() { r.verdicts[i] = c.JudgeRun(l.s) }); err != nil {
			r.verdicts[i] = trial.Broken(err)
		}
	}
	notes := l.notes()
	if len(l.s.Seen) == 0 {
		reason = "nothing was judged: " + strings.Join(notes, "; ")
		if l.total == 0 {
			reason = "nothing was judged: the recording has no entries"
		}
		notes = nil
	}
	out := assemble(r, reason)
	for _, n := range notes {
		out.Notes = append(out.Notes, l.s.Redactor.RedactOwn(n))
	}
	if l.target == nil {
		out.Target = l.s.Redactor.RedactOwn(strings.Join(l.bases, ", "))
		if out.Target == "" {
			out.Target = "a recording"
		}
	}
	return out
}

// maxBrokenNotes bounds the entries that are named for what is wrong with them.
const maxBrokenNotes = 5

// notes says what of the recordings was not judged, and why.
func (l *reel) notes() []string {
	judged := len(l.s.Seen)
	host := ""
	if l.target != nil {
		host = " than " + l.target.Host
	}
	var out []string
	out = append(out, l.notesOf([]entryCount{
		{l.foreign, l.total, "belongs to another host" + host, "belong to other hosts" + host},
		{l.undeclared, l.total, "matches no operation of the contract", "match no operation of the contract"},
		{l.unanswered, l.total, "has no response", "have no response"},
		{l.waiting, l.total, "was asked to retry later", "were asked to retry later"},
		{l.elsewhere, l.total, "got 404 or 405 under a base path other than the contract's", "got 404 or 405 under a base path other than the contract's"},
		{l.bodilessAnswers, judged, "lacks part of its response body, so only status and headers were judged", "lack part of their response bodies, so only status and headers were judged"},
		{l.bodilessRequests, judged, "lacks part of its request, so whether it was valid is unknown", "lack part of their requests, so whether they were valid is unknown"},
		{l.keyless, judged, "shows no key, so whether one was sent is unknown", "show no key, so whether one was sent is unknown"},
		{l.masked, judged, "has a masked key, so its manufacturer is unknown", "have masked keys, so their manufacturers are unknown"},
	})...)
	if out != nil && judged > 0 {
		out = append([]string{entries(judged, l.total, "was judged", "were judged")}, out...)
	}
	return out
}

// entries says what some of the entries are.
func entries(n, of int, one, many string) string {
	if n == 1 {
		many = one
	}
	if of == 1 {
		return fmt.Sprintf("%d of 1 entry %s", n, many)
	}
	return fmt.Sprintf("%d of %d entries %s", n, of, many)
}

// digestOf names the recordings: the same ones, the same name.
func digestOf(recordings []*Recording) string {
	h := sha256.New()
	for _, rec := range recordings {
		h.Write(rec.digest[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:4])
}

// entryCount is how many entries of a recording have something in common, and
// words for it.
type entryCount struct {
	count, of int
	one, many string
}

// notesOf describes the counts that are not zero, and the entries that cannot be
// read.
func (l *reel) notesOf(counts []entryCount) (out []string) {
	for _, n := range counts {
		if n.count > 0 {
			out = append(out, entries(n.count, n.of, n.one, n.many))
		}
	}
	out = append(out, l.broken[:min(len(l.broken), maxBrokenNotes)]...)
	if n := len(l.broken) - maxBrokenNotes; n > 0 {
		out = append(out, fmt.Sprintf("%d more entries were left out because a body is not valid base64", n))
	}
	return out
}
