package report

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"unicode/utf8"

	"nox.energy/contract/conformance"
	"nox.energy/contract/spec"
)

// What a page shows of long things.
const (
	htmlBodyChars = 16_000
	htmlBodyLines = 400
	htmlCurlChars = 16_000
	htmlExchanges = 20 // of a check
	htmlOpen      = 5  // failures, of a cause each, that are unfolded from the beginning
)

// htmlSection is a documented response, or "http" for checks of none, with its
// checks.
type htmlSection struct {
	Anchor            string
	Link              template.URL
	Operation, Status string
	Verdict, Class    string
	Detail            string // exchanges and latency
	Groups            []*htmlGroup
}

// htmlGroup is checks of a section that are folded together, or not folded
// where it has no title.
type htmlGroup struct {
	Title  string
	Checks []*htmlCheck
}

func (s *htmlSection) checks() []*htmlCheck {
	var list []*htmlCheck
	for _, g := range s.Groups {
		list = append(list, g.Checks...)
	}
	return list
}

// htmlCheck is one check.
type htmlCheck struct {
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
	Cause                          *htmlLink
	Others                         string
	Fell                           []htmlLink
	Exchanges                      []htmlExchange
	More                           string
}

type htmlLink struct {
	Text string
	Link template.URL
}

// htmlExchange is one exchange.
type htmlExchange struct {
	Title             string
	Request, Response htmlMessage
	Curl              string
}

type htmlHeader struct {
	Name  string
	Value []span
}

type htmlMessage struct {
	Start   []span
	Headers []htmlHeader
	Body    []span
	Remarks []string
	Trouble string
}

// htmlBuilder gives every check an anchor and collects sections.
type htmlBuilder struct {
	r        *conformance.Result
	anchors  map[*conformance.CheckResult]string
	byID     map[string]string // anchor of the first check of an id
	taken    map[string]bool
	sections []*htmlSection
	opened   int
}

func htmlSections(r *conformance.Result) []*htmlSection {
	b := &htmlBuilder{r: r, anchors: map[*conformance.CheckResult]string{}, byID: map[string]string{}, taken: map[string]bool{}}
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
	leads := map[*conformance.CheckResult]failure{}
	for _, f := range slices.Concat(failures(r), warnings(r)) {
		leads[f.CheckResult] = f
	}
	for _, s := range standings() {
		for _, c := range of(r, s) {
			b.section(c.Operation, c.Status).add(s, b.check(c, s, leads[c]))
		}
	}
	return b.sections
}

// anchor makes an id of an element that is used once on the page: of a check,
// its own id where that has no odd characters.
func (b *htmlBuilder) anchor(id string) string {
	safe := func(r rune) rune {
		if r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-", r)) {
			return r
		}
		return '_'
	}
	// "page-" is what the page calls its own elements.
	base := strings.Map(safe, shorten(id, 200))
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
func (b *htmlBuilder) section(operation, status string) *htmlSection {
	operation, status = line(operation, 200), line(status, 60)
	for _, s := range b.sections {
		if s.Operation == operation && s.Status == status {
			return s
		}
	}
	anchor := b.anchor(operation + "/" + status)
	s := &htmlSection{Anchor: anchor, Link: link(anchor), Operation: operation, Status: status, Class: "none"}
	if status == "http" {
		s.Detail = "checks that apply to more than one response"
	}
	if d := responseOf(b.r, operation, status); d != nil {
		s.Verdict, s.Class = visible(standingWords(b.r, *d)), verdictClass(d.Verdict)
		s.Detail = exchangesWords(*d)
		if d.Latency != nil {
			s.Detail += ", p50 " + duration(d.Latency.P50) + ", p99 " + duration(d.Latency.P99)
		}
	}
	b.sections = append(b.sections, s)
	return s
}

// add puts a check into its group; checks come in the order of their standing.
func (s *htmlSection) add(st standing, c *htmlCheck) {
	title := ""
	if st == skipped || st == passed {
		title = string(st)
	}
	if n := len(s.Groups); n == 0 || s.Groups[n-1].Title != title {
		s.Groups = append(s.Groups, &htmlGroup{Title: title})
	}
	g := s.Groups[len(s.Groups)-1]
	g.Checks = append(g.Checks, c)
}

