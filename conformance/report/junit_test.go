package report_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"nox.energy/contract/conformance"
)

type junitFile struct {
	Tests    string `xml:"tests,attr"`
	Failures string `xml:"failures,attr"`
	Errors   string `xml:"errors,attr"`
	Time     string `xml:"time,attr"`
	Suites   []struct {
		Name     string `xml:"name,attr"`
		Started  string `xml:"timestamp,attr"`
		Time     string `xml:"time,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Cases    []struct {
			Name      string       `xml:"name,attr"`
			Classname string       `xml:"classname,attr"`
			Failure   []junitEntry `xml:"failure"`
			Error     []junitEntry `xml:"error"`
			Skipped   []junitEntry `xml:"skipped"`
		} `xml:"testcase"`
		Out string `xml:"system-out"`
	} `xml:"testsuite"`
}

type junitEntry struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func readJUnit(t testing.TB, r *conformance.Result) junitFile {
	t.Helper()
	var f junitFile
	if err := xml.Unmarshal(write(t, "junit", r), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestJUnitCounts(t *testing.T) {
	for name, r := range results() {
		cases, seen := 0, map[string]bool{}
		for _, s := range readJUnit(t, r()).Suites {
			failures, errs, skipped := 0, 0, 0
			for _, c := range s.Cases {
				cases++
				failures, errs, skipped = failures+len(c.Failure), errs+len(c.Error), skipped+len(c.Skipped)
				if c.Classname != s.Name || name != "bare" && seen[c.Classname+"."+c.Name] {
					t.Errorf("%s: the case %s.%s is in %s, or there twice", name, c.Classname, c.Name, s.Name)
				}
				seen[c.Classname+"."+c.Name] = true
				for _, e := range append(append(c.Failure, c.Error...), c.Skipped...) {
					if strings.TrimSpace(e.Message) == "" || strings.TrimSpace(e.Text) == "" {
						t.Errorf("%s: %s has no message or no text", name, c.Name)
					}
				}
			}
			if s.Tests != len(s.Cases) || s.Failures != failures || s.Errors != errs || s.Skipped != skipped {
				t.Errorf("%s: %s counts %d, %d, %d, %d; there are %d, %d, %d, %d", name, s.Name,
					s.Tests, s.Failures, s.Errors, s.Skipped, len(s.Cases), failures, errs, skipped)
			}
		}
		extra := 0
		if seen["run.verdict"] {
			extra = 1
		}
		if cases-extra != len(r().Checks) {
			t.Errorf("%s: %d cases for %d checks", name, cases, len(r().Checks))
		}
	}
}

func TestJUnitTotals(t *testing.T) {
	for name, r := range results() {
		f := readJUnit(t, r())
		tests, failures, errs, ms := 0, 0, 0, 0
		for _, s := range f.Suites {
			tests, failures, errs = tests+s.Tests, failures+s.Failures, errs+s.Errors
			n, err := strconv.Atoi(strings.Replace(s.Time, ".", "", 1))
			if err != nil {
				t.Fatal(err)
			}
			ms += n
			if started, err := time.Parse(time.RFC3339, s.Started); err != nil || !started.Equal(r().Started.Truncate(time.Second)) {
				t.Errorf("%s: %s began at %q, the run at %s: %v", name, s.Name, s.Started, r().Started, err)
			}
		}
		got := strings.Join([]string{f.Tests, f.Failures, f.Errors, f.Time}, " ")
		if want := fmt.Sprintf("%d %d %d %d.%03d", tests, failures, errs, ms/1000, ms%1000); got != want {
			t.Errorf("%s: the root counts %s, its suites %s", name, got, want)
		}
	}
}

func TestJUnitKeepsOutcomesApart(t *testing.T) {
	var failed, broke, skipped, warned []string
	for _, s := range readJUnit(t, violating()).Suites {
		for _, c := range s.Cases {
			switch {
			case len(c.Failure) > 0:
				failed = append(failed, c.Name)
			case len(c.Error) > 0:
				broke = append(broke, c.Name)
			case len(c.Skipped) > 0:
				skipped = append(skipped, c.Name)
			case strings.Contains(s.Out, c.Name):
				warned = append(warned, c.Name)
			}
		}
	}
	got := fmt.Sprint(failed, broke, skipped, warned)
	if want := "[repeat missing-key empty-key verdict] [simultaneous] [body-array provoked] [www-authenticate other-methods]"; got != want {
		t.Errorf("failed, broke, skipped, warned: %s; want %s", got, want)
	}
}

// A pipeline that reads nothing but JUnit must not see a run pass that did not.
func TestJUnitIsNotGreenerThanTheRun(t *testing.T) {
	bad := func(r *conformance.Result) (n int) {
		for _, s := range readJUnit(t, r).Suites {
			n += s.Failures + s.Errors
		}
		return n
	}
	if n := bad(conforming()); n != 0 {
		t.Errorf("a run that conforms has %d failures and errors", n)
	}
	for _, v := range []conformance.Verdict{conformance.Violates, conformance.Inconclusive, ""} {
		for _, reason := range []string{"", "nothing was judged"} {
			r := conforming()
			r.Verdict, r.Reason = v, reason
			if bad(r) == 0 {
				t.Errorf("verdict %q for %q: nothing failed", v, reason)
			}
			for _, format := range []string{"github", "gitlab"} {
				if out := write(t, format, r); !bytes.Contains(out, []byte("verdict")) && !bytes.Contains(out, []byte("nothing was judged")) {
					t.Errorf("verdict %q for %q: %s says nothing of it: %s", v, reason, format, out)
				}
			}
		}
	}
}
