package conformance

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

const (
	maxAnswer     = 8 << 20                // bytes of an answer that are read
	maxSlowDowns  = 3                      // times at least that a request is told to slow down before it is given up …
	patientFor    = 6                      // … and time-outs for which no other got on
	firstPause    = 250 * time.Millisecond // after a 429 that does not say how long; each further one is twice as long …
	ownPause      = 8 * time.Second        // … up to this
	longestPause  = 60 * time.Second       // that a Retry-After is obeyed for, or a pause grows to
	dialKeepAlive = 90 * time.Second
	// lostSYN is how long a connection takes whose first packet was dropped, as
	// by a server whose queue of connections is full.
	lostSYN = 900 * time.Millisecond
	crowded = 4 // requests under way at a time at such a server
)

// client sends requests to one target: at its pace, each connection as the
// request wants it, following no redirect.
type client struct {
	base      *url.URL
	tls       *tls.Config // nil: the system's roots
	proxied   bool        // by a proxy that the environment names
	http2     atomic.Bool // the target has answered by HTTP/2
	added     http.Header
	timeout   time.Duration
	pooled    *http.Transport // connections are used again
	fresh     *http.Transport // one connection for each request
	single    *http.Transport // one connection for all
	limiter   *rate.Limiter
	slots     chan struct{}
	sent      atomic.Int64
	gotOn     atomic.Int64 // when the last answer came that did not ask for patience, in nanoseconds
	hopeless  atomic.Bool  // the target has asked for patience too long
	fastest   atomic.Int64 // nanoseconds of the quickest answer so far
	pauseLock sync.Mutex
	paused    time.Time // nothing is sent before
	narrowed  int       // places taken away
	waiting   func(time.Duration)
	ended     func(*answer)           // if set, called when an exchange ends, one that is repeated too
	imagine   func(*request) *answer  // if set, answers in place of the target
	budget    int64                   // requests that may be sent, 0: any number
	stop      context.CancelCauseFunc // ends the run
	streak    atomic.Int64            // answers of 5xx or 429 in a row, counted where there is a budget
}

// stoppedError ends a run for the target's sake.
type stoppedError struct{ reason string }

func (e *stoppedError) Error() string { return e.reason }

func newClient(cfg *Config, base *url.URL) *client {
	transport := func() *http.Transport {
		return &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			TLSClientConfig:       cfg.TLS.Clone(), // each transport writes to its own
			ForceAttemptHTTP2:     true,
			DisableCompression:    true, // bodies are judged as they come
			MaxIdleConnsPerHost:   cfg.Parallel + 16,
			IdleConnTimeout:       dialKeepAlive,
			ExpectContinueTimeout: time.Second,
		}
	}
	c := &client{
		base: base, tls: cfg.TLS.Clone(), added: cfg.Header, timeout: cfg.Timeout,
		pooled: transport(), fresh: transport(), single: transport(),
		limiter: rate.NewLimiter(rate.Inf, 1),
		slots:   make(chan struct{}, cfg.Parallel),
	}
	c.fresh.DisableKeepAlives = true
	c.single.MaxConnsPerHost = 1
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: base}); err == nil && proxy != nil {
		c.proxied = true
	}
	if cfg.Profile == Production {
		c.budget = productionRequests
	}
	if cfg.Rate > 0 {
		c.limiter = rate.NewLimiter(rate.Limit(cfg.Rate), 1)
	}
	return c
}

// release gives up connections that are open and not in use: a target may take
// few at a time.
func (c *client) release() {
	for _, t := range []*http.Transport{c.pooled, c.fresh, c.single} {
		t.CloseIdleConnections()
	}
}

