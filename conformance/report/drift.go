package report

import (
	"cmp"
	"fmt"
	"strings"

	"nox.energy/contract/spec"
)

// driftChanges is how many changes of a contract a terminal is shown.
const driftChanges = 10

// driftHeading says in one line what a drift comes to.
func driftHeading(d spec.Drift) string {
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
	return fmt.Sprintf("from %s to %s: %s, %s", edition(d.From), edition(d.To), count(len(d.Changes), "change"), meaning)
}

func edition(e spec.Edition) string {
	source := e.Source
	if source == "-" {
		source = "standard input"
	}
	return strings.TrimSpace(cmp.Or(source, "a contract") + " " + e.Version)
}

func changeText(c spec.Change) string {
	if c.Operation == "" {
		return c.Text
	}
	return c.Operation + ": " + c.Text
}

// drift writes how the contract differs from others.
func (t *text) drift() {
	for _, d := range t.r.Drift {
		color := yellow
		if !d.Breaks {
			color = bold
		}
		t.printf("%s %s\n", t.paint(color, "DRIFT"), t.paint(bold, line(driftHeading(d), 400)))
		for i, c := range d.Changes {
			if left := len(d.Changes) - i; i == driftChanges && left > 1 && !t.o.Verbose {
				t.printf("      … and %s; --verbose shows them\n", count(left, "more change"))
				break
			}
			t.fact(string(c.Effect), changeText(c))
		}
		t.printf("\n")
	}
}

// drift is the block of one contract that differs.
func (m *markdown) drift(d spec.Drift) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**Drift** %s\n\n", prose(driftHeading(d), markdownFactChars))
	for i, c := range d.Changes {
		if left := len(d.Changes) - i; i == markdownRows && left > 1 {
			fmt.Fprintf(&b, "- %s not shown\n", count(left, "more change"))
			break
		}
		fmt.Fprintf(&b, "- **%s** %s\n", prose(string(c.Effect), 40), prose(changeText(c), markdownFactChars))
	}
	return b.String() + "\n"
}

// htmlDrift is a drift on the page.
type htmlDrift struct {
	Heading string
	Breaks  bool
	Changes []htmlChange
}

type htmlChange struct{ Effect, Text string }

func htmlDriftOf(d spec.Drift) htmlDrift {
	out := htmlDrift{Heading: "The contract drifted " + line(driftHeading(d), 500), Breaks: d.Breaks}
	for i, c := range d.Changes {
		if left := len(d.Changes) - i; i == markdownRows && left > 1 {
			out.Changes = append(out.Changes, htmlChange{Text: count(left, "more change") + " not shown"})
			break
		}
		out.Changes = append(out.Changes, htmlChange{line(string(c.Effect), 40), line(changeText(c), 1000)})
	}
	return out
}
