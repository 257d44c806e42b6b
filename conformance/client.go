package conformance

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// maxAnswer is how many bytes of an answer are read.
const maxAnswer = 8 << 20

// client sends requests to one target: at its pace, each connection as the
// request wants it, following no redirect.
type client struct {
	base    *url.URL
	tls     *tls.Config // nil: the system's roots
	proxied bool        // by a proxy that the environment names
	http2   atomic.Bool // the target has answered by HTTP/2
	added   http.Header
	timeout time.Duration
	pooled  *http.Transport // connections are used again
	fresh   *http.Transport // one connection for each request
	single  *http.Transport // one connection for all
	limiter *rate.Limiter
	slots   *slots
	crowd   crowd
	pauses  pauses
	sent    atomic.Int64
	fastest atomic.Int64            // nanoseconds of the quickest answer so far
	ended   func(*answer)           // if set, called when an exchange ends, one that is repeated too
	imagine func(*request) *answer  // if set, answers in place of the target
	budget  int64                   // requests that may be sent, 0: any number
	stop    context.CancelCauseFunc // ends the run
	longest int64                   // streak of them that ends the run
	streak  atomic.Int64            // answers of 5xx or 429 in a row, counted where there is a budget
}

// stoppedError ends a run for the target's sake.
type stoppedError struct{ reason string }

func (e *stoppedError) Error() string { return e.reason }

// clientConfig is what a client keeps to.
type clientConfig struct {
	TLS      *tls.Config // nil: the system's roots
	Header   http.Header // added to every request
	Timeout  time.Duration
	Patience time.Duration // how long the target may put requests off
	Parallel int           // requests at a time
	Rate     float64       // requests a second, 0: any number
	Budget   int64         // requests in all, 0: any number
	Streak   int64         // responses of 5xx or 429 in a row that end a run with a budget
}

func newClient(cfg clientConfig, base *url.URL) *client {
	transport := func() *http.Transport {
		return &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			TLSClientConfig:       cfg.TLS.Clone(), // each transport writes to its own
			ForceAttemptHTTP2:     true,
			DisableCompression:    true, // bodies are judged as they come
			MaxIdleConnsPerHost:   cfg.Parallel,
			IdleConnTimeout:       idleTime,
			ExpectContinueTimeout: time.Second,
		}
	}
	c := &client{
		base: base, tls: cfg.TLS.Clone(), added: cfg.Header, timeout: cfg.Timeout,
		pooled: transport(), fresh: transport(), single: transport(),
		limiter: rate.NewLimiter(rate.Inf, 1),
		slots:   newSlots(cfg.Parallel),
		pauses:  pauses{limit: cfg.Patience},
	}
	c.pooled.DialContext = c.crowd.dial
	c.fresh.DisableKeepAlives = true
	c.single.MaxConnsPerHost = 1
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: base}); err == nil && proxy != nil {
		c.proxied = true
	}
	c.budget, c.longest = cfg.Budget, cfg.Streak
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
	for asks := 1; ; {
		if err := c.pace(ctx); err != nil {
			return &answer{request: r, started: time.Now(), failure: interruption(err), err: err}
		}
		a, reused := c.once(ctx, r)
		if reused && !retried && (a.failure == closed || a.status == http.StatusRequestTimeout) {
			retried = true
			r = r.on(func(r *request) { r.fresh, r.single = true, false })
			continue
		}
		if _, asked := patience(a, 0); !asked {
			if a.came() {
				c.pauses.gotOn()
				c.slots.answered(c.crowd.unserved.Load() == 0)
			}
			return a
		}
		c.slots.fewer()
		if reason := c.pauses.ask(a, asks); reason != "" {
			a.failure, a.err = putOff, errors.New(reason)
			if r.ordinary() && c.pauses.over() && c.stop != nil {
				c.stop(&stoppedError{"the target put a valid request off: " + reason})
			}
			return a
		}
		if wait, _ := c.pauses.ahead(); wait > idleTime/2 {
			c.release()
		}
		asks++
	}
}

// interruption is what the end of a context makes of a request.
func interruption(err error) failure {
	if errors.Is(err, context.DeadlineExceeded) {
		return outOfTime
	}
	return interrupted
}

// ended reports whether a run is over. Its deadline may have reached a
// connection a moment before it reaches the context.
func ended(ctx context.Context) (failure, bool) {
	if ctx.Err() != nil {
		return interruption(context.Cause(ctx)), true
	}
	deadline, limited := ctx.Deadline()
	return outOfTime, limited && !time.Now().Before(deadline)
}

