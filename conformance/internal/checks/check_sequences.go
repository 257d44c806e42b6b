package checks

import (
	"fmt"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/explore"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

const (
	// MaxSequenceUsers is how many users random sequences create at most.
	MaxSequenceUsers = 100_000
	// sequenceWorkers is how many sequences are played side by side.
	sequenceWorkers = 8
)

// sequenceChecks play random sequences of the requests that other checks send one
// by one, for what no short run can see.
func sequenceChecks(b *builder) {
	rules := b.op.Rules
	if rules.Identity == "" || rules.Subject == "" || b.op.Body == nil {
		return
	}
	b.add(b.op.SuccessStatus(), checkText{
		name: "sequences", ground: contractSays, prod: conformance.NotInProduction, runsAlone: true, onRequest: func(cfg *conformance.Config) bool { return cfg.Thorough != conformance.Thorough{} }, pointer: b.memberPointer(b.op.Rules.Identity),
		summary: "in random sequences of requests, each user keeps one id and every response conforms",
		sends:   "with --thorough: concurrent valid requests for new and known users, mixed with invalid ones",
		why:     "Expiring ids, overflowing caches, leaking state and rare wrong responses only show over time.",
	}, trial.StageRecover, func(t *trial.Trial) { playSequences(b, t) })
}

func playSequences(b *builder, t *trial.Trial) {
	s, cfg := t.Session, t.Session.Config
	if cfg.Thorough == (conformance.Thorough{}) {
		t.Skip("not requested: see --thorough")
	}
	if s.Client.Simulate != nil {
		t.Skip("its requests depend on the responses")
	}
	game := explore.Game{
		Valid: validForms(b, t), Refused: refusedForms(b, t),
		Identity: func(a *wire.Response) string { id, _ := a.Member(b.op.Rules.Identity); return id },
		Decides:  t.Decides,
		Send:     t.SendUnremembered,
		Name:     func(unique string) string { return s.UserPrefix + s.CheckNumbers[t.Check.ID] + "-" + unique },
		HasOther: cfg.Keys.Other != "",
		Seed:     uint64(cfg.Seed),
		Workers:  s.Client.LimitConcurrent(min(sequenceWorkers, cfg.Parallel)),
		Limits:   explore.Limits{Time: cfg.Thorough.Time, Requests: cfg.Thorough.Requests, Users: MaxSequenceUsers},
	}
	began := time.Now()
	r := game.Explore(t.Context)
	s.AddNote(fmt.Sprintf("random sequences judged %d responses in %s and created %d users, whose names begin with %s", r.Judged, time.Since(began).Round(time.Millisecond), r.Users, game.Name("")))
	if p := r.Problem; p != nil {
		t.FailScript(p.Expected, p.Actual, p.Note, p.Failed, p.Played, p.Script)
	}
	if r.Ended != nil {
		t.RequireResponse(r.Ended)
		t.Abort("the sequences ended early: "+trial.DescribeFailure(r.Ended), r.Ended)
	}
	if err := t.Context.Err(); err != nil && r.Judged == 0 {
		t.Abort(string(wire.InterruptionOf(err)))
	}
	s.AddNote(fmt.Sprintf("random sequences detect, with 95 %% confidence, a fault in one of %d responses; they asked for known users again after up to %s and after up to %d other users",
		explore.Detectable(r.Judged), r.Gap.Round(time.Millisecond), r.Between))
}

// judged makes a form that must be answered with a status.
func judged(t *trial.Trial, status string, make func(user string, other bool) *wire.Request) explore.Form {
	return explore.Form{Make: make, Judge: func(a *wire.Response) *explore.Finding {
		if expected, actual := t.Deviation(a, status); expected != "" {
			return &explore.Finding{Class: expected, Expected: expected, Actual: actual}
		}
		if status != t.Op.SuccessStatus() || t.Op.Rules.Echo == "" {
			return nil
		}
		if got, _ := a.Member(t.Op.Rules.Echo); got != a.Request.Subject {
			return &explore.Finding{
				Class:    "echo",
				Expected: fmt.Sprintf("%s %s", t.Op.Rules.Echo, trial.QuoteDifference(a.Request.Subject, got)),
				Actual:   fmt.Sprintf("%s %s", t.Op.Rules.Echo, trial.QuoteDifference(got, a.Request.Subject)),
			}
		}
		return nil
	}}
}

// validForms write one valid request in several ways.
func validForms(b *builder, t *trial.Trial) []explore.Form {
	plain := func(user string, other bool) *wire.Request {
		r := t.RequestFor(user)
		if other {
			r = r.WithKeys(t.Session.OtherKey())
		}
		return r
	}
	forms := []explore.Form{judged(t, b.op.SuccessStatus(), plain)}
	for _, change := range []func(*wire.Request) *wire.Request{
		(*wire.Request).Fresh,
		func(r *wire.Request) *wire.Request { return r.WithHeader("Accept", "*/*") },
		func(r *wire.Request) *wire.Request {
			return r.WithBody(t.Body(r.Subject).With([]string{b.op.Rules.Subject}, schema.EncodeEscaped(r.Subject)), wire.Fits)
		},
		func(r *wire.Request) *wire.Request {
			return r.WithText([]byte("\n "+string(r.Body)+" \r\n"), wire.Fits)
		},
	} {
		forms = append(forms, judged(t, b.op.SuccessStatus(), func(user string, other bool) *wire.Request {
			r := change(plain(user, other))
			r.Subject = user
			return r
		}))
	}
	return forms
}

// refusedForms are requests that break the schema, or have no right key.
func refusedForms(b *builder, t *trial.Trial) (forms []explore.Form) {
	refused := func(status string, change func(*wire.Request) *wire.Request) {
		if status != "" {
			forms = append(forms, judged(t, status, func(user string, _ bool) *wire.Request { return change(t.RequestFor(user)) }))
		}
	}
	invalid, unauthorized := b.op.InvalidStatus(), b.op.UnauthorizedStatus()
	firm := 0
	for _, m := range schema.Mutations(b.op.Body.Schema, b.maxDerived()) {
		if firm < 6 && m.Firmness == schema.Firm && b.confirmed(m.Body, wire.Breaks) {
			firm++
			refused(invalid, func(r *wire.Request) *wire.Request { return mutated(r, m) })
		}
	}
	refused(invalid, func(r *wire.Request) *wire.Request {
		return r.WithText(r.Body[:len(r.Body)-1], wire.Breaks).WithoutSubject()
	})
	if len(b.op.Security) == 0 || contract.IsSafeMethod(b.op.Method) {
		return forms
	}
	random := t.Random()
	wrong := anUnknownKey(t.Session, random)
	refused(unauthorized, func(r *wire.Request) *wire.Request { return r.WithKeys() })
	refused(unauthorized, func(r *wire.Request) *wire.Request { return r.WithKeys(wrong) })
	if t.Session.Config.Keys.Disabled != "" {
		refused(unauthorized, func(r *wire.Request) *wire.Request { return r.WithKeys(t.Session.DisabledKey()) })
	}
	return forms
}
