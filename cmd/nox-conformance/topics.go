package main

import (
	"embed"

	"nox.energy/contract/cmd/internal/cli"
)

//go:embed topics/*.md
var topicPages embed.FS

// topics are the pages that "nox-conformance help" prints.
func topics() ([]cli.Topic, error) {
	return cli.ReadTopics(topicPages, "failures", "release-gate", "nightly", "known-failures", "documents", "rules", "recorded-traffic", "compare-runs", "tests", "adding-a-check", "reference")
}
