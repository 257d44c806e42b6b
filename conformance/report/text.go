package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/findings"
	"nox.energy/contract/conformance/report/internal/safe"
	"nox.energy/contract/conformance/report/internal/terminal"
)

// TextOptions says how [Text] writes.
type TextOptions struct {
	Color   bool // mark with ANSI colours
	Verbose bool // every exchange and header, the ids of what was skipped and what passed
	Quiet   bool // the verdict line only
	Width   int  // of the terminal: prose is wrapped, and one line each is cut to it; 0: wrapped at 100, cut nowhere
}

// What a text report shows unless verbose.
const (
	textFell     = 8  // ids of those that fell to the same cause
	textReasons  = 4  // reasons of skipped checks
	textUnjudged = 12 // reasons why something is not judged
	textRows     = 80 // documented responses; of more those that are violated, and how many there are
	textBlocks   = 5  // warnings told in a block, more in a line each
	textFailures = 20 // failures told in a block; a line each is left for more
)

// Text writes r for a person at a terminal: what the run fails for, a cause each,
// then the failures, each with the
// clause, what was expected, what came, the exchange and a line to send it
// again; then errors, warnings, known failures, what was skipped and why, the
// table of documented responses, and the verdict on the last line. A passing
// run fits on one screen.
func Text(w io.Writer, r *conformance.Result, o TextOptions) error {
	if r == nil {
		return errNoResult
	}
	t := &text{terminal.New(o.Color, o.Verbose, o.Width), r}
	if !o.Quiet {
		t.causes()
		t.failures()
		t.list()
		t.notes()
		t.drift()
		t.errors()
		t.warnings()
		t.known()
		t.skipped()
		t.passed()
		t.responses()
	}
	t.verdict()
	return t.Flush(w)
}

// text is a text report that is being written.
type text struct {
	*terminal.Screen
	r *conformance.Result
}

// causes writes what the run fails for in a few lines: each cause with the fix
// that it suggests, and how many checks fail for it.
func (t *text) causes() {
	list := findings.Causes(t.r)
	if len(list) == 0 {
		return
	}
	t.Printf("%s\n", t.Paint(terminal.Bold, findings.CausesTitle(t.r, list)))
	for i, l := range list {
		if i == textFailures && !t.Verbose {
			t.Printf("      and %s, below\n", safe.Count(len(list)-i, "more cause"))
			break
		}
		t.Indented(fmt.Sprintf("%4d. ", i+1), safe.Line(l.Summary, terminal.FactChars), "")
		if l.Fix != "" {
			t.Indented("      ", "Fix: "+safe.Line(l.Fix, terminal.FactChars), "")
		}
		t.Indented("      ", l.Extent+safe.Line(l.ID, 200), terminal.Dim)
	}
	t.Printf("\n")
}

func (t *text) failures() {
	list := findings.Failures(t.r)
	for i, f := range list {
		if i == textFailures && !t.Verbose {
			t.moreFailures(list[i:])
			return
		}
		t.Title(terminal.Red, "FAIL", f.ID, findings.Weight(t.r, f.CheckResult))
		t.Facts(t.r, f.CheckResult)
		if cause := findings.CauseOf(t.r, f.ID); cause != nil && cause.Fix != f.Reason {
			t.Fact("fix", cause.Fix)
		}
		t.fell(f)
		t.Exchanges(f.CheckResult)
		t.Printf("\n")
	}
}

// moreFailures writes a line for each of very many.
func (t *text) moreFailures(list []findings.Failure) {
	for _, f := range list {
		t.listed(terminal.Red, "FAIL ", f)
	}
	t.Printf("      --report html=FILE shows the exchanges of all %d\n\n", len(findings.Failures(t.r)))
}

// listed writes a line for a check.
func (t *text) listed(color, word string, f findings.Failure) {
	others := ""
	if s := f.Others(); s != "" {
		others = " (and " + s + ")"
	}
	said := t.OneLine(findings.Sentence(f.CheckResult)+others, 8+utf8.RuneCountInString(f.ID), 20)
	t.Printf("%s %s  %s\n", t.Paint(color, word), safe.Line(f.ID, 200), t.Paint(terminal.Dim, said))
}

// list writes what is wrong with the list of known failures, unless the verdict
// line says it, and which of them will soon count again.
func (t *text) list() {
	said := func(problem string) bool { return strings.Contains(t.r.Reason, problem) }
	lines := slices.Concat(slices.DeleteFunc(slices.Clone(t.r.Problems), said), t.r.Expiring)
	if len(lines) == 0 {
		return
	}
	t.Printf("%s %s\n", t.Paint(terminal.Yellow, "WARN "), t.Paint(terminal.Bold, "the list of known failures"))
	for _, line := range lines {
		t.Indented("      ", safe.Line(line, terminal.FactChars), "")
	}
	t.Printf("\n")
}

