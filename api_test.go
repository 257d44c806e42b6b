package contract_test

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestExportedAPINamesNoLibrary holds that any library can be replaced without
// a change for users: what is exported speaks of the standard library and of
// this module only.
func TestExportedAPINamesNoLibrary(t *testing.T) {
	t.Parallel()
	all := list(t, "-export", "./...")
	imp := importerOf(all)
	seen := 0
	for path, p := range ownPackages(all) {
		if beneath(path, "cmd") || path == "" {
			continue
		}
		pkg, err := imp.Import(p.ImportPath)
		if err != nil {
			t.Fatal(err)
		}
		w := &apiWalk{t: t, pkg: pkg, done: map[types.Type]bool{}, foreign: func(path string) bool { return !all[path].Standard && !all[path].own() }}
		for _, name := range pkg.Scope().Names() {
			if o := pkg.Scope().Lookup(name); o.Exported() {
				seen++
				w.object(path+"."+name, o)
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d exported names were looked at", seen)
	}
}

// importerOf reads the types of packages from what "go list -export" built.
func importerOf(all map[string]listed) types.Importer {
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		if all[path].Export == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(all[path].Export)
	})
}

// apiWalk follows what is exported to the types that it names.
type apiWalk struct {
	t       *testing.T
	pkg     *types.Package
	done    map[types.Type]bool
	foreign func(path string) bool
}

func (w *apiWalk) object(at string, o types.Object) {
	w.named(at, o.Type())
	if name, ok := o.(*types.TypeName); ok && !name.IsAlias() {
		w.inside(at, name.Type())
	}
}

// inside looks at the exported fields and methods of a type of the package.
func (w *apiWalk) inside(at string, typ types.Type) {
	if w.done[typ] {
		return
	}
	w.done[typ] = true
	w.named(at, typ.Underlying())
	for _, t := range []types.Type{typ, types.NewPointer(typ)} {
		for m := range types.NewMethodSet(t).Methods() {
			if m.Obj().Exported() {
				w.named(at+"."+m.Obj().Name(), m.Obj().Type())
			}
		}
	}
}

// named reports the types of foreign packages that a type is written with.
func (w *apiWalk) named(at string, typ types.Type) {
	switch typ := typ.(type) {
	case *types.Alias:
		w.pointsTo(at, typ.Obj())
		w.named(at, types.Unalias(typ))
	case *types.Named:
		w.pointsTo(at, typ.Obj())
		for arg := range typ.TypeArgs().Types() {
			w.named(at, arg)
		}
		if typ.Obj().Pkg() == w.pkg {
			w.inside(at, typ)
		}
	case *types.Pointer:
		w.named(at, typ.Elem())
	case *types.Slice:
		w.named(at, typ.Elem())
	case *types.Array:
		w.named(at, typ.Elem())
	case *types.Chan:
		w.named(at, typ.Elem())
	case *types.Map:
		w.named(at, typ.Key())
		w.named(at, typ.Elem())
	case *types.Signature:
		for v := range typ.Params().Variables() {
			w.named(at, v.Type())
		}
		for v := range typ.Results().Variables() {
			w.named(at, v.Type())
		}
	case *types.Struct:
		for f := range typ.Fields() {
			if f.Exported() || f.Embedded() {
				w.named(at+"."+f.Name(), f.Type())
			}
		}
	case *types.Interface:
		for m := range typ.Methods() {
			w.named(at+"."+m.Name(), m.Type())
		}
	}
}

func (w *apiWalk) pointsTo(at string, o *types.TypeName) {
	if o.Pkg() != nil && w.foreign(o.Pkg().Path()) {
		w.t.Errorf("%s shows %s.%s", at, o.Pkg().Path(), o.Name())
	}
}

