package conformance

import (
	"slices"
	"strings"

	"nox.energy/contract/spec"
)

// everyAnswerChecks are the clauses that hold for every answer of a documented
// status, whatever had been asked.
func (b *builder) everyAnswerChecks() {
	for _, r := range b.op.responses {
		if len(r.mediaTypes) > 0 {
			b.contentChecks(r)
		}
		if r.headers {
			b.every(r, clauseHeaders, contractSays, r.pointer+"/headers",
				"the documented response headers are there and fit their schemas", "Clients read them.")
		}
		b.every(r, clauseInternals, goodPractice, r.pointer,
			"nothing shows how the server is made: no stack trace, path, SQL or framework page", "What strangers learn of the inside, they use.")
		if len(b.op.security) > 0 {
			b.every(r, clauseKey, goodPractice, r.pointer,
				"no key that was sent comes back in a header or body", "Answers are logged, and stored by clients, where keys must not be.")
		}
		if strings.HasPrefix(r.status, "2") {
			b.every(r, clauseCache, goodPractice, r.pointer,
				"shared caches are not told to store the answer", "It names a user; the next client must not get it.")
		}
	}
}

func (b *builder) contentChecks(r *response) {
	content := r.pointer + "/content"
	media := strings.Join(r.mediaTypes, " or ")
	b.every(r, clauseContentType, contractSays, content, "every "+r.status+" is "+media, "Clients choose their reader by the media type.")
	if !slices.ContainsFunc(r.mediaTypes, mayBeJSON) {
		return
	}
	b.every(r, clauseJSON, contractSays, content,
		"every "+r.status+" is one whole JSON text in UTF-8, with nothing before or behind it", "Anything else breaks the client's parser (RFC 8259).")
	b.every(r, clauseUniqueNames, parsersDiffer, content,
		"no "+r.status+" has a name twice in one object", "Readers differ on which of the two counts (RFC 8259, section 4).")
	if r.schema == nil {
		return
	}
	b.every(r, clauseSchema, contractSays, r.schema.Pointer, "every "+r.status+" fits its schema", "Generated clients fail on anything else.")
	rules := b.op.rules
	switch {
	case r.status == b.op.success() && rules.identity != "":
		b.every(r, clauseNonEmpty, contractSays, r.schema.Pointer+spec.Pointer("properties", rules.identity), "the "+rules.identity+" of every "+r.status+" is not empty", "An empty id names nobody.")
	case strings.HasPrefix(r.status, "4") || strings.HasPrefix(r.status, "5"):
		for _, p := range r.schema.Properties {
			if p.Required && p.Schema.Is("string") {
				b.every(r, clauseNonEmpty, goodPractice, p.Schema.Pointer, "the "+p.Name+" of every "+r.status+" says something", "A person reads it to find out what to do.")
				break
			}
		}
	}
}

func (b *builder) every(r *response, clause string, g ground, pointer, summary, why string) {
	c := b.add(r.status, checkText{
		name: clause, ground: g, prod: Harmless, pointer: pointer,
		summary: summary, sends: "nothing of its own: every " + r.status + " of the run is judged", why: why,
	}, stageLast, nil)
	c.over = func(s *session, c *check) verdict {
		v := s.overAnswers(b.op, false, func(a *answer) (finding, bool) {
			if !a.is(r.status) || g.level() == Must && !a.binds() {
				return finding{}, false
			}
			for _, f := range a.findings {
				if f.clause == clause {
					return f, true
				}
			}
			return finding{}, true
		})
		if v.outcome == Skip {
			return verdict{outcome: Skip, reason: "not exercised: no " + r.status + " was seen"}
		}
		return v
	}
}
