package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
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
	m.checks("Errors: checks that could not run", of(r, broke))
	m.warnings()
	m.checks("Known failures", of(r, known))
	m.skipped()
	return m.flush(w, "the json and html reports contain everything.\n\n", m.foot())
}

// summary is a Markdown report that is being written.
type summary struct {
	markdownPage
	r *conformance.Result
}

func (m *summary) head() {
	r := m.r
	mark := map[conformance.Verdict]string{conformance.Conforms: "✅", conformance.Violates: "❌"}
	m.add(fmt.Sprintf("## %s Conformance: %s\n\n", cmp.Or(mark[r.Verdict], "⚠️"), prose(cmp.Or(verdictWords(r.Verdict, r.Summary.Known), "no verdict"), 80)))
	m.add(fmt.Sprintf("%s against %s (%s), %s in %.1f s.\n\n", code(r.Target, 300),
		code(cmp.Or(strings.TrimSpace(r.Contract.Title+" "+r.Contract.Version), "the contract"), 300),
		code(cmp.Or(r.Contract.Source, "no source"), 300), count(r.Requests, "request"), float64(r.DurationMS)/1000))
	m.add("**" + tally(r.Summary) + "**\n\n")
	for _, why := range slices.Concat(reasons(r), r.Notes) {
		m.add(prose(why, markdownFactChars) + "\n\n")
	}
	for _, d := range r.Drift {
		m.add(markdownDrift(d))
	}
}

// causes lists what the run fails for: each cause with the fix that it suggests,
// and how many checks fail for it.
func (m *summary) causes() {
	list := causes(m.r)
	for i, l := range list {
		if i == 0 {
			m.add("### " + causesTitle(m.r, list) + "\n\n")
		}
		if i == markdownRows {
			m.add(fmt.Sprintf("\n%s not shown.\n", count(len(list)-i, "more cause")))
			break
		}
		item := fmt.Sprintf("%d. %s\n", i+1, prose(l.summary, markdownFactChars))
		if l.fix != "" {
			item += "   - Fix: " + prose(l.fix, markdownFactChars) + "\n"
		}
		m.add(item + "   - " + named(l.extent) + code(l.id, 200) + "\n")
	}
	if len(list) > 0 {
		m.add("\n")
	}
}

func (m *summary) responses() {
	if len(m.r.Responses) == 0 {
		return
	}
	m.add("| documented response | verdict | exchanges | p50 | p99 |\n|---|---|--:|--:|--:|\n")
	for i, d := range m.r.Responses {
		if i == markdownRows {
			m.add(fmt.Sprintf("\n%s not shown.\n", count(len(m.r.Responses)-i, "more response")))
			break
		}
		p50, p99 := "", ""
		if d.Latency != nil {
			p50, p99 = duration(d.Latency.P50), duration(d.Latency.P99)
		}
		m.add(fmt.Sprintf("| %s | %s | %s | %s | %s |\n", code(d.Operation+"/"+d.Status, 200), prose(standingWords(m.r, d), 80), thousands(int64(d.Exchanges)), p50, p99))
	}
	m.add("\n")
}

func (m *summary) failures() {
	list := failures(m.r)
	if len(list) == 0 {
		return
	}
	m.add("### Failures\n\n")
	for i, f := range list {
		if !m.add(m.failure(f)) {
			m.left += len(list) - i - 1
			break
		}
	}
}

// failure is the block of one failed check.
func (m *summary) failure(f failure) string {
	var b strings.Builder
	c := f.CheckResult
	fmt.Fprintf(&b, "<details><summary>❌ %s — %s</summary>\n\n", inHTML(c.ID, 200), inHTML(sentence(c), 300))
	fact := func(label, s string) {
		if strings.TrimSpace(s) != "" {
			fmt.Fprintf(&b, "- **%s**: %s\n", label, prose(s, markdownFactChars))
		}
	}
	fact("rule", c.Summary)
	fmt.Fprintf(&b, "- **clause**: %s %s\n", code(place(m.r, c), 300), code(c.Clause.Quote, 300))
	fact("level", string(c.Level))
	fact("expected", c.Expected)
	fact("actual", c.Actual)
	fact("tries", tries(c))
	fact(noteLabel(c), c.Reason)
	if cause := causeOf(m.r, c.ID); cause != nil && cause.Fix != c.Reason {
		fact("fix", cause.Fix)
	}
	if others := f.others(); others != "" {
		fact(others, strings.Join(slices.Concat(f.fell, f.warned), ", "))
	}
	b.WriteString("\n")
	for i := range c.Exchanges {
		if i == 2 || i == 1 && tries(c) != "" {
			fmt.Fprintf(&b, "%s not shown.\n\n", count(len(c.Exchanges)-i, "more exchange"))
			break
		}
		b.WriteString(fenced(plainExchange(&c.Exchanges[i])))
	}
	b.WriteString("</details>\n\n")
	return b.String()
}

// warnings lists the warnings, those of one cause in one row.
func (m *summary) warnings() {
	var rows []string
	for _, f := range warnings(m.r) {
		text := sentence(f.CheckResult)
		if others := f.others(); others != "" {
			text += " (and " + others + ": " + strings.Join(f.fell, ", ") + ")"
		}
		rows = append(rows, markdownRow(f.ID, text))
	}
	m.rows("Warnings", len(of(m.r, warned)), rows)
}

// checks lists checks in a table, a line each.
func (m *summary) checks(title string, list []*conformance.CheckResult) {
	var rows []string
	for _, c := range list {
		rows = append(rows, markdownRow(c.ID, sentence(c)))
	}
	m.rows(title, len(list), rows)
}

// markdownRow is the row of a check in a table.
func markdownRow(id, text string) string {
	return fmt.Sprintf("| %s | %s |\n", code(id, 200), prose(text, 600))
}

func (m *summary) rows(title string, n int, rows []string) {
	if len(rows) == 0 {
		return
	}
	head := fmt.Sprintf("<details><summary>%s: %d</summary>\n\n| check | result |\n|---|---|\n", title, n)
	if left := m.table(head, rows); left > 0 {
		m.add(fmt.Sprintf("\n%d more not shown.\n", left))
	}
	m.add("\n</details>\n\n")
}

func (m *summary) skipped() {
	var rows []string
	for _, g := range skippedByReason(m.r) {
		rows = append(rows, fmt.Sprintf("| %d | %s |\n", len(g.ids), prose(g.reason, 300)))
	}
	if len(rows) == 0 {
		return
	}
	head := fmt.Sprintf("<details><summary>Skipped: %d</summary>\n\n| checks | reason |\n|--:|---|\n", len(of(m.r, skipped)))
	if left := m.table(head, rows); left > 0 {
		m.add(fmt.Sprintf("\n%s not shown.\n", count(left, "more reason")))
	}
	m.add("\n</details>\n\n")
}

// foot says which program wrote the summary, and of which run.
func (m *summary) foot() string {
	return fmt.Sprintf("%s, run %s, seed %d, profile %s\n", prose(strings.TrimSpace(cmp.Or(m.r.Tool.Name, "nox-conformance")+" "+m.r.Tool.Version), 100),
		code(m.r.RunID, 100), m.r.Seed, prose(string(m.r.Profile), 40))
}

// markdownDrift is the block of one contract that differs.
func markdownDrift(d spec.Drift) string {
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
