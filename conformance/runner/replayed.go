package runner

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/checks"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/secret"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// defaultReplayDeadline bounds a replay where the configuration does not.
const defaultReplayDeadline = 10 * time.Minute

// ReplayHAR sends the requests of recordings to the target, in their order and
// one at a time, and judges the responses as [JudgeHAR] does; and by the ones
// that the client was given when they were recorded: status, shape, echo, and
// which requests were given the same id.
//
// Keys are those of the configuration: Key stands for the first key of the
// recordings that a request succeeded with, Other for the second, Disabled for
// one of a manufacturer that was not enabled; any other key that was refused is
// sent as one that nobody has. What asked a mock for its outcome is not sent, and
// what failed on purpose, or on the server's side, is not compared. An error is a
// [*UsageError], or an [*nox.energy/contract/spec.Error] where the contract is at
// fault.
func ReplayHAR(ctx context.Context, cfg conformance.Config, recordings ...*Recording) (*conformance.Result, error) {
	started := time.Now()
	c, target, err := configure(&cfg)
	if err != nil {
		return nil, err
	}
	p := &replay{before: map[*wire.Response]*wire.Response{}}
	all := checks.ReplayedCatalogue(c, func(a *wire.Response) *wire.Response { return p.before[a] })
	if err := refuseKnown(cfg.Known, slices.Concat(checks.Catalogue(c), all)); err != nil { // of runs as well, for one file to serve both
		return nil, err
	}
	chosen, err := choose(all, &cfg)
	if err != nil {
		return nil, err
	}
	cfg.RunID = digestOf(recordings)
	if cfg.Deadline <= 0 {
		cfg.Deadline = defaultReplayDeadline
	}
	p.reel = &reel{labels: map[string]string{}, good: map[string]bool{}}
	s := &trial.Session{
		Config: &cfg, Contract: c, Client: wire.NewClient(clientConfig(&cfg), target), CheckNumbers: map[string]string{},
		Redactor: secret.NewRedactor(ordinaryWords(&cfg.Keys), publicTexts(c.Document, all)...),
	}
	p.reel.s = s
	for i, each := range all {
		s.CheckNumbers[each.ID] = trial.CheckNumber(i)
	}
	s.Redactor.AllowURL(target.String())
	for _, k := range []wire.Credential{s.Key(), s.OtherKey(), s.DisabledKey()} {
		s.Redactor.AddKey(k.Value, k.Label)
	}
	if cfg.Record != nil {
		s.Client.OnExchange = s.Recorder()
	}
	defer s.Client.ReleaseIdle()
	limited, cancel := context.WithTimeout(ctx, cfg.Deadline)
	defer cancel()
	stoppable, stop := context.WithCancelCause(limited)
	defer stop(nil)
	s.Client.Stop = stop
	reason := p.play(stoppable, recordings)
	result := p.judge(chosen, reason)
	result.Started, result.DurationMS = started.UTC(), time.Since(started).Milliseconds()
	return result, nil
}

// replay sends recorded requests again.
type replay struct {
	*reel
	before map[*wire.Response]*wire.Response // by the response now

	goodKeys []string // keys that a request succeeded with, in their order

	asked, incomplete, keyless, incomparable int // entries that are not sent, or not compared
}

// take is an entry with its request.
type take struct {
	entry *harEntry
	old   *wire.Response
}

