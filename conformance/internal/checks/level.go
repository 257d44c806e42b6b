package checks

import (
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/trial"
)

// ground is the reason for a check's level: who is harmed where the check
// fails. Each check has one, so that its level follows from one question and
// not from taste. The text completes "must, because …".
type ground string

// The grounds, the severest first.
const (
	// Those for must.
	contractSays ground = "the contract says so, and every client relies on it"
	httpSays     ground = "a failure harms clients that follow the contract and HTTP, and mainstream servers pass by default"
	meansNothing ground = "no mainstream parser accepts such a body, so the server must have guessed its meaning"
	clientRelies ground = "clients that were tested with these responses rely on them"
	staysUp      ground = "one request must not harm others; a documented 500 to input that commonly trips parsers or databases is only a warning if the server recovers"

	// Those for should.
	parsersDiffer  ground = "only clients that send invalid JSON can notice, and mainstream parsers accept it by default (RFC 8259, section 9)"
	stacksDiffer   ground = "mainstream frameworks, proxies or databases fail it by default"
	roomInContract ground = "the contract neither requires nor forbids it"
	annotation     ground = `"format" is an annotation that a server need not enforce`
	goodPractice   ground = "the contract does not require it, but it protects clients and their keys"
	strangers      ground = "only requests that no honest client sends are affected"

	// The one for may.
	noHarm ground = "a failure harms no client that follows the contract"
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

// Weigh returns the level at which a run holds a check, and whether its failure
// fails the run: one that is younger than the run asks for does not.
func Weigh(cfg *conformance.Config, c *trial.Check, v *trial.Verdict) (level conformance.Level, counts bool) {
	level = softer(v.Level, c.Level)
	if isYounger(&c.Check, cfg.AsOf) {
		return softer(level, conformance.Should), false
	}
	return level, level == conformance.Must || level == conformance.Should && cfg.Strict
}

// weightOf orders levels: what weighs more comes first.
func weightOf(l conformance.Level) int {
	switch l {
	case conformance.Must:
		return 2
	case conformance.Should:
		return 1
	}
	return 0
}

// softer is the lighter of two levels; "" weighs as nothing said.
func softer(a, b conformance.Level) conformance.Level {
	if a == "" || b != "" && weightOf(b) < weightOf(a) {
		return b
	}
	return a
}
