package contract_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The flag -update is one for all tests of this package; another file may have
// defined it already.
func init() {
	if flag.Lookup("update") == nil {
		flag.Bool("update", false, "write the checked-in texts anew")
	}
}

func updating() bool { return flag.Lookup("update").Value.String() == "true" }

const module = "nox.energy/contract"

// listed is a package as "go list" describes it.
type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
	Deps       []string
	Export     string
	Standard   bool
	Module     *struct {
		Path string
		Main bool
	}
}

// own tells whether a package is one of this module.
func (p listed) own() bool { return p.Module != nil && p.Module.Main }

// list runs "go list" over packages and all that they depend on.
func list(t *testing.T, args ...string) map[string]listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=ImportPath,Dir,GoFiles,Imports,Deps,Export,Standard,Module"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	all := map[string]listed{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
}

// ownPackages returns the packages of this module, by their path beneath it.
func ownPackages(all map[string]listed) map[string]listed {
	own := map[string]listed{}
	for path, p := range all {
		if p.own() {
			own[strings.TrimPrefix(strings.TrimPrefix(path, module), "/")] = p
		}
	}
	return own
}

// beneath tells whether a path is a folder or stands under it.
func beneath(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// allowed says which parts of this module a part may be built from, directly or
// not: the arrows of ARCHITECTURE.md.
func allowed() map[string][]string {
	return map[string][]string{
		"":                    {},
		"spec":                {"spec"},
		"mock":                {"mock", "spec"},
		"conformance":         {"conformance", "spec"},
		"cmd/internal":        {"cmd/internal"},
		"cmd/nox-mock":        {"cmd/internal", "mock", "spec"},
		"cmd/nox-conformance": {"cmd/internal", "mock", "conformance", "spec"},
		"packaging":           {}, // tests alone
	}
}

func TestPartsAreBuiltFromThoseBeneath(t *testing.T) {
	t.Parallel()
	rules := allowed()
	for path, p := range ownPackages(list(t, "./...")) {
		part := path
		for rules[part] == nil && part != "" {
			part = part[:max(0, strings.LastIndex(part, "/"))]
		}
		if part == "" && path != "" {
			t.Errorf("%s belongs to no part of the module: see the layout in ARCHITECTURE.md", path)
			continue
		}
		for _, dep := range p.Deps {
			to, own := strings.CutPrefix(dep, module+"/")
			if own && !slices.ContainsFunc(rules[part], func(may string) bool { return beneath(to, may) }) {
				t.Errorf("%s is built from %s, which %q may not be", path, to, part)
			}
		}
	}
}

// TestMapIsWhole: ARCHITECTURE.md says of each package what it is for.
func TestMapIsWhole(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	for path := range ownPackages(list(t, "./...")) {
		if path != "" && !strings.Contains(string(page), "`"+path+"/") {
			t.Errorf("ARCHITECTURE.md does not say what %s is for", path)
		}
	}
}

// TestLibrariesStayWhereTheyBelong keeps the two readers of the contract apart,
// and command lines out of libraries.
func TestLibrariesStayWhereTheyBelong(t *testing.T) {
	t.Parallel()
	const tests = "no package but tests"
	only := map[string][]string{ // a library, and the folders whose packages may import it
		"github.com/getkin/kin-openapi":            {"mock/internal/openapi", "spec/drift"},
		"github.com/oasdiff/oasdiff":               {"spec/drift"},
		"github.com/pb33f/libopenapi":              {tests},
		"github.com/pb33f/jsonschema/v6":           {"conformance/internal/judge"},
		"github.com/pb33f/libopenapi-validator":    {tests},
		"github.com/redis/go-redis/v9":             {"mock/redisstore"},
		"github.com/spf13/cobra":                   {"cmd"},
		"github.com/spf13/pflag":                   {"cmd"},
		"github.com/rogpeppe/go-internal":          {tests},
		"pgregory.net/rapid":                       {tests},
		"github.com/santhosh-tekuri/jsonschema/v6": {"mock/internal/openapi"}, // beside tests
	}
	all := ownPackages(list(t, "./..."))
	for library, folders := range only {
		for path, p := range all {
			for _, imported := range p.Imports {
				in := func(folder string) bool { return beneath(path, folder) }
				if beneath(imported, library) && !slices.ContainsFunc(folders, in) {
					t.Errorf("%s imports %s, which is for %s", path, imported, strings.Join(folders, " and "))
				}
			}
		}
	}
	// What a user of one half gets must not hold the reader of the other, and
	// what only writes a report holds none.
	for path, foreign := range map[string]string{
		"mock":               "github.com/redis/go-redis/v9",
		"mock/mocktest":      "github.com/pb33f/jsonschema/v6",
		"mock/redisstore":    "github.com/getkin/kin-openapi",
		"mock/control":       "github.com/redis/go-redis/v9",
		"cmd/nox-mock":       "github.com/pb33f/jsonschema/v6",
		"conformance":        "github.com/pb33f/jsonschema/v6",
		"conformance/report": "github.com/pb33f/jsonschema/v6",
		"spec":               "github.com/getkin/kin-openapi",
	} {
		if _, ok := all[path]; !ok {
			t.Errorf("there is no package %s", path)
		}
		for _, dep := range all[path].Deps {
			if beneath(dep, foreign) {
				t.Errorf("%s is built from %s", path, dep)
			}
		}
	}
}

// TestWalls keeps the packages of each half in one order: each is built from those
// beneath it, and from nothing else of ours.
func TestWalls(t *testing.T) {
	t.Parallel()
	all := ownPackages(list(t, "./..."))
	for folder, walls := range map[string]map[string][]string{
		"conformance/internal/": {
			"schema":     {"spec"},
			"secret":     {},
			"textchange": {},
			"guard":      {},
			"contract":   {"schema", "spec"},
			"wire":       {"guard", "contract", "schema", "spec"},
			"judge":      {"wire", "guard", "contract", "schema", "secret", "spec"},
			"trial":      {"judge", "wire", "guard", "contract", "schema", "secret", "spec", "conformance"},
			"explore":    {"wire", "guard", "contract", "schema", "spec"},
			"checks":     {"explore", "trial", "judge", "wire", "guard", "contract", "schema", "secret", "spec", "conformance"},
			"causes":     {"checks", "explore", "trial", "judge", "wire", "guard", "contract", "schema", "secret", "textchange", "spec", "conformance"},
		},
		"conformance/report/internal/": {
			"safe":     {},
			"markdown": {"safe"},
			"exchange": {"safe", "conformance", "conformance/internal/schema", "spec"},
			"findings": {"safe", "conformance", "conformance/internal/schema", "spec"},
			"terminal": {"exchange", "findings", "safe", "conformance", "conformance/internal/schema", "spec"},
			"page":     {"exchange", "findings", "safe", "conformance", "conformance/internal/schema", "spec"},
		},
		"mock/": {
			"store":             {},
			"store/storetest":   {"store"},
			"redisstore":        {"store"},
			"fault":             {},
			"httpserve":         {"fault"},
			"journal":           {},
			"scorecard":         {"journal"},
			"internal/openapi":  {"journal", "spec"},
			"internal/redact":   {"store"},
			"internal/override": {"fault"},
			"internal/metrics":  {"fault", "journal"},
			"control":           {"mock", "httpserve", "internal/openapi", "internal/override", "internal/metrics", "internal/redact", "store", "fault", "journal", "scorecard", "spec"},
		},
	} {
		for path, may := range walls {
			p, ok := all[folder+path]
			if !ok {
				t.Errorf("there is no package %s%s", folder, path)
			}
			for _, dep := range p.Deps {
				to, own := strings.CutPrefix(dep, module+"/")
				if own && !slices.Contains(may, strings.TrimPrefix(to, folder)) {
					t.Errorf("%s%s is built from %s, which stands above it or beside it", folder, path, to)
				}
			}
		}
	}
}

func TestTopLevelFolders(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	may := []string{"cmd", "conformance", "mock", "packaging", "spec", "templates", "testdata"}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains(may, e.Name()) {
			t.Errorf("the folder %s: there are %s, and no others", e.Name(), strings.Join(may, ", "))
		}
	}
}

