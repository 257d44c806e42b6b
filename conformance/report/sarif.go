package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"strings"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/findings"
	"nox.energy/contract/conformance/report/internal/markdown"
	"nox.energy/contract/conformance/report/internal/safe"
)

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// homeURL is where the program is at home, and checksURL the page of its checks.
const (
	homeURL   = "https://nox.energy/contract"
	checksURL = homeURL + "/CHECKS.md"
)

// SARIF writes r as a SARIF 2.1.0 log with one run: the checks are its rules,
// failures and warnings its results, each located at the line of the contract
// that it breaks. Known failures are results with a suppression. Checks that
// broke, the reason of an inconclusive run and a drift of the contract are
// notifications.
//
// A location has a URI only if the contract can be found there: its path in the
// user's repository, or the URL that it was loaded from.
func SARIF(w io.Writer, r *conformance.Result) error {
	if r == nil {
		return errNoResult
	}
	return safe.JSON(w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{sarifRunOf(r)}})
}

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool            `json:"tool"`
	Invocations []sarifInvocation    `json:"invocations"`
	Artifacts   []sarifArtifact      `json:"artifacts"`
	Results     []sarifResult        `json:"results"`
	Bases       map[string]sarifBase `json:"originalUriBaseIds,omitempty"`
	ColumnKind  string               `json:"columnKind"`
	Properties  map[string]any       `json:"properties"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version,omitempty"`
	URI     string      `json:"informationUri"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID      string       `json:"id"`
	Short   sarifMessage `json:"shortDescription"`
	Full    sarifMessage `json:"fullDescription"`
	Help    sarifHelp    `json:"help"`
	HelpURI string       `json:"helpUri"`
	Default sarifDefault `json:"defaultConfiguration"`
}

type sarifDefault struct {
	Level string `json:"level"`
}

type sarifMessage struct {
	Text string `json:"text"`
}

type sarifHelp struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown"`
}

type sarifArtifact struct {
	Location    sarifArtifactLocation `json:"location"`
	Description sarifMessage          `json:"description"`
	Hashes      map[string]string     `json:"hashes,omitempty"`
}

// sarifBase is what paths are relative to. Only who reads the log knows where it
// lies.
type sarifBase struct {
	Description sarifMessage `json:"description"`
}

type sarifArtifactLocation struct {
	URI   string `json:"uri,omitempty"`
	Base  string `json:"uriBaseId,omitempty"`
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
		Tool: sarifTool{sarifDriver{Name: cmp.Or(r.Tool.Name, "nox-conformance"), Version: r.Tool.Version, URI: homeURL, Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{{
			Successful: r.Verdict != conformance.Inconclusive, ExitCode: r.ExitCode,
			Start: utc(r.Started), End: utc(end), Notifications: []sarifNotification{},
		}},
		Artifacts:  []sarifArtifact{sarifArtifactOf(r)},
		Results:    []sarifResult{},
		ColumnKind: "unicodeCodePoints",
		Properties: map[string]any{"target": safe.Visible(r.Target), "verdict": r.Verdict, "runId": r.RunID},
	}
	if run.Artifacts[0].Location.Base != "" {
		run.Bases = map[string]sarifBase{"%SRCROOT%": {sarifText("The root of the repository.")}}
	}
	invocation := &run.Invocations[0]
	for _, why := range findings.Reasons(r) {
		level := "error"
		if r.Verdict == conformance.Conforms && !findings.IsListOutdated(r) {
			level = "note"
		}
		invocation.Notifications = append(invocation.Notifications, sarifNotification{Level: level, Message: sarifText(why)})
	}
	for _, d := range r.Drift {
		level := "note"
		if d.Breaks {
			level = "warning"
		}
		invocation.Notifications = append(invocation.Notifications, sarifNotification{Level: level, Message: sarifText("The contract drifted " + findings.DriftHeading(d))})
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
		switch findings.StandingOf(c) {
		case findings.Failed, findings.Warned, findings.Known:
			run.Results = append(run.Results, sarifResultOf(r, c, rule))
		case findings.Broke:
			invocation.Notifications = append(invocation.Notifications, sarifNotification{
				Level: "error", Message: sarifText(c.ID + ": " + findings.Headline(c)), Rule: &sarifRuleIndex{c.ID, rule},
			})
		}
	}
	return run
}

func sarifArtifactOf(r *conformance.Result) sarifArtifact {
	a := sarifArtifact{Location: sarifLocationOf(r), Description: sarifText(cmp.Or(strings.TrimSpace(r.Contract.Title+" "+r.Contract.Version), "the contract"))}
	if r.Contract.SHA256 != "" {
		a.Hashes = map[string]string{"sha-256": safe.Visible(r.Contract.SHA256)}
	}
	return a
}

// sarifLocationOf is the URI of the contract, empty if nobody could find the
// contract there.
func sarifLocationOf(r *conformance.Result) sarifArtifactLocation {
	if r.ContractPath != "" && !strings.HasPrefix(r.ContractPath, "/") {
		return sarifArtifactLocation{URI: artifactURI(r.ContractPath), Base: "%SRCROOT%"}
	}
	return sarifArtifactLocation{URI: cmp.Or(artifactURI(r.ContractPath), sourceURL(r.Contract.Source))}
}

func sarifRuleOf(r *conformance.Result, c *conformance.CheckResult) sarifRule {
	level := map[conformance.Level]string{conformance.Must: "error", conformance.Should: "warning"}
	return sarifRule{
		ID: c.ID, Short: sarifText(cmp.Or(c.Summary, c.ID)),
		Full: sarifText(strings.TrimSpace(cmp.Or(c.Summary, c.ID) + " — " + findings.Place(r, c) + " " + c.Clause.Quote)),
		Help: sarifHelpOf(r, c), HelpURI: checksURL + "#" + headingAnchor(findings.ShortID(c)),
		Default: sarifDefault{cmp.Or(level[c.Level], "note")},
	}
}

// sarifHelpOf tells what a check is about, why, and how to perform it alone.
func sarifHelpOf(r *conformance.Result, c *conformance.CheckResult) sarifHelp {
	var plain, marked []string
	add := func(label, s string) {
		if strings.TrimSpace(s) != "" {
			plain = append(plain, label+": "+sarifText(s).Text)
			marked = append(marked, "- **"+label+"**: "+markdown.Prose(s, 1500))
		}
	}
	add("Checks", cmp.Or(c.Summary, c.ID))
	add("Sends", c.Sends)
	add("Why", c.Why)
	add("Level", string(c.Level))
	add("Clause", strings.TrimSpace(findings.Place(r, c)+" "+c.Clause.Quote))
	add("Explain", "nox-conformance --explain "+c.ID)
	add("Repeat", "nox-conformance --run "+c.ID+" "+r.Target)
	return sarifHelp{Text: strings.Join(plain, "\n"), Markdown: strings.Join(marked, "\n")}
}

// headingAnchor is the anchor that GitHub gives to a heading.
func headingAnchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == ' ':
			return '-'
		}
		return -1
	}, heading)
}

