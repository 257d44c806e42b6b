package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"nox.energy/contract/conformance"
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
	t := &text{newScreen(o.Color, o.Verbose, o.Width), r}
	if !o.Quiet {
		t.causes()
		t.failures()
		t.problems()
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
	return t.flush(w)
}

// text is a text report that is being written.
type text struct {
	*screen
	r *conformance.Result
}

// causes writes what the run fails for in a few lines: each cause with the fix
// that it suggests, and how many checks fail for it.
func (t *text) causes() {
	list := causes(t.r)
	if len(list) == 0 {
		return
	}
	t.printf("%s\n", t.paint(bold, causesTitle(t.r, list)))
	for i, l := range list {
		if i == textFailures && !t.verbose {
			t.printf("      and %s, below\n", count(len(list)-i, "more cause"))
			break
		}
		t.indented(fmt.Sprintf("%4d. ", i+1), line(l.summary, screenChars), "")
		if l.fix != "" {
			t.indented("      ", "Fix: "+line(l.fix, screenChars), "")
		}
		t.indented("      ", named(l.extent)+line(l.id, 200), dim)
	}
	t.printf("\n")
}

func (t *text) failures() {
	list := failures(t.r)
	for i, f := range list {
		if i == textFailures && !t.verbose {
			t.moreFailures(list[i:])
			return
		}
		t.title(red, "FAIL", f.ID, weight(t.r, f.CheckResult))
		t.facts(t.r, f.CheckResult)
		if f.Known && f.Outcome == conformance.Pass {
			t.fact("why", headline(f.CheckResult))
		}
		if cause := causeOf(t.r, f.ID); cause != nil && cause.Fix != f.Reason {
			t.fact("fix", cause.Fix)
		}
		t.fell(f)
		t.exchanges(f.CheckResult)
		t.printf("\n")
	}
}

// moreFailures writes a line for each of very many.
func (t *text) moreFailures(list []failure) {
	for _, f := range list {
		t.listed(red, "FAIL ", f)
	}
	t.printf("      --report html=FILE shows the exchanges of all %d\n\n", len(failures(t.r)))
}

// listed writes a line for a check.
func (t *text) listed(color, word string, f failure) {
	others := ""
	if s := f.others(); s != "" {
		others = " (and " + s + ")"
	}
	said := t.oneLine(sentence(f.CheckResult)+others, 8+utf8.RuneCountInString(f.ID), 20)
	t.printf("%s %s  %s\n", t.paint(color, word), line(f.ID, 200), t.paint(dim, said))
}

// problems writes what fails a run beside its checks. A single reason is in the
// verdict line already.
func (t *text) problems() {
	if len(t.r.Problems) < 2 {
		return
	}
	t.printf("%s %s\n", t.paint(red, "FAIL "), t.paint(bold, "the list of known failures"))
	for _, p := range t.r.Problems {
		t.fact("problem", p)
	}
	t.printf("\n")
}

// notes writes what is to be known of a recording or of a run.
func (t *text) notes() {
	about := "the recording"
	if t.r.Requests > 0 {
		about = "the run"
	}
	for i, n := range t.r.Notes {
		if i == 0 {
			t.printf("%s %s\n", t.paint(bold, "NOTE "), t.paint(bold, about))
		}
		t.printf("      %s\n", line(n, 300))
	}
	if len(t.r.Notes) > 0 {
		t.printf("\n")
	}
}

func (t *text) fell(f failure) {
	ids := slices.Concat(f.fell, f.warned)
	if len(ids) == 0 {
		return
	}
	shown := ids
	if !t.verbose && len(ids) > textFell {
		shown = ids[:textFell]
	}
	s := f.others() + ": " + strings.Join(shown, ", ")
	if n := len(ids) - len(shown); n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	t.wrapped("also", visible(s))
}

func (t *text) errors() {
	list := of(t.r, broke)
	alone := map[string]bool{}
	for _, g := range byReason(list, headline) {
		if len(g.ids) == 1 || t.verbose {
			alone[g.ids[0]] = true
			continue
		}
		t.title(yellow, "ERROR", count(len(g.ids), "check"), "could not run, so they say nothing about the target")
		t.fact("why", g.reason)
		shown := g.ids[:min(len(g.ids), textFell)]
		ids := strings.Join(shown, ", ")
		if n := len(g.ids) - len(shown); n > 0 {
			ids += fmt.Sprintf(" and %d more; --verbose lists them", n)
		}
		t.wrapped("checks", visible(ids))
		t.printf("\n")
	}
	for _, c := range list {
		if !alone[c.ID] && !t.verbose {
			continue
		}
		t.title(yellow, "ERROR", c.ID, "could not run, so it says nothing about the target")
		t.fact("why", headline(c))
		if t.verbose {
			for l := range strings.Lines(c.Stack) {
				t.printf("      %s\n", t.oneLine(strings.ReplaceAll(l, "\t", "  "), 6, 20))
			}
			t.exchanges(c)
		}
		t.printf("\n")
	}
}