// do sends a request and returns what came back, never nil. Where the target
// asks for patience it is given; where a connection that had been used before
// closed before any byte of an answer, which a server may do at any time
// (RFC 9112, section 9.3.1), the request is sent once more on a new one.
func (c *client) do(ctx context.Context, r *request) *answer {
	if c.imagine != nil {
		a := c.imagine(r)
		base, added := c.origin(r)
		if req, err := r.httpRequest(base, added); err == nil {
			a.sentURL, a.sent = req.URL.String(), req.Header
		}
		return a
	}
	retried := false
	c.gotOn.CompareAndSwap(0, time.Now().UnixNano())
	gotOn := c.gotOn.Load()
	for slowDowns := 0; ; {
		if err := c.pace(ctx); err != nil {
			return &answer{request: r, started: time.Now(), failure: interruption(err), err: err}
		}
		a, reused := c.once(ctx, r)
		if reused && !retried && (a.failure == closed || a.status == http.StatusRequestTimeout) {
			retried = true
			r = r.on(func(r *request) { r.fresh, r.single = true, false })
			continue
		}
		pause, asked := patience(a, min(firstPause<<min(slowDowns, 10), ownPause))
		if !asked {
			c.gotOn.Store(time.Now().UnixNano())
			return a
		}
		if now := c.gotOn.Load(); now != gotOn {
			slowDowns, gotOn = 0, now
		}
		slowDowns++
		if c.hopeless.Load() || slowDowns > maxSlowDowns && time.Since(time.Unix(0, gotOn)) > patientFor*c.timeout {
			c.hopeless.Store(true)
			a.failure, a.err = tooSlow, fmt.Errorf("%s, Retry-After: %q; try a lower --rate", statusText(a.status), a.header.Get("Retry-After"))
			return a
		}
		c.pause(pause)
		c.narrow(c.width() - 1)
	}
}

// width is how many requests may be under way at a time.
func (c *client) width() int {
	c.pauseLock.Lock()
	defer c.pauseLock.Unlock()
	return cap(c.slots) - c.narrowed
}

// narrow lets no more than n requests be under way at a time from now on, and
// at least one: a target that asks for patience gets it.
func (c *client) narrow(n int) {
	c.pauseLock.Lock()
	defer c.pauseLock.Unlock()
	for ; cap(c.slots)-c.narrowed > max(n, 1); c.narrowed++ {
		go func() { c.slots <- struct{}{} }() // a place that is never given back
	}
}

func interruption(err error) failure {
	if errors.Is(err, context.DeadlineExceeded) {
		return timedOut
	}
	return interrupted
}

// patience tells whether an answer asks to come back later, and when, if need
// be after a pause of our own: 429
// (RFC 6585, section 4), or 503 with Retry-After (RFC 9110, section 15.6.4).
// A time that has come already says no more than none.
func patience(a *answer, pause time.Duration) (time.Duration, bool) {
	after := a.header.Get("Retry-After")
	if a.status != http.StatusTooManyRequests && (a.status != http.StatusServiceUnavailable || after == "") {
		return 0, false
	}
	if a.request.provoked && a.is(a.request.provokes) {
		return 0, false
	}
	if seconds, err := strconv.Atoi(after); err == nil && seconds > 0 {
		pause = time.Duration(min(seconds, int(longestPause/time.Second))) * time.Second
	} else if at, err := http.ParseTime(after); err == nil && time.Until(at) > 0 {
		pause = time.Until(at)
	}
	return min(pause, longestPause), true
}

