package report_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

const goldenFolder = "../../testdata/reports"

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// results are the runs that every format has a golden file of.
func results() map[string]func() *conformance.Result {
	return map[string]func() *conformance.Result{
		"conforming":   conforming,
		"violating":    violating,
		"inconclusive": inconclusive,
		"hostile":      func() *conformance.Result { return hostile("") },
		"bare":         bare,
	}
}

// write renders r and fails the test where that is an error.
func write(t testing.TB, format string, r *conformance.Result) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, format, r); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return b.Bytes()
}

func compareGolden(t *testing.T, file string, got []byte) {
	t.Helper()
	path := filepath.Join(goldenFolder, file)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update", err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs from what is written now, first at %s; look at the difference and run the test with -update", path, firstDifference(want, got))
	}
}

func firstDifference(want, got []byte) string {
	w, g := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return strings.Join([]string{"", "- " + w[i], "+ " + g[i]}, "\n")
		}
	}
	return "the end"
}

func TestGolden(t *testing.T) {
	extensions := map[string]string{
		"text": "txt", "json": "json", "junit": "junit.xml", "html": "html", "sarif": "sarif",
		"markdown": "md", "github": "github.txt", "gitlab": "gitlab.json", "har": "har", "ctrf": "ctrf.json",
	}
	for _, format := range report.Formats() {
		if extensions[format] == "" {
			t.Fatalf("the format %s has no golden files: add their extension here, then run the test with -update", format)
		}
	}
	for _, name := range sortedKeys(results()) {
		for _, format := range report.Formats() {
			t.Run(name+"/"+format, func(t *testing.T) {
				compareGolden(t, name+"."+extensions[format], write(t, format, results()[name]()))
			})
		}
	}
}

func TestWriteLeavesTheResultAlone(t *testing.T) {
	for _, format := range report.Formats() {
		for _, name := range sortedKeys(results()) {
			r := results()[name]()
			first := write(t, format, r)
			if !reflect.DeepEqual(r, results()[name]()) {
				t.Errorf("%s changed the result %s", format, name)
			}
			if !bytes.Equal(first, write(t, format, r)) {
				t.Errorf("%s of %s is not the same twice", format, name)
			}
		}
	}
}

func TestWriteUnknownFormat(t *testing.T) {
	for given, nearest := range map[string]string{
		"jnit": "junit", "JSON": "json", "htm": "html", "sarif2": "sarif", "markdwon": "markdown", "git-lab": "gitlab", "txt": "text", "har1.2": "har",
		"": "", strings.Repeat("z", 100_000): "",
	} {
		err := report.Write(io.Discard, given, conforming())
		if err == nil {
			t.Fatalf("%.20q was taken as a format", given)
		}
		if nearest != "" && !strings.Contains(err.Error(), `did you mean "`+nearest+`"`) {
			t.Errorf("%.20q: %v", given, err)
		}
		for _, f := range report.Formats() {
			if !strings.Contains(err.Error(), f) {
				t.Errorf("%.20q: the error does not name %s", given, f)
			}
		}
	}
}

func TestWriteNothing(t *testing.T) {
	for _, format := range report.Formats() {
		if err := report.Write(io.Discard, format, nil); err == nil {
			t.Errorf("%s of no result is no error", format)
		}
		if err := report.Write(full{}, format, conforming()); !errors.Is(err, errFull) {
			t.Errorf("%s to a full disk: %v", format, err)
		}
	}
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
