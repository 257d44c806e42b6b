package checks

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/spec"
)

var update = flag.Bool("update", false, "add the checks of the catalogue to the released ones")

const releasedFile = "testdata/released.txt"

// TestReleasedChecks keeps what users rely on across versions: an id stays, and
// a check that a version brings is younger than those of the versions before.
func TestReleasedChecks(t *testing.T) {
	c, err := trial.LoadContract(nil)
	if err != nil {
		t.Fatal(err)
	}
	var checks []conformance.Check
	for _, each := range Catalogue(c) {
		checks = append(checks, each.Check)
	}
	text, err := os.ReadFile(releasedFile)
	if err != nil {
		t.Fatal(err)
	}
	problems, missing := compareReleased(string(text), checks)
	for _, p := range problems {
		t.Error(p)
	}
	if *update && len(problems) == 0 {
		if err := os.WriteFile(releasedFile, []byte(string(text)+missing), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// compareReleased says what is wrong with the checks of a catalogue, given the
// released ones, and returns the lines of those that no release brought.
func compareReleased(released string, checks []conformance.Check) (problems []string, missing string) {
	last := ""
	since := map[string]string{}
	for line := range strings.Lines(released) {
		version, id, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || version == "#" {
			continue
		}
		last, since[id] = version, version
	}
	for _, c := range checks {
		known := false
		for _, name := range c.IDs() {
			id := strings.TrimPrefix(name, c.Operation+"/")
			version, ok := since[id]
			known = known || ok
			delete(since, id)
			if ok && version != c.Since && name == c.ID {
				problems = append(problems, fmt.Sprintf("%s came with %s, not with %s: correct younger.go", id, version, c.Since))
			}
		}
		id := strings.TrimPrefix(c.ID, c.Operation+"/")
		if known {
			continue
		}
		missing += c.Since + " " + id + "\n"
		if last != "" && !isYounger(&c, last) {
			problems = append(problems, fmt.Sprintf("%s was not among the checks of %s: name it in younger.go, under the version that will bring it", id, last))
		}
	}
	for id, version := range since {
		problems = append(problems, fmt.Sprintf("%s, released with %s, is no longer in the catalogue: an id stays; if another check does its work, name it as formerly there", id, version))
	}
	return problems, missing
}

func TestCompareReleased(t *testing.T) {
	check := func(since, id string, aliases ...string) conformance.Check {
		return conformance.Check{Operation: "op", ID: "op/" + id, Since: since, Aliases: aliases}
	}
	const released = "# words\n0.1.0 201/a\n0.2.0 201/b\n"
	for _, c := range []struct {
		name     string
		released string
		checks   []conformance.Check
		want     string
	}{
		{"nothing was released", "# words\n", []conformance.Check{check("0.1.0", "201/a")}, ""},
		{"all as released", released, []conformance.Check{check("0.1.0", "201/a"), check("0.2.0", "201/b")}, ""},
		{"a new check", released, []conformance.Check{check("0.1.0", "201/a"), check("0.2.0", "201/b"), check("0.3.0", "201/c")}, ""},
		{"a new check that is forgotten", released, []conformance.Check{check("0.1.0", "201/a"), check("0.2.0", "201/b"), check("0.1.0", "201/c")}, "201/c was not among"},
		{"another age", released, []conformance.Check{check("0.1.0", "201/a"), check("0.1.0", "201/b")}, "201/b came with 0.2.0"},
		{"an id is gone", released, []conformance.Check{check("0.1.0", "201/a")}, "201/b, released with 0.2.0"},
		{"an alias stays", released, []conformance.Check{check("0.1.0", "201/a", "op/201/b")}, ""},
	} {
		problems, _ := compareReleased(c.released, c.checks)
		if text := strings.Join(problems, "\n"); (text == "") != (c.want == "") || !strings.Contains(text, c.want) {
			t.Errorf("%s: %q, want %q", c.name, text, c.want)
		}
	}
}

// TestEveryGroupIsCalled finds checks that are written and never made.
func TestEveryGroupIsCalled(t *testing.T) {
	groups, uses := map[string]token.Position{}, map[string]int{}
	parseFiles(t, func(fset *token.FileSet, n ast.Node) {
		switch n := n.(type) {
		case *ast.Ident:
			uses[n.Name]++
		case *ast.FuncDecl:
			if p := n.Type.Params.List; n.Recv == nil && len(p) > 0 {
				if star, ok := p[0].Type.(*ast.StarExpr); ok && fmt.Sprint(star.X) == "builder" {
					groups[n.Name.Name] = fset.Position(n.Pos())
				}
			}
		}
	})
	if len(groups) < 20 {
		t.Errorf("only %d functions take a builder", len(groups))
	}
	for name, at := range groups {
		if uses[name] < 2 { // its declaration is one
			t.Errorf("%s: %s is never called, so its checks are not in the catalogue: name it in groups (catalogue.go), or call it from the group that it belongs to", at, name)
		}
	}
}

// TestEveryCheckIsMade finds checks that no contract here gives rise to, which
// nothing could show to fail.
func TestEveryCheckIsMade(t *testing.T) {
	made := map[string]bool{}
	files, err := filepath.Glob("../../../testdata/contracts/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no contracts were found", err)
	}
	files = append(files, "../../../testdata/contracts/features/linked-resources.yaml", "../../../testdata/contracts/features/security-alternatives.yaml")
	texts := [][]byte{[]byte(unrequestable)}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	docs := []*spec.Document{nil} // the embedded one
	for _, text := range texts {
		doc, err := spec.Parse("contract", text)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, doc)
	}
	for _, doc := range docs {
		c, err := trial.LoadContract(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, each := range slices.Concat(Catalogue(c), RecordedCatalogue(c), ReplayedCatalogue(c, nil)) {
			made[each.Why] = true
		}
	}
	parseFiles(t, func(fset *token.FileSet, n ast.Node) {
		why := ast.Expr(nil)
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if fmt.Sprint(n.Key) == "why" {
				why = n.Value
			}
		case *ast.CallExpr:
			if name := fmt.Sprint(n.Fun); name == "every" || name == "everyBy" {
				why = n.Args[6]
			}
		}
		if text, ok := why.(*ast.BasicLit); ok {
			if s, err := strconv.Unquote(text.Value); err == nil && !made[s] {
				t.Errorf("%s: no contract here gives rise to this check: declare what it is about in testdata/contracts/second.yaml, and let the server of conformance/runner/second_server_test.go keep it", fset.Position(text.Pos()))
			}
		}
	})
}

// unrequestable has an operation that no request is made to.
const unrequestable = `openapi: 3.0.3
info: {title: Unrequestable, version: "1"}
servers: [{url: "https://example.com/v1"}]
paths: {/user: {delete: {operationId: deleteUser, responses: {"204": {description: Deleted.}}}}}
`

// parseFiles passes each node of the files of this package, tests left out.
func parseFiles(t *testing.T, each func(fset *token.FileSet, n ast.Node)) {
	t.Helper()
	fset := token.NewFileSet()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool { each(fset, n); return true })
	}
}

// TestChecksDoNotAskForTheProfile keeps the question how much a run may send out
// of the checks.
func TestChecksDoNotAskForTheProfile(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f.Name())
		if err == nil && !strings.HasSuffix(f.Name(), "_test.go") && strings.Contains(string(text), "Config.Profile") {
			t.Errorf("%s asks for the profile: ask the trial instead (IsSparing, Repeats, Sample, UserLike)", f.Name())
		}
	}
}
