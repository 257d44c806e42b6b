package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

// comparison is of two runs with a change of every kind.
func comparison() *report.Comparison {
	before, after := violating(), violating()
	set := func(r *conformance.Result, id string, o conformance.Outcome, known bool) {
		for i := range r.Checks {
			if c := &r.Checks[i]; c.ID == operation+"/"+id {
				c.Outcome, c.Known = o, known
				if o == conformance.Pass {
					c.Expected, c.Actual, c.Reason = "", "", ""
				}
				return
			}
		}
		panic("no check " + id)
	}
	set(before, "401/missing-key", conformance.Pass, false)   // broke
	set(before, "401/empty-key", conformance.Skip, false)     // was not judged, fails
	set(after, "201/repeat", conformance.Pass, false)         // fixed
	set(after, "http/other-methods", conformance.Pass, false) // the warning is gone
	set(before, "401/www-authenticate", conformance.Pass, false)
	set(before, "201/simultaneous", conformance.Pass, false) // no longer judged
	set(before, "400/body-null", conformance.Fail, true)     // an excuse not needed any more
	added := check("401/key-doubled", conformance.Must, conformance.Fail, "A doubled key is refused")
	added.Expected, added.Actual = "status 401", "status 201"
	calm := check("401/key-quoted", conformance.Must, conformance.Pass, "A quoted key is refused")
	after.Checks = append(after.Checks, added, calm)
	gone := check("400/old-one", conformance.Must, conformance.Pass, "An old one")
	before.Checks = append(before.Checks, gone)
	after.RunID, after.Started = "run-2", started.AddDate(0, 0, 1)
	after.Contract.Version, after.Contract.SHA256 = "2.1.0", strings.Repeat("cd", 32)
	return report.Compare(before, after)
}

func ids(list []report.Change) string {
	var all []string
	for _, c := range list {
		all = append(all, strings.TrimPrefix(c.ID, operation+"/"))
	}
	return strings.Join(all, " ")
}

func TestCompare(t *testing.T) {
	c := comparison()
	for name, l := range map[string]struct{ got, want string }{
		"broke":         {ids(c.Broke), "401/missing-key 401/empty-key 401/key-doubled"},
		"fixed":         {ids(c.Fixed), "201/repeat 400/body-null"},
		"still fail":    {ids(c.StillFail), "400/body-array"},
		"new warnings":  {ids(c.NewWarnings), "401/www-authenticate"},
		"gone warnings": {ids(c.GoneWarnings), "http/other-methods"},
		"excused":       {ids(c.Excused), ""},
		"not judged":    {ids(c.NotJudged), "201/simultaneous"},
		"added":         {ids(c.Added), "401/key-doubled 401/key-quoted"},
		"removed":       {ids(c.Removed), "400/old-one"},
	} {
		if l.got != l.want {
			t.Errorf("%s: %q, want %q", name, l.got, l.want)
		}
	}
	if c.Same != 2 || len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "contracts differ") {
		t.Errorf("%d the same, notes %q", c.Same, c.Notes)
	}
}

// Each pair of outcomes, excused or not, stands in one list at most, and what
// breaks is nothing else than a failure that counts and was none.
func TestCompareEveryPair(t *testing.T) {
	outcomes := []conformance.Outcome{"", conformance.Pass, conformance.Fail, conformance.Warn, conformance.Skip, conformance.Err}
	one := func(o conformance.Outcome, known bool) *conformance.Result {
		if o == "" {
			return &conformance.Result{}
		}
		return &conformance.Result{Checks: []conformance.CheckResult{{ID: "a", Outcome: o, Known: known}}}
	}
	for _, o := range outcomes {
		for _, n := range outcomes {
			for known := range 4 {
				c := report.Compare(one(o, known&1 != 0), one(n, known&2 != 0))
				name := fmt.Sprintf("%q to %q, known %02b", o, n, known)
				lists := [][]report.Change{c.Broke, c.Fixed, c.StillFail, c.NewWarnings, c.GoneWarnings, c.Excused, c.NotJudged, c.NotSeen, c.NewlyJudged}
				total := c.Same
				for _, l := range lists {
					total += len(l)
				}
				if total > 1 || o != "" && n != "" && total != 1 {
					t.Errorf("%s: counted %d times", name, total)
				}
				broke := n == conformance.Fail && known&2 == 0 && o != conformance.Fail
				if (len(c.Broke) > 0) != broke {
					t.Errorf("%s: broke %v", name, c.Broke)
				}
				if (len(c.Fixed) > 0) != (o == conformance.Fail && n == conformance.Pass) {
					t.Errorf("%s: fixed %v", name, c.Fixed)
				}
				if (len(c.Added) > 0) != (o == "" && n != "") || (len(c.Removed) > 0) != (n == "" && o != "") {
					t.Errorf("%s: added %v, removed %v", name, c.Added, c.Removed)
				}
			}
		}
	}
}

func TestComparisonGolden(t *testing.T) {
	for format, file := range map[string]string{"text": "comparison.txt", "markdown": "comparison.md", "json": "comparison.json"} {
		var b bytes.Buffer
		if err := report.WriteComparison(&b, format, comparison()); err != nil {
			t.Fatal(err)
		}
		compareGolden(t, file, b.Bytes())
	}
}

func TestComparisonsAreWellFormed(t *testing.T) {
	all := everyResult()
	for _, old := range sortedKeys(all) {
		for _, after := range []*conformance.Result{all["hostile"], all["bare"], all["crowd"], nil} {
			for _, pair := range []*report.Comparison{report.Compare(all[old], after), report.Compare(after, all[old])} {
				for _, format := range report.ComparisonFormats() {
					var b bytes.Buffer
					if err := report.WriteComparison(&b, format, pair); err != nil {
						t.Fatal(err)
					}
					wellFormed(t, format, b.Bytes())
				}
			}
		}
	}
}

func TestComparisonWriters(t *testing.T) {
	for _, format := range report.ComparisonFormats() {
		if err := report.WriteComparison(&bytes.Buffer{}, format, nil); err == nil {
			t.Errorf("%s of nothing is no error", format)
		}
		if err := report.WriteComparison(full{}, format, comparison()); err == nil {
			t.Errorf("%s to a full disk is no error", format)
		}
	}
	if err := report.WriteComparison(&bytes.Buffer{}, "html", comparison()); err == nil || !strings.Contains(err.Error(), "text, markdown, json") {
		t.Error(err)
	}
	var b bytes.Buffer
	if err := report.ComparisonText(&b, comparison(), report.TextOptions{Quiet: true}); err != nil || strings.Count(b.String(), "\n") != 1 {
		t.Errorf("%v, %q", err, b.String())
	}
	b.Reset()
	if err := report.WriteComparison(&b, "json", report.Compare(nil, nil)); err != nil || strings.Contains(b.String(), "null") {
		t.Errorf("%v, %s", err, b.String())
	}
	var back report.Comparison
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || back.Format != report.ComparisonFormat {
		t.Errorf("%v, %q", err, back.Format)
	}
	if !slices.Equal(report.ComparisonFormats(), []string{"text", "markdown", "json"}) {
		t.Error(report.ComparisonFormats())
	}
}
