// Package judge holds every response to the contract, and confirms that a
// request is what a check says it is.
//
// Beside package contract it is the only one that sees the OpenAPI library, and
// it shows nothing of it.
package judge
