package report_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"nox.energy/contract/conformance"
)

// wellFormed fails the test where out is not what a reader of the format can
// read. It is what the fuzz test holds every writer to.
func wellFormed(t testing.TB, format string, out []byte) {
	t.Helper()
	if !utf8.Valid(out) {
		t.Errorf("%s: not UTF-8", format)
	}
	switch format {
	case "json", "sarif", "gitlab", "har":
		if !json.Valid(out) {
			t.Errorf("%s: not JSON", format)
		}
		harmless(t, format, out)
	case "junit":
		d := xml.NewDecoder(bytes.NewReader(out))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("junit: %v", err)
			}
		}
		harmless(t, format, out)
	case "text", "markdown", "github":
		harmless(t, format, out)
	}
	switch format {
	case "github":
		githubWellFormed(t, out)
	case "markdown":
		markdownWellFormed(t, out)
	case "html":
		htmlWellFormed(t, out)
	}
}

// harmless fails the test where out could steer a terminal or a build server.
func harmless(t testing.TB, format string, out []byte) {
	t.Helper()
	for l := range strings.Lines(string(out)) {
		l = strings.TrimSuffix(l, "\n")
		if i := strings.IndexFunc(l, isUnseen); i >= 0 {
			t.Errorf("%s: a character that does not show: %q", format, l[max(0, i-30):min(len(l), i+30)])
		}
		if format != "github" && strings.HasPrefix(strings.TrimSpace(l), "::") {
			t.Errorf("%s: a workflow command: %q", format, l)
		}
		if format != "github" && (strings.Contains(l, "##[") || strings.Contains(l, "##vso[") || strings.Contains(l, "##teamcity[")) {
			t.Errorf("%s: a logging command: %q", format, l)
		}
	}
}

var githubCommand = regexp.MustCompile(`^::(error|warning|notice) (?:file=[^:,\r\n]+,line=[0-9]+,)?title=([^:,\r\n]*)::[^\r\n]*$`)

func githubWellFormed(t testing.TB, out []byte) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(out) == 0 {
		return
	}
	if len(lines) > 10 {
		t.Errorf("github: %d annotations", len(lines))
	}
	for _, l := range lines {
		if !githubCommand.MatchString(l) {
			t.Errorf("github: not a command: %q", l)
		}
		for i := range l {
			if l[i] == '%' && !strings.HasPrefix(l[i:], "%25") && !strings.HasPrefix(l[i:], "%0A") && !strings.HasPrefix(l[i:], "%3A") && !strings.HasPrefix(l[i:], "%2C") {
				t.Errorf("github: a percent sign that is not escaped: %q", l[i:min(len(l), i+10)])
			}
		}
	}
}

var (
	markdownFence = regexp.MustCompile("(?ms)^(`{3,})text\n.*?\n(`{3,})$")
	markdownCode  = regexp.MustCompile("`[^`\n]*`|<code>[^<\n]*</code>")
	markdownOwn   = regexp.MustCompile(`</?details>|</?summary>|\*\*|^#{2,3} |^\|?[-:|]+\|$|^- `)
	markdownOnly  = regexp.MustCompile("[`_:\\[\\]!$~^\\\\{}]")
	markdownLink  = regexp.MustCompile(`://|www\.|:[a-z0-9_+-]+:`)
	entity        = regexp.MustCompile(`&[a-z#0-9]+;`)
)

