package scorecard

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"nox.energy/contract/mock/journal"
)

// DefaultPatience is how long a client may wait for a response.
const DefaultPatience = 30 * time.Second

const (
	hasty       = time.Second      // the least that a client should wait for a response
	retryGrace  = 10 * time.Second // how long a retry may take to come
	maxTracked  = 20_000           // requests, users and connections that are remembered, each
	maxExamples = 5
	churnFrom   = 10 // requests on which connections are judged
)

// Tracker follows the requests to one manufacturer, or to nobody. It is safe
// for concurrent use, and bounded: what is too much is counted but not compared.
type Tracker struct {
	patience time.Duration

	mu        sync.Mutex
	requests  int
	responses map[[2]string]int // by operation and status
	mistakes  map[string]*Mistake
	series    map[uint64]series // the tries of each request
	first     []firstWait       // before the first retry of different requests
	given     map[uint64]bool   // users whose id was given
	conns     map[int64]int     // requests on each connection
	truncated bool
}

// New returns a tracker that has seen nothing. A client that waits longer than
// patience for a response makes a mistake; 0 means [DefaultPatience].
func New(patience time.Duration) *Tracker {
	if patience <= 0 {
		patience = DefaultPatience
	}
	return &Tracker{
		patience:  patience,
		responses: map[[2]string]int{},
		mistakes:  map[string]*Mistake{},
		series:    map[uint64]series{},
		given:     map[uint64]bool{},
		conns:     map[int64]int{},
	}
}

// Observe takes note of an exchange, once it is known how it ended. Exchanges
// need not come in the order of their ids.
func (t *Tracker) Observe(e *journal.Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests++
	if e.Response.Status != 0 && e.Outcome != journal.GaveUp {
		t.responses[[2]string{e.Operation, strconv.Itoa(e.Response.Status)}]++
	}
	if e.Connection != 0 && t.hasRoom(len(t.conns)) {
		t.conns[e.Connection]++
	}
	if e.NotUnderstood != "" {
		t.note(askInVain, e, e.NotUnderstood)
	} else if e.Asked {
		t.avoid(askInVain)
	}
	if e.Why.Rule == "media-type" {
		t.note(wrongMediaType, e, "sent as "+named(first(e, "Content-Type"), "no media type"))
	} else if e.Operation != "" && e.Request.BodyBytes > 0 {
		t.avoid(wrongMediaType)
	}
	if e.KeyElsewhere != "" {
		t.note(keyElsewhere, e, "a key in the "+place(e.KeyElsewhere))
	} else if e.Key != "" {
		t.avoid(keyElsewhere)
	}
	t.judgePatience(e)
	if e.Operation != "" {
		t.compare(e)
		t.keep(e)
	}
}

// judgePatience looks at how long the client waited for the response.
func (t *Tracker) judgePatience(e *journal.Entry) {
	took := milliseconds(e.TookMS)
	switch left := e.Outcome == journal.GaveUp; {
	case took > t.patience:
		t.note(noTimeout, e, fmt.Sprintf("waited %s; a client may wait %s", round(took), t.patience))
	case left && took < hasty:
		t.note(gaveUpEarly, e, fmt.Sprintf("left after %s", round(took)))
	case left:
		t.avoid(noTimeout)
		t.avoid(gaveUpEarly)
	case took >= hasty:
		t.avoid(gaveUpEarly)
	}
}

// keep looks whether the user's id was given before.
func (t *Tracker) keep(e *journal.Entry) {
	if e.UserID == nil || e.Outcome != journal.Answered || e.Response.Status/100 != 2 {
		return
	}
	key := hash(e.Manufacturer, *e.UserID)
	if t.given[key] {
		t.note(idNotKept, e, "asked for again")
	} else if t.hasRoom(len(t.given)) {
		t.given[key] = true
		t.avoid(idNotKept)
	}
}

func (t *Tracker) hasRoom(taken int) bool {
	if taken < maxTracked {
		return true
	}
	t.truncated = true
	return false
}

func (t *Tracker) mistake(name string) *Mistake {
	m := t.mistakes[name]
	if m == nil {
		m = &Mistake{}
		t.mistakes[name] = m
	}
	return m
}

// note counts a mistake that was made in an exchange.
func (t *Tracker) note(name string, e *journal.Entry, detail string) {
	t.mistake(name).add(exampleOf(e, detail))
}

// avoid counts a mistake that could have been made, and was not.
func (t *Tracker) avoid(name string) { t.mistake(name).Avoided++ }

// add counts a mistake, and keeps the first examples of it.
func (m *Mistake) add(x Example) {
	m.Times++
	if len(m.Examples) < maxExamples {
		m.Examples = append(m.Examples, x)
	}
}

