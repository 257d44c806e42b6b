package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"time"

	"nox.energy/contract/conformance"
)

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// SARIF writes r as a SARIF 2.1.0 log with one run: the checks are its rules,
// failures and warnings its results, each located at the line of the contract
// that it breaks. Known failures are results with a suppression. Checks that
// broke, the reason of an inconclusive run and a drift of the contract are
// notifications.
func SARIF(w io.Writer, r *conformance.Result) error {
	if r == nil {
		return errNoResult
	}
	return writeJSON(w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{sarifRunOf(r)}})
}

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	Artifacts   []sarifArtifact   `json:"artifacts"`
	Results     []sarifResult     `json:"results"`
	ColumnKind  string            `json:"columnKind"`
	Properties  map[string]any    `json:"properties"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version,omitempty"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID      string       `json:"id"`
	Short   sarifMessage `json:"shortDescription"`
	Full    sarifMessage `json:"fullDescription"`
	Default sarifDefault `json:"defaultConfiguration"`
}

type sarifDefault struct {
	Level string `json:"level"`
}

type sarifMessage struct {
	Text string `json:"text"`
}

type sarifArtifact struct {
	Location sarifArtifactLocation `json:"location"`
}

type sarifArtifactLocation struct {
	URI   string `json:"uri"`
	Index *int   `json:"index,omitempty"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	RuleIndex    int                `json:"ruleIndex"`
	Level        string             `json:"level"`
	Message      sarifMessage       `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Fingerprints map[string]string  `json:"partialFingerprints"`
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
}

type sarifLocation struct {
	Physical sarifPhysicalLocation  `json:"physicalLocation"`
	Logical  []sarifLogicalLocation `json:"logicalLocations,omitempty"`
}

type sarifPhysicalLocation struct {
	Artifact sarifArtifactLocation `json:"artifactLocation"`
	Region   *sarifRegion          `json:"region,omitempty"`
}

type sarifRegion struct {
	StartLine int           `json:"startLine"`
	Snippet   *sarifMessage `json:"snippet,omitempty"`
}

type sarifLogicalLocation struct {
	Name string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification,omitempty"`
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	ExitCode      int                 `json:"exitCode"`
	Start         string              `json:"startTimeUtc"`
	End           string              `json:"endTimeUtc"`
	Notifications []sarifNotification `json:"toolExecutionNotifications"`
}

type sarifNotification struct {
	Level   string          `json:"level"`
	Message sarifMessage    `json:"message"`
	Rule    *sarifRuleIndex `json:"associatedRule,omitempty"`
}

type sarifRuleIndex struct {
	ID    string `json:"id"`
	Index int    `json:"index"`
}

func sarifRunOf(r *conformance.Result) sarifRun {
	end := r.Started.Add(time.Duration(max(r.DurationMS, 0)) * time.Millisecond)
	run := sarifRun{
		Tool: sarifTool{sarifDriver{Name: cmp.Or(r.Tool.Name, "nox-conformance"), Version: r.Tool.Version, Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{{
			Successful: r.Verdict != conformance.Inconclusive, ExitCode: r.ExitCode,
			Start: utc(r.Started), End: utc(end), Notifications: []sarifNotification{},
		}},
		Artifacts:  []sarifArtifact{{sarifArtifactLocation{URI: artifactURI(r.Contract.Source)}}},
		Results:    []sarifResult{},
		ColumnKind: "unicodeCodePoints",
		Properties: map[string]any{"target": visible(r.Target), "verdict": r.Verdict, "runId": r.RunID},
	}
	invocation := &run.Invocations[0]
	for _, why := range reasons(r) {
		level := "error"
		if r.Verdict == conformance.Conforms {
			level = "note"
		}
		invocation.Notifications = append(invocation.Notifications, sarifNotification{Level: level, Message: sarifText(why)})
	}
	for _, d := range r.Drift {
		level := "note"
		if d.Breaks {
			level = "warning"
		}
		invocation.Notifications = append(invocation.Notifications, sarifNotification{Level: level, Message: sarifText("The contract drifted " + driftHeading(d))})
	}
	rules := map[string]int{}
	for i := range r.Checks {
		c := &r.Checks[i]
		rule, there := rules[c.ID]
		if !there {
			rule = len(rules)
			rules[c.ID] = rule
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(r, c))
		}
		switch standingOf(c) {
		case failed, warned, known:
			run.Results = append(run.Results, sarifResultOf(r, c, rule))
		case broke:
			invocation.Notifications = append(invocation.Notifications, sarifNotification{
				Level: "error", Message: sarifText(c.ID + ": " + headline(c)), Rule: &sarifRuleIndex{c.ID, rule},
			})
		}
	}
	return run
}

func sarifRuleOf(r *conformance.Result, c *conformance.CheckResult) sarifRule {
	level := map[conformance.Level]string{conformance.Must: "error", conformance.Should: "warning"}
	return sarifRule{
		ID: c.ID, Short: sarifText(cmp.Or(c.Summary, c.ID)),
		Full:    sarifText(strings.TrimSpace(cmp.Or(c.Summary, c.ID) + " — " + place(r, c) + " " + c.Clause.Quote)),
		Default: sarifDefault{cmp.Or(level[c.Level], "note")},
	}
}

func sarifResultOf(r *conformance.Result, c *conformance.CheckResult, rule int) sarifResult {
	first := 0
	location := sarifLocation{Physical: sarifPhysicalLocation{
		Artifact: sarifArtifactLocation{URI: artifactURI(r.Contract.Source), Index: &first},
	}}
	if c.Clause.Line > 0 {
		location.Physical.Region = &sarifRegion{StartLine: c.Clause.Line}
		if c.Clause.Quote != "" {
			location.Physical.Region.Snippet = &sarifMessage{visible(c.Clause.Quote)}
		}
	}
	if c.Clause.Pointer != "" {
		location.Logical = []sarifLogicalLocation{{Name: c.Clause.Pointer, Kind: "property"}}
	}
	result := sarifResult{
		RuleID: c.ID, RuleIndex: rule, Level: "error", Message: sarifText(cmp.Or(c.Summary, c.ID) + ": " + sentence(c)),
		Locations: []sarifLocation{location}, Fingerprints: map[string]string{"checkId/v1": fingerprint(c.ID)},
	}
	if c.Outcome == conformance.Warn {
		result.Level = "warning"
		if c.Level == conformance.May {
			result.Level = "note"
		}
	}
	if standingOf(c) == known {
		result.Suppressions = []sarifSuppression{{Kind: "external", Status: "accepted", Justification: visible(c.Reason)}}
	}
	return result
}

// sarifText makes a message of s. "[text](target)" is a link in a SARIF message
// (section 3.11.6), and none is meant here.
func sarifText(s string) sarifMessage {
	return sarifMessage{strings.ReplaceAll(line(s, 1500), "](", "] (")}
}

// fingerprint tells a finding from others and stays the same from run to run.
func fingerprint(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
