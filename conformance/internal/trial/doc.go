// Package trial is what a check is written with, as testing.T is what a test is
// written with.
//
// A [Check] is data and one function on a [Trial], whose methods send requests
// and end the trial as soon as its outcome is known. A session remembers every
// answer of a run, for the clauses that are judged over all of them.
package trial