// notes writes what is to be known of a recording or of a run.
func (t *text) notes() {
	about := "the recording"
	if t.r.Requests > 0 {
		about = "the run"
	}
	for i, n := range t.r.Notes {
		if i == 0 {
			t.Printf("%s %s\n", t.Paint(terminal.Bold, "NOTE "), t.Paint(terminal.Bold, about))
		}
		t.Printf("      %s\n", safe.Line(n, 300))
	}
	if len(t.r.Notes) > 0 {
		t.Printf("\n")
	}
}

func (t *text) fell(f findings.Failure) {
	ids := slices.Concat(f.AlsoFailed, f.AlsoWarned)
	if len(ids) == 0 {
		return
	}
	shown := ids
	if !t.Verbose && len(ids) > textFell {
		shown = ids[:textFell]
	}
	s := f.Others() + ": " + strings.Join(shown, ", ")
	if n := len(ids) - len(shown); n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	t.Wrapped("also", safe.Visible(s))
}

func (t *text) errors() {
	list := findings.Of(t.r, findings.Broke)
	alone := map[string]bool{}
	for _, g := range findings.ByReason(list, findings.Headline) {
		if len(g.IDs) == 1 || t.Verbose {
			alone[g.IDs[0]] = true
			continue
		}
		t.Title(terminal.Yellow, "ERROR", safe.Count(len(g.IDs), "check"), "could not run, so they say nothing about the target")
		t.Fact("why", g.Reason)
		shown := g.IDs[:min(len(g.IDs), textFell)]
		ids := strings.Join(shown, ", ")
		if n := len(g.IDs) - len(shown); n > 0 {
			ids += fmt.Sprintf(" and %d more; --verbose lists them", n)
		}
		t.Wrapped("checks", safe.Visible(ids))
		t.Printf("\n")
	}
	for _, c := range list {
		if !alone[c.ID] && !t.Verbose {
			continue
		}
		t.Title(terminal.Yellow, "ERROR", c.ID, "could not run, so it says nothing about the target")
		t.Fact("why", findings.Headline(c))
		if t.Verbose {
			for l := range strings.Lines(c.Stack) {
				t.Printf("      %s\n", t.OneLine(strings.ReplaceAll(l, "\t", "  "), 6, 20))
			}
			t.Exchanges(c)
		}
		t.Printf("\n")
	}
}

// warnings writes a block each, or a line each where there are many.
func (t *text) warnings() {
	list := findings.Warnings(t.r)
	if len(list) == 0 {
		return
	}
	for _, f := range list {
		if !t.Verbose && len(list) > textBlocks {
			t.listed(terminal.Yellow, "WARN ", f)
			continue
		}
		t.Title(terminal.Yellow, "WARN", f.ID, "")
		if t.Verbose {
			t.Facts(t.r, f.CheckResult)
		} else {
			t.Printf("      %s\n", t.OneLine(findings.Sentence(f.CheckResult), 6, 20))
		}
		if c := findings.CauseOf(t.r, f.ID); c != nil && len(c.Checks) > 1 {
			t.Fact("fix", c.Fix)
		}
		t.fell(f)
		if t.Verbose {
			t.Exchanges(f.CheckResult)
		}
	}
	t.Printf("\n")
}

func (t *text) known() {
	list := findings.Of(t.r, findings.Known)
	for _, c := range list {
		t.Title(terminal.Cyan, "KNOWN", c.ID, "")
		t.Printf("      %s\n", t.OneLine(findings.Headline(c), 6, 20))
		t.Fact("excused", c.Reason)
	}
	if len(list) > 0 {
		t.Printf("\n")
	}
}

func (t *text) skipped() {
	groups := findings.SkippedByReason(t.r)
	is := func(g findings.ReasonGroup) bool { return strings.HasPrefix(g.Reason, "not judged: ") }
	t.reasons("SKIP ", slices.DeleteFunc(slices.Clone(groups), is), textReasons)
	t.reasons("SKIP  not judged,", slices.DeleteFunc(groups, func(g findings.ReasonGroup) bool { return !is(g) }), textUnjudged)
}

func (t *text) reasons(title string, groups []findings.ReasonGroup, most int) {
	if len(groups) == 0 {
		return
	}
	n := 0
	for _, g := range groups {
		n += len(g.IDs)
	}
	t.Printf("%s %s\n", t.Paint(terminal.Bold, title), safe.Count(n, "check"))
	for i, g := range groups {
		if i == most && !t.Verbose && len(groups) > most+1 {
			rest := 0
			for _, g := range groups[i:] {
				rest += len(g.IDs)
			}
			t.Printf("%6d  for %s; --verbose lists them\n", rest, safe.Count(len(groups)-i, "other reason"))
			break
		}
		reason, unjudged := strings.CutPrefix(g.Reason, "not judged: ")
		if unjudged && !t.Verbose {
			reason = g.IDs[0] + ": " + reason
		}
		t.Printf("%6d  %s\n", len(g.IDs), t.OneLine(reason, 8, 240))
		if t.Verbose {
			for _, id := range g.IDs {
				t.Printf("        %s\n", t.Paint(terminal.Dim, safe.Line(id, 200)))
			}
		}
	}
	t.Printf("\n")
}

