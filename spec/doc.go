// Package spec holds the contract: the OpenAPI document that the mock serves
// and the runner judges by.
//
// A contract is embedded ([Embedded]) or loaded from a file, a URL or standard
// input ([Load]). It may be YAML, JSON, or an API reference page in Markdown
// with the document in a code fence. However it came, a [Document] knows its
// digest, its servers and operations, and where each clause stands: [Document.Clause]
// turns a JSON pointer (RFC 6901) into a line of the source, as its reader
// sees it, and the words found there.
//
// The package reads YAML nodes only. It knows nothing of schemas: the mock and
// the runner each read those with an OpenAPI library of their own, on purpose,
// so that a mistake of one library shows as a disagreement between the two.
package spec
