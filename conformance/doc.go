// Package conformance judges whether a server keeps the contract of the NOX
// manufacturer API, or of any other OpenAPI 3 document.
//
// A [Runner] turns each clause of the contract into an experiment, a check,
// sends what the experiment needs to the target over real HTTP, and reads the
// answers as they came: framing and bytes first, then the schema of that very
// status. [Runner.Run] returns a [Result]; the writers of package
// [nox.energy/contract/conformance/report] turn it into text or a report.
// In Go tests, package [nox.energy/contract/conformance/conformancetest] makes
// each check a subtest.
//
//	runner, err := conformance.New(conformance.Config{
//		Target: "http://127.0.0.1:4010/v2",
//		Keys:   conformance.Keys{Key: os.Getenv("NOX_API_KEY")},
//	})
//	…
//	result, err := runner.Run(ctx)
//	fmt.Println(result.Verdict)
//
// # How a check is made
//
// Checks are data: an id, a level, the clause with its place and words, and one
// function. Most are derived from the document: a rule over properties and
// their types, limits and enums, over media types, methods and security
// schemes. Only what the prose of the contract says alone (the echo, the id
// that is resolved or created) is written down in Go, in prose.go.
//
// # Fairness
//
// A check of level must blames a target only for what the contract or an RFC's
// MUST says. Each request is validated again, as sent, before an answer to it
// may be judged: if the request was not what the check says it was, the
// outcome is an error of the runner, never a failure of the target. What stays
// undecided (no answer, put off for too long, interrupted) is an error
// too, and the run is inconclusive.
package conformance
