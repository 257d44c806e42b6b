package report_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"nox.energy/contract/conformance"
)

// schemas returns the folder with the schemas that the publishers of the
// formats keep. They are no part of this module: a test that needs them is
// skipped where NOX_REPORT_SCHEMAS does not name them, unless NOX_REQUIRE=1.
func schemas(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("NOX_REPORT_SCHEMAS")
	if folder == "" {
		missing(t, "NOX_REPORT_SCHEMAS names no folder with the publishers' schemas")
	}
	return folder
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("NOX_REQUIRE") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}

func everyResult() map[string]*conformance.Result {
	all := map[string]*conformance.Result{"crowd": crowd(), "megabytes": hostile(strings.Repeat("\xff\x00]]>", 1<<18))}
	for name, r := range results() {
		all[name] = r()
	}
	return all
}

// forAnt takes out of a JUnit report what the schema of Ant does not know: totals
// on the root, and the zone of a timestamp.
func forAnt(report []byte) []byte {
	report = regexp.MustCompile(`<testsuites [^>]*>`).ReplaceAll(report, []byte("<testsuites>"))
	return regexp.MustCompile(`( timestamp="[^"]*)Z"`).ReplaceAll(report, []byte(`$1"`))
}

func TestJUnitFitsThePublishersSchemas(t *testing.T) {
	folder := schemas(t)
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		missing(t, "xmllint (libxml2-utils) is not installed")
	}
	for name, r := range everyResult() {
		written := write(t, "junit", r)
		for xsd, report := range map[string][]byte{"junit-ant.xsd": forAnt(written), "junit-jenkins-10.xsd": written} {
			file := filepath.Join(t.TempDir(), name+".xml")
			if err := os.WriteFile(file, report, 0o644); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(xmllint, "--noout", "--nonet", "--huge", "--schema", filepath.Join(folder, xsd), file).CombinedOutput(); err != nil {
				t.Errorf("%s against %s: %v\n%s", name, xsd, err, out)
			}
		}
	}
}

func compileFile(t *testing.T, path string, siblings ...string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	load := func(file, url string) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(url, decodeJSON(t, data)); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range siblings {
		load(s, "http://schema.invalid/"+filepath.Base(s))
	}
	load(path, "http://schema.invalid/"+filepath.Base(path))
	schema, err := c.Compile("http://schema.invalid/" + filepath.Base(path))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestSARIFFitsThePublishersSchema(t *testing.T) {
	schema := compileFile(t, filepath.Join(schemas(t), "sarif-2.1.0.json"))
	for name, r := range everyResult() {
		if err := schema.Validate(decodeJSON(t, write(t, "sarif", r))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCTRFFitsThePublishersSchema(t *testing.T) {
	file := filepath.Join(schemas(t), "ctrf.schema.json")
	if _, err := os.Stat(file); err != nil {
		t.Skipf("%v: get it from github.com/ctrf-io/ctrf", err) // which other publishers' schemas do not need
	}
	schema := compileFile(t, file)
	for name, r := range everyResult() {
		if err := schema.Validate(decodeJSON(t, write(t, "ctrf", r))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHARFitsThePublishersSchema(t *testing.T) {
	folder := filepath.Join(schemas(t), "har")
	siblings, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range siblings {
		if filepath.Base(s) == "har.json" {
			siblings = append(siblings[:i], siblings[i+1:]...)
			break
		}
	}
	schema := compileFile(t, filepath.Join(folder, "har.json"), siblings...)
	for name, r := range everyResult() {
		if err := schema.Validate(decodeJSON(t, write(t, "har", r))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
