package report

import (
	"cmp"
	"fmt"
	"io"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/findings"
	"nox.energy/contract/conformance/report/internal/safe"
)

// GitLab writes r as a code quality report of GitLab: an array with an issue
// for each check that failed, warned or broke, at its line of the contract, and
// one for each reason of the whole run. Known failures are left out.
func GitLab(w io.Writer, r *conformance.Result) error {
	if r == nil {
		return errNoResult
	}
	issues := []gitlabIssue{}
	seen := map[string]int{}
	add := func(id, description, severity string, at int) {
		seen[id]++
		unique := id
		if seen[id] > 1 {
			unique = fmt.Sprintf("%s#%d", id, seen[id])
		}
		issues = append(issues, gitlabIssue{
			Description: safe.Line(description, 1000), CheckName: safe.Visible(cmp.Or(id, "check")),
			Fingerprint: fingerprint(unique), Severity: severity,
			Location: gitlabLocation{Path: gitlabPath(r), Lines: gitlabLines{max(at, 1)}},
		})
	}
	for _, why := range findings.Unexplained(r) {
		add("run/verdict", why, "blocker", 1)
	}
	for i := range r.Checks {
		c := &r.Checks[i]
		if severity := gitlabSeverity(c); severity != "" {
			add(c.ID, cmp.Or(c.Summary, c.ID)+": "+findings.Sentence(c), severity, c.Clause.Line)
		}
	}
	return safe.JSON(w, issues)
}

type gitlabIssue struct {
	Description string         `json:"description"`
	CheckName   string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"`
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string      `json:"path"`
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
}

// gitlabSeverity is one of GitLab's words, "" for what is no issue.
func gitlabSeverity(c *conformance.CheckResult) string {
	switch findings.StandingOf(c) {
	case findings.Failed:
		if c.Level == conformance.Must {
			return "critical"
		}
		return "major"
	case findings.Broke:
		return "major"
	case findings.Warned:
		if c.Level == conformance.May {
			return "info"
		}
		return "minor"
	}
	return ""
}

// gitlabPath is the path of the contract in the repository. GitLab takes no
// issue without a path: the name of the contract stands in where there is none.
func gitlabPath(r *conformance.Result) string {
	if source := r.Contract.Source; r.ContractPath == "" && source == "-" {
		return "stdin"
	}
	return safe.Visible(cmp.Or(r.ContractPath, r.Contract.Source, "contract"))
}
