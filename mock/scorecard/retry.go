package scorecard

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"nox.energy/contract/mock/journal"
)

const (
	backOff    = 100 * time.Millisecond // the least that a retry should wait
	maxTries   = 10                     // of one request
	unhurried  = 10 * time.Second       // who waits so long between tries may have a queue, and need not stop
	shapeWaits = 3                      // waits that show whether they grow
	jitterFrom = 5                      // first retries that show whether they vary
	maxFirst   = 100
)

// series is what is known of the tries of one request.
type series struct {
	last  try
	tries int             // that failed in a row; the last one, if it failed, included
	waits []time.Duration // the first few, where no Retry-After set them
	total time.Duration   // of all waits in a row
}

// try is how a request was answered when it last came.
type try struct {
	id         int64
	status     int  // 0: not at all, or not wholly
	gaveUp     bool // the client left
	ended      time.Time
	retryAfter time.Duration
	said       string // the header Retry-After
	example    Example
}

// failed reports whether the request is worth another try.
func (t try) failed() bool { return t.status == 0 || t.status == 429 || t.status >= 500 }

// words names the response for a sentence.
func (t try) words() string {
	answer := "the " + strconv.Itoa(t.status)
	switch {
	case t.gaveUp:
		answer = "the timeout"
	case t.status == 0:
		answer = "the lost response"
	}
	return fmt.Sprintf("%s of exchange %d", answer, t.id)
}

// firstWait is how long a client waited before it retried a request for the
// first time.
type firstWait struct {
	wait time.Duration
	Example
}

// compare looks at the same request before this one.
func (t *Tracker) compare(e *journal.Entry) {
	key := hash(e.Manufacturer, e.Key, e.Request.Method, e.Request.Path, e.Request.Query, e.Request.Body,
		first(e, "Content-Type"), first(e, "Prefer"))
	s, known := t.series[key]
	if !known && !t.hasRoom(len(t.series)) {
		return
	}
	if s.last.id > e.ID { // the client tried again before this one ended
		return
	}
	switch {
	case !known:
	case s.last.failed():
		t.judgeRetry(&s, e)
	case s.last.status == 400:
		t.note(retryOf400, e, "the same as before "+s.last.words())
	case s.last.status == 401:
		t.note(retryOf401, e, "the same as before "+s.last.words())
	}
	if !known || !s.last.failed() {
		s = series{}
	}
	s.last = tryOf(e)
	if s.last.failed() {
		s.tries++
	}
	t.series[key] = s
}

func tryOf(e *journal.Entry) try {
	made := try{id: e.ID, status: e.Response.Status, gaveUp: e.Outcome == journal.GaveUp, ended: e.Time.Add(milliseconds(e.TookMS))}
	if e.Outcome != journal.Answered {
		made.status = 0
	}
	made.retryAfter = retryAfter(e, made.ended)
	made.said = strings.Join(e.Response.Headers["Retry-After"], ", ")
	if made.failed() { // else it is no example of anything
		made.example = exampleOf(e, made.outcome())
	}
	return made
}

// outcome says how the exchange ended.
func (t try) outcome() string {
	switch {
	case t.gaveUp:
		return "the client left before the response was complete"
	case t.status == 0:
		return "the response was lost or cut short"
	}
	return "the response was " + strconv.Itoa(t.status)
}

// judgeRetry looks at a request that failed before.
func (t *Tracker) judgeRetry(s *series, e *journal.Entry) {
	if s.tries == 1 {
		t.avoid(s.last.unretried())
	}
	wait := e.Time.Sub(s.last.ended)
	if wait < 0 { // sent side by side with the other
		return
	}
	s.total += wait
	detail := fmt.Sprintf("%s after %s", round(wait), s.last.words())
	switch asked := s.last.retryAfter; {
	case asked > 0 && wait < asked:
		t.note(tooSoon, e, fmt.Sprintf("%s, which said Retry-After: %s", detail, s.last.said))
	case asked > 0:
		t.avoid(tooSoon)
	case wait < backOff:
		t.note(noBackOff, e, detail)
	default:
		t.avoid(noBackOff)
		if s.tries == 1 && len(t.first) < maxFirst {
			t.first = append(t.first, firstWait{wait, exampleOf(e, detail)})
		}
	}
	if s.last.retryAfter == 0 && len(s.waits) < shapeWaits {
		if s.waits = append(slices.Clone(s.waits), wait); len(s.waits) == shapeWaits {
			t.judgeShape(s.waits, e)
		}
	}
	if s.tries == maxTries && s.total < maxTries*unhurried {
		t.note(endlessRetry, e, fmt.Sprintf("try %d of the same request, after %s on average", s.tries+1, round(s.total/maxTries)))
	}
}

// judgeShape looks whether the waits grow. Waits of random length differ too,
// and those of a queue with a pace of its own may be alike.
func (t *Tracker) judgeShape(waits []time.Duration, e *journal.Entry) {
	least, most := slices.Min(waits), slices.Max(waits)
	if least < unhurried && 4*most <= 5*least+4*(5*time.Millisecond) {
		t.note(constantWaits, e, fmt.Sprintf("the waits were %s, %s and %s", round(waits[0]), round(waits[1]), round(waits[2])))
	} else {
		t.avoid(constantWaits)
	}
}

// unretried names the mistake of not sending it again.
func (t try) unretried() string {
	if t.status == 0 {
		return noRetryOfLost
	}
	return noRetry
}

// judgeEnds looks at the requests that did not come again. It returns when it is
// clear of the last one that it will not, zero if it is.
func (t *Tracker) judgeEnds(now time.Time, over bool, mistakes map[string]*Mistake) (decidedAt time.Time) {
	var left []try
	for _, s := range t.series {
		ended := ""
		switch {
		case s.last.failed() && s.tries == 1:
			ended = s.last.unretried()
		case s.last.failed() && s.tries <= maxTries: // who has tried again may give up
			ended = endlessRetry
		case s.last.status == 400:
			ended = retryOf400
		case s.last.status == 401:
			ended = retryOf401
		default:
			continue
		}
		at := s.last.ended.Add(max(retryGrace, 2*s.last.retryAfter))
		switch {
		case !over && !now.After(at): // it may still come
			mistakes[ended].Pending++
			if at.After(decidedAt) {
				decidedAt = at
			}
		case s.last.failed() && s.tries == 1:
			left = append(left, s.last)
		default:
			mistakes[ended].Avoided++
		}
	}
	slices.SortFunc(left, func(a, b try) int { return int(a.id - b.id) })
	for _, each := range left {
		mistakes[each.unretried()].add(each.example)
	}
	return decidedAt
}

// judgeJitter looks whether different requests were retried after the same wait.
// In between, network and scheduler may have made the difference.
func judgeJitter(all []firstWait, m *Mistake) {
	if len(all) < jitterFrom {
		return
	}
	by := func(a, b firstWait) int { return int(a.wait - b.wait) }
	least, most := slices.MinFunc(all, by).wait, slices.MaxFunc(all, by).wait
	switch spread := most - least; {
	case spread <= least/50:
		for _, each := range all {
			m.add(each.Example)
		}
	case spread >= least*15/100:
		m.Avoided = len(all)
	}
}
