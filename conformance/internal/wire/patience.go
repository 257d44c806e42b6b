package wire

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"nox.energy/contract/conformance/internal/contract"
)

const (
	firstPause = 250 * time.Millisecond // after a 429 that does not say how long; each further one is twice as long
	ownLimit   = 8 * time.Second        // of such pauses in a row, as nobody said that they help
	mostAsks   = 20                     // times that one request is put off
	inAll      = 8                      // times the limit that a run may pause altogether
	Forever    = time.Duration(math.MaxInt64)
)

// RetryDelay reports whether a response asks to come back later, and after how
// long: 429 (RFC 6585, section 4), or 503 with Retry-After (RFC 9110, section
// 15.6.4). If it names no time to come, the delay depends on how often it
// asked.
func RetryDelay(a *Response, own time.Duration) (time.Duration, bool) {
	if a.Status != http.StatusTooManyRequests && (a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "") {
		return 0, false
	}
	if a.Request.ProvokedStatus != "" && a.HasStatus(a.Request.ProvokedStatus) {
		return 0, false
	}
	if stated := retryAfter(a.Header); stated > 0 {
		return stated, true
	}
	return own, true
}

// retryAfter is the time that Retry-After asks to wait, 0 where it names none
// that lies ahead.
func retryAfter(header http.Header) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if text != "" && strings.Trim(text, "0123456789") == "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds > int64(Forever/time.Second) {
			return Forever
		}
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// Pauses keeps a run from sending while the target asks for patience, up to a
// limit.
type Pauses struct {
	limit time.Duration // without any request getting on

	mu     sync.Mutex
	since  time.Time // when the target first asked; zero once a request got on
	until  time.Time // nothing is sent before
	rounds int       // pauses of our own in a row
	total  time.Duration
	asks   int
	asked  string // what the target last answered, in words
	ended  bool   // given up, until a request gets on
}

// ask notes a response that asks for patience. It returns why the request is not
// sent again, "" where it is.
func (p *Pauses) ask(a *Response, times int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.asks++
	p.asked = contract.StatusText(a.Status)
	stated := retryAfter(a.Header)
	if a.Header.Get("Retry-After") != "" {
		p.asked += " with Retry-After: " + a.Header.Get("Retry-After")
	} else {
		p.asked += " without Retry-After"
	}
	if p.since.IsZero() {
		p.since = now
	}
	wait, limit := stated, p.limit
	if stated == 0 {
		if limit = min(ownLimit, p.limit); now.Before(p.until) {
			wait = time.Until(p.until) // several were under way
		} else {
			wait = firstPause << min(p.rounds, 10)
			p.rounds++
		}
	}
	waited := now.Sub(p.since)
	switch {
	case stated > p.limit:
		p.ended = true
		return fmt.Sprintf("it returned %s, longer than the %s that nox-conformance waits (--patience)", p.asked, p.limit)
	case wait > limit-waited, p.ended:
		p.ended = true
		return fmt.Sprintf("it kept returning %s for %s; lower --rate or raise --patience", p.asked, RoundDuration(waited))
	case times >= mostAsks:
		return fmt.Sprintf("it returned %s to all %d tries of one request", p.asked, times)
	case p.total > inAll*p.limit:
		p.ended = true
		return fmt.Sprintf("it asked for pauses of %s in all and last returned %s; lower --rate or raise --patience", RoundDuration(p.total), p.asked)
	}
	if until := now.Add(wait); until.After(p.until) {
		from := now
		if p.until.After(now) {
			from = p.until
		}
		p.total += until.Sub(from)
		p.until = until
	}
	return ""
}

// resume notes a response that did not ask for patience.
func (p *Pauses) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since, p.rounds, p.ended = time.Time{}, 0, false
}

// over reports whether patience has ended for all requests.
func (p *Pauses) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// Remaining returns how long nothing is sent from now on, and why.
func (p *Pauses) Remaining() (time.Duration, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, time.Until(p.until)), p.asked
}

// Postponement returns the target's last response in words if it asks for
// patience now, else "".
func (p *Pauses) Postponement() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since.IsZero() {
		return ""
	}
	return "the target last returned " + p.asked
}

// shortestNote is how long a run pauses before its result says so.
const shortestNote = time.Second

// Summary says how long the run paused, "" if that is not worth a word.
func (p *Pauses) Summary() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.total < shortestNote {
		return ""
	}
	times := fmt.Sprintf("%d times", p.asks)
	if p.asks == 1 {
		times = "once"
	}
	return fmt.Sprintf("paused for %s because the target asked for it %s; it last returned %s", RoundDuration(p.total), times, p.asked)
}

// RoundDuration rounds a duration for people.
func RoundDuration(d time.Duration) time.Duration {
	if d >= 10*time.Second {
		return d.Round(time.Second)
	}
	return d.Round(100 * time.Millisecond)
}
