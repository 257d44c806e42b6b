// Package runner judges a target, or recorded traffic, by a contract.
//
// [New] reads the contract and makes the catalogue of checks; [Runner.Run]
// performs them and returns a [conformance.Result]. What a check, a
// configuration and a result are, package conformance says; this package acts
// on them.
package runner
