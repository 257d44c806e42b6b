// Package checks is the catalogue: one file a subject, and nothing else.
//
// Each check is a [checkText] and a function on a [trial.Trial], added by the
// builder of an operation with its stage. [Catalogue] makes those of a contract,
// [RecordedCatalogue] those that recorded traffic is judged by.
package checks