// pace waits for the rate and for a pause that the target asked for.
func (c *client) pace(ctx context.Context) error {
	if err := c.limiter.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return context.DeadlineExceeded
	}
	for {
		c.pauseLock.Lock()
		wait := time.Until(c.paused)
		c.pauseLock.Unlock()
		if wait <= 0 {
			return ctx.Err()
		}
		if c.waiting != nil {
			c.waiting(wait)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (c *client) pause(d time.Duration) {
	c.pauseLock.Lock()
	defer c.pauseLock.Unlock()
	if until := time.Now().Add(d); until.After(c.paused) {
		c.paused = until
	}
}

// once sends a request one time. reused tells whether its connection had
// carried another before, and no byte of an answer came.
func (c *client) once(ctx context.Context, r *request) (a *answer, reused bool) {
	a = &answer{request: r, started: time.Now()}
	if c.ended != nil {
		defer func() {
			if a.sent != nil && a.failure != spent {
				c.ended(a)
			}
		}()
	}
	if r.barrier == nil { // those that are released together must not wait for each other
		select {
		case c.slots <- struct{}{}:
			defer func() { <-c.slots }()
		case <-ctx.Done():
			a.failure, a.err = interruption(ctx.Err()), ctx.Err()
			return a, false
		}
	}
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var first bool
	var dialled atomic.Int64 // two addresses of one host are tried side by side
	trace := &httptrace.ClientTrace{
		GotConn:              func(i httptrace.GotConnInfo) { reused = i.Reused },
		GotFirstResponseByte: func() { first = true },
		ConnectStart:         func(string, string) { dialled.Store(time.Now().UnixNano()) },
		ConnectDone: func(string, string, error) {
			if time.Since(time.Unix(0, dialled.Load())) > lostSYN {
				c.narrow(crowded)
			}
		},
	}
	base, added := c.origin(r)
	req, err := r.httpRequest(base, added)
	if err != nil {
		a.failure, a.err = notHTTP, fmt.Errorf("the request cannot be made: %w", err)
		return a, false
	}
	a.sentURL, a.sent = req.URL.String(), req.Header.Clone()
	if r.barrier != nil {
		req.GetBody = nil
		req.Body = &heldBody{Reader: bytes.NewReader(r.body), barrier: r.barrier, done: limited.Done()}
	}
	if n := c.sent.Add(1); c.budget > 0 && n > c.budget {
		c.sent.Add(-1)
		a.failure = spent
		return a, false
	}
	a.started = time.Now()
	resp, err := c.transport(r).RoundTrip(req.WithContext(httptrace.WithClientTrace(limited, trace)))
	if err != nil {
		a.took, a.failure, a.err = time.Since(a.started), classify(err), err
		if ctx.Err() != nil {
			a.failure = interruption(ctx.Err())
		}
		return a, reused && !first
	}
	defer resp.Body.Close()
	a.status, a.proto, a.header = resp.StatusCode, resp.Proto, resp.Header
	if resp.ProtoMajor == 2 {
		c.http2.Store(true)
	}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	a.took, a.size = time.Since(a.started), int64(len(a.body))
	var behind *behindError
	if errors.As(err, &behind) {
		a.behind, err = behind.text, nil
	}
	if err != nil {
		a.failure, a.err = cutShort, err
		if isTimeout(err) || errors.Is(err, context.DeadlineExceeded) {
			a.failure = timedOut
		}
		if ctx.Err() != nil {
			a.failure = interruption(ctx.Err())
		}
	}
	c.noteSpeed(a.took)
	c.noteTrouble(a)
	return a, reused && a.status == http.StatusRequestTimeout
}

// origin is where a request goes, and what is added to it on the way. What a
// gateway of the target asks for is not for others.
func (c *client) origin(r *request) (base *url.URL, added http.Header) {
	if r.base != nil {
		return r.base, nil
	}
	return c.base, c.added
}

// noteTrouble ends a run under the production profile when the target answers
// as if it were in trouble.
func (c *client) noteTrouble(a *answer) {
	switch {
	case c.budget == 0 || a.request.provoked:
	case a.status/100 != 5 && a.status != http.StatusTooManyRequests:
		c.streak.Store(0)
	case c.streak.Add(1) == productionStreak && c.stop != nil:
		c.stop(&stoppedError{fmt.Sprintf("stopped for the target's sake: %d answers in a row were 5xx or 429, the last one %s", productionStreak, statusText(a.status))})
	}
}

func (c *client) noteSpeed(took time.Duration) {
	for {
		have := c.fastest.Load()
		if have != 0 && have <= int64(took) || c.fastest.CompareAndSwap(have, int64(took)) {
			return
		}
	}
}

func (c *client) transport(r *request) http.RoundTripper {
	switch {
	case (r.bodiless || r.raw) && !c.proxied && r.base == nil:
		if c.http2.Load() {
			return raw{c.tls, c.fresh}
		}
		return raw{c.tls, nil}
	case r.fresh:
		return c.fresh
	case r.single:
		return c.single
	}
	return c.pooled
}