// warnings writes a block each, or a line each where there are many.
func (t *text) warnings() {
	list := warnings(t.r)
	if len(list) == 0 {
		return
	}
	for _, f := range list {
		if !t.verbose && len(list) > textBlocks {
			t.listed(yellow, "WARN ", f)
			continue
		}
		t.title(yellow, "WARN", f.ID, "")
		if t.verbose {
			t.facts(t.r, f.CheckResult)
		} else {
			t.printf("      %s\n", t.oneLine(sentence(f.CheckResult), 6, 20))
		}
		if c := causeOf(t.r, f.ID); c != nil && len(c.Checks) > 1 {
			t.fact("fix", c.Fix)
		}
		t.fell(f)
		if t.verbose {
			t.exchanges(f.CheckResult)
		}
	}
	t.printf("\n")
}

func (t *text) known() {
	list := of(t.r, known)
	for _, c := range list {
		t.title(cyan, "KNOWN", c.ID, "")
		t.printf("      %s\n", t.oneLine(headline(c), 6, 20))
		t.fact("excused", c.Reason)
	}
	if len(list) > 0 {
		t.printf("\n")
	}
}

func (t *text) skipped() {
	groups := skippedByReason(t.r)
	if len(groups) == 0 {
		return
	}
	n := 0
	for _, g := range groups {
		n += len(g.ids)
	}
	t.printf("%s %s\n", t.paint(bold, "SKIP "), count(n, "check"))
	for i, g := range groups {
		if i == textReasons && !t.verbose && len(groups) > textReasons+1 {
			rest := 0
			for _, g := range groups[i:] {
				rest += len(g.ids)
			}
			t.printf("%6d  for %s; --verbose lists them\n", rest, count(len(groups)-i, "other reason"))
			break
		}
		t.printf("%6d  %s\n", len(g.ids), t.oneLine(g.reason, 8, 120))
		if t.verbose {
			for _, id := range g.ids {
				t.printf("        %s\n", t.paint(dim, line(id, 200)))
			}
		}
	}
	t.printf("\n")
}

func (t *text) passed() {
	if !t.verbose {
		return
	}
	list := of(t.r, passed)
	for _, c := range list {
		t.title(green, "PASS", c.ID, duration(float64(c.DurationMS)))
		t.exchanges(c)
	}
	if len(list) > 0 {
		t.printf("\n")
	}
}

// responses writes the table of documented responses.
func (t *text) responses() {
	if len(t.r.Responses) == 0 {
		return
	}
	rows := make([][]string, len(t.r.Responses))
	for i, d := range t.r.Responses {
		rows[i] = []string{line(d.Operation+"/"+d.Status, 120), standingWords(t.r, d), exchangesWords(d), "", ""}
		if d.Latency != nil {
			rows[i][3], rows[i][4] = "p50 "+duration(d.Latency.P50), "p99 "+duration(d.Latency.P99)
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
				cells = append(cells, t.paint(verdictColor(t.r.Responses[i].Verdict), visible(cell))+pad)
			default:
				cells = append(cells, pad+cell)
			}
		}
		t.printf("  %s\n", strings.TrimRight(strings.Join(cells, "   "), " "))
	}
	t.printf("\n")
}

func verdictColor(v conformance.Verdict) string {
	switch v {
	case conformance.Conforms:
		return green
	case conformance.Violates:
		return red
	}
	return yellow
}

// verdict writes the last line.
func (t *text) verdict() {
	r := t.r
	word, color := cmp.Or(verdictInCapitals(r.Verdict, r.Summary.Known), "NO VERDICT"), verdictColor(r.Verdict)
	s := line(r.Target, 200)
	if by := strings.TrimSpace(r.Contract.Title + " " + r.Contract.Version); by != "" {
		s += " against " + line(by, 200)
	}
	if r.Reason != "" {
		s += ": " + line(r.Reason, 400)
	}
	s += fmt.Sprintf(" (%s; %s in %.1f s)", tally(r.Summary), count(r.Requests, "request"), float64(r.DurationMS)/1000)
	if missing := notExercised(r); len(missing) > 0 && r.Verdict != conformance.Inconclusive {
		s += "; not exercised: " + line(strings.Join(t.statusesOnly(missing), ", "), 200)
	}
	if t.r.Strict {
		s += "; strict"
	}
	t.printf("%s  %s\n", t.paint(color, word), s)
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
		color := yellow
		if !d.Breaks {
			color = bold
		}
		t.printf("%s %s\n", t.paint(color, "DRIFT"), t.paint(bold, line(driftHeading(d), 400)))
		for i, c := range d.Changes {
			if left := len(d.Changes) - i; i == driftChanges && left > 1 && !t.verbose {
				t.printf("      … and %s; --verbose shows them\n", count(left, "more change"))
				break
			}
			t.fact(string(c.Effect), changeText(c))
		}
		t.printf("\n")
	}
}
