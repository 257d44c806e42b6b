package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"

	"nox.energy/contract/conformance"
)

//go:embed page.html.tmpl
var pageTemplate string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

// HTML writes r as one page without outside assets: an overview with a picture
// of what was exercised, then the documented responses, their checks, and the
// exchanges of each. Everything can be read without scripts; a script adds a
// filter. Each check has an anchor of its own, its id. A Content-Security-Policy
// lets the page's own style and script through by their digest and nothing else.
func HTML(w io.Writer, r *conformance.Result) error {
	if r == nil {
		return errNoResult
	}
	return writePage(w, "report", pageTemplate, htmlPageOf(r))
}

// writePage executes a template of ours and writes what comes of it whole.
func writePage(w io.Writer, name, text string, data any) error {
	t, err := template.New(name).Funcs(template.FuncMap{"spaces": htmlSpaces}).Parse(text)
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

// htmlSpaces escapes a text. Where it holds a sign for a space, the page shows
// the sign, and what is copied holds the space.
func htmlSpaces(s string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(s), string(spaceSign), `<span class="space"> </span>`))
}

// htmlPage is what the template shows. Its strings were made visible.
type htmlPage struct {
	Policy    string
	Style     template.CSS
	Script    template.JS
	Title     string
	Verdict   string
	Class     string // of the verdict: good, bad or open
	Target    string
	Contract  string
	Reasons   []string
	Causes    []htmlCause
	CauseHead string
	Drift     []htmlDrift
	Operation string // the only one there is
	Facts     []htmlFact
	Counts    []htmlCount
	Picture   picture
	Sections  []*htmlSection
}

type htmlFact struct{ Label, Value string }

// htmlCount is how many checks stand so.
type htmlCount struct {
	Label, Class string
	N            int
}

func htmlPageOf(r *conformance.Result) *htmlPage {
	p := &htmlPage{
		Policy: fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'", digest(pageStyle), digest(pageScript)),
		// The digests are of exactly these two, which are ours.
		Style: template.CSS(pageStyle), Script: template.JS(pageScript),
		Verdict: cmp.Or(visible(verdictWords(r.Verdict, r.Summary.Known)), "no verdict"), Class: verdictClass(r.Verdict),
		Target:   line(r.Target, 300),
		Contract: cmp.Or(line(r.Contract.Title+" "+r.Contract.Version, 300), "the contract"),
	}
	for _, why := range slices.Concat(reasons(r), r.Notes) {
		p.Reasons = append(p.Reasons, line(why, 2000))
	}
	for _, d := range r.Drift {
		p.Drift = append(p.Drift, htmlDriftOf(d))
	}
	p.Title = p.Verdict + ": " + p.Target
	p.Facts = htmlFacts(r)
	for _, s := range standings() {
		n := len(of(r, s))
		p.Counts = append(p.Counts, htmlCount{Label: plural(s, n), Class: class(s), N: n})
	}
	p.Sections = htmlSections(r)
	p.Causes, p.CauseHead = htmlCauses(r, p.Sections)
	p.Operation = onlyOperation(p.Sections)
	p.Picture = pictureOf(p.Sections, p.Operation == "")
	return p
}

// htmlCause is what a run fails for, with a link to the check that shows it.
type htmlCause struct {
	Summary, Fix, Extent string
	Check                htmlLink
}

func htmlCauses(r *conformance.Result, sections []*htmlSection) (list []htmlCause, head string) {
	links := map[string]template.URL{}
	for _, s := range sections {
		for _, c := range s.checks() {
			if links[c.ID] == "" {
				links[c.ID] = c.Link
			}
		}
	}
	all := causes(r)
	for _, l := range all {
		id := line(l.id, 300)
		list = append(list, htmlCause{line(l.summary, 1000), line(l.fix, 1000), named(l.extent), htmlLink{id, links[id]}})
	}
	return list, causesTitle(r, all)
}

func htmlFacts(r *conformance.Result) []htmlFact {
	facts := []htmlFact{
		{"Contract source", r.Contract.Source}, {"Contract digest", r.Contract.SHA256},
		{"Requests", thousands(int64(r.Requests))}, {"Took", fmt.Sprintf("%.1f s", float64(r.DurationMS)/1000)},
		{"Started", r.Started.UTC().Format("2006-01-02 15:04:05 UTC")}, {"Profile", string(r.Profile)},
		{"Run", r.RunID}, {"Seed", strconv.FormatInt(r.Seed, 10)},
		{"Exit code", strconv.Itoa(r.ExitCode)}, {"Tool", strings.TrimSpace(r.Tool.Name + " " + r.Tool.Version)},
	}
	for i := range facts {
		facts[i].Value = line(facts[i].Value, 300)
	}
	return facts
}

// digest is a source expression of a Content-Security-Policy (CSP Level 3,
// section 2.3.1, hash-source).
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func verdictClass(v conformance.Verdict) string {
	switch v {
	case conformance.Conforms:
		return "good"
	case conformance.Violates:
		return "bad"
	}
	return "open"
}

// class is a standing as a class of the style sheet: its first word.
func class(s standing) string {
	word, _, _ := strings.Cut(string(s), " ")
	return word
}

// plural is a standing as the name of n checks that stand so.
func plural(s standing, n int) string {
	switch {
	case n == 1, s == failed, s == skipped, s == passed:
		return string(s)
	}
	return string(s) + "s"
}

func onlyOperation(sections []*htmlSection) string {
	only := ""
	for _, s := range sections {
		if only != "" && s.Operation != only {
			return ""
		}
		only = s.Operation
	}
	return only
}
