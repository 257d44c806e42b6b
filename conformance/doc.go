// Package conformance judges whether a server keeps the contract of the NOX
// manufacturer API, or of any other OpenAPI 3 document.
//
// This package holds the words: what a [Check], a [Config], a known failure and
// a [Result] are. Package [nox.energy/contract/conformance/runner] acts on them:
// it turns each clause of the contract into a check, sends the requests of the
// check to the target over HTTP, and judges each response as it came. The writers
// of package [nox.energy/contract/conformance/report] turn a result into text or
// a report. In Go tests, package [nox.energy/contract/conformance/conformancetest] makes
// each check a subtest.
//
// # How a check is made
//
// Checks are data: an id, a level, the clause with its place and words, and one
// function. Most are derived from the document: a rule over properties and
// their types, limits and enums, over media types, methods and security
// schemes. Only what the prose of the contract says alone (the echo, the id
// that is resolved or created) is written down in Go, in one file.
//
// # Fairness
//
// A check of level must blames a target only for what the contract or an RFC's
// MUST says. Each request is validated again, as sent, before a response to it
// may be judged: if the request was not what the check says it was, the
// outcome is an error of the runner, never a failure of the target. If a check
// stays undecided (no response, put off for too long, interrupted), that is
// an error too, and the run is inconclusive.
package conformance
