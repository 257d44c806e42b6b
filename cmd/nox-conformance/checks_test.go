package main

import (
	"fmt"
	"regexp"
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
**Since**: the version that brought the check. ` + "`--as-of VERSION`" + ` makes those that came later warnings.
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
	for _, c := range checks {
		if c.Status != status {
			status = c.Status
			fmt.Fprintf(&b, "\n## %s\n", status)
		}
		id := strings.TrimPrefix(c.ID, c.Operation+"/")
		fmt.Fprintf(&b, "\n### %s\n\n%s. *%s, production %s, since %s*\n\n", id, plain(sentence(c.Summary)), c.Level, c.Production, c.Since)
		fmt.Fprintf(&b, "- Sends: %s\n- Why: %s\n- %s, because %s\n- Clause: [line %d](spec/%s#L%d), %s\n- Failed by:\n",
			plain(c.Sends), plain(c.Why), sentence(string(c.Level)), plain(c.Because), c.Clause.Line, spec.EmbeddedName, c.Clause.Line, code(c.Clause.Quote))
		if len(c.Aliases) > 0 {
			fmt.Fprintf(&b, "  (has taken in %s)\n", strings.Join(c.Aliases, ", "))
		}
		for _, d := range caught[id] {
			fmt.Fprintf(&b, "  - `%s`: %s\n", d.Name, plain(d.Summary))
		}
		switch {
		case id == "http/published": // it judges a document, not a server
			b.WriteString("  - a published contract with a change that breaks clients\n")
		case len(caught[id]) == 0:
			t.Errorf("%s is failed by no defect, so nothing shows that it can fail: add a row that names it to a table of mock/defect (ARCHITECTURE.md, \"To add a defect\")", id)
		}
		delete(caught, id)
	}
	return b.String()
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
