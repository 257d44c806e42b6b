package main

import (
	"fmt"
	"os"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

// readReport reads a report from a file, - for standard input.
func readReport(name string, std streams) (*conformance.Result, error) {
	if name == "-" {
		return report.Read(std.in, "standard input")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, &conformance.UsageError{Problem: fmt.Sprintf("the report %s cannot be read: %v", name, cli.WithoutPath(err))}
	}
	defer f.Close()
	return report.Read(f, name)
}