func (t *text) passed() {
	if !t.Verbose {
		return
	}
	list := findings.Of(t.r, findings.Passed)
	for _, c := range list {
		t.Title(terminal.Green, "PASS", c.ID, safe.Duration(float64(c.DurationMS)))
		t.Exchanges(c)
	}
	if len(list) > 0 {
		t.Printf("\n")
	}
}

// responses writes the table of documented responses.
func (t *text) responses() {
	if len(t.r.Responses) == 0 {
		return
	}
	shown := t.r.Responses
	if len(shown) > textRows && !t.Verbose {
		shown = slices.DeleteFunc(slices.Clone(shown), func(d conformance.ResponseResult) bool { return d.Verdict != conformance.Violates })
		shown = shown[:min(textRows, len(shown))]
	}
	rows := make([][]string, len(shown))
	for i, d := range shown {
		rows[i] = []string{safe.Line(d.Operation+"/"+d.Status, 120), findings.ResponseVerdict(t.r, d), findings.ResponseExchanges(d), "", ""}
		if d.Latency != nil {
			rows[i][3], rows[i][4] = "p50 "+safe.Duration(d.Latency.P50), "p99 "+safe.Duration(d.Latency.P99)
		}
	}
	widths := make([]int, 5)
	for _, row := range rows {
		for j, cell := range row {
			widths[j] = max(widths[j], utf8.RuneCountInString(cell))
		}
	}
	for i, row := range rows {
		var cells []string
		for j, cell := range row {
			pad := strings.Repeat(" ", widths[j]-utf8.RuneCountInString(cell))
			switch j {
			case 0:
				cells = append(cells, cell+pad)
			case 1:
				cells = append(cells, t.Paint(verdictColor(shown[i].Verdict), safe.Visible(cell))+pad)
			default:
				cells = append(cells, pad+cell)
			}
		}
		t.Printf("  %s\n", strings.TrimRight(strings.Join(cells, "   "), " "))
	}
	if len(shown) < len(t.r.Responses) {
		counts := map[conformance.Verdict]int{}
		for _, d := range t.r.Responses {
			counts[d.Verdict]++
		}
		t.Printf("  of %d documented responses %d conform, %d are violated and %d were not exercised; --verbose lists them\n",
			len(t.r.Responses), counts[conformance.Conforms], counts[conformance.Violates], counts[conformance.NotExercised])
	}
	t.Printf("\n")
}

func verdictColor(v conformance.Verdict) string {
	switch v {
	case conformance.Conforms:
		return terminal.Green
	case conformance.Violates:
		return terminal.Red
	}
	return terminal.Yellow
}

// verdict writes the last line.
func (t *text) verdict() {
	r := t.r
	word, color := cmp.Or(findings.InCapitals(r.Verdict, findings.RunVerdict(r)), "NO VERDICT"), verdictColor(r.Verdict)
	if findings.IsListOutdated(r) {
		color = terminal.Yellow
	}
	s := safe.Line(r.Target, 200)
	if by := strings.TrimSpace(r.Contract.Title + " " + r.Contract.Version); by != "" {
		s += " against " + safe.Line(by, 200)
	}
	if r.Reason != "" {
		s += ": " + safe.Line(r.Reason, 400)
	}
	s += fmt.Sprintf(" (%s; %s in %.1f s)", findings.Tally(r.Summary), safe.Count(r.Requests, "request"), float64(r.DurationMS)/1000)
	if missing := findings.NotExercised(r); len(missing) > 0 && r.Verdict != conformance.Inconclusive {
		s += "; not exercised: " + safe.Line(strings.Join(t.statusesOnly(missing), ", "), 200)
	}
	if unchecked := findings.Unchecked(r); unchecked != "" {
		s += "; " + safe.Line(unchecked, 300)
	}
	if expired := findings.Expired(r); expired > 0 {
		s += "; " + safe.Count(expired, "expired excuse")
	}
	if t.r.Strict {
		s += "; strict"
	}
	t.Printf("%s  %s\n", t.Paint(color, word), s)
}

// statusesOnly drops the operation from ids where the run has one only.
func (t *text) statusesOnly(ids []string) []string {
	operation := ""
	for _, d := range t.r.Responses {
		if operation != "" && d.Operation != operation {
			return ids
		}
		operation = d.Operation
	}
	short := slices.Clone(ids)
	for i := range short {
		short[i] = strings.TrimPrefix(short[i], operation+"/")
	}
	return short
}

// driftChanges is how many changes of a contract a terminal is shown.
const driftChanges = 10

// drift writes how the contract differs from others.
func (t *text) drift() {
	for _, d := range t.r.Drift {
		color := terminal.Yellow
		if !d.Breaks {
			color = terminal.Bold
		}
		t.Printf("%s %s\n", t.Paint(color, "DRIFT"), t.Paint(terminal.Bold, safe.Line(findings.DriftHeading(d), 400)))
		for i, c := range d.Changes {
			if left := len(d.Changes) - i; i == driftChanges && left > 1 && !t.Verbose {
				t.Printf("      … and %s; --verbose shows them\n", safe.Count(left, "more change"))
				break
			}
			t.Fact(string(c.Effect), findings.DriftChange(c))
		}
		t.Printf("\n")
	}
}
