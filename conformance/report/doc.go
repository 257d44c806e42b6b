// Package report writes the result of a conformance run: for people at a
// terminal, for a browser, and for the formats that pipelines read.
//
// Each format is one function from a [conformance.Result] to an [io.Writer].
// A writer reads nothing but the result, so the same result gives the same
// bytes; it changes nothing in it; and it returns the error of the writer it
// was given. All of them share four rules:
//
//   - What the target sent is data. A character that could steer a terminal, a
//     parser, a browser or a pipeline's log is escaped or replaced.
//   - What is long is shortened, and the report says by how much. Only the
//     JSON and HAR reports hold everything that the result holds, and only a
//     [HARWriter] writes every exchange of a run.
//   - A space that a reader would overlook is shown as U+2420.
//   - A failure is told in three facts: the clause with its line and words,
//     what was expected, what came.
//
// Secrets are not this package's concern: a result holds none.
package report

import "errors"

// errNoResult is what every writer returns for a nil result.
var errNoResult = errors.New("there is no result to report")
