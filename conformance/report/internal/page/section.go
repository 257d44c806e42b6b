package page

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"unicode/utf8"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/findings"
	"nox.energy/contract/conformance/report/internal/safe"
	"nox.energy/contract/spec"
)

// What a page shows of long things.
const (
	bodyChars     = 16_000
	bodyLines     = 400
	curlChars     = 16_000
	mostExchanges = 20  // of a check
	mostChanges   = 200 // of a contract
	mostOpen      = 5   // failures, of a cause each, that are unfolded from the beginning
)

// section is a documented response, or "http" for checks of none, with its
// checks.
type section struct {
	Anchor            string
	Link              template.URL
	Operation, Status string
	Verdict, Class    string
	Detail            string // exchanges and latency
	Groups            []*group
}

// group is checks of a section that are folded together, or not folded
// where it has no title.
type group struct {
	Title  string
	Checks []*check
}

func (s *section) checks() []*check {
	var list []*check
	for _, g := range s.Groups {
		list = append(list, g.Checks...)
	}
	return list
}

// check is one check as the template shows it.
type check struct {
	Anchor   string
	Link     template.URL
	ID, Name string
	Label    string // its standing
	Class    string
	Level    string
	Headline string
	Search   string // what the filter looks through
	Open     bool

	Summary, Place, Quote, Pointer string
	Expected, Actual               []span
	Tries, NoteLabel, Note, Fix    string
	Cause                          *checkLink
	Others                         string
	Fell                           []checkLink
	Exchanges                      []exchangeView
	More                           string
}

type checkLink struct {
	Text string
	Link template.URL
}

// builder gives every check an anchor and collects sections.
type builder struct {
	r        *conformance.Result
	anchors  map[*conformance.CheckResult]string
	byID     map[string]string // anchor of the first check of an id
	taken    map[string]bool
	sections []*section
	opened   int
}

func sectionsOf(r *conformance.Result) []*section {
	b := &builder{r: r, anchors: map[*conformance.CheckResult]string{}, byID: map[string]string{}, taken: map[string]bool{}}
	for i := range r.Checks {
		c := &r.Checks[i]
		b.anchors[c] = b.anchor(c.ID)
		if _, there := b.byID[c.ID]; !there {
			b.byID[c.ID] = b.anchors[c]
		}
	}
	for _, d := range r.Responses {
		b.section(d.Operation, d.Status)
	}
	leads := map[*conformance.CheckResult]findings.Failure{}
	for _, f := range slices.Concat(findings.Failures(r), findings.Warnings(r)) {
		leads[f.CheckResult] = f
	}
	for _, s := range findings.Standings() {
		for _, c := range findings.Of(r, s) {
			b.section(c.Operation, c.Status).add(s, b.check(c, s, leads[c]))
		}
	}
	return b.sections
}

// anchor makes an id of an element that is used once on the page: of a check,
// its own id where that has no odd characters.
func (b *builder) anchor(id string) string {
	plain := func(r rune) rune {
		if r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-", r)) {
			return r
		}
		return '_'
	}
	// "page-" is what the page calls its own elements.
	base := strings.Map(plain, safe.Shorten(id, 200))
	if base == "" || strings.HasPrefix(base, "page-") {
		base = "id-" + base
	}
	anchor := base
	for n := 2; b.taken[anchor]; n++ {
		anchor = fmt.Sprintf("%s.%d", base, n)
	}
	b.taken[anchor] = true
	return anchor
}

