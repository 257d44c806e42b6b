package page

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/findings"
	"nox.energy/contract/conformance/report/internal/safe"
)

//go:embed trend.html.tmpl
var trendTemplate string

//go:embed trend.css
var trendStyle string

// maxTrendRuns bounds the runs of a target that [Trend] shows: the newest.
const maxTrendRuns = 60

// Run is a result with the name of the file that it was read from.
type Run struct {
	Name   string
	Result *conformance.Result
}

// Trend writes the page of past runs, of which there is one at least.
func Trend(w io.Writer, runs []Run) error {
	return write(w, "trend", trendTemplate, trendPageOf(runs))
}

// trendPage is what the template shows. Its strings were made visible.
type trendPage struct {
	Policy  string
	Style   template.CSS
	Targets []*trendTarget
	Legend  []trendSign
}

type trendTarget struct {
	Target  string
	LeftOut int // runs that are older than those shown
	Runs    []trendRun
	Bars    []trendBar
	Width   int
	Height  int
	Scale   int // checks at the top of the chart
	Checks  []trendCheck
}

type trendRun struct {
	Day, Time, File string
	Verdict, Class  string
	Counts          []int // in the order of standings
	Latency         string
	Requests        string
	Tool, Contract  string
}

// trendBar is a part of a column of the chart.
type trendBar struct {
	X, Y, Width, Height int
	Class, Title        string
}

type trendCheck struct {
	ID, Summary, Words string
	Class              string // of the words
	Cells              []trendSign
	last, gravity      int // the newest run that it did not pass in; how grave that was
}

// trendSign is a standing in one character.
type trendSign struct{ Class, Sign, Title string }

func trendPageOf(runs []Run) *trendPage {
	style := pageStyle + trendStyle
	p := &trendPage{
		Policy: fmt.Sprintf("default-src 'none'; style-src '%s'; base-uri 'none'; form-action 'none'", digest(style)),
		Style:  template.CSS(style), // ours
	}
	for _, s := range findings.Standings() {
		p.Legend = append(p.Legend, trendSignOf(s, string(s)))
	}
	runs = slices.Clone(runs)
	slices.SortStableFunc(runs, func(a, b Run) int {
		return cmp.Or(a.Result.Started.Compare(b.Result.Started), strings.Compare(a.Name, b.Name))
	})
	var targets []string
	byTarget := map[string][]Run{}
	for _, r := range runs {
		if _, known := byTarget[r.Result.Target]; !known {
			targets = append(targets, r.Result.Target)
		}
		byTarget[r.Result.Target] = append(byTarget[r.Result.Target], r)
	}
	slices.Sort(targets)
	for _, target := range targets {
		p.Targets = append(p.Targets, trendTargetOf(target, byTarget[target]))
	}
	return p
}

func trendTargetOf(target string, runs []Run) *trendTarget {
	t := &trendTarget{Target: cmp.Or(safe.Line(target, 300), "recorded traffic"), LeftOut: max(0, len(runs)-maxTrendRuns)}
	runs = runs[t.LeftOut:]
	for _, r := range runs {
		t.Runs = append(t.Runs, trendRunOf(r))
	}
	t.draw()
	t.Checks = trendChecks(runs)
	slices.Reverse(t.Runs) // the newest first, as it is read
	return t
}

func trendRunOf(run Run) trendRun {
	r := run.Result
	started := r.Started.UTC()
	out := trendRun{
		Day: started.Format(time.DateOnly), Time: started.Format("15:04"), File: safe.Line(run.Name, 200),
		Verdict: cmp.Or(safe.Line(findings.RunVerdict(r), 120), "no verdict"), Class: verdictClass(r),
		Requests: safe.Thousands(int64(r.Requests)), Tool: safe.Line(r.Tool.Version, 80), Contract: safe.Line(r.Contract.Version, 80),
	}
	for _, s := range findings.Standings() {
		out.Counts = append(out.Counts, len(findings.Of(r, s)))
	}
	for _, d := range r.Responses { // the success is what users wait for
		if strings.HasPrefix(d.Status, "2") && d.Latency != nil {
			out.Latency = safe.Duration(d.Latency.P50) + " / " + safe.Duration(d.Latency.P99)
			break
		}
	}
	return out
}

const (
	trendBarStep = 17
	trendBarSide = 14
	trendHeight  = 80
)

