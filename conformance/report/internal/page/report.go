// Package page makes pages for a browser, of one result and of past runs, that
// hold their own style and script and let nothing else through.
package page

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/findings"
	"nox.energy/contract/conformance/report/internal/safe"
)

//go:embed page.html.tmpl
var pageTemplate string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

// Report writes the page of one result, which is not nil.
func Report(w io.Writer, r *conformance.Result) error {
	return write(w, "report", pageTemplate, reportPageOf(r))
}

// write executes a template of ours and writes what comes of it whole.
func write(w io.Writer, name, text string, data any) error {
	t, err := template.New(name).Funcs(template.FuncMap{"spaces": escapeText}).Parse(text)
	if err != nil {
		return fmt.Errorf("the page's template is broken: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return fmt.Errorf("the %s cannot be written as HTML: %w", name, err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// escapeText escapes a text. Where it holds a sign for a space, the page shows
// the sign, and what is copied holds the space.
func escapeText(s string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(s), string(safe.SpaceSign), `<span class="space"> </span>`))
}

// reportPage is what the template shows. Its strings were made visible.
type reportPage struct {
	Policy    string
	Style     template.CSS
	Script    template.JS
	Title     string
	Verdict   string
	Class     string // of the verdict: good, bad or open
	Target    string
	Contract  string
	Reasons   []string
	Causes    []cause
	CauseHead string
	Drift     []drift
	Operation string // the only one there is
	Facts     []fact
	Counts    []standingCount
	Picture   picture
	Sections  []*section
}

type fact struct{ Label, Value string }

// standingCount is how many checks stand so.
type standingCount struct {
	Label, Class string
	N            int
}

func reportPageOf(r *conformance.Result) *reportPage {
	p := &reportPage{
		Policy: fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'", digest(pageStyle), digest(pageScript)),
		// The digests are of exactly these two, which are ours.
		Style: template.CSS(pageStyle), Script: template.JS(pageScript),
		Verdict: cmp.Or(safe.Visible(findings.RunVerdict(r)), "no verdict"), Class: verdictClass(r),
		Target:   safe.Line(r.Target, 300),
		Contract: cmp.Or(safe.Line(r.Contract.Title+" "+r.Contract.Version, 300), "the contract"),
	}
	for _, why := range findings.Remarks(r) {
		p.Reasons = append(p.Reasons, safe.Line(why, 2000))
	}
	for _, d := range r.Drift {
		p.Drift = append(p.Drift, driftOf(d))
	}
	p.Title = p.Verdict + ": " + p.Target
	p.Facts = factsOf(r)
	for _, s := range findings.Standings() {
		n := len(findings.Of(r, s))
		p.Counts = append(p.Counts, standingCount{Label: plural(s, n), Class: class(s), N: n})
	}
	p.Sections = sectionsOf(r)
	p.Causes, p.CauseHead = causesOf(r, p.Sections)
	p.Operation = onlyOperation(p.Sections)
	p.Picture = pictureOf(p.Sections, p.Operation == "")
	return p
}

// cause is what a run fails for, with a link to the check that shows it.
type cause struct {
	Summary, Fix, Extent string
	Check                checkLink
}

func causesOf(r *conformance.Result, sections []*section) (list []cause, head string) {
	links := map[string]template.URL{}
	for _, s := range sections {
		for _, c := range s.checks() {
			if links[c.ID] == "" {
				links[c.ID] = c.Link
			}
		}
	}
	all := findings.Causes(r)
	for _, l := range all {
		id := safe.Line(l.ID, 300)
		list = append(list, cause{safe.Line(l.Summary, 1000), safe.Line(l.Fix, 1000), l.Extent, checkLink{id, links[id]}})
	}
	return list, findings.CausesTitle(r, all)
}

func factsOf(r *conformance.Result) []fact {
	facts := []fact{
		{"Contract source", r.Contract.Source}, {"Contract digest", r.Contract.SHA256},
		{"Requests", safe.Thousands(int64(r.Requests))}, {"Took", fmt.Sprintf("%.1f s", float64(r.DurationMS)/1000)},
		{"Started", r.Started.UTC().Format("2006-01-02 15:04:05 UTC")}, {"Profile", string(r.Profile)},
		{"Run", r.RunID}, {"Seed", strconv.FormatInt(r.Seed, 10)},
		{"Exit code", strconv.Itoa(r.ExitCode)}, {"Tool", strings.TrimSpace(r.Tool.Name + " " + r.Tool.Version)},
	}
	for i := range facts {
		facts[i].Value = safe.Line(facts[i].Value, 300)
	}
	return facts
}

// digest is a source expression of a Content-Security-Policy (CSP Level 3,
// section 2.3.1, hash-source).
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func verdictClass(r *conformance.Result) string {
	if findings.IsListOutdated(r) {
		return "open"
	}
	return classOf(r.Verdict)
}

func classOf(v conformance.Verdict) string {
	switch v {
	case conformance.Conforms:
		return "good"
	case conformance.Violates:
		return "bad"
	}
	return "open"
}

// class is a standing as a class of the style sheet: its first word.
func class(s findings.Standing) string {
	word, _, _ := strings.Cut(string(s), " ")
	return word
}

// plural is a standing as the name of n checks that stand so.
func plural(s findings.Standing, n int) string {
	switch {
	case n == 1, s == findings.Failed, s == findings.Skipped, s == findings.Passed:
		return string(s)
	}
	return string(s) + "s"
}

func onlyOperation(sections []*section) string {
	only := ""
	for _, s := range sections {
		if only != "" && s.Operation != only {
			return ""
		}
		only = s.Operation
	}
	return only
}
