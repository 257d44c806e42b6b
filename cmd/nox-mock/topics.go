package main

import (
	"embed"

	"nox.energy/contract/cmd/internal/cli"
)

//go:embed topics/*.md
var topicPages embed.FS

// topics are the pages that "nox-mock help" prints.
func topics() ([]cli.Topic, error) {
	return cli.ReadTopics(topicPages, "outcomes", "lost-response", "sandbox", "https", "state", "documents", "tests", "migrating", "reference")
}
