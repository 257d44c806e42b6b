package scorecard

import (
	"hash/fnv"
	"slices"
	"strconv"
	"sync"
	"time"

	"nox.energy/contract/mock/journal"
)

const (
	backOff     = 100 * time.Millisecond // the least that a retry should wait
	retryGrace  = 10 * time.Second       // how long one may take to come
	maxTracked  = 20_000                 // requests, users and connections that are remembered, each
	maxExamples = 5
	churnFrom   = 10 // requests on which connections are judged
)

// Tracker follows the requests to one manufacturer, or to nobody. It is safe
// for concurrent use, and bounded: what is too much is counted but not compared.
type Tracker struct {
	mu        sync.Mutex
	requests  int
	responses map[[2]string]int // by operation and status
	mistakes  map[string]*Mistake
	tries     map[uint64]try  // the last one of each request
	given     map[uint64]bool // users whose id was given
	conns     map[int64]int   // requests on each connection
	truncated bool
}

// try is how a request was answered when it last came.
type try struct {
	id         int64
	status     int  // 0: not at all
	again      bool // after one that failed as well
	ended      time.Time
	retryAfter time.Duration
}

// failed tells whether the request is worth another try.
func (t try) failed() bool { return t.status == 0 || t.status == 429 || t.status >= 500 }

// New returns a tracker that has seen nothing.
func New() *Tracker {
	return &Tracker{
		responses: map[[2]string]int{},
		mistakes:  map[string]*Mistake{},
		tries:     map[uint64]try{},
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
	if e.Why.Rule == "media-type" {
		t.note(wrongMediaType, e.ID)
	}
	if e.KeyElsewhere != "" {
		t.note(keyElsewhere, e.ID)
	}
	if e.Outcome == journal.GaveUp {
		t.note(timedOut, e.ID)
	}
	if e.Connection != 0 && t.room(len(t.conns)) {
		t.conns[e.Connection]++
	}
	if e.Operation != "" {
		t.compare(e)
		t.keep(e)
	}
}

// compare looks at the same request before this one.
func (t *Tracker) compare(e *journal.Entry) {
	key := hash(e.Manufacturer, e.Key, e.Request.Method, e.Request.Path, e.Request.Query, e.Request.Body,
		first(e, "Content-Type"), first(e, "Prefer"))
	before, known := t.tries[key]
	if !known && !t.room(len(t.tries)) {
		return
	}
	if before.id > e.ID { // the client tried again before this one ended
		return
	}
	switch wait := max(backOff, before.retryAfter); {
	case !known:
	case before.failed() && e.Time.Sub(before.ended) < wait:
		t.note(noBackOff, e.ID)
	case before.status == 400:
		t.note(retryOf400, e.ID)
	case before.status == 401:
		t.note(retryOf401, e.ID)
	}
	now := try{id: e.ID, status: e.Response.Status, again: known && before.failed(), ended: e.Time.Add(time.Duration(e.TookMS * float64(time.Millisecond)))}
	if e.Outcome != journal.Answered {
		now.status = 0
	}
	if values := e.Response.Headers["Retry-After"]; len(values) == 1 {
		if seconds, err := strconv.Atoi(values[0]); err == nil {
			now.retryAfter = time.Duration(seconds) * time.Second
		}
	}
	t.tries[key] = now
}

// keep looks whether the user's id was given before.
func (t *Tracker) keep(e *journal.Entry) {
	if e.UserID == nil || e.Outcome != journal.Answered || e.Response.Status/100 != 2 {
		return
	}
	key := hash(e.Manufacturer, *e.UserID)
	if t.given[key] {
		t.note(idNotKept, e.ID)
	} else if t.room(len(t.given)) {
		t.given[key] = true
	}
}

func (t *Tracker) room(taken int) bool {
	if taken < maxTracked {
		return true
	}
	t.truncated = true
	return false
}

func (t *Tracker) note(name string, id int64) {
	m := t.mistakes[name]
	if m == nil {
		m = &Mistake{}
		t.mistakes[name] = m
	}
	m.Times++
	if len(m.Entries) < maxExamples {
		m.Entries = append(m.Entries, id)
	}
}

// counts is what a tracker has come to.
type counts struct {
	requests, connections int
	responses             map[[2]string]int
	mistakes              map[string]Mistake
	truncated             bool
}

// counts draws the balance. over says that no more requests will come, so that
// a retry which has not come never will.
func (t *Tracker) counts(now time.Time, over bool) counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := counts{t.requests, len(t.conns), map[[2]string]int{}, map[string]Mistake{}, t.truncated}
	for k, n := range t.responses {
		c.responses[k] = n
	}
	for name, m := range t.mistakes {
		c.mistakes[name] = Mistake{Times: m.Times, Entries: slices.Clone(m.Entries)}
	}
	var left []int64
	for _, last := range t.tries {
		// Who has tried again may give up.
		if last.failed() && !last.again && (over || now.Sub(last.ended) > max(retryGrace, 2*last.retryAfter)) {
			left = append(left, last.id)
		}
	}
	if len(left) > 0 {
		slices.Sort(left)
		c.mistakes[noRetry] = Mistake{Times: len(left), Entries: left[:min(len(left), maxExamples)]}
	}
	if single := t.single(); t.requests >= churnFrom && 2*single > t.requests {
		c.mistakes[connectionsWaste] = Mistake{Times: single}
	}
	return c
}

// single is how many connections took one request only.
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
		for i := range card.Responses {
			r := &card.Responses[i]
			r.Times += c.responses[[2]string{r.Operation, r.Status}]
		}
		for i := range card.Mistakes {
			m := &card.Mistakes[i]
			made := c.mistakes[m.Name]
			m.Times += made.Times
			m.Entries = append(m.Entries, made.Entries...)
			slices.Sort(m.Entries)
			m.Entries = slices.Clone(m.Entries[:min(len(m.Entries), maxExamples)])
		}
	}
	for i := range card.Responses {
		card.Responses[i].Required = slices.Contains(required, card.Responses[i].Status)
	}
	for i := range card.Mistakes {
		if card.Mistakes[i].Entries == nil {
			card.Mistakes[i].Entries = []int64{}
		}
	}
	return card
}

func first(e *journal.Entry, header string) string {
	if values := e.Request.Headers[header]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// hash is of strings that are kept apart.
func hash(parts ...string) uint64 {
	h := fnv.New64a()
	for _, part := range parts {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return h.Sum64()
}
