package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/findings"
	"nox.energy/contract/conformance/report/internal/markdown"
	"nox.energy/contract/conformance/report/internal/safe"
	"nox.energy/contract/conformance/report/internal/terminal"
)

// ComparisonFormats returns the names that [WriteComparison] takes.
func ComparisonFormats() []string { return []string{"text", "markdown", "json"} }

// WriteComparison writes c to w: as text for a terminal, as Markdown for a
// summary of a job, within its bounds, or as JSON with everything.
func WriteComparison(w io.Writer, format string, c *Comparison) error {
	switch format {
	case "text":
		return ComparisonText(w, c, TextOptions{})
	case "markdown":
		return comparisonMarkdown(w, c)
	case "json":
		if c == nil {
			return errNoResult
		}
		return safe.JSON(w, c)
	}
	return fmt.Errorf("unknown format %.40q; the formats are %s", format, strings.Join(ComparisonFormats(), ", "))
}

// changeList is a list of changes with the words for it.
type changeList struct {
	word, color string // of a line of text
	title       string // of a table
	tally       string // behind the number of them
	list        []Change
	brief       bool // a line each, as what is grave of it stands in another list
}

func (c *Comparison) words() []changeList {
	return []changeList{
		{"BROKE", terminal.Red, "Broke", "broke", c.Broke, false},
		{"FIXED", terminal.Green, "Fixed", "fixed", c.Fixed, false},
		{"STILL", terminal.Red, "Still fail", "still failing", c.StillFail, false},
		{"WARN", terminal.Yellow, "New warnings", "newly warning", c.NewWarnings, false},
		{"GONE", terminal.Green, "Resolved warnings", "no longer warning", c.GoneWarnings, false},
		{"KNOWN", terminal.Cyan, "Newly excused", "newly excused", c.Excused, false},
		{"LOST", terminal.Yellow, "No longer judged", "no longer judged", c.NotJudged, false},
		{"UNSEEN", terminal.Yellow, "Failed before, no longer judged (not a fix)", "failed before and no longer judged", c.NotSeen, false},
		{"JUDGED", terminal.Cyan, "Newly judged", "newly judged", c.NewlyJudged, true},
		{"NEW", terminal.Cyan, "New checks", "added", c.Added, true},
		{"AWAY", terminal.Cyan, "Removed checks", "removed", c.Removed, true},
	}
}

func (c *Comparison) tally() string {
	var parts []string
	for _, l := range c.words() {
		if n := len(l.list); n > 0 {
			parts = append(parts, safe.Thousands(int64(n))+" "+l.tally)
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "nothing changed")
	}
	return strings.Join(append(parts, safe.Thousands(int64(c.Same))+" the same"), ", ")
}

// says tells a change in one sentence.
func (c Change) says() string {
	var s string
	switch {
	case c.New == "":
		return c.states()
	case fails(&conformance.CheckResult{Outcome: c.New}) && c.Actual != "":
		if s = "actual: " + safe.Shorten(c.Actual, 300); c.Expected != "" {
			s = "expected: " + safe.Shorten(c.Expected, 300) + "; " + s
		}
	case c.New == conformance.Pass && fails(&conformance.CheckResult{Outcome: c.Old}) && c.Actual != "":
		s = "before: " + safe.Shorten(c.Actual, 300)
	default:
		s = c.Reason
	}
	if s != "" {
		s = "; " + s
	}
	return c.states() + s
}

// states says "passed before, fails", or what it does where it was not there.
func (c Change) states() string {
	past := map[conformance.Outcome]string{
		conformance.Pass: "passed before", conformance.Fail: "failed before", conformance.Warn: "was a warning before",
		conformance.Skip: "was skipped before", conformance.Err: "was an error before", "": "did not exist before",
	}
	present := map[conformance.Outcome]string{
		conformance.Pass: "passes", conformance.Fail: "fails", conformance.Warn: "is a warning",
		conformance.Skip: "is skipped", conformance.Err: "is an error",
	}
	if c.New == "" {
		return cmp.Or(past[c.Old], string(c.Old))
	}
	now := cmp.Or(present[c.New], string(c.New))
	if c.Known && c.New != conformance.Pass {
		now += " as a known failure"
	}
	return cmp.Or(past[c.Old], string(c.Old)) + ", " + now
}

