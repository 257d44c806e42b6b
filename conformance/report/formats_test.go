package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

func TestFormatsAreWellFormed(t *testing.T) {
	for name, r := range results() {
		t.Run(name, func(t *testing.T) {
			eachFormat(t, r())
		})
	}
	t.Run("crowd", func(t *testing.T) { eachFormat(t, crowd()) })
	t.Run("megabytes", func(t *testing.T) { eachFormat(t, hostile(strings.Repeat("`]]></script>\n\x1b\xff", 1<<16))) })
}

func TestMarkdownIsBounded(t *testing.T) {
	r := crowd()
	for i := range 5000 {
		c := r.Checks[i%120]
		c.ID += fmt.Sprintf("-%d", i) + strings.Repeat("@", 300)
		c.Summary, c.Actual, c.Reason = strings.Repeat("|", 10_000), strings.Repeat("<", 10_000), strings.Repeat("#", i)
		if i%5 == 0 {
			c.Outcome = conformance.Skip
		}
		r.Checks = append(r.Checks, c)
		r.Responses = append(r.Responses, conformance.ResponseResult{Operation: strings.Repeat("~", 500), Status: "201"})
	}
	out := write(t, "markdown", r)
	wellFormed(t, "markdown", out)
	if !bytes.Contains(out, []byte("omitted to limit the size")) {
		t.Error("nothing says that something was left out")
	}
	if len(out) < 500_000 {
		t.Errorf("only %d bytes of the room were used", len(out))
	}
}

func TestGitHubAnnotations(t *testing.T) {
	out := string(write(t, "github", crowd()))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 10 || !strings.Contains(lines[9], "::71 more") || strings.Count(out, "::error ") != 9 {
		t.Errorf("%d lines: %s", len(lines), out)
	}
	r := violating()
	r.Checks[1].Actual, r.Checks[1].ID = "100%0A::error::x%", "a%2C,b:c"
	if out := string(write(t, "github", r)); !strings.Contains(out, "title=a%252C%2Cb%3Ac::") || !strings.Contains(out, "%0Aactual: 100%250A::error::x%25%0A") {
		t.Errorf("not escaped: %s", out)
	}
	if out := write(t, "github", conforming()); len(out) != 0 {
		t.Errorf("a run that conforms is annotated: %s", out)
	}
}

func TestGitLabFingerprints(t *testing.T) {
	seen := map[string]bool{}
	var issues []struct{ Fingerprint string }
	for _, r := range []*conformance.Result{crowd(), bare()} {
		if err := json.Unmarshal(write(t, "gitlab", r), &issues); err != nil {
			t.Fatal(err)
		}
		for _, i := range issues {
			if seen[i.Fingerprint] {
				t.Errorf("the fingerprint %s is there twice", i.Fingerprint)
			}
			seen[i.Fingerprint] = true
		}
	}
}

// An excuse that is no longer needed fails a run that conforms, and every format
// says so, once.
func TestKnownFailureThatPasses(t *testing.T) {
	r := conforming()
	r.Checks[3].Known, r.ExitCode = true, conformance.ExitViolates
	r.Problems = []string{"the known failure " + r.Checks[3].ID + " passes now: remove it"}
	r.Reason = r.Problems[0]
	const verdict, problem = "but the list of known failures is out of date", "passes now: remove it"
	for format, want := range map[string]string{
		"text": "CONFORMS, " + verdict, "html": `<span class="verdict open">conforms, ` + verdict, "markdown": "## ⚠️ Conformance: conforms, " + verdict,
		"junit": `<failure message="the known failure`, "github": "::error title=conformance run::the known failure", "sarif": `"level": "error"`,
		"gitlab": `"check_name": "run/verdict"`, "ctrf": "\"name\": \"run/verdict\",\n        \"status\": \"failed\"", "json": `"verdict": "conforms"`,
	} {
		out := string(write(t, format, r))
		if !strings.Contains(out, want) {
			t.Errorf("%s has no %q", format, want)
		}
		often := map[string]int{"junit": 2, "json": 2}[format] // as attribute and as text; as reason and as problem
		if n := strings.Count(out, problem); n != max(often, 1) {
			t.Errorf("%s tells it %d times", format, n)
		}
	}
}

// Who excused a failure, why and until when, and that the excuse soon ends, are
// in every report that people read.
func TestExcusesAreToldWithTheirOwners(t *testing.T) {
	r := violating()
	for _, format := range []string{"text", "html", "markdown", "junit", "sarif", "ctrf"} {
		if out := string(write(t, format, r)); !strings.Contains(out, "known until 2026-12-31: fixed in the next release (owner Ann, ticket CONN-17)") {
			t.Errorf("%s omits the excuse", format)
		}
	}
	for format, want := range map[string]string{"text": "WARN  the list of known failures", "html": "(days left: 3)", "markdown": "(days left: 3)", "github": "::warning title=known failures::the excuse for"} {
		if !strings.Contains(string(write(t, format, r)), want) {
			t.Errorf("%s does not warn before an excuse expires", format)
		}
	}
}

// However causes point at each other, no failure is lost.
func TestEveryFailureIsNamed(t *testing.T) {
	for _, causes := range [][]int{{0, 0, 0}, {1, 0, 0}, {1, 2, 0}, {1, 2, 2}, {9, 0, 1}, {1, 2, 9}} {
		r := run(conformance.Violates, 1)
		for i, cause := range causes {
			c := check(fmt.Sprintf("401/check-%d", i), conformance.Must, conformance.Fail, "Fails")
			c.Actual, c.Cause = "something else", fmt.Sprintf("%s/401/check-%d", operation, cause)
			r.Checks = append(r.Checks, c)
		}
		for _, format := range []string{"text", "html", "markdown"} {
			out := write(t, format, r)
			for _, c := range r.Checks {
				if !bytes.Contains(out, []byte(c.ID)) {
					t.Errorf("causes %v: %s does not name %s", causes, format, c.ID)
				}
			}
		}
		if n := bytes.Count(write(t, "text", r), []byte("FAIL ")); causes[0] == 1 && causes[1] == 2 && causes[2] == 2 && n != 1 {
			t.Errorf("causes %v: %d failures stand for one cause", causes, n)
		}
	}
}

func TestMarkdownFencesCannotBeClosed(t *testing.T) {
	for _, ticks := range []string{"```", "````", "``````````"} {
		r := violating()
		r.Checks[1].Exchanges[0].Curl = ticks
		wellFormed(t, "markdown", write(t, "markdown", r))
	}
}

// What is wrong with the list of known failures fails a run, and every format
// says each of it.
func TestProblemsAreNamed(t *testing.T) {
	r := conforming()
	r.Verdict, r.Problems = conformance.Violates, []string{"the first problem", "the second problem"}
	for _, reason := range []string{"", "the first problem; the second problem", "another reason"} {
		r.Reason = reason
		for _, format := range report.Formats() {
			if format == "har" {
				continue
			}
			out := write(t, format, r)
			for _, want := range append(r.Problems, strings.TrimPrefix(reason, "the first problem; ")) {
				if !bytes.Contains(out, []byte(want)) {
					t.Errorf("%s does not say %q", format, want)
				}
			}
		}
	}
}
