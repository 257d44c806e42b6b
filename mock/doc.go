// Package mock is the server side of the contract: an [http.Handler] that
// answers as the NOX manufacturer API does, for the people who write clients.
//
// [New] reads everything it can from the contract: paths, methods, security
// schemes, media types, schemas, documented statuses and the words of the
// example error bodies. What the contract says in prose alone (echo, resolve or
// create) stands in prose.go and nowhere else.
//
// A request is answered by the first of these that fits:
//
//   - a path or method that the contract does not declare: 404, 405;
//   - no key, an unknown key, two keys, the key of a manufacturer that is not
//     enabled: 401, before a byte of the body is read;
//   - a header "Prefer: code=500" that names a documented status: that status;
//   - a fault that is set for the manufacturer (see package fault and
//     [Mock.SetFault]), unless the magic user_id below is asked for: what it
//     does;
//   - a body that is of another media type, encoded, absent, too large, too
//     slow, not one JSON text in UTF-8, or does not fit the schema: 400;
//   - a magic user_id such as "nox-mock:500": the outcome it names;
//   - anything else: 201, with the user_id as it was sent and the NOX user of
//     that manufacturer's user, the same one for ever.
//
// Every answer above comes in the contract's shape. An operation that another
// contract declares and the mock has no state for is answered from its examples
// and schemas, marked by the header X-Nox-Mock: generated.
//
// What was asked and answered, and why, stands in the [Mock.Journal], without
// keys. If [Config.ExplainErrors] asks for it, every error also tells in the
// header X-Nox-Mock-Explain.
//
// A running mock is looked into and changed by its methods, or over HTTP by its
// control API, package control, which also has a web UI.
//
// The handler relies on its server for framing and time-outs: serve it with
// package httpserve, or in tests with package mocktest.
package mock
