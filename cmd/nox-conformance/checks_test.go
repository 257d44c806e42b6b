package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nox.energy/contract/cmd/internal/golden"
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/mock/defect"
	"nox.energy/contract/spec"
)

const (
	checksFile = "../../CHECKS.md"
	checksHead = `# Checks

Every check of nox-conformance for the embedded contract. Another contract
(` + "`--spec`" + `) has other checks: ` + "`nox-conformance --list --spec FILE`" + ` prints them.

A test writes this page from the catalogue and from the defects of nox-mock. To update it, run
` + "`go test ./cmd/nox-conformance -run TestChecksPage -update`" + `.

## How to read the tables

| Column | Meaning |
|---|---|
| Check | the id without its operation: ` + "`401/missing-key`" + ` is ` + "`%s/401/missing-key`" + `. ` + "`--run`, `--skip`, `--explain` and `--known`" + ` accept both. An id is never renamed or reused. |
| Level | *must*: a failure fails the run. *should*: a failure is a warning, or fails the run with ` + "`--strict`" + `. *may*: information. The number is the [reason for the level](#reasons-for-a-level). A check can report a finding at a lower level, never at a higher one. |
| Verifies | what the target must do, and why it matters |
| Sends | the requests of the check |
| Clause | the line of the contract |
| Production | what the check can do to a production target. 0: it asks for no change. 1: it sends requests that the target should reject, and creates a user only if the target accepts them. 2: it creates a user. x: ` + "`--profile production`" + ` never sends it. |
| Failed by | the defects of nox-mock that this check catches. ` + "`nox-mock --list-deviations`" + ` describes them. |

A check was part of version %s unless its row names a later one. ` + "`--as-of VERSION`" + ` turns failures of later checks into
warnings.

`
)

// TestChecksPage holds CHECKS.md to the catalogue and to the defects.
func TestChecksPage(t *testing.T) {
	t.Parallel()
	doc, err := spec.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	all, err := runner.Catalogue(doc)
	if err != nil {
		t.Fatal(err)
	}
	caught := map[string][]defect.Deviation{}
	for _, d := range defect.Defects() {
		caught[d.Caught] = append(caught[d.Caught], d)
	}
	page := checksPage(t, all, caught)
	for id, rest := range caught {
		t.Errorf("%s is to catch %s, and is no check", id, rest[0].Name)
	}
	golden.Compare(t, checksFile, page)
}

// checksPage writes the page, and takes from caught what it has told of.
func checksPage(t *testing.T, all []conformance.Check, caught map[string][]defect.Deviation) string {
	var b strings.Builder
	fmt.Fprintf(&b, checksHead, all[0].Operation, all[0].Since)
	summarise(&b, all)
	p := &checksWriter{b: &b, since: all[0].Since, reasons: writeReasons(&b, all), caught: caught}
	for len(all) > 0 {
		status := all[0].Status
		n := slices.IndexFunc(all, func(c conformance.Check) bool { return c.Status != status })
		if n < 0 {
			n = len(all)
		}
		fmt.Fprintf(&b, "\n## %s\n", status)
		groups, rest := groupChecks(all[:n])
		for _, g := range groups {
			p.group(t, g)
		}
		if len(rest) > 0 {
			fmt.Fprintf(&b, "\n### Other checks of %s\n", status)
			p.table(t, rest, "", "", "")
		}
		all = all[n:]
	}
	return b.String()
}

// checksWriter writes the tables of the page.
type checksWriter struct {
	b       *strings.Builder
	since   string         // version of most checks
	reasons map[string]int // numbers of the reasons for levels
	caught  map[string][]defect.Deviation
}

// fewestOfGroup is how many checks with one purpose have a section of their own.
const fewestOfGroup = 3

// groupChecks puts checks together whose summaries begin alike, or that serve
// one purpose and are named alike.
func groupChecks(all []conformance.Check) (groups [][]conformance.Check, rest []conformance.Check) {
	topic := func(c conformance.Check) string {
		if start, _, ok := strings.Cut(c.Summary, ": "); ok {
			return start
		}
		family, _, _ := strings.Cut(c.ID, "-")
		return family + " " + c.Why
	}
	byTopic := map[string][]conformance.Check{}
	for _, c := range all {
		byTopic[topic(c)] = append(byTopic[topic(c)], c)
	}
	for _, c := range all {
		switch g := byTopic[topic(c)]; {
		case len(g) < fewestOfGroup:
			rest = append(rest, c)
		case g[0].ID == c.ID:
			groups = append(groups, g)
		}
	}
	return groups, rest
}

// group writes a section: in a paragraph what its checks share, in a table
// what differs.
func (p *checksWriter) group(t *testing.T, g []conformance.Check) {
	summary := sharedStart(g, func(c conformance.Check) string { return c.Summary })
	sends := sharedStart(g, func(c conformance.Check) string { return c.Sends })
	ids := sharedStart(g, func(c conformance.Check) string { return strings.TrimPrefix(c.ID, c.Operation+"/") })
	start, _, ok := strings.Cut(summary, ": ")
	title := sentence(plain(start))
	if summary = start + ": "; !ok {
		title, summary, sends = "Checks "+code(ids+"…"), "", ""
	}
	fmt.Fprintf(p.b, "\n### %s\n\n", title)
	why := mostCommon(g, func(c conformance.Check) string { return c.Why })
	p.b.WriteString(plain(why))
	p.table(t, g, summary, sends, why)
}

// mostCommon returns the text that most checks have.
func mostCommon(g []conformance.Check, of func(conformance.Check) string) string {
	count, best := map[string]int{}, ""
	for _, c := range g {
		if count[of(c)]++; count[of(c)] > count[best] {
			best = of(c)
		}
	}
	return best
}

