// Package contract is the document as checks read it: operations, parameters,
// documented responses, where keys stand, and what its prose alone says.
package contract
