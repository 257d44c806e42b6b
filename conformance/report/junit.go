package report

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/exchange"
	"nox.energy/contract/conformance/report/internal/findings"
	"nox.energy/contract/conformance/report/internal/safe"
)

// junitFactChars bounds a text of the result in a JUnit report.
const junitFactChars = 4000

// JUnit writes r as JUnit XML, as the schema of Jenkins has it: a test suite for
// each documented response, a test case for each check, with the class name
// "<operation>.<status>" and the rest of the check's id as its name. The schema
// of Ant allows no more than it did at the time of Ant: neither totals on the
// root nor a zone in a timestamp. All else fits it too.
//
// A check that failed is a failure, one that broke an error; skipped ones and
// known failures are skipped, with the reason. A warning is a test case that
// passed, and is told in the suite's system-out. Where the verdict of a run has
// a cause that no check shows, a test case "run.verdict" fails with it.
func JUnit(w io.Writer, r *conformance.Result) error {
	if r == nil {
		return errNoResult
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", "  ")
	if err := e.Encode(junitOf(r)); err != nil {
		return fmt.Errorf("the report cannot be written as XML: %w", err)
	}
	b.WriteByte('\n')
	_, err := w.Write(bytes.ReplaceAll(b.Bytes(), []byte("##"), []byte("#&#35;"))) // see safe.SteersLog
	return err
}

type junitSuites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Time     string   `xml:"time,attr"`
	Suites   []*junitSuite
}

type junitSuite struct {
	XMLName    xml.Name        `xml:"testsuite"`
	Package    string          `xml:"package,attr"`
	ID         int             `xml:"id,attr"`
	Name       string          `xml:"name,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Hostname   string          `xml:"hostname,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
	Out        junitOutput     `xml:"system-out"`
	Err        junitOutput     `xml:"system-err"`
	ms         int64
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name      string     `xml:"name,attr"`
	Classname string     `xml:"classname,attr"`
	Time      string     `xml:"time,attr"`
	Skipped   *junitText `xml:"skipped"`
	Error     *junitText `xml:"error"`
	Failure   *junitText `xml:"failure"`
}

type junitText struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",innerxml"`
}

type junitOutput struct {
	Text string `xml:",innerxml"`
}

func junitOf(r *conformance.Result) *junitSuites {
	all := &junitSuites{Name: token(r.Tool.Name)}
	var ms int64
	byName := map[string]*junitSuite{}
	suite := func(name string) *junitSuite {
		if s := byName[name]; s != nil {
			return s
		}
		s := newJUnitSuite(r, name, len(all.Suites))
		byName[name] = s
		all.Suites = append(all.Suites, s)
		return s
	}
	for i := range r.Checks {
		c := &r.Checks[i]
		suite(token(c.Operation+"."+c.Status)).add(r, c)
	}
	if why := findings.Unexplained(r); len(why) > 0 {
		suite("run").addVerdict(r, why)
	}
	for _, s := range all.Suites {
		s.Time = seconds(s.ms)
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		ms += s.ms
	}
	all.Time = seconds(ms)
	return all
}

func newJUnitSuite(r *conformance.Result, name string, id int) *junitSuite {
	s := &junitSuite{
		Package: token(r.Tool.Name), ID: id, Name: name,
		Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05Z"), Hostname: "localhost",
	}
	for _, p := range [][2]string{
		{"target", r.Target}, {"profile", string(r.Profile)}, {"run_id", r.RunID}, {"seed", strconv.FormatInt(r.Seed, 10)},
		{"contract", r.Contract.Source}, {"contract.version", r.Contract.Version}, {"contract.sha256", r.Contract.SHA256},
		{"tool.version", r.Tool.Version}, {"verdict", string(r.Verdict)},
	} {
		s.Properties = append(s.Properties, junitProperty{p[0], safe.Line(p[1], 600)})
	}
	for i, d := range r.Drift {
		s.Properties = append(s.Properties, junitProperty{fmt.Sprintf("contract.drift.%d", i+1), safe.Line(findings.DriftHeading(d), 600)})
	}
	return s
}

// add puts a check into its suite.
func (s *junitSuite) add(r *conformance.Result, c *conformance.CheckResult) {
	ms := max(c.DurationMS, 0)
	t := junitCase{Name: token(findings.Name(c)), Classname: s.Name, Time: seconds(ms)}
	message := safe.Line(findings.Sentence(c), 600)
	switch findings.StandingOf(c) {
	case findings.Failed:
		s.Failures++
		t.Failure = &junitText{message, cmp.Or(string(c.Level), "failure"), junitFacts(r, c)}
	case findings.Broke:
		s.Errors++
		t.Error = &junitText{message, "error", junitFacts(r, c)}
	case findings.Known:
		s.Skipped++
		t.Skipped = &junitText{Message: "known failure: " + safe.Line(c.Reason, 600), Text: junitFacts(r, c)}
	case findings.Skipped:
		s.Skipped++
		t.Skipped = &junitText{Message: message, Text: xmlElement(message)}
	case findings.Warned:
		s.Out.Text += xmlElement("warning: "+safe.Visible(c.ID)+"\n") + junitFacts(r, c) + "\n"
	}
	s.Tests++
	s.ms += ms
	s.Cases = append(s.Cases, t)
}

// addVerdict adds the test case that fails for reasons of the whole run.
func (s *junitSuite) addVerdict(r *conformance.Result, why []string) {
	t := junitCase{Name: "verdict", Classname: s.Name, Time: seconds(0)}
	lines := make([]string, len(why))
	for i := range why {
		lines[i] = safe.Line(why[i], junitFactChars)
	}
	message, text := strings.Join(lines, "; "), xmlElement(strings.Join(lines, "\n"))
	if r.Verdict == conformance.Violates || findings.IsListOutdated(r) {
		s.Failures++
		t.Failure = &junitText{message, "verdict", text}
	} else {
		s.Errors++
		t.Error = &junitText{message, "verdict", text}
	}
	s.Tests++
	s.Cases = append(s.Cases, t)
}

// junitFacts tells a check in full, as the text of an element.
func junitFacts(r *conformance.Result, c *conformance.CheckResult) string {
	var b strings.Builder
	add := func(label, s string) {
		if strings.TrimSpace(s) != "" {
			fmt.Fprintf(&b, "%s: %s\n", label, safe.Line(s, junitFactChars))
		}
	}
	add("rule", c.Summary)
	add("clause", strings.TrimSpace(findings.Place(r, c)+" "+c.Clause.Quote))
	add("expected", c.Expected)
	add("actual", c.Actual)
	add("tries", findings.Tries(c))
	add(findings.NoteLabel(c), c.Reason)
	add("cause", c.Cause)
	for i := range c.Exchanges {
		x := &c.Exchanges[i]
		if i == 2 {
			fmt.Fprintf(&b, "… %s\n", safe.Count(len(c.Exchanges)-i, "more exchange"))
			break
		}
		b.WriteString("\n" + exchange.Plain(x))
	}
	return xmlElement(b.String())
}

// seconds writes milliseconds as both schemas want a time.
func seconds(ms int64) string { return fmt.Sprintf("%d.%03d", ms/1000, ms%1000) }

// token makes a name of XML Schema's type token, which is not empty and has no
// white space at its ends or twice in a row.
func token(s string) string {
	return cmp.Or(strings.Join(strings.Fields(safe.Line(s, 300)), " "), "-")
}

// xmlElement escapes a text that stands in an element. Line ends stay, so that
// the file can be read as it is. The text was made visible, and so holds none
// of the characters that XML 1.0 forbids (section 2.2).
func xmlElement(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
