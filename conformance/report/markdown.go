package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/exchange"
	"nox.energy/contract/conformance/report/internal/findings"
	"nox.energy/contract/conformance/report/internal/markdown"
	"nox.energy/contract/conformance/report/internal/safe"
	"nox.energy/contract/spec"
)

const markdownFactChars = 600

// Markdown writes r as a summary of a job in GitHub Flavored Markdown: the
// verdict, the table of documented responses, each failure with its facts and
// exchange folded away, then warnings, known failures and what was skipped.
// It has fewer than 900,000 bytes whatever happened; what was left out is said.
func Markdown(w io.Writer, r *conformance.Result) error {
	if r == nil {
		return errNoResult
	}
	m := &summary{r: r}
	m.head()
	m.causes()
	m.responses()
	m.failures()
	m.checks("Errors: checks that could not run", findings.Of(r, findings.Broke))
	m.warnings()
	m.known()
	m.skipped()
	return m.Flush(w, "the json and html reports contain everything.\n\n", m.foot())
}

// summary is a Markdown report that is being written.
type summary struct {
	markdown.Page
	r *conformance.Result
}

func (m *summary) head() {
	r := m.r
	mark := map[conformance.Verdict]string{conformance.Conforms: "✅", conformance.Violates: "❌"}[r.Verdict]
	if findings.IsListOutdated(r) {
		mark = ""
	}
	m.Add(fmt.Sprintf("## %s Conformance: %s\n\n", cmp.Or(mark, "⚠️"), markdown.Prose(cmp.Or(findings.RunVerdict(r), "no verdict"), 120)))
	m.Add(fmt.Sprintf("%s against %s (%s), %s in %.1f s.\n\n", markdown.Code(r.Target, 300),
		markdown.Code(cmp.Or(strings.TrimSpace(r.Contract.Title+" "+r.Contract.Version), "the contract"), 300),
		markdown.Code(cmp.Or(r.Contract.Source, "no source"), 300), safe.Count(r.Requests, "request"), float64(r.DurationMS)/1000))
	m.Add("**" + findings.Tally(r.Summary) + "**\n\n")
	for _, why := range findings.Remarks(r) {
		m.Add(markdown.Prose(why, markdownFactChars) + "\n\n")
	}
	for _, d := range r.Drift {
		m.Add(markdownDrift(d))
	}
}

// causes lists what the run fails for: each cause with the fix that it suggests,
// and how many checks fail for it.
func (m *summary) causes() {
	list := findings.Causes(m.r)
	for i, l := range list {
		if i == 0 {
			m.Add("### " + findings.CausesTitle(m.r, list) + "\n\n")
		}
		if i == markdown.Rows {
			m.Add(fmt.Sprintf("\n%s not shown.\n", safe.Count(len(list)-i, "more cause")))
			break
		}
		item := fmt.Sprintf("%d. %s\n", i+1, markdown.Prose(l.Summary, markdownFactChars))
		if l.Fix != "" {
			item += "   - Fix: " + markdown.Prose(l.Fix, markdownFactChars) + "\n"
		}
		m.Add(item + "   - " + l.Extent + markdown.Code(l.ID, 200) + "\n")
	}
	if len(list) > 0 {
		m.Add("\n")
	}
}

func (m *summary) responses() {
	if len(m.r.Responses) == 0 {
		return
	}
	m.Add("| documented response | verdict | exchanges | p50 | p99 |\n|---|---|--:|--:|--:|\n")
	for i, d := range m.r.Responses {
		if i == markdown.Rows {
			m.Add(fmt.Sprintf("\n%s not shown.\n", safe.Count(len(m.r.Responses)-i, "more response")))
			break
		}
		p50, p99 := "", ""
		if d.Latency != nil {
			p50, p99 = safe.Duration(d.Latency.P50), safe.Duration(d.Latency.P99)
		}
		m.Add(fmt.Sprintf("| %s | %s | %s | %s | %s |\n", markdown.Code(d.Operation+"/"+d.Status, 200), markdown.Prose(findings.ResponseVerdict(m.r, d), 80), safe.Thousands(int64(d.Exchanges)), p50, p99))
	}
	m.Add("\n")
}

func (m *summary) failures() {
	list := findings.Failures(m.r)
	if len(list) == 0 {
		return
	}
	m.Add("### Failures\n\n")
	for i, f := range list {
		if !m.Add(m.failure(f)) {
			m.Left += len(list) - i - 1
			break
		}
	}
}

