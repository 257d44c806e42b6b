package report

import (
	"io"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/findings"
	"nox.energy/contract/conformance/report/internal/safe"
)

// CTRF writes r in the Common Test Report Format (https://ctrf.io), version
// 1.0.0: a test for each check, in a suite for each documented response.
//
// A failed check is failed; one that broke is other; skipped ones and known
// failures are skipped, and a warning is a test that passed, each with its
// reason. The field rawStatus tells them apart. Where the verdict of a run has a
// cause that no check shows, a test "run/verdict" fails with it.
func CTRF(w io.Writer, r *conformance.Result) error {
	if r == nil {
		return errNoResult
	}
	start := r.Started.UnixMilli()
	results := ctrfResults{
		Tool:    ctrfTool{token(r.Tool.Name), safe.Visible(r.Tool.Version)},
		Summary: ctrfSummary{Start: start, Stop: start + max(r.DurationMS, 0), Duration: max(r.DurationMS, 0)},
		Tests:   []ctrfTest{},
		Environment: ctrfEnvironment{
			AppName: safe.Line(r.Contract.Title, 300), AppVersion: safe.Line(r.Contract.Version, 300), TestEnvironment: safe.Line(r.Target, 600),
			Healthy: r.Verdict == conformance.Conforms,
			Extra: map[string]any{
				"verdict": safe.Line(string(r.Verdict), 40), "profile": safe.Line(string(r.Profile), 40), "run_id": safe.Line(r.RunID, 300),
				"seed": r.Seed, "contract_sha256": safe.Line(r.Contract.SHA256, 100),
			},
		},
	}
	for i := range r.Checks {
		results.add(ctrfTestOf(r, &r.Checks[i]))
	}
	for _, why := range findings.Unexplained(r) {
		results.add(ctrfTest{Name: "run/verdict", Status: ctrfFailed, Message: safe.Line(why, 4000), Suite: []string{"run"}})
	}
	return safe.JSON(w, ctrfReport{"CTRF", "1.0.0", "nox-conformance", results})
}

type ctrfReport struct {
	ReportFormat string      `json:"reportFormat"`
	SpecVersion  string      `json:"specVersion"`
	GeneratedBy  string      `json:"generatedBy"`
	Results      ctrfResults `json:"results"`
}

type ctrfResults struct {
	Tool        ctrfTool        `json:"tool"`
	Summary     ctrfSummary     `json:"summary"`
	Tests       []ctrfTest      `json:"tests"`
	Environment ctrfEnvironment `json:"environment"`
}

type ctrfTool struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

type ctrfSummary struct {
	Tests    int   `json:"tests"`
	Passed   int   `json:"passed"`
	Failed   int   `json:"failed"`
	Skipped  int   `json:"skipped"`
	Pending  int   `json:"pending"`
	Other    int   `json:"other"`
	Start    int64 `json:"start"`
	Stop     int64 `json:"stop"`
	Duration int64 `json:"duration"`
}

type ctrfEnvironment struct {
	AppName         string         `json:"appName"`
	AppVersion      string         `json:"appVersion"`
	TestEnvironment string         `json:"testEnvironment"`
	Healthy         bool           `json:"healthy"`
	Extra           map[string]any `json:"extra"`
}

type ctrfTest struct {
	Name      string     `json:"name"`
	Status    ctrfStatus `json:"status"`
	RawStatus string     `json:"rawStatus,omitempty"`
	Duration  int64      `json:"duration"`
	Suite     []string   `json:"suite"`
	Message   string     `json:"message,omitempty"`
	Trace     string     `json:"trace,omitempty"`
	FilePath  string     `json:"filePath,omitempty"` // of the contract in the user's repository
	Line      int        `json:"line,omitempty"`     // of the clause
	Tags      []string   `json:"tags,omitempty"`
}

type ctrfStatus string

const (
	ctrfPassed  ctrfStatus = "passed"
	ctrfFailed  ctrfStatus = "failed"
	ctrfSkipped ctrfStatus = "skipped"
	ctrfOther   ctrfStatus = "other"
)

func ctrfTestOf(r *conformance.Result, c *conformance.CheckResult) ctrfTest {
	s := findings.StandingOf(c)
	t := ctrfTest{
		Name: token(c.ID), Status: ctrfStatusOf(s), RawStatus: string(s), Duration: max(c.DurationMS, 0),
		Suite: []string{token(c.Operation), token(c.Status)},
	}
	if c.Level != "" {
		t.Tags = []string{safe.Line(string(c.Level), 40)}
	}
	if s != findings.Passed {
		t.Message = safe.Line(findings.Sentence(c), 4000)
	}
	if s != findings.Passed && s != findings.Skipped {
		t.Trace = Facts(r, c)
	}
	if r.ContractPath != "" {
		t.FilePath, t.Line = safe.Visible(r.ContractPath), max(c.Clause.Line, 0)
	}
	return t
}

func ctrfStatusOf(s findings.Standing) ctrfStatus {
	switch s {
	case findings.Failed:
		return ctrfFailed
	case findings.Broke:
		return ctrfOther
	case findings.Known, findings.Skipped:
		return ctrfSkipped
	}
	return ctrfPassed
}

func (all *ctrfResults) add(t ctrfTest) {
	all.Summary.Tests++
	switch t.Status {
	case ctrfPassed:
		all.Summary.Passed++
	case ctrfFailed:
		all.Summary.Failed++
	case ctrfSkipped:
		all.Summary.Skipped++
	default:
		all.Summary.Other++
	}
	all.Tests = append(all.Tests, t)
}
