package report_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
)

type sarifFile struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				InformationURI string
				Rules          []struct {
					ID, HelpURI string
					Help        struct{ Text, Markdown string }
				}
			}
		}
		Results []struct {
			RuleID    string
			Locations []struct {
				PhysicalLocation struct {
					ArtifactLocation map[string]any
					Region           struct{ StartLine int }
				}
			}
		}
	}
}

func readSARIF(t testing.TB, r *conformance.Result) sarifFile {
	t.Helper()
	var f sarifFile
	if err := json.Unmarshal(write(t, "sarif", r), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSARIFLocatesOnlyWhatIsThere(t *testing.T) {
	for _, c := range []struct{ source, path, uri, base string }{
		{"create-manufacturer-device-connection.md", "", "", ""}, // built in
		{"-", "", "", ""},
		{"", "", "", ""},
		{"../elsewhere/api.yaml", "", "", ""},
		{"api/v2.yaml", "api/v2.yaml", "api/v2.yaml", "%SRCROOT%"},
		{"v2 draft.yaml", "api/v2 draft.yaml", "api/v2%20draft.yaml", "%SRCROOT%"},
		{"https://docs.nox.example/v2.yaml", "", "https://docs.nox.example/v2.yaml", ""},
		{"https://docs.nox.example/v2.yaml", "api/v2.yaml", "api/v2.yaml", "%SRCROOT%"},
	} {
		r := violating()
		r.Contract.Source, r.ContractPath = c.source, c.path
		for _, result := range readSARIF(t, r).Runs[0].Results {
			for _, l := range result.Locations {
				at := l.PhysicalLocation.ArtifactLocation
				uri, _ := at["uri"].(string)
				base, _ := at["uriBaseId"].(string)
				if uri != c.uri || base != c.base || at["index"] != 0.0 {
					t.Errorf("%s, %s: located at %v", c.source, c.path, at)
				}
			}
		}
		annotated := string(write(t, "github", r))
		if strings.Contains(annotated, "file=") != (c.path != "") || !strings.Contains(annotated, "file="+c.path+",line=") && c.path != "" {
			t.Errorf("%s, %s: annotated as %s", c.source, c.path, annotated)
		}
	}
}

func TestSARIFHelps(t *testing.T) {
	f := readSARIF(t, violating())
	driver := f.Runs[0].Tool.Driver
	if u, err := url.Parse(driver.InformationURI); err != nil || !u.IsAbs() {
		t.Errorf("informationUri %q", driver.InformationURI)
	}
	for _, rule := range driver.Rules {
		if u, err := url.Parse(rule.HelpURI); err != nil || !u.IsAbs() {
			t.Errorf("%s: helpUri %q", rule.ID, rule.HelpURI)
		}
		if !strings.Contains(rule.Help.Text, "nox-conformance --explain "+rule.ID) || !strings.Contains(rule.Help.Markdown, "- **Explain**: ") {
			t.Errorf("%s: help %+v", rule.ID, rule.Help)
		}
		if strings.HasSuffix(rule.ID, "401/missing-key") {
			if !strings.Contains(rule.Help.Text, "Why: Whoever finds the URL") || !strings.Contains(rule.Help.Markdown, "- **Sends**: an otherwise valid request") {
				t.Errorf("%s: help %+v", rule.ID, rule.Help)
			}
			if !strings.HasSuffix(rule.HelpURI, "/CHECKS.md#401missing-key") {
				t.Errorf("%s: helpUri %q", rule.ID, rule.HelpURI)
			}
		}
	}
}
