package checks

import (
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// provocationTries is how often each way to bring an error about is tried.
const provocationTries = 2

// breakdownChecks bring the documented server error about in the way that the
// configuration says, and look at the target afterwards.
func breakdownChecks(b *builder) {
	status := b.op.ErrorStatus()
	if status == "" {
		return
	}
	b.add(status, checkText{
		name: "provoked", ground: contractSays, prod: conformance.LaxOnly, needs: trial.NeedsProvocation, requests: provocationTries,
		summary: "an unexpected error returns " + status + " as documented",
		sends:   "a valid request changed as --provoke says, twice",
		why:     "Clients receive this response on the worst day, and nobody tests it.",
	}, trial.StageProvoke, func(t *trial.Trial) {
		for _, p := range ProvocationsOf(t.Session.Config, status) {
			for range provocationTries {
				t.RequireReadable(t.Expect(provokedBy(t.RequestFor(t.FirstUser()), p), status))
			}
		}
	})
	if b.op.SuccessStatus() == "" {
		return
	}
	b.add(status, checkText{
		name: "serves-on", ground: contractSays, prod: conformance.Creates, needs: trial.NeedsProvocation, requests: provocationTries, pointer: b.op.Pointer + "/responses/" + b.op.SuccessStatus(),
		summary: "valid requests succeed after an unexpected error", sends: "valid requests after the provoked errors",
		why: "One failed request must not become an outage.",
	}, trial.StageRecover, func(t *trial.Trial) {
		for range provocationTries {
			t.Expect(t.Request(), t.Op.SuccessStatus())
		}
	})
	if refusal := b.op.UnauthorizedStatus(); refusal != "" && len(b.op.Security) > 0 {
		b.add(status, checkText{
			name: "keys-after", ground: contractSays, prod: conformance.NotInProduction, needs: trial.NeedsProvocation, pointer: b.op.Pointer + "/responses/" + refusal,
			summary: "wrong and missing keys are rejected after an unexpected error", sends: "a wrong key and no key, after the provoked errors",
			why: "A server that cannot look up a key must not let everybody in.",
		}, trial.StageRecover, func(t *trial.Trial) {
			t.Expect(t.RequestFor(t.FirstUser()).WithKeys(), refusal)
			t.Expect(t.RequestFor(t.FirstUser()).WithKeys(unknownKey(t)), refusal)
		})
	}
}

// provokedBy changes a valid request as a provocation says.
func provokedBy(r *wire.Request, p conformance.Provocation) *wire.Request {
	r = r.Provoking(p.Status)
	if p.Body != "" {
		return r.WithText([]byte(p.Body), wire.Either).WithoutSubject()
	}
	name, value, _ := strings.Cut(p.Header, ":")
	return r.WithHeader(strings.TrimSpace(name), strings.TrimSpace(value))
}
