// Package judge holds every response to the contract, and confirms that a
// request is what a check says it is.
//
// It alone sees the JSON Schema compiler, and shows nothing of it.
package judge
