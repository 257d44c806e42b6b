package contract_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestNoLargeCircles keeps each package readable a few files at a time: files
// that use each other, directly or not, must be read together.
func TestNoLargeCircles(t *testing.T) {
	t.Parallel()
	const most = 12
	exempt := []string{"mock/defect", "cmd/nox-conformance", "cmd/nox-mock"} // a table, or the flags, that all other files share
	all := list(t, "-export", "./...")
	fset := token.NewFileSet()
	imp := importerOf(all)
	for path, p := range ownPackages(all) {
		if slices.Contains(exempt, path) {
			continue
		}
		uses := fileUses(t, fset, imp, p)
		for _, file := range slices.Sorted(maps.Keys(uses)) {
			if circle := circleOf(uses, file); len(circle) > most {
				t.Errorf("%s: %d files use each other, more than %d. Make functions of methods that stand away from their type, move a name to the file that needs it least, or a subject to a package of its own:\n  %s",
					path, len(circle), most, strings.Join(circle, " "))
				break
			}
		}
	}
}

// fileUses finds the files of a package whose names, methods or fields a file
// of it uses.
func fileUses(t *testing.T, fset *token.FileSet, imp types.Importer, p listed) map[string]map[string]bool {
	t.Helper()
	var files []*ast.File
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	pkg, err := (&types.Config{Importer: imp}).Check(p.ImportPath, fset, files, info)
	if err != nil {
		t.Fatal(err)
	}
	uses := map[string]map[string]bool{}
	for id, o := range info.Uses {
		if o.Pkg() != pkg {
			continue
		}
		from, to := filepath.Base(fset.Position(id.Pos()).Filename), filepath.Base(fset.Position(o.Pos()).Filename)
		if uses[from] == nil {
			uses[from] = map[string]bool{}
		}
		uses[from][to] = true
	}
	return uses
}

// circleOf returns the files that a file reaches and that reach it.
func circleOf(uses map[string]map[string]bool, file string) []string {
	reached := func(from string) map[string]bool {
		seen := map[string]bool{from: true}
		for todo := []string{from}; len(todo) > 0; todo = todo[1:] {
			for next := range uses[todo[0]] {
				if !seen[next] {
					seen[next] = true
					todo = append(todo, next)
				}
			}
		}
		return seen
	}
	var circle []string
	for other := range reached(file) {
		if reached(other)[file] {
			circle = append(circle, other)
		}
	}
	slices.Sort(circle)
	return circle
}