// play sends the requests. It returns why the replay decides nothing as a whole,
// "" where it does.
func (p *replay) play(ctx context.Context, recordings []*Recording) string {
	var all []take
	for _, rec := range recordings {
		for i := range rec.entries {
			p.total++
			if t, ok := p.read(&rec.entries[i]); ok {
				all = append(all, t)
			}
		}
	}
	for _, t := range all {
		if t.old.Status/100 == 2 && len(t.old.Request.Keys) == 1 && !slices.Contains(p.goodKeys, t.old.Request.Keys[0].Value) {
			p.goodKeys = append(p.goodKeys, t.old.Request.Keys[0].Value)
		}
	}
	arrived := false
	var failed *wire.Response
	var once []*wire.Response // to requests that succeeded when they were recorded, with the first key if any
	for _, t := range all {
		keys, known := p.keysFor(t)
		if !known {
			p.keyless++
			continue
		}
		r := t.old.Request.WithKeys(keys...)
		a := p.s.Client.Do(ctx, r)
		if ctx.Err() != nil {
			run := newRun(p.s, nil)
			return run.whyEnded(ctx)
		}
		p.s.Contract.Assess(a)
		arrived = arrived || a.Arrived()
		if !a.Arrived() {
			failed = a
		}
		if t.old.Status/100 == 2 && (len(keys) == 0 || keys[0].Value == p.s.Key().Value) {
			once = append(once, a)
		}
		if p.comparable(t) {
			p.before[a] = t.old
		} else {
			p.incomparable++
		}
		p.s.Seen = append(p.s.Seen, trial.SeenResponse{Check: &trial.Check{Check: conformance.Check{ID: r.Op.ID, Operation: r.Op.ID}}, Response: a})
	}
	switch {
	case len(all) == 0 && p.total == 0:
		return "nothing was sent: the recording has no entries"
	case len(p.s.Seen) == 0:
		return "nothing was sent: " + strings.Join(p.replayNotes(), "; ")
	case !arrived:
		return "the target responded to no request: " + trial.DescribeFailure(failed)
	}
	return p.misdirected(once)
}

// misdirected tells that the requests went to the wrong place, or with a wrong key: of
// those that succeeded when they were recorded, none does now, for one reason, which
// is no rule of the contract.
func (p *replay) misdirected(once []*wire.Response) string {
	if len(once) == 0 {
		return ""
	}
	status := once[0].Status
	elsewhere := status/100 == 3 || slices.Contains([]int{
		http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusProxyAuthRequired,
	}, status)
	if !elsewhere || slices.ContainsFunc(once, func(a *wire.Response) bool { return a.Status != status }) {
		return ""
	}
	return fmt.Sprintf("every request that had succeeded got %s; %s", trial.DescribeStatus(strconv.Itoa(status)), checks.LikelyCause(once[0], p.s.Contract.Document.BasePath()))
}

