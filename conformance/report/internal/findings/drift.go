package findings

import (
	"cmp"
	"fmt"
	"strings"

	"nox.energy/contract/conformance/report/internal/safe"
	"nox.energy/contract/spec"
)

// DriftHeading says in one line what a drift comes to.
func DriftHeading(d spec.Drift) string {
	breaking := 0
	for _, c := range d.Changes {
		if c.Effect == spec.Breaks {
			breaking++
		}
	}
	meaning := "none of which is certain to break clients"
	switch {
	case breaking == 1:
		meaning = "1 of which breaks clients"
	case breaking > 1:
		meaning = fmt.Sprintf("%d of which break clients", breaking)
	}
	return fmt.Sprintf("from %s to %s: %s, %s", edition(d.From), edition(d.To), safe.Count(len(d.Changes), "change"), meaning)
}

func edition(e spec.Edition) string {
	source := e.Source
	if source == "-" {
		source = "standard input"
	}
	return strings.TrimSpace(cmp.Or(source, "a contract") + " " + e.Version)
}

// DriftChange names a change of a contract with its operation.
func DriftChange(c spec.Change) string {
	if c.Operation == "" {
		return c.Text
	}
	return c.Operation + ": " + c.Text
}