// failure is the block of one failed check.
func (m *summary) failure(f findings.Failure) string {
	var b strings.Builder
	c := f.CheckResult
	fmt.Fprintf(&b, "<details><summary>❌ %s — %s</summary>\n\n", markdown.InHTML(c.ID, 200), markdown.InHTML(findings.Sentence(c), 300))
	fact := func(label, s string) {
		if strings.TrimSpace(s) != "" {
			fmt.Fprintf(&b, "- **%s**: %s\n", label, markdown.Prose(s, markdownFactChars))
		}
	}
	fact("rule", c.Summary)
	fmt.Fprintf(&b, "- **clause**: %s %s\n", markdown.Code(findings.Place(m.r, c), 300), markdown.Code(c.Clause.Quote, 300))
	fact("level", string(c.Level))
	fact("expected", c.Expected)
	fact("actual", c.Actual)
	fact("tries", findings.Tries(c))
	fact(findings.NoteLabel(c), c.Reason)
	if cause := findings.CauseOf(m.r, c.ID); cause != nil && cause.Fix != c.Reason {
		fact("fix", cause.Fix)
	}
	if others := f.Others(); others != "" {
		fact(others, strings.Join(slices.Concat(f.AlsoFailed, f.AlsoWarned), ", "))
	}
	b.WriteString("\n")
	for i := range c.Exchanges {
		if i == 2 || i == 1 && findings.Tries(c) != "" {
			fmt.Fprintf(&b, "%s not shown.\n\n", safe.Count(len(c.Exchanges)-i, "more exchange"))
			break
		}
		b.WriteString(markdown.Fenced(exchange.Plain(&c.Exchanges[i])))
	}
	b.WriteString("</details>\n\n")
	return b.String()
}

// warnings lists the warnings, those of one cause in one row.
func (m *summary) warnings() {
	var rows []string
	for _, f := range findings.Warnings(m.r) {
		text := findings.Sentence(f.CheckResult)
		if others := f.Others(); others != "" {
			text += " (and " + others + ": " + strings.Join(f.AlsoFailed, ", ") + ")"
		}
		rows = append(rows, markdown.Row(f.ID, text))
	}
	m.rows("Warnings", len(findings.Of(m.r, findings.Warned)), rows)
}

// checks lists checks in a table, a line each.
func (m *summary) checks(title string, list []*conformance.CheckResult) {
	var rows []string
	for _, c := range list {
		rows = append(rows, markdown.Row(c.ID, findings.Sentence(c)))
	}
	m.rows(title, len(list), rows)
}

// known lists the failures that are excused, each with why, until when, and by
// whom.
func (m *summary) known() {
	var rows []string
	list := findings.Of(m.r, findings.Known)
	for _, c := range list {
		rows = append(rows, markdown.Row(c.ID, cmp.Or(c.Reason, "excused")+"; "+findings.Sentence(c)))
	}
	m.rows("Known failures", len(list), rows)
}

func (m *summary) rows(title string, n int, rows []string) {
	if len(rows) == 0 {
		return
	}
	head := fmt.Sprintf("<details><summary>%s: %d</summary>\n\n| check | result |\n|---|---|\n", title, n)
	if left := m.Table(head, rows); left > 0 {
		m.Add(fmt.Sprintf("\n%d more not shown.\n", left))
	}
	m.Add("\n</details>\n\n")
}

func (m *summary) skipped() {
	var rows []string
	for _, g := range findings.SkippedByReason(m.r) {
		rows = append(rows, fmt.Sprintf("| %d | %s |\n", len(g.IDs), markdown.Prose(g.Reason, 300)))
	}
	if len(rows) == 0 {
		return
	}
	head := fmt.Sprintf("<details><summary>Skipped: %d</summary>\n\n| checks | reason |\n|--:|---|\n", len(findings.Of(m.r, findings.Skipped)))
	if left := m.Table(head, rows); left > 0 {
		m.Add(fmt.Sprintf("\n%s not shown.\n", safe.Count(left, "more reason")))
	}
	m.Add("\n</details>\n\n")
}

// foot says which program wrote the summary, and of which run.
func (m *summary) foot() string {
	return fmt.Sprintf("%s, run %s, seed %d, profile %s\n", markdown.Prose(strings.TrimSpace(cmp.Or(m.r.Tool.Name, "nox-conformance")+" "+m.r.Tool.Version), 100),
		markdown.Code(m.r.RunID, 100), m.r.Seed, markdown.Prose(string(m.r.Profile), 40))
}

// markdownDrift is the block of one contract that differs.
func markdownDrift(d spec.Drift) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**Drift** %s\n\n", markdown.Prose(findings.DriftHeading(d), markdownFactChars))
	for i, c := range d.Changes {
		if left := len(d.Changes) - i; i == markdown.Rows && left > 1 {
			fmt.Fprintf(&b, "- %s not shown\n", safe.Count(left, "more change"))
			break
		}
		fmt.Fprintf(&b, "- **%s** %s\n", markdown.Prose(string(c.Effect), 40), markdown.Prose(findings.DriftChange(c), markdownFactChars))
	}
	return b.String() + "\n"
}
