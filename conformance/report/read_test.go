package report_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

func TestReadBack(t *testing.T) {
	for name, r := range results() {
		if name == "bare" || name == "hostile" { // no report by its format; bytes that JSON cannot hold
			continue
		}
		first := write(t, "json", r())
		back, err := report.Read(bytes.NewReader(first), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if again := write(t, "json", back); !bytes.Equal(first, again) {
			t.Errorf("%s: reading and writing changes it: %s", name, firstDifference(first, again))
		}
	}
}

func TestReadUnusable(t *testing.T) {
	const begin = `{"format": "nox-conformance-report/1", `
	for given, want := range map[string]string{
		"":                                       "file:1: not a report: unexpected end of JSON input",
		"<html>":                                 "file:1: not a report: invalid character '<'",
		"[]":                                     "file:1: not a report: found a JSON array",
		"{}":                                     `file: not a report: it has no "format"; write a report with --report json=FILE`,
		begin + "\n\n}":                          "file:3: not a report: ",
		`{"format": "nox-conformance-report/2"}`: "file: has the format nox-conformance-report/2, but this version reads nox-conformance-report/1; ",
		`{"format": "nox-conformance-report/\u001b[2J"}`:              `nox-conformance-report/\x1b[2J`,
		`{"format": "\u001b` + strings.Repeat("x", 500) + `"}`:        `its format is "\x1bxxx`,
		begin + `"checks": [{"outcome": "pass"}]}`:                    "file: check 1 has no id",
		begin + `"checks": [{"id": "a"}]}`:                            `file: a has the unknown outcome ""`,
		begin + "\n" + `"seed": "one"}`:                               "file:2: not a report: seed is a JSON string",
		begin + `"checks": []} {}`:                                    "file:1: not a report: invalid character '{' after top-level value",
		begin + `"checks": [{"id":"a","outcome":"pass"},{"id":"a"}]}`: "file: a appears twice",
		begin + `"checks": [{"id":"\u001b[2J","outcome":"maybe"}]}`:   `\x1b[2J has the unknown outcome "maybe"`,
	} {
		_, err := report.Read(strings.NewReader(given), "file")
		var wrongUse *conformance.UsageError
		if !errors.As(err, &wrongUse) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, and not %q", given, err, want)
			continue
		}
		if len(err.Error()) > 400 || strings.ContainsFunc(err.Error(), isUnseen) {
			t.Errorf("%.60q: not a sentence for people: %q", given, err)
		}
	}
}

// A report of a later version of this format may hold more.
func TestReadAllowsGrowth(t *testing.T) {
	r, err := report.Read(strings.NewReader(`{"format": "nox-conformance-report/1", "grown": [1], "checks": [{"id": "a", "outcome": "pass", "more": {}}]}`), "file")
	if err != nil || len(r.Checks) != 1 {
		t.Errorf("%v, %v", r, err)
	}
}

// FuzzRead holds that whatever a file holds is read, or refused in one
// sentence.
func FuzzRead(f *testing.F) {
	for _, r := range results() {
		var b bytes.Buffer
		if err := report.JSON(&b, r()); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte(`{"format": "nox-conformance-report/1", "checks": [{"id": 1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := report.Read(bytes.NewReader(data), "file")
		if err != nil {
			if strings.ContainsFunc(err.Error(), isUnseen) {
				t.Errorf("%q", err)
			}
			return
		}
		if err := report.JSON(&bytes.Buffer{}, r); err != nil {
			t.Error(err)
		}
	})
}
