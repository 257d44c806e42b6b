// Package schema says what a JSON schema takes, makes and refuses.
//
// A [Schema] makes valid values (Make, Variants) and values that break one rule
// each ([Mutations]), and reports whether a value fits. Values are those of
// encoding/json, except that an [Object] keeps its order and a [Literal] is a
// number, or any other text, written as it is. The package knows nothing of
// documents and HTTP: the contract is read elsewhere.
package schema