// draw stacks for each run the checks that neither passed nor were skipped.
func (t *trendTarget) draw() {
	shown := slices.DeleteFunc(findings.Standings(), func(s findings.Standing) bool { return s == findings.Passed || s == findings.Skipped })
	t.Scale = 1
	for _, r := range t.Runs {
		n := 0
		for i := range shown {
			n += r.Counts[i]
		}
		t.Scale = max(t.Scale, n)
	}
	t.Width, t.Height = max(len(t.Runs)*trendBarStep, 4*trendBarStep), trendHeight
	for x, r := range t.Runs {
		below := 0
		for i, s := range shown {
			if r.Counts[i] == 0 {
				continue
			}
			from, to := trendHeight*below/t.Scale, trendHeight*(below+r.Counts[i])/t.Scale
			t.Bars = append(t.Bars, trendBar{
				X: x * trendBarStep, Y: trendHeight - to, Width: trendBarSide, Height: max(1, to-from), Class: class(s),
				Title: r.Day + " " + r.Time + ": " + strconv.Itoa(r.Counts[i]) + " " + plural(s, r.Counts[i]),
			})
			below += r.Counts[i]
		}
		if below == 0 {
			t.Bars = append(t.Bars, trendBar{X: x * trendBarStep, Y: trendHeight - 2, Width: trendBarSide, Height: 2, Class: class(findings.Passed), Title: r.Day + " " + r.Time + ": " + r.Verdict})
		}
	}
}

// trendChecks returns the history of each check that once neither passed nor was
// skipped: those that failed last come first.
func trendChecks(runs []Run) []trendCheck {
	history := map[string][]findings.Standing{}
	summary := map[string]string{}
	for i, r := range runs {
		for j := range r.Result.Checks {
			c := &r.Result.Checks[j]
			if history[c.ID] == nil {
				history[c.ID] = make([]findings.Standing, len(runs)) // "" where the check is absent
			}
			history[c.ID][i], summary[c.ID] = findings.StandingOf(c), c.Summary
		}
	}
	var all []trendCheck
	for id, h := range history {
		c := trendCheck{ID: safe.Line(id, 300), Summary: safe.Line(summary[id], 300), last: -1}
		for i, s := range h {
			day := runs[i].Result.Started.UTC().Format("2006-01-02 15:04")
			c.Cells = append(c.Cells, trendSignOf(s, day+": "+cmp.Or(string(s), "not run")))
			if s != "" && s != findings.Passed && s != findings.Skipped {
				c.last, c.gravity = i, slices.Index(findings.Standings(), s)
			}
		}
		if c.last >= 0 {
			c.Words, c.Class = trendWords(h, runs)
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b trendCheck) int {
		return cmp.Or(b.last-a.last, a.gravity-b.gravity, strings.Compare(a.ID, b.ID))
	})
	return all
}

// trendWords says what a history comes to: since when the check has stood as it
// does now, and whether it comes and goes.
func trendWords(history []findings.Standing, runs []Run) (words, styleClass string) {
	var judged []int // runs that decided the check
	for i, s := range history {
		if s != "" && s != findings.Skipped && s != findings.Broke {
			judged = append(judged, i)
		}
	}
	if len(judged) == 0 {
		return "no verdict in any run", class(findings.Broke)
	}
	now, changes, passes := history[judged[len(judged)-1]], 0, 0
	since := judged[0]
	for i, at := range judged {
		if history[at] == findings.Passed {
			passes++
		}
		if i > 0 && history[at] != history[judged[i-1]] {
			changes++
			since = at
		}
	}
	if changes >= 3 {
		return fmt.Sprintf("unstable: passed in %d of %d runs", passes, len(judged)), class(now)
	}
	day := runs[since].Result.Started.UTC().Format(time.DateOnly)
	doing := map[findings.Standing]string{findings.Passed: "passing", findings.Failed: "failing"}
	return cmp.Or(doing[now], string(now)) + " since " + day, class(now)
}

// trendSignOf marks a standing for those who do not see colors.
func trendSignOf(s findings.Standing, title string) trendSign {
	signs := map[findings.Standing]string{findings.Failed: "×", findings.Broke: "?", findings.Warned: "!", findings.Known: "−", findings.Skipped: "○", findings.Passed: "·"}
	return trendSign{class(s), signs[s], title}
}
