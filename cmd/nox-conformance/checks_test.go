package main

import (
	"cmp"
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

What nox-conformance checks of the embedded contract, and why. This page is written from the
catalogue (` + "`nox-conformance --list`" + `) and from the defects that prove each check can fail
(` + "`nox-mock --list-deviations`" + `); a test holds it to both. Write it anew with
` + "`go test ./cmd/nox-conformance -run TestChecksPage -update`" + `.

An id is never renamed or used again. Ids below leave out the operation: ` + "`401/missing-key`" + ` is
` + "`%s/401/missing-key`" + `, and both can be given to ` + "`--run`, `--skip` and `--explain`" + `.
With another contract (` + "`--spec`" + `) the catalogue is another one.

**Level**: *must*, a failure fails the run; *should*, a warning, or a failure under ` + "`--strict`" + `; *may*,
information. One question decides it, who is harmed by a server that fails the check, and each check
says what the answer was. A finding may weigh less than its check does, never more: a warning of a
*must* check is one that the check's own words allow.
Every check came with version 0.1.0 unless it says otherwise; ` + "`--as-of VERSION`" + ` makes those that came later warnings.
**Production**: what the check may do to a target that real users depend on. 0: it sends
nothing that asks for a change; 1: it sends what the target should refuse, and creates a user only on
one that takes it; 2: it creates a user by design; x: it is never sent under ` + "`--profile production`" + `.

`
)

// TestChecksPage holds CHECKS.md to the catalogue and to the defects.
func TestChecksPage(t *testing.T) {
	t.Parallel()
	doc, err := spec.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	checks, err := runner.Catalogue(doc)
	if err != nil {
		t.Fatal(err)
	}
	caught := map[string][]defect.Deviation{}
	for _, d := range defect.Defects() {
		caught[d.Caught] = append(caught[d.Caught], d)
	}
	page := checksPage(t, checks, caught)
	for id, rest := range caught {
		t.Errorf("%s is to catch %s, and is no check", id, rest[0].Name)
	}
	golden.Compare(t, checksFile, page)
}

// checksPage writes the page, and takes from caught what it has told of.
func checksPage(t *testing.T, checks []conformance.Check, caught map[string][]defect.Deviation) string {
	var b strings.Builder
	fmt.Fprintf(&b, checksHead, checks[0].Operation)
	summarise(&b, checks)
	status := ""
	for _, group := range groupsOf(checks) {
		if group[0].Status != status {
			status = group[0].Status
			fmt.Fprintf(&b, "\n## %s\n", status)
		}
		writeGroup(&b, group, func(id string) []string {
			defer delete(caught, id)
			switch {
			case id == "http/published": // it judges a document, not a server
				return []string{"a published contract with a change that breaks clients"}
			case len(caught[id]) == 0:
				t.Errorf("%s is failed by no defect, so nothing shows that it can fail: add a row that names it to a table of mock/defect (ARCHITECTURE.md, \"To add a defect\")", id)
			}
			var names []string
			for _, d := range caught[id] {
				names = append(names, "`"+d.Name+"`")
			}
			return names
		})
	}
	return b.String()
}

// shortIDOf leaves the operation out of a check's id.
func shortIDOf(c conformance.Check) string { return strings.TrimPrefix(c.ID, c.Operation+"/") }

// familyOf is the first word of a check's name, with the status.
func familyOf(c conformance.Check) string {
	word, _, _ := strings.Cut(shortIDOf(c), "-")
	return word
}

// groupsOf puts the checks of one family, if they are three or more, into a
// group, and the others of a status into one before them.
func groupsOf(checks []conformance.Check) [][]conformance.Check {
	size := map[string]int{}
	for _, c := range checks {
		size[familyOf(c)]++
	}
	var order []string
	groups := map[string][]conformance.Check{}
	for _, c := range checks {
		name := familyOf(c)
		if size[name] < 3 {
			name = c.Status
		}
		if groups[name] == nil {
			order = append(order, name)
		}
		groups[name] = append(groups[name], c)
	}
	var out [][]conformance.Check
	for _, name := range order {
		out = append(out, groups[name])
	}
	slices.SortStableFunc(out, func(a, b []conformance.Check) int {
		if a[0].Status != b[0].Status {
			return 0
		}
		return cmp.Compare(len(familyGroup(a)), len(familyGroup(b)))
	})
	return out
}

// familyGroup is the family that a group is of, "" for none.
func familyGroup(group []conformance.Check) string {
	for _, c := range group {
		if familyOf(c) != familyOf(group[0]) {
			return ""
		}
	}
	return "f"
}

// writeGroup writes a paragraph with what the checks of a group have in common,
// and a table of them.
func writeGroup(b *strings.Builder, group []conformance.Check, failedBy func(id string) []string) {
	title := "Others"
	if familyGroup(group) != "" {
		title = familyOf(group[0]) + "-…"
	}
	why, clause := mostCommon(group, func(c conformance.Check) string { return c.Why }), mostCommon(group, clauseOf)
	fmt.Fprintf(b, "\n### %s\n\n", title)
	if title == "Others" {
		b.WriteString("What stands alone; each says why.\n")
		why = ""
	} else {
		fmt.Fprintf(b, "%s Clause: %s.\n", plain(why), clause)
	}
	b.WriteString("\n| check | level | production | what is checked | failed by |\n|---|---|---|---|---|\n")
	for _, c := range group {
		id := shortIDOf(c)
		text := plain(sentence(c.Summary)) + ". *Sends* " + plain(c.Sends) + "."
		if c.Why != why {
			text += " *Why:* " + plain(c.Why)
		}
		text += fmt.Sprintf(" *%s*, because %s.", sentence(string(c.Level)), plain(c.Because))
		if cl := clauseOf(c); cl != clause || title == "Others" {
			text += " Clause: " + cl + "."
		}
		if len(c.Aliases) > 0 {
			text += " Has taken in " + strings.Join(c.Aliases, ", ") + "."
		}
		if c.Since != firstVersion {
			text += " Since " + c.Since + "."
		}
		fmt.Fprintf(b, "| <a id=%q></a>`%s` | %s | %s | %s | %s |\n", anchorOf(id), id, c.Level, c.Production, strings.ReplaceAll(text, "|", "\\|"), strings.Join(failedBy(id), ", "))
	}
}

// firstVersion brought every check that does not say otherwise.
const firstVersion = "0.1.0"

func clauseOf(c conformance.Check) string {
	quote := c.Clause.Quote
	if r := []rune(quote); len(r) > 100 {
		quote = string(r[:100]) + "…"
	}
	return fmt.Sprintf("[line %d](spec/%s#L%d), %s", c.Clause.Line, spec.EmbeddedName, c.Clause.Line, code(quote))
}

// anchorOf is what the reports link to.
func anchorOf(id string) string { return strings.ReplaceAll(strings.ToLower(id), "/", "") }

func mostCommon(group []conformance.Check, of func(conformance.Check) string) string {
	count := map[string]int{}
	best := of(group[0])
	for _, c := range group {
		count[of(c)]++
		if count[of(c)] > count[best] {
			best = of(c)
		}
	}
	return best
}

// summarise counts the checks by status and level.
func summarise(b *strings.Builder, checks []conformance.Check) {
	var statuses []string
	count := map[string]map[conformance.Level]int{}
	for _, c := range checks {
		if count[c.Status] == nil {
			statuses = append(statuses, c.Status)
			count[c.Status] = map[conformance.Level]int{}
		}
		count[c.Status][c.Level]++
	}
	b.WriteString("| | must | should | may |\n|---|---|---|---|\n")
	for _, s := range statuses {
		fmt.Fprintf(b, "| [%s](#%s) | %d | %d | %d |\n", s, s, count[s][conformance.Must], count[s][conformance.Should], count[s][conformance.May])
	}
}

// sentence begins a summary with a capital, unless it begins with a name.
func sentence(s string) string {
	word, _, _ := strings.Cut(s, " ")
	if strings.ContainsAny(word, "_/") {
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
