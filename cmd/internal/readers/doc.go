// Package readers holds tests only: both halves of the module read one corpus of
// requests and responses, and each disagreement must be listed with its reason.
package readers