func (b *htmlBuilder) check(c *conformance.CheckResult, s standing, lead failure) *htmlCheck {
	h := &htmlCheck{
		Anchor: b.anchors[c], Link: link(b.anchors[c]),
		ID: line(c.ID, 300), Name: cmp.Or(line(name(c), 200), "check"), Label: string(s), Class: class(s), Level: line(string(c.Level), 20),
		Summary: line(c.Summary, 1000), Place: line(place(b.r, c), 300), Quote: line(c.Clause.Quote, 500), Pointer: line(c.Clause.Pointer, 500),
		Tries: tries(c), NoteLabel: noteLabel(c), Note: line(c.Reason, 2000),
	}
	h.Headline = line(sentence(c), 250)
	if s == passed {
		h.Headline = line(c.Summary, 200)
	}
	h.Search = strings.ToLower(h.ID + " " + h.Summary + " " + h.Headline)
	h.Expected, h.Actual = diff(c.Expected, c.Actual)
	if c.Cause != "" && c.Cause != c.ID {
		if anchor, there := b.byID[c.Cause]; there {
			h.Cause = &htmlLink{line(c.Cause, 300), link(anchor)}
		}
	}
	if cause := causeOf(b.r, c.ID); cause != nil && lead.CheckResult != nil && cause.Fix != c.Reason {
		h.Fix = line(cause.Fix, 1000)
	}
	h.Others = lead.others()
	for _, id := range slices.Concat(lead.fell, lead.warned) {
		h.Fell = append(h.Fell, htmlLink{line(id, 300), link(b.byID[id])})
	}
	b.exchanges(h, c)
	if s == failed && lead.CheckResult != nil && b.opened < htmlOpen {
		h.Open = true
		b.opened++
	}
	return h
}

// link is a link within the page. Anchors hold no character that has a meaning
// in a URL or in HTML.
func link(anchor string) template.URL { return template.URL("#" + anchor) }

// exchanges adds the exchanges of a check. What differs between the expected
// and the actual is marked in the request and the response as well, and in the
// response what the actual names.
func (b *htmlBuilder) exchanges(h *htmlCheck, c *conformance.CheckResult) {
	expected, actual := differing(h.Expected), toMark(c.Actual, h.Actual)
	shown := c.Exchanges
	if len(shown) > htmlExchanges {
		// The last one is what most checks judge by.
		shown = append(slices.Clone(shown[:htmlExchanges-1]), shown[len(shown)-1])
		h.More = count(len(c.Exchanges)-htmlExchanges, "exchange") + " before the last are not shown here; the json report contains them."
	}
	for i := range shown {
		x := &shown[i]
		e := htmlExchange{Title: fmt.Sprintf("Exchange %d of %d, %s", i+1, len(c.Exchanges), duration(x.DurationMS)), Request: htmlRequest(&x.Request, expected), Response: htmlResponse(x, actual)}
		if i == htmlExchanges-1 {
			e.Title = fmt.Sprintf("Exchange %d of %d, %s", len(c.Exchanges), len(c.Exchanges), duration(x.DurationMS))
		}
		if curl := strings.TrimSpace(x.Curl); len(curl) <= htmlCurlChars && visible(curl) == curl {
			e.Curl = curl
		}
		h.Exchanges = append(h.Exchanges, e)
	}
}

func htmlRequest(q *conformance.Request, words []string) htmlMessage {
	data := bodyBytes(q.Body, q.Base64)
	m := htmlMessageOf(line(q.Method, 40)+" "+line(q.URL, 2000), q.Headers, data, max(q.Size, int64(len(data))), words)
	if note := noteOf(q); note != "" {
		m.Remarks = append(m.Remarks, line(note, 500))
	}
	return m
}

func htmlResponse(x *conformance.Exchange, words []string) htmlMessage {
	m := htmlMessage{}
	if p := x.Response; p != nil {
		m = htmlMessageOf(statusLine(p.Status), p.Headers, bodyBytes(p.Body, p.Base64), responseSize(p), words)
	}
	if x.Error != "" || x.Response == nil {
		m.Trouble = cmp.Or(line(x.Error, 1000), "no response")
	}
	return m
}

func htmlMessageOf(start string, headers map[string]string, data []byte, size int64, words []string) htmlMessage {
	m := htmlMessage{Start: mark(start, words)}
	for _, n := range headerNames(headers) {
		m.Headers = append(m.Headers, htmlHeader{line(n, 200), mark(line(headers[n], 2000), words)})
	}
	e := excerptOf(data, size, htmlBodyChars, htmlBodyLines)
	m.Body = mark(strings.Join(e.lines, "\n"), words)
	if note := e.note(); note != "" {
		m.Remarks = append(m.Remarks, note)
	}
	return m
}

// htmlDrift is a drift on the page.
type htmlDrift struct {
	Heading string
	Breaks  bool
	Changes []htmlChange
}

type htmlChange struct{ Effect, Text string }

func htmlDriftOf(d spec.Drift) htmlDrift {
	out := htmlDrift{Heading: "The contract drifted " + line(driftHeading(d), 500), Breaks: d.Breaks}
	for i, c := range d.Changes {
		if left := len(d.Changes) - i; i == markdownRows && left > 1 {
			out.Changes = append(out.Changes, htmlChange{Text: count(left, "more change") + " not shown"})
			break
		}
		out.Changes = append(out.Changes, htmlChange{line(string(c.Effect), 40), line(changeText(c), 1000)})
	}
	return out
}
