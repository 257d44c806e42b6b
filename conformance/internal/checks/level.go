package checks

import (
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/schema"
)

// ground is the reason for a check's level: who is harmed where the check
// fails. Each check has one, so that its level follows from one question and
// not from taste. The text completes "must, because …".
type ground string

// The grounds, the severest first.
const (
	// Those for must.
	contractSays ground = "the contract says so, and every client relies on its words"
	httpSays     ground = "a client that keeps the contract and HTTP is harmed, and no mainstream server does otherwise by default"
	meansNothing ground = "no mainstream parser takes it, so a server that does has invented what was meant"
	clientRelies ground = "a client that was tested with these responses relies on them"
	staysUp      ground = "one request must not harm those of others; a documented 500 for what parsers and stores commonly trip over, without harm to the server, is a warning"

	// Those for should.
	parsersDiffer  ground = "only a client that breaks the grammar of JSON can notice, and mainstream parsers take it by default (RFC 8259, section 9)"
	stacksDiffer   ground = "mainstream frameworks, proxies or databases do otherwise by default"
	roomInContract ground = "the contract leaves room: it neither asks for it nor rules it out"
	annotation     ground = `"format" is an annotation, which a server need not enforce`
	goodPractice   ground = "the contract does not ask for it; it protects clients and their keys all the same"
	strangers      ground = "only a request that no honest client sends can show it"

	// The one for may.
	noHarm ground = "no client that keeps the contract is harmed, so there is no reason to change anything"
)

// level is the level that a ground stands for.
func (g ground) level() conformance.Level {
	switch g {
	case contractSays, httpSays, meansNothing, clientRelies, staysUp:
		return conformance.Must
	case noHarm:
		return conformance.May
	}
	return conformance.Should
}

// groundOf is why a check weighs what it does that breaks a rule of the schema.
func groundOf(f schema.Firmness) ground {
	switch f {
	case schema.Annotated:
		return annotation
	case schema.Lenient:
		return stacksDiffer
	}
	return contractSays
}