// markdownWellFormed takes away what the writer itself marks up and all code;
// what remains must be plain words.
func markdownWellFormed(t testing.TB, out []byte) {
	t.Helper()
	if len(out) > 900_000 {
		t.Errorf("markdown: %d bytes", len(out))
	}
	rest := markdownFence.ReplaceAllStringFunc(string(out), func(block string) string {
		m := markdownFence.FindStringSubmatch(block)
		if inside := block[len(m[1]) : len(block)-len(m[2])]; m[1] != m[2] || strings.Contains(inside, m[1]) {
			t.Errorf("markdown: a fence that its content can close: %q", block[:min(len(block), 200)])
		}
		return ""
	})
	cells := 0
	for l := range strings.Lines(rest) {
		l = strings.TrimSuffix(l, "\n")
		if n := strings.Count(l, "|"); strings.HasPrefix(l, "|") {
			if cells > 0 && n != cells {
				t.Errorf("markdown: a row of %d cells in a table of %d: %q", n, cells, l)
			}
			cells = n
		} else if cells = 0; n > 0 {
			t.Errorf("markdown: a pipe outside a table: %q", l)
		}
		l = markdownCode.ReplaceAllString(l, "")
		if strings.HasPrefix(l, "<details>") {
			l = strings.ReplaceAll(l, "*", "") // an HTML block knows no emphasis
			l = markdownOnly.ReplaceAllString(l, "")
			l = entity.ReplaceAllString(l, "")
		}
		l = markdownOwn.ReplaceAllString(l, "")
		if i := strings.IndexAny(l, "<>&@#`*[]\\!~$"); i >= 0 {
			t.Errorf("markdown: %q may be markup: %q", l[i], l[max(0, i-60):min(len(l), i+60)])
		}
		if markdownLink.MatchString(l) && !strings.Contains(l, "❌") {
			t.Errorf("markdown: a link or an emoji: %q", l)
		}
	}
}

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
	if !bytes.Contains(out, []byte("found no room here")) {
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

type junitFile struct {
	Suites []struct {
		Name     string `xml:"name,attr"`
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
	if want := "[repeat body-null missing-key empty-key] [simultaneous] [body-array provoked] [www-authenticate other-methods]"; got != want {
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

func TestHARHoldsEveryExchange(t *testing.T) {
	r := violating()
	r.Checks[1].Exchanges[0].Request.Body, r.Checks[1].Exchanges[0].Request.Base64 = base64.StdEncoding.EncodeToString([]byte("\xff\x00")), true
	p := r.Checks[1].Exchanges[0].Response
	p.Body, p.Size = "caf\xe9", 9000
	want := 0
	for _, c := range r.Checks {
		want += len(c.Exchanges)
	}
	var har struct {
		Log struct {
			Pages   []struct{ ID string }
			Entries []struct {
				Pageref string
				Request struct {
					URL      string
					BodySize int
					PostData struct {
						Text     string
						Encoding string `json:"_encoding"`
					}
				}
				Response struct {
					Status   int
					BodySize int64
					Content  struct {
						Text, Encoding string
						Size           int64
					}
					Error string `json:"_error"`
				}
			}
		}
	}
	if err := json.Unmarshal(write(t, "har", r), &har); err != nil {
		t.Fatal(err)
	}
	if len(har.Log.Entries) != want {
		t.Fatalf("%d entries for %d exchanges", len(har.Log.Entries), want)
	}
	pages := map[string]bool{}
	for _, p := range har.Log.Pages {
		pages[p.ID] = true
	}
	for _, e := range har.Log.Entries {
		if !pages[e.Pageref] {
			t.Errorf("the page %q is not there", e.Pageref)
		}
		if _, err := url.Parse(e.Request.URL); err != nil {
			t.Error(err)
		}
	}
	odd := har.Log.Entries[1]
	if odd.Request.PostData.Text != "/wA=" || odd.Request.PostData.Encoding != "base64" || odd.Request.BodySize != 2 {
		t.Errorf("the request body is %+v", odd.Request)
	}
	if c := odd.Response.Content; c.Encoding != "base64" || c.Text != base64.StdEncoding.EncodeToString([]byte("caf\xe9")) || c.Size != 9000 {
		t.Errorf("the response body is %+v", c)
	}
	if lost := har.Log.Entries[4]; lost.Response.Status != 0 || !strings.Contains(lost.Response.Error, "refused") {
		t.Errorf("the answer that never came is %+v", lost.Response)
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

// An excuse that is no longer needed fails a run, and every format says so.
func TestKnownFailureThatPasses(t *testing.T) {
	r := conforming()
	r.Checks[3].Known, r.Verdict = true, conformance.Violates
	id := r.Checks[3].ID
	for format, want := range map[string]string{
		"text": "FAIL  " + id, "junit": "<failure message=\"a known failure that passes", "html": `class="check failed" id="` + id,
		"sarif": `"ruleId": "` + id, "markdown": "❌ " + id, "github": "title=" + id, "gitlab": `"check_name": "` + id,
	} {
		if out := write(t, format, r); !bytes.Contains(out, []byte(want)) {
			t.Errorf("%s has no %q", format, want)
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
