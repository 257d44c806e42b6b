package report_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

// history is a run a day; each letter is what a check came to in it.
func history(letters map[string]string) []report.PastRun {
	outcomes := map[rune]conformance.Outcome{'p': conformance.Pass, 'f': conformance.Fail, 'w': conformance.Warn, 's': conformance.Skip, 'e': conformance.Err}
	var runs []report.PastRun
	for i := 0; ; i++ {
		var checks []conformance.CheckResult
		for _, id := range sortedKeys(letters) {
			if i < len(letters[id]) {
				if o := outcomes[rune(letters[id][i])]; o != "" {
					checks = append(checks, check(id, conformance.Must, o, "Checks something"))
				}
			}
		}
		if checks == nil {
			return runs
		}
		r := run(conformance.Conforms, 0, checks...)
		r.Started = started.Add(time.Duration(i) * 24 * time.Hour)
		runs = append(runs, report.PastRun{Name: fmt.Sprintf("run-%d.json", i+1), Result: r})
	}
}

func trend(t *testing.T, runs []report.PastRun) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Trend(&b, runs); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTrend(t *testing.T) {
	runs := history(map[string]string{
		"201/minimal": "ppppp", "201/repeat": "ppfff", "201/echo": "ffppp", "401/missing-key": "pfpfp",
		"400/number": "--wwp", "400/json": "sssss", "500/json": "eeeee",
	})
	runs[0], runs[4] = runs[4], runs[0] // files are read in any order
	out := trend(t, runs)
	for id, want := range map[string]string{
		"201/repeat": "failing since 2026-11-25", "201/echo": "passing since 2026-11-25",
		"401/missing-key": "unstable: passed in 3 of 5 runs", "400/number": "passing since 2026-11-27", "500/json": "no verdict in any run",
	} {
		_, row, _ := strings.Cut(out, "<code>"+operation+"/"+id+"</code>")
		row, _, _ = strings.Cut(row, "</tr>")
		if !strings.Contains(row, want) || strings.Count(row, "<td") != 5 {
			t.Errorf("%s: %s, want %q", id, row, want)
		}
	}
	for _, id := range []string{"201/minimal", "400/json"} {
		if strings.Contains(out, "<code>"+operation+"/"+id) {
			t.Errorf("%s is listed, though it always passed or was skipped", id)
		}
	}
	if first := strings.Index(out, "201/repeat"); first > strings.Index(out, "201/echo") {
		t.Error("a check that fails now does not come first")
	}
}

func TestTrendKeepsTargetsApart(t *testing.T) {
	runs := history(map[string]string{"201/minimal": "pp"})
	runs[1].Result.Target = "https://other.example/v2"
	out := trend(t, runs)
	if strings.Count(out, "<h2>") != 2 || !strings.Contains(out, "https://other.example/v2") {
		t.Error(out)
	}
}

func TestTrendIsBounded(t *testing.T) {
	out := trend(t, history(map[string]string{"201/minimal": strings.Repeat("pf", 50)}))
	if !strings.Contains(out, "40 older runs are left out") || strings.Count(out, "<tr>") != 60+2 {
		t.Errorf("%d rows", strings.Count(out, "<tr>"))
	}
}

// What a target sent and what a file is called cannot become markup.
func TestTrendEscapes(t *testing.T) {
	r := hostile("")
	out := trend(t, []report.PastRun{{Name: `<script>alert(1)</script>"`, Result: r}, {Name: "bare", Result: bare()}})
	page, err := html.Parse(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	allowed := elements + "figure figcaption br "
	for n := range page.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if !strings.Contains(allowed, " "+n.Data+" ") || n.Data == "script" {
			t.Errorf("an element %q", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "href" {
				t.Errorf("an attribute %s=%q", a.Key, a.Val)
			}
		}
	}
	if i := strings.IndexFunc(out, func(r rune) bool { return r != '\n' && isUnseen(r) }); i >= 0 {
		t.Errorf("a character that does not show: %q", out[max(0, i-30):i+10])
	}
}

func TestTrendOfNothing(t *testing.T) {
	if report.Trend(io.Discard, nil) == nil || report.Trend(io.Discard, []report.PastRun{{}}) == nil {
		t.Error("no runs are no error")
	}
}
