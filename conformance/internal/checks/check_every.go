package checks

import (
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
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
				"documented response headers are present and match their schemas", "Clients read these headers.")
		}
		every(b, r, wire.ClauseInternals, goodPractice, r.Pointer,
			"the response exposes no server internals: no stack trace, file path, SQL or framework page", "Attackers use what they learn about a server.")
		if len(b.op.Security) > 0 {
			every(b, r, wire.ClauseKey, goodPractice, r.Pointer,
				"the response does not repeat the API key", "Responses end up in logs and client storage, where a key must never be.")
		}
		if strings.HasPrefix(r.Status, "2") {
			every(b, r, wire.ClauseCache, goodPractice, r.Pointer,
				"the response does not allow shared caches to store it", "The response names a user. A cache would give it to the next client.")
		}
	}
}

func contentChecks(b *builder, r *contract.Response) {
	content := r.Pointer + "/content"
	media := strings.Join(r.MediaTypes, " or ")
	every(b, r, wire.ClauseContentType, contractSays, content, "every "+r.Status+" has Content-Type "+media, "Clients choose a parser by the media type.")
	if !slices.ContainsFunc(r.MediaTypes, contract.MayBeJSON) {
		if r.Text != nil {
			every(b, r, wire.ClauseSchema, contractSays, r.Text.SchemaPointer(), "every "+r.Status+" body matches its schema", "Generated clients fail on any other body.")
		}
		return
	}
	every(b, r, wire.ClauseJSON, contractSays, content,
		"every "+r.Status+" body is exactly one complete JSON text in UTF-8", "Anything else breaks the client's parser (RFC 8259).")
	every(b, r, wire.ClauseUniqueNames, parsersDiffer, content,
		"no object in a "+r.Status+" repeats a property name", "Parsers disagree on which of the two values counts (RFC 8259, section 4).")
	if r.Schema == nil {
		return
	}
	every(b, r, wire.ClauseSchema, contractSays, r.Schema.Pointer, "every "+r.Status+" body matches its schema", "Generated clients fail on any other body.")
	if r.Schema.HasWriteOnly() {
		every(b, r, wire.ClauseWriteOnly, goodPractice, r.Schema.Pointer, "no "+r.Status+" body contains a property that is writeOnly", "Such a property is a password or the like, which nobody should read back.")
	}
	rules := b.op.Rules
	switch {
	case r.Status == b.op.SuccessStatus() && rules.Identity != "":
		every(b, r, wire.ClauseNonEmpty, contractSays, r.Schema.Pointer+spec.Pointer("properties", rules.Identity), "the "+rules.Identity+" of every "+r.Status+" is not empty", "An empty id identifies nobody.")
	case strings.HasPrefix(r.Status, "4") || strings.HasPrefix(r.Status, "5"):
		for _, p := range r.Schema.Properties {
			if p.Required && p.Schema.HasType("string") {
				every(b, r, wire.ClauseNonEmpty, goodPractice, p.Schema.Pointer, "the "+p.Name+" of every "+r.Status+" is not blank", "A developer reads this message to find out what to fix.")
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
	skippedAs(b.addJudged(r.Status, checkText{
		name: name, ground: g, pointer: pointer,
		summary: summary, sends: "nothing; it judges every " + r.Status + " response of the run", why: why,
	}, false, func(a *wire.Response) (wire.Finding, bool) {
		if !a.HasStatus(r.Status) || g.level() == conformance.Must && !a.MustConform() {
			return wire.Finding{}, false
		}
		return rule(a), true
	}), "not exercised: the target returned no "+r.Status)
}