// ComparisonText writes c for a person at a terminal: the two runs, what makes
// them hard to compare, each change, what broke first, and how many there are
// of each kind on the last line, which is all under Quiet.
func ComparisonText(w io.Writer, c *Comparison, o TextOptions) error {
	if c == nil {
		return errNoResult
	}
	t := terminal.New(o.Color, o.Verbose, o.Width)
	if !o.Quiet {
		c.Old.text(t, "old")
		c.New.text(t, "new")
		for _, n := range c.Notes {
			t.Printf("%s  %s\n", t.Paint(terminal.Yellow, "note"), safe.Line(n, 600))
		}
		t.Printf("\n")
		for _, l := range c.words() {
			l.text(t)
		}
	}
	t.Printf("%s\n", c.tally())
	return t.Flush(w)
}

func (c Compared) text(t *terminal.Screen, word string) {
	t.Printf("%s   %s  %s, run %s of %s (%s)\n", t.Paint(terminal.Bold, word), t.Paint(verdictColor(c.Verdict), findings.InCapitals(c.Verdict, findings.VerdictWords(c.Verdict, c.Summary.Known))),
		safe.Line(c.Target, 200), safe.Line(c.RunID, 40), c.Started.UTC().Format("2006-01-02 15:04:05"), findings.Tally(c.Summary))
}

func (l changeList) text(t *terminal.Screen) {
	for i, c := range l.list {
		if i == textChanges && !t.Verbose {
			t.Printf("%s %s\n", t.Paint(l.color, fmt.Sprintf("%-5s", l.word)), t.Paint(terminal.Dim, "… "+safe.Thousands(int64(len(l.list)-i))+" more; --verbose shows all"))
			break
		}
		if l.brief {
			t.Title(l.color, l.word, c.ID, safe.Line(c.states(), 200))
			continue
		}
		t.Title(l.color, l.word, c.ID, "")
		t.Indented("      ", safe.Line(c.says(), terminal.FactChars), "")
	}
	if len(l.list) > 0 {
		t.Printf("\n")
	}
}

// textChanges bounds a list of changes, unless verbose.
const textChanges = 50

func comparisonMarkdown(w io.Writer, c *Comparison) error {
	if c == nil {
		return errNoResult
	}
	m := &markdown.Page{}
	mark := "✅"
	if len(c.Broke) > 0 {
		mark = "❌"
	}
	m.Add(fmt.Sprintf("## %s Conformance compared: %s\n\n", mark, markdown.Prose(c.tally(), 400)))
	m.Add("| | verdict | target | run | started |\n|---|---|---|---|---|\n")
	for _, side := range []struct {
		word string
		run  Compared
	}{{"old", c.Old}, {"new", c.New}} {
		m.Add(fmt.Sprintf("| %s | %s | %s | %s | %s |\n", side.word, markdown.Prose(findings.VerdictWords(side.run.Verdict, side.run.Summary.Known), 80), markdown.Code(side.run.Target, 200),
			markdown.Code(side.run.RunID, 40), markdown.Code(side.run.Started.UTC().Format("2006-01-02 15:04:05"), 40)))
	}
	m.Add("\n")
	for _, n := range c.Notes {
		m.Add("- " + markdown.Prose(n, 600) + "\n")
	}
	if len(c.Notes) > 0 {
		m.Add("\n")
	}
	for _, l := range c.words() {
		l.markdown(m)
	}
	return m.Flush(w, "the json output contains everything.\n", "")
}

func (l changeList) markdown(m *markdown.Page) {
	if len(l.list) == 0 {
		return
	}
	var rows []string
	for _, c := range l.list {
		rows = append(rows, markdown.Row(c.ID, c.says()))
	}
	head := fmt.Sprintf("### %s: %d\n\n| check | |\n|---|---|\n", l.title, len(l.list))
	if left := m.Table(head, rows); left > 0 {
		m.Add(fmt.Sprintf("\n%d more not shown.\n", left))
	}
	m.Add("\n")
}
