// Package contract is the root of a module that holds two independent halves of
// one contract, the OpenAPI document of the NOX manufacturer API:
//
//   - a mock that answers as the contract says, for the people who write
//     clients: the command nox-mock, the package
//     [nox.energy/contract/mock] and, for Go tests,
//     [nox.energy/contract/mock/mocktest];
//   - a runner that judges whether a server keeps the contract, for the people
//     who release one: the command nox-conformance, the package
//     [nox.energy/contract/conformance] with the writers of reports in
//     [nox.energy/contract/conformance/report].
//
// Both take the contract from [nox.energy/contract/spec], and each reads it with
// an OpenAPI library of its own. They meet where nox-conformance judges the mock
// in its self-test, with the deviations of
// [nox.energy/contract/mock/defect] wrapped around it.
//
// The package itself is empty. Its tests hold the module to its structure and
// the README to what it says. README.md shows how to use the two halves,
// ARCHITECTURE.md how they are made, CHECKS.md what is checked and why.
package contract