// sharedStart returns the words with which all texts begin.
func sharedStart(g []conformance.Check, of func(conformance.Check) string) string {
	start := of(g[0])
	for _, c := range g[1:] {
		for !strings.HasPrefix(of(c), start) {
			start = start[:len(start)-1]
		}
	}
	return start[:strings.LastIndexAny(start, " -/")+1]
}

// table writes a row for each check. What is the same in all rows, it writes
// once before them.
func (p *checksWriter) table(t *testing.T, g []conformance.Check, summary, sends, why string) {
	columns := []struct {
		title string
		cells []string
	}{{title: "Check"}, {title: "Level"}, {title: "Verifies"}, {title: "Sends"}, {title: "Clause"}, {title: "Production"}, {title: "Failed by"}}
	sendsSame := true
	for _, c := range g {
		id := strings.TrimPrefix(c.ID, c.Operation+"/")
		name := fmt.Sprintf(`<a id="%s"></a>%s`, anchor(id), code(id))
		if c.Since != p.since {
			name += " since " + c.Since
		}
		if len(c.Aliases) > 0 {
			name += " formerly " + strings.Join(c.Aliases, ", ")
		}
		verifies, sent := strings.TrimPrefix(c.Summary, summary), strings.TrimPrefix(c.Sends, sends)
		sendsSame = sendsSame && sends != "" && strings.HasPrefix(verifies, sent)
		if c.Why != why {
			verifies = sentence(verifies) + ". " + c.Why
		}
		for i, text := range []string{
			name, fmt.Sprintf("%s [%d](#reasons-for-a-level)", c.Level, p.reasons[c.Because]), plain(verifies), plain(sent),
			fmt.Sprintf("[line %d](spec/%s#L%d)", c.Clause.Line, spec.EmbeddedName, c.Clause.Line), string(c.Production), failedBy(t, id, p.caught),
		} {
			columns[i].cells = append(columns[i].cells, cell(text))
		}
	}
	if sendsSame {
		fmt.Fprintf(p.b, " Each check sends %s the case in its row.", plain(strings.TrimSpace(sends)))
		columns = slices.Delete(columns, 3, 4)
	}
	for i := len(columns) - 1; i > 1; i-- {
		if cells := columns[i].cells; len(cells) > 1 && len(slices.Compact(slices.Clone(cells))) == 1 {
			fmt.Fprintf(p.b, " %s: %s.", columns[i].title, cells[0])
			columns = slices.Delete(columns, i, i+1)
		}
	}
	p.b.WriteString("\n\n")
	head, rule := "|", "|"
	for _, c := range columns {
		head, rule = head+" "+c.title+" |", rule+"---|"
	}
	p.b.WriteString(head + "\n" + rule + "\n")
	for row := range g {
		for _, c := range columns {
			p.b.WriteString("| " + c.cells[row] + " ")
		}
		p.b.WriteString("|\n")
	}
}

// failedBy lists the defects that a check catches, and takes them from caught.
func failedBy(t *testing.T, id string, caught map[string][]defect.Deviation) string {
	var names []string
	for _, d := range caught[id] {
		names = append(names, code(d.Name))
	}
	switch {
	case id == "http/published": // it judges a document, not a server
		names = append(names, "a published contract with a change that breaks clients")
	case len(names) == 0:
		t.Errorf("%s is failed by no defect, so nothing shows that it can fail: add a row that names it to a table of mock/defect (ARCHITECTURE.md, \"To add a defect\")", id)
	}
	delete(caught, id)
	return strings.Join(names, ", ")
}

// writeReasons lists the reasons for levels and returns their numbers.
func writeReasons(b *strings.Builder, all []conformance.Check) map[string]int {
	reasons := map[string]int{}
	b.WriteString("\n## Reasons for a level\n\nOne question sets the level: who is harmed by a server that fails the check?\n\n| | Level | Reason |\n|--:|---|---|\n")
	for _, level := range []conformance.Level{conformance.Must, conformance.Should, conformance.May} {
		for _, c := range all {
			if c.Level == level && reasons[c.Because] == 0 {
				reasons[c.Because] = len(reasons) + 1
				fmt.Fprintf(b, "| %d | %s | %s |\n", reasons[c.Because], level, plain(c.Because))
			}
		}
	}
	return reasons
}

// anchor is the address of a check on the page, to which reports link.
func anchor(id string) string { return strings.ReplaceAll(strings.ToLower(id), "/", "") }

// cell writes a text for a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

// summarise counts the checks by status and level.
func summarise(b *strings.Builder, all []conformance.Check) {
	var statuses []string
	count := map[string]map[conformance.Level]int{}
	for _, c := range all {
		if count[c.Status] == nil {
			statuses = append(statuses, c.Status)
			count[c.Status] = map[conformance.Level]int{}
		}
		count[c.Status][c.Level]++
	}
	b.WriteString("| Response | must | should | may |\n|---|--:|--:|--:|\n")
	for _, s := range statuses {
		fmt.Fprintf(b, "| [%s](#%s) | %d | %d | %d |\n", s, s, count[s][conformance.Must], count[s][conformance.Should], count[s][conformance.May])
	}
}

// sentence begins a summary with a capital, unless it begins with a name.
func sentence(s string) string {
	word, _, _ := strings.Cut(s, " ")
	if word == "" || strings.ContainsAny(word, "_/") {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

var nameInText = regexp.MustCompile(`[\w.]*_[\w.]*\w`)

// plain escapes what Markdown would take for something else, and marks names.
func plain(s string) string {
	s = strings.NewReplacer("\\", "\\\\", "*", "\\*", "<", "\\<", "`", "\\`", "[", "\\[").Replace(s)
	return nameInText.ReplaceAllString(s, "`$0`")
}

// code writes a text as it is, in one line.
func code(s string) string {
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}