// pace waits for the rate and for a pause that the target asked for.
func (c *client) pace(ctx context.Context) error {
	if err := c.limiter.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if c.stop != nil { // its turn comes after the end of the run, as does that of all others
			c.stop(context.DeadlineExceeded)
		}
		return context.DeadlineExceeded
	}
	for {
		wait, _ := c.pauses.ahead()
		if wait <= 0 {
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
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
	// Requests that are released together must not wait for each other, nor those
	// on one connection for others that wait for this connection to close.
	if r.barrier == nil && !r.single {
		if err := c.slots.take(ctx); err != nil {
			a.failure, a.err = interruption(context.Cause(ctx)), err
			return a, false
		}
		defer c.slots.give()
	}
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var first, again atomic.Bool // which the connection may still write when a run has ended
	var dialled atomic.Int64     // two addresses of one host are tried side by side
	via := c.transport(r)
	if via != c.pooled {
		defer c.enter()()
	}
	waits := c.watch(r, via == c.pooled)
	defer waits.end()
	trace := &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) {
			if again.Store(i.Reused); i.Reused {
				waits.end()
			} else {
				waits.begin(r)
			}
		},
		GotFirstResponseByte: func() { first.Store(true); waits.end() },
		ConnectStart:         func(string, string) { dialled.Store(time.Now().UnixNano()) },
		ConnectDone: func(_, _ string, err error) {
			if time.Since(time.Unix(0, dialled.Load())) > lostSYN {
				c.slots.atMost(crowded)
			}
			if err == nil {
				waits.begin(r)
			}
		},
	}
	base, added := c.origin(r)
	req, err := r.httpRequest(base, added)
	if err != nil {
		a.failure, a.err = unmade, err
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
	if via == c.pooled {
		c.crowd.underWay.Add(1)
		defer c.crowd.underWay.Add(-1)
	}
	resp, err := via.RoundTrip(req.WithContext(httptrace.WithClientTrace(limited, trace)))
	if err != nil {
		a.took, a.failure, a.err = time.Since(a.started), classify(err), err
		if why, over := ended(ctx); over {
			a.failure = why
		}
		return a, again.Load() && !first.Load()
	}
	c.crowd.answered()
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
		if why, over := ended(ctx); over {
			a.failure = why
		}
	}
	c.noteSpeed(a.took)
	c.noteTrouble(a)
	return a, again.Load() && a.status == http.StatusRequestTimeout
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
	case c.streak.Add(1) == c.longest && c.stop != nil:
		c.stop(&stoppedError{fmt.Sprintf("stopped for the target's sake: %d answers in a row were 5xx or 429, the last one %s", c.longest, statusText(a.status))})
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
	case r.single:
		return c.single
	case r.fresh, c.crowd.apart.Load():
		return c.fresh
	}
	return c.pooled
}

// plainPort is where a server listens for plain HTTP whose TLS port is not
// named in its address.
const plainPort = "80"

// verify verifies the certificate of a connection as a client would that knows
// nothing but its trusted authorities.
func (c *client) verify(state *tls.ConnectionState) error {
	options := x509.VerifyOptions{DNSName: c.serverName(), Intermediates: x509.NewCertPool()}
	if c.tls != nil {
		options.Roots = c.tls.RootCAs
	}
	for _, link := range state.PeerCertificates[1:] {
		options.Intermediates.AddCert(link)
	}
	_, err := state.PeerCertificates[0].Verify(options)
	return err
}

// serverName is the name that the target's certificate must be for.
func (c *client) serverName() string {
	if c.tls != nil && c.tls.ServerName != "" {
		return c.tls.ServerName
	}
	return c.base.Hostname()
}

// plainTwin is the base URL at which a target that is reached by TLS might
// serve plain HTTP as well; nil for one that is not.
func (c *client) plainTwin() *url.URL {
	if c.base.Scheme != "https" {
		return nil
	}
	twin := *c.base
	twin.Scheme = "http"
	twin.Host = net.JoinHostPort(c.base.Hostname(), cmp.Or(c.base.Port(), plainPort))
	if c.base.Port() == "443" {
		twin.Host = net.JoinHostPort(c.base.Hostname(), plainPort)
	}
	return &twin
}