// section finds or makes the section of a documented response.
func (b *builder) section(operation, status string) *section {
	operation, status = safe.Line(operation, 200), safe.Line(status, 60)
	for _, s := range b.sections {
		if s.Operation == operation && s.Status == status {
			return s
		}
	}
	anchor := b.anchor(operation + "/" + status)
	s := &section{Anchor: anchor, Link: link(anchor), Operation: operation, Status: status, Class: "none"}
	if status == "http" {
		s.Detail = "checks that apply to more than one response"
	}
	if d := responseOf(b.r, operation, status); d != nil {
		s.Verdict, s.Class = safe.Visible(findings.ResponseVerdict(b.r, *d)), classOf(d.Verdict)
		s.Detail = findings.ResponseExchanges(*d)
		if d.Latency != nil {
			s.Detail += ", p50 " + safe.Duration(d.Latency.P50) + ", p99 " + safe.Duration(d.Latency.P99)
		}
	}
	b.sections = append(b.sections, s)
	return s
}

// add puts a check into its group; checks come in the order of their standing.
func (s *section) add(st findings.Standing, c *check) {
	title := ""
	if st == findings.Skipped || st == findings.Passed {
		title = string(st)
	}
	if n := len(s.Groups); n == 0 || s.Groups[n-1].Title != title {
		s.Groups = append(s.Groups, &group{Title: title})
	}
	g := s.Groups[len(s.Groups)-1]
	g.Checks = append(g.Checks, c)
}

func (b *builder) check(c *conformance.CheckResult, s findings.Standing, lead findings.Failure) *check {
	h := &check{
		Anchor: b.anchors[c], Link: link(b.anchors[c]),
		ID: safe.Line(c.ID, 300), Name: cmp.Or(safe.Line(findings.Name(c), 200), "check"), Label: string(s), Class: class(s), Level: safe.Line(string(c.Level), 20),
		Summary: safe.Line(c.Summary, 1000), Place: safe.Line(findings.Place(b.r, c), 300), Quote: safe.Line(c.Clause.Quote, 500), Pointer: safe.Line(c.Clause.Pointer, 500),
		Tries: findings.Tries(c), NoteLabel: findings.NoteLabel(c), Note: safe.Line(c.Reason, 2000),
	}
	h.Headline = safe.Line(findings.Sentence(c), 250)
	if s == findings.Passed {
		h.Headline = safe.Line(c.Summary, 200)
	}
	h.Search = strings.ToLower(h.ID + " " + h.Summary + " " + h.Headline)
	h.Expected, h.Actual = diff(c.Expected, c.Actual)
	if c.Cause != "" && c.Cause != c.ID {
		if anchor, there := b.byID[c.Cause]; there {
			h.Cause = &checkLink{safe.Line(c.Cause, 300), link(anchor)}
		}
	}
	if cause := findings.CauseOf(b.r, c.ID); cause != nil && lead.CheckResult != nil && cause.Fix != c.Reason {
		h.Fix = safe.Line(cause.Fix, 1000)
	}
	h.Others = lead.Others()
	for _, id := range slices.Concat(lead.AlsoFailed, lead.AlsoWarned) {
		h.Fell = append(h.Fell, checkLink{safe.Line(id, 300), link(b.byID[id])})
	}
	b.exchanges(h, c)
	if s == findings.Failed && lead.CheckResult != nil && b.opened < mostOpen {
		h.Open = true
		b.opened++
	}
	return h
}

// link is a link within the page. Anchors hold no character that has a meaning
// in a URL or in HTML.
func link(anchor string) template.URL { return template.URL("#" + anchor) }

// drift is how the contract differs from another one.
type drift struct {
	Heading string
	Breaks  bool
	Changes []change
}

type change struct{ Effect, Text string }

func driftOf(d spec.Drift) drift {
	out := drift{Heading: "The contract drifted " + safe.Line(findings.DriftHeading(d), 500), Breaks: d.Breaks}
	for i, c := range d.Changes {
		if left := len(d.Changes) - i; i == mostChanges && left > 1 {
			out.Changes = append(out.Changes, change{Text: safe.Count(left, "more change") + " not shown"})
			break
		}
		out.Changes = append(out.Changes, change{safe.Line(string(c.Effect), 40), safe.Line(findings.DriftChange(c), 1000)})
	}
	return out
}