// read makes the request of an entry, and the response that it was given. It is
// false for one that cannot be sent again.
func (p *replay) read(e *harEntry) (take, bool) {
	if e.broken != "" {
		p.broken = append(p.broken, e.broken)
		return take{}, false
	}
	u, err := url.Parse(e.Request.URL)
	if err != nil || u.Host == "" {
		p.undeclared++
		return take{}, false
	}
	op, base, path := p.s.Contract.FindOperation(e.Request.Method, u.EscapedPath())
	switch {
	case op == nil, e.Response.Status == http.StatusNotFound && base != p.s.Contract.BasePath():
		p.undeclared++
		return take{}, false
	case !e.Request.body.whole && (e.Response.Status != http.StatusUnauthorized || op.Obstacle != ""):
		p.incomplete++
		return take{}, false
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	r := p.request(e, op, u, path)
	if e.Mock.Asked || r.ProvokedStatus != "" {
		p.asked++
		return take{}, false
	}
	p.cleanRequest(r)
	if !e.Request.body.whole { // which nobody reads where the key is refused
		r.Body, r.Intent = wire.MinimalRequest(op).Body, wire.Fits
	}
	header := recordedHeader(e.Response.Headers, e.Response.Content)
	p.secrets(header)
	old := &wire.Response{
		Request: r, SentURL: u.String(), Status: e.Response.Status, Proto: e.Response.Version, Header: header,
		Body: e.Response.body.bytes, Size: int64(len(e.Response.body.bytes)), IsRecorded: true,
	}
	if !e.Response.body.whole {
		old.Failure = trial.BodyUnrecorded
	}
	p.s.Contract.Assess(old)
	return take{e, old}, true
}

// cleanRequest takes out what belongs to the connection that a request came on
// (RFC 9110, section 7.6.1), and the key.
func (p *replay) cleanRequest(r *wire.Request) {
	for _, name := range []string{"Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect"} {
		r.Header.Del(name)
	}
	if len(r.Op.Security) == 0 {
		return
	}
	if in, name := contract.ResolvePlace(contract.AsDeclared, r.Op.Security[0]); in == "query" {
		if values, err := url.ParseQuery(r.Query); err == nil {
			values.Del(name)
			r.Query = values.Encode()
		}
	}
}

// comparable reports whether the target may be expected to answer as the client
// was answered: not with a failure that was brought about, or on the server's
// side.
func (p *replay) comparable(t take) bool {
	return t.old.Arrived() && t.entry.Mock.Fault == "" && t.old.Status < http.StatusInternalServerError && t.old.Status != http.StatusTooManyRequests
}

// nobodysKey is sent where a key was refused.
const nobodysKey = "key-of-nobody-in-this-recording"

// keysFor returns the keys to send in place of those that were recorded; known is
// false where the configuration has none for them.
func (p *replay) keysFor(t take) (keys []wire.Credential, known bool) {
	recorded := t.old.Request.Keys
	switch {
	case len(t.old.Request.Op.Security) == 0:
		return nil, true
	case len(recorded) == 0 && t.old.Status == http.StatusUnauthorized:
		return nil, true
	case len(recorded) == 0: // a recorder that leaves the key out
		return []wire.Credential{p.s.Key()}, true
	}
	for _, k := range recorded {
		made := p.s.Key()
		switch at := slices.Index(p.goodKeys, k.Value); {
		case at == 1:
			made = p.s.OtherKey()
		case at > 1:
			made.Value = ""
		case at < 0 && t.entry.Mock.Rule == "manufacturer.not-enabled":
			made = p.s.DisabledKey()
		case at < 0 && t.old.Status == http.StatusUnauthorized:
			made = wire.Credential{Value: nobodysKey, Label: "a key that nobody has", ShellWord: "'" + nobodysKey + "'"}
		}
		if made.Value == "" {
			return nil, false
		}
		keys = append(keys, made)
	}
	return keys, true
}

// judge performs the checks.
func (p *replay) judge(chosen []*trial.Check, reason string) *conformance.Result {
	r := newRun(p.s, chosen)
	if reason != "" {
		r.giveUp("the recording was only partly sent again")
	} else {
		for i, c := range chosen {
			r.verdicts[i] = c.JudgeRun(p.s)
		}
	}
	out := assemble(r, reason)
	if len(p.s.Seen) > 0 {
		for _, n := range p.replayNotes() {
			out.Notes = append(out.Notes, p.s.Redactor.RedactOwn(n))
		}
	}
	return out
}

// replayNotes says what of the recordings was not sent or not compared, and why.
func (p *replay) replayNotes() []string {
	sent := len(p.s.Seen)
	out := []string{entries(sent, p.total, "was sent again", "were sent again")}
	out = append(out, p.notesOf([]entryCount{
		{p.asked, p.total, "asked a mock for its outcome and was not sent", "asked a mock for their outcome and were not sent"},
		{p.undeclared, p.total, "matches no operation of the contract and was not sent", "match no operation of the contract and were not sent"},
		{p.incomplete, p.total, "lacks part of its request and was not sent", "lack part of their requests and were not sent"},
		{p.keyless, p.total, "needs the key of another manufacturer (NOX_OTHER_API_KEY, NOX_DISABLED_API_KEY) and was not sent", "need the key of another manufacturer (NOX_OTHER_API_KEY, NOX_DISABLED_API_KEY) and were not sent"},
		{p.incomparable, sent, "has a recorded failure as its response, which is not compared", "have recorded failures as responses, which are not compared"},
	})...)
	return out
}