// sources parses the files of the packages of this module, tests left out.
func sources(t *testing.T, each func(path string, fset *token.FileSet, file *ast.File)) {
	t.Helper()
	files := 0
	for path, p := range ownPackages(list(t, "./...")) {
		for _, name := range p.GoFiles {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files++
			each(path, fset, file)
		}
	}
	if files < 50 {
		t.Errorf("only %d files were looked at", files)
	}
}

// TestNoMutablePackageState allows package variables only where nothing changes
// them: compiled expressions and tables of them, errors, embedded files, and the
// blank ones that hold a type to an interface.
func TestNoMutablePackageState(t *testing.T) {
	t.Parallel()
	excused := map[string]string{ // with the reason
		"conformance/internal/wire.ByteOrderMark": "three bytes that functions of package bytes take",
		"spec.methods":             "an array, which is read only",
		"cmd/internal/cli.version": "set by the linker",
	}
	met := map[string]bool{}
	sources(t, func(path string, fset *token.FileSet, file *ast.File) {
		for _, d := range file.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok || decl.Tok != token.VAR {
				continue
			}
			for _, s := range decl.Specs {
				spec := s.(*ast.ValueSpec)
				name := path + "." + spec.Names[0].Name
				if embeds(decl.Doc) || embeds(spec.Doc) || constant(spec) {
					continue
				}
				if met[name] = true; excused[name] == "" {
					t.Errorf("%s: the package variable %s", fset.Position(spec.Pos()), name)
				}
			}
		}
	})
	for name := range excused {
		if !met[name] {
			t.Errorf("%s needs no excuse any more", name)
		}
	}
}

func embeds(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

func constant(spec *ast.ValueSpec) bool {
	if !slices.ContainsFunc(spec.Names, func(n *ast.Ident) bool { return n.Name != "_" }) {
		return true
	}
	return len(spec.Values) > 0 && !slices.ContainsFunc(spec.Values, func(v ast.Expr) bool {
		switch v := v.(type) {
		case *ast.CallExpr:
			return !slices.Contains([]string{"regexp.MustCompile", "errors.New", "fmt.Errorf"}, types.ExprString(v.Fun))
		case *ast.CompositeLit:
			return !compiles(v)
		}
		return true
	})
}

// compiles tells whether a literal holds compiled expressions.
func compiles(table *ast.CompositeLit) (found bool) {
	ast.Inspect(table, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		found = found || ok && types.ExprString(call.Fun) == "regexp.MustCompile"
		return !found
	})
	return found
}

// TestLibrariesNeitherPrintNorExit holds that only commands speak to a user and
// only their main ends the process.
func TestLibrariesNeitherPrintNorExit(t *testing.T) {
	t.Parallel()
	forCommands := []string{
		"fmt.Print", "fmt.Printf", "fmt.Println", "print", "println", "os.Stdin", "os.Stdout", "os.Stderr",
		"os.Getenv", "os.LookupEnv", "os.Environ", "os.Args", "flag.Parse",
	}
	forMain := []string{
		"os.Exit", "log.Fatal", "log.Fatalf", "log.Fatalln", "log.Panic", "log.Print", "log.Printf", "log.Println",
		"slog.Debug", "slog.Info", "slog.Warn", "slog.Error", "slog.SetDefault", "log.SetOutput",
	}
	sources(t, func(path string, fset *token.FileSet, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			if call, ok := e.(*ast.CallExpr); ok { // print and println are no selectors
				if id, ok := call.Fun.(*ast.Ident); ok && slices.Contains(forCommands, id.Name) {
					t.Errorf("%s: %s", fset.Position(n.Pos()), id.Name)
				}
				return true
			}
			selector, ok := e.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			name := types.ExprString(selector)
			command := beneath(path, "cmd")
			main := command && filepath.Base(fset.Position(file.Pos()).Filename) == "main.go"
			if slices.Contains(forCommands, name) && !command || slices.Contains(forMain, name) && !main {
				t.Errorf("%s: %s", fset.Position(n.Pos()), name)
			}
			return true
		})
	})
}