const dependenciesFile = "testdata/dependencies.txt"

// TestDependencies keeps a list of the modules that each program and each
// library is built from, so that a new one shows where it arrives.
func TestDependencies(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# The modules that each part is built from, apart from Go's own packages.\n# Written by: go test . -run TestDependencies -update\n")
	built := map[string]bool{}
	for _, part := range []string{"cmd/nox-mock", "cmd/nox-conformance", "mock/mocktest", "mock/redisstore", "conformance/report", "spec"} {
		modules := modulesOf(list(t, "./"+part))
		fmt.Fprintf(&b, "\n%s\n", part)
		for _, m := range modules {
			fmt.Fprintf(&b, "\t%s\n", m)
			built[m] = true
		}
	}
	b.WriteString("\ntests only\n")
	for _, m := range modulesOf(list(t, "-test", "./...")) {
		if !built[m] {
			fmt.Fprintf(&b, "\t%s\n", m)
		}
	}
	compare(t, dependenciesFile, b.String())
}

func modulesOf(all map[string]listed) []string {
	modules := map[string]bool{}
	for _, p := range all {
		if p.Module != nil && !p.Module.Main {
			modules[p.Module.Path] = true
		}
	}
	return slices.Sorted(maps.Keys(modules))
}

// compare holds a checked-in text to what it should be, or writes it.
func compare(t *testing.T, name, want string) {
	t.Helper()
	if updating() {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) == want {
		return
	}
	had, wants := strings.Split(string(have), "\n"), strings.Split(want, "\n")
	for i := range max(len(had), len(wants)) {
		if line(had, i) != line(wants, i) {
			t.Fatalf("%s:%d is out of date:\n  is     %s\n  would be %s\nIf that is meant, run: go test . -run %s -update", name, i+1, line(had, i), line(wants, i), t.Name())
		}
	}
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}

// TestDirectDependenciesHaveReasons demands a reason beside each module that
// go.mod requires for this one.
func TestDirectDependenciesHaveReasons(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || !strings.HasPrefix(fields[1], "v") || slices.Contains(fields, "indirect") {
			continue
		}
		if _, reason, _ := strings.Cut(line, "// "); len(strings.Fields(reason)) < 4 {
			t.Errorf("go.mod: say behind // what %s is for", fields[0])
		}
	}
}
