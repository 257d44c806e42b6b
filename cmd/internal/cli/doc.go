// Package cli holds what both programs do alike: writing files whole, explaining
// flag errors, certificates, and the version.
package cli
