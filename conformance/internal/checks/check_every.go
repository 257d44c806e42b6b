package checks

import (
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
	"nox.energy/contract/spec"
)

// everyResponseChecks are the clauses that hold for every response of a documented
// status, whatever had been asked.
func everyResponseChecks(b *builder) {
	for _, r := range b.op.Responses {
		if len(r.MediaTypes) > 0 {
			contentChecks(b, r)
		}
		if len(r.Headers) > 0 {
			every(b, r, wire.ClauseHeaders, contractSays, r.Pointer+"/headers",
				"the documented response headers are there and fit their schemas", "Clients read them.")
		}
		every(b, r, wire.ClauseInternals, goodPractice, r.Pointer,
			"nothing shows how the server is made: no stack trace, path, SQL or framework page", "What strangers learn of the inside, they use.")
		if len(b.op.Security) > 0 {
			every(b, r, wire.ClauseKey, goodPractice, r.Pointer,
				"no key that was sent comes back in a header or body", "Answers are logged, and stored by clients, where keys must not be.")
		}
		if strings.HasPrefix(r.Status, "2") {
			every(b, r, wire.ClauseCache, goodPractice, r.Pointer,
				"shared caches are not told to store the answer", "It names a user; the next client must not get it.")
		}
	}
}

func contentChecks(b *builder, r *contract.Response) {
	content := r.Pointer + "/content"
	media := strings.Join(r.MediaTypes, " or ")
	every(b, r, wire.ClauseContentType, contractSays, content, "every "+r.Status+" is "+media, "Clients choose their reader by the media type.")
	if !slices.ContainsFunc(r.MediaTypes, contract.MayBeJSON) {
		return
	}
	every(b, r, wire.ClauseJSON, contractSays, content,
		"every "+r.Status+" is one whole JSON text in UTF-8, with nothing before or behind it", "Anything else breaks the client's parser (RFC 8259).")
	every(b, r, wire.ClauseUniqueNames, parsersDiffer, content,
		"no "+r.Status+" has a name twice in one object", "Readers differ on which of the two counts (RFC 8259, section 4).")
	if r.Schema == nil {
		return
	}
	every(b, r, wire.ClauseSchema, contractSays, r.Schema.Pointer, "every "+r.Status+" fits its schema", "Generated clients fail on anything else.")
	rules := b.op.Rules
	switch {
	case r.Status == b.op.SuccessStatus() && rules.Identity != "":
		every(b, r, wire.ClauseNonEmpty, contractSays, r.Schema.Pointer+spec.Pointer("properties", rules.Identity), "the "+rules.Identity+" of every "+r.Status+" is not empty", "An empty id names nobody.")
	case strings.HasPrefix(r.Status, "4") || strings.HasPrefix(r.Status, "5"):
		for _, p := range r.Schema.Properties {
			if p.Required && p.Schema.HasType("string") {
				every(b, r, wire.ClauseNonEmpty, goodPractice, p.Schema.Pointer, "the "+p.Name+" of every "+r.Status+" says something", "A person reads it to find out what to do.")
				break
			}
		}
	}
}

// every adds a clause that the judge of each response reports.
func every(b *builder, r *contract.Response, clause string, g ground, pointer, summary, why string) {
	everyBy(b, r, clause, g, pointer, summary, why, func(a *wire.Response) wire.Finding {
		for _, f := range a.Findings {
			if f.Clause == clause {
				return f
			}
		}
		return wire.Finding{}
	})
}

// everyBy adds a clause that a rule judges each response by. The rule says what
// is wrong with a response, if anything is.
func everyBy(b *builder, r *contract.Response, name string, g ground, pointer, summary, why string, rule func(*wire.Response) wire.Finding) {
	c := b.add(r.Status, checkText{
		name: name, ground: g, prod: conformance.Harmless, pointer: pointer,
		summary: summary, sends: "nothing of its own: every " + r.Status + " of the run is judged", why: why,
	}, trial.StageLast, nil)
	c.JudgeRun = func(s *trial.Session, c *trial.Check) trial.Verdict {
		v := s.JudgeResponses(b.op, false, func(a *wire.Response) (wire.Finding, bool) {
			if !a.HasStatus(r.Status) || g.level() == conformance.Must && !a.MustConform() {
				return wire.Finding{}, false
			}
			return rule(a), true
		})
		if v.Outcome == conformance.Skip {
			return trial.Verdict{Outcome: conformance.Skip, Reason: "not exercised: no " + r.Status + " was seen"}
		}
		return v
	}
}