func exampleOf(e *journal.Entry, detail string) Example {
	return Example{Entry: e.ID, Time: e.Time, UserID: e.UserID, Detail: detail, Link: "/#exchange=" + strconv.FormatInt(e.ID, 10)}
}

// counts is what a tracker has come to.
type counts struct {
	requests, connections int
	responses             map[[2]string]int
	mistakes              map[string]*Mistake
	decidedAt             time.Time // zero if nothing is pending
	truncated             bool
}

// counts draws the balance. over says that no more requests will come, so that
// a retry which has not come never will.
func (t *Tracker) counts(now time.Time, over bool) counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := counts{requests: t.requests, connections: len(t.conns), responses: maps.Clone(t.responses), mistakes: map[string]*Mistake{}, truncated: t.truncated}
	for _, m := range catalogue() {
		made := Mistake{}
		if seen := t.mistakes[m.Name]; seen != nil {
			made = *seen
			made.Examples = slices.Clone(seen.Examples)
		}
		c.mistakes[m.Name] = &made
	}
	c.decidedAt = t.judgeEnds(now, over, c.mistakes)
	judgeJitter(t.first, c.mistakes[noJitter])
	if single := t.single(); t.requests >= churnFrom {
		if waste := c.mistakes[connectionsWaste]; 2*single > t.requests {
			waste.Times = single
		} else {
			waste.Avoided = t.requests - single
		}
	}
	return c
}

// single returns how many connections took one request only.
func (t *Tracker) single() int {
	n := 0
	for _, requests := range t.conns {
		if requests == 1 {
			n++
		}
	}
	return n
}

// Draw makes one card of what trackers have seen. responses are the documented
// ones, required the statuses that must have been given; over says that no more
// requests will come.
func Draw(trackers []*Tracker, responses []Response, required []string, now time.Time, over bool) Card {
	card := Card{Responses: slices.Clone(responses), Mistakes: catalogue()}
	for _, t := range trackers {
		c := t.counts(now, over)
		card.Requests += c.requests
		card.Connections += c.connections
		card.Truncated = card.Truncated || c.truncated
		if at := c.decidedAt; !at.IsZero() && (card.DecidedAt == nil || at.After(*card.DecidedAt)) {
			card.DecidedAt = &at
		}
		for i := range card.Responses {
			r := &card.Responses[i]
			r.Times += c.responses[[2]string{r.Operation, r.Status}]
		}
		for i := range card.Mistakes {
			m, made := &card.Mistakes[i], c.mistakes[card.Mistakes[i].Name]
			m.Times += made.Times
			m.Avoided += made.Avoided
			m.Pending += made.Pending
			m.Examples = append(m.Examples, made.Examples...)
		}
	}
	for i := range card.Responses {
		card.Responses[i].Required = slices.Contains(required, card.Responses[i].Status)
	}
	for i := range card.Mistakes {
		card.Mistakes[i].settle()
	}
	return card
}

// settle gives a mistake its state, and its examples their order.
func (m *Mistake) settle() {
	slices.SortFunc(m.Examples, func(a, b Example) int { return int(a.Entry - b.Entry) })
	m.Examples = append([]Example{}, m.Examples[:min(len(m.Examples), maxExamples)]...)
	switch {
	case m.Times > 0:
		m.State = Made
	case m.Pending > 0:
		m.State = Pending
	case m.Avoided > 0:
		m.State = Avoided
	default:
		m.State = NotSeen
	}
}

func first(e *journal.Entry, header string) string {
	if values := e.Request.Headers[header]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// place names where a key was found: the path, the query, or a header.
func place(found string) string {
	if found == "path" || found == "query" {
		return found
	}
	return "header " + found
}

func named(text, without string) string {
	if text == "" {
		return without
	}
	return strconv.Quote(text)
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// round leaves the digits that a reader needs.
func round(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}

// retryAfter returns what a response asks for, 0 if nothing.
func retryAfter(e *journal.Entry, ended time.Time) time.Duration {
	values := e.Response.Headers["Retry-After"]
	if len(values) != 1 {
		return 0
	}
	if seconds, err := strconv.Atoi(values[0]); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second
	}
	if until, err := http.ParseTime(values[0]); err == nil {
		return max(until.Sub(ended), 0)
	}
	return 0
}

// hash is of strings that are kept apart: FNV-1a of each behind its length,
// without the copies that hash/fnv would take.
func hash(parts ...string) uint64 {
	const prime = 1099511628211
	h := uint64(14695981039346656037)
	for _, part := range parts {
		h = (h ^ uint64(len(part))) * prime
		for i := range len(part) {
			h = (h ^ uint64(part[i])) * prime
		}
	}
	return h
}