func sarifResultOf(r *conformance.Result, c *conformance.CheckResult, rule int) sarifResult {
	first := 0
	location := sarifLocation{Physical: sarifPhysicalLocation{Artifact: sarifLocationOf(r)}}
	location.Physical.Artifact.Index = &first
	if c.Clause.Line > 0 {
		location.Physical.Region = &sarifRegion{StartLine: c.Clause.Line}
		if c.Clause.Quote != "" {
			location.Physical.Region.Snippet = &sarifMessage{safe.Visible(c.Clause.Quote)}
		}
	}
	if c.Clause.Pointer != "" {
		location.Logical = []sarifLogicalLocation{{Name: c.Clause.Pointer, Kind: "property"}}
	}
	result := sarifResult{
		RuleID: c.ID, RuleIndex: rule, Level: "error", Message: sarifText(cmp.Or(c.Summary, c.ID) + ": " + findings.Sentence(c)),
		Locations: []sarifLocation{location}, Fingerprints: map[string]string{"checkId/v1": fingerprint(c.ID)},
	}
	if c.Outcome == conformance.Warn {
		result.Level = "warning"
		if c.Level == conformance.May {
			result.Level = "note"
		}
	}
	if findings.StandingOf(c) == findings.Known {
		result.Suppressions = []sarifSuppression{{Kind: "external", Status: "accepted", Justification: safe.Visible(c.Reason)}}
	}
	return result
}

// sarifText makes a message of s. "[text](target)" is a link in a SARIF message
// (section 3.11.6), and none is meant here.
func sarifText(s string) sarifMessage {
	return sarifMessage{strings.ReplaceAll(safe.Line(s, 1500), "](", "] (")}
}

// fingerprint tells a finding from others and stays the same from run to run.
func fingerprint(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// artifactURI is a path as a URI reference (RFC 3986), its odd characters
// encoded.
func artifactURI(path string) string {
	if strings.HasPrefix(path, "/") {
		return (&url.URL{Scheme: "file", Path: path}).String()
	}
	return (&url.URL{Path: path}).String()
}

// sourceURL is the source of a contract if it is a URL, else "".
func sourceURL(source string) string {
	if strings.HasPrefix(source, "http://") || strings.HasPrefix(source, "https://") {
		return safe.URL(source)
	}
	return ""
}
