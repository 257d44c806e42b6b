package wire

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/guard"
)

// Client sends requests to one target at its pace, on connections as each
// request asks. It follows no redirect.
type Client struct {
	BaseURL    *url.URL
	TLS        *tls.Config // nil: the system's roots
	IsProxied  bool        // by a proxy that the environment names
	http2      atomic.Bool // the target has answered by HTTP/2
	added      http.Header
	Timeout    time.Duration
	pooled     *lane // connections are used again
	fresh      *lane // one connection for each request
	single     *lane // one connection for all
	limiter    *rate.Limiter
	slots      *slots
	crowd      crowd
	Pauses     Pauses
	SentCount  atomic.Int64
	Fastest    atomic.Int64             // nanoseconds of the quickest answer so far
	OnExchange func(*Response)          // if set, called when an exchange ends, one that is repeated too
	Simulate   func(*Request) *Response // if set, answers in place of the target
	budget     int64                    // requests that may be sent, 0: any number
	Stop       context.CancelCauseFunc  // ends the run
	longest    int64                    // streak of them that ends the run
	streak     atomic.Int64             // answers of 5xx or 429 in a row, counted where there is a budget
}

// StoppedError ends a run to spare the target.
type StoppedError struct{ reason string }

func (e *StoppedError) Error() string { return e.reason }

// Config configures a client.
type Config struct {
	TLS            *tls.Config // nil: the system's roots
	Header         http.Header // added to every request
	Timeout        time.Duration
	MaxPause       time.Duration // how long the target may put requests off
	Parallel       int           // requests at a time
	Rate           float64       // requests a second, 0: any number
	Budget         int64         // requests in all, 0: any number
	MaxErrorStreak int64         // responses of 5xx or 429 in a row that end a run with a budget
}

// NewClient returns a client for the target at a base URL.
func NewClient(cfg Config, base *url.URL) *Client {
	transport := func(change func(*http.Transport)) *lane {
		return newLane(func() *http.Transport {
			t := &http.Transport{
				Proxy:                  http.ProxyFromEnvironment,
				TLSClientConfig:        cfg.TLS.Clone(), // each transport writes to its own
				ForceAttemptHTTP2:      true,
				DisableCompression:     true, // bodies are judged as they come
				MaxIdleConnsPerHost:    cfg.Parallel,
				MaxResponseHeaderBytes: maxHead,
				IdleConnTimeout:        idleTime,
				ExpectContinueTimeout:  time.Second,
			}
			change(t)
			return t
		})
	}
	c := &Client{
		BaseURL: base, TLS: cfg.TLS.Clone(), added: cfg.Header, Timeout: cfg.Timeout,
		limiter: rate.NewLimiter(rate.Inf, 1),
		slots:   newSlots(cfg.Parallel),
		Pauses:  Pauses{limit: cfg.MaxPause},
	}
	c.pooled = transport(func(t *http.Transport) { t.DialContext = c.crowd.dial })
	c.fresh = transport(func(t *http.Transport) { t.DisableKeepAlives = true })
	c.single = transport(func(t *http.Transport) { t.MaxConnsPerHost = 1 })
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: base}); err == nil && proxy != nil {
		c.IsProxied = true
	}
	c.budget, c.longest = cfg.Budget, cfg.MaxErrorStreak
	if cfg.Rate > 0 {
		c.limiter = rate.NewLimiter(rate.Limit(cfg.Rate), 1)
	}
	return c
}

// ReleaseIdle closes unused connections: a target may accept few.
func (c *Client) ReleaseIdle() {
	for _, l := range []*lane{c.pooled, c.fresh, c.single} {
		l.closeIdle()
	}
}

// ReleaseSingle closes the connection that single requests share, which keeps a
// worker of some targets from other connections.
func (c *Client) ReleaseSingle() { c.single.closeIdle() }

// Do sends a request and returns its response, never nil. It waits if the
// target asks for patience. If a reused connection closes before the first byte
// of a response, as a server may close it at any time (RFC 9112, section
// 9.3.1), Do sends the request once more on a new one.
func (c *Client) Do(ctx context.Context, r *Request) *Response {
	if c.Simulate != nil {
		a := c.Simulate(r)
		base, added := c.Destination(r)
		if req, err := r.HTTPRequest(base, added); err == nil {
			a.SentURL, a.SentHeader = req.URL.String(), req.Header
		}
		return a
	}
	retried := false
	for asks := 1; ; {
		if err := c.WaitTurn(ctx); err != nil {
			return &Response{Request: r, Started: time.Now(), Failure: InterruptionOf(err), Err: err}
		}
		a, reused := c.SendOnce(ctx, r)
		if reused && !retried && (a.Failure == ConnectionClosed || a.Status == http.StatusRequestTimeout) {
			retried = true
			r = r.changed(func(o *sendOptions) { o.fresh, o.single = true, false })
			continue
		}
		if _, asked := RetryDelay(a, 0); !asked {
			if a.Arrived() {
				c.Pauses.resume()
				c.slots.answered(c.crowd.unserved.Load() == 0)
			}
			return a
		}
		c.slots.fewer()
		if reason := c.Pauses.ask(a, asks); reason != "" {
			a.Failure, a.Err = Postponed, errors.New(reason)
			if r.ordinary() && c.Pauses.over() && c.Stop != nil {
				c.Stop(&StoppedError{"the target kept deferring a valid request: " + reason})
			}
			return a
		}
		if wait, _ := c.Pauses.Remaining(); wait > idleTime/2 {
			c.ReleaseIdle()
		}
		asks++
	}
}

// InterruptionOf returns the failure of a request whose context ended.
func InterruptionOf(err error) Failure {
	if errors.Is(err, context.DeadlineExceeded) {
		return DeadlineReached
	}
	return Interrupted
}

// HasEnded reports whether a run is over, and what that makes of a request. A
// deadline may reach a connection a moment before the context.
func HasEnded(ctx context.Context) (Failure, bool) {
	if ctx.Err() != nil {
		return InterruptionOf(context.Cause(ctx)), true
	}
	deadline, limited := ctx.Deadline()
	return DeadlineReached, limited && !time.Now().Before(deadline)
}

// WaitTurn waits as the rate demands, and as the target asked.
func (c *Client) WaitTurn(ctx context.Context) error {
	if err := c.limiter.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if c.Stop != nil { // its turn comes after the end of the run, as does that of all others
			c.Stop(context.DeadlineExceeded)
		}
		return context.DeadlineExceeded
	}
	for {
		wait, _ := c.Pauses.Remaining()
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

// SendOnce sends a request once. reused reports whether its connection had
// carried another request and closed before the first byte of a response.
func (c *Client) SendOnce(ctx context.Context, r *Request) (a *Response, reused bool) {
	a = &Response{Request: r, Started: time.Now()}
	if c.OnExchange != nil {
		defer func() {
			if a.SentHeader != nil && a.Failure != BudgetSpent {
				c.OnExchange(a)
			}
		}()
	}
	// Requests that are released together must not wait for each other, nor those
	// on one connection for others that wait for this connection to close.
	if r.barrier == nil && !r.single {
		if err := c.slots.take(ctx); err != nil {
			a.Failure, a.Err = InterruptionOf(context.Cause(ctx)), err
			return a, false
		}
		defer c.slots.give()
	}
	patience := c.Timeout
	if r.brief {
		patience = c.BriefTimeout()
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var first, again atomic.Bool // which the connection may still write when a run has ended
	var dialled atomic.Int64     // two addresses of one host are tried side by side
	var connected atomic.Bool
	base, added := c.Destination(r)
	req, err := r.HTTPRequest(base, added)
	if err != nil {
		a.Failure, a.Err = invalidRequest, err
		return a, false
	}
	via := c.transport(r, req)
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
				connected.Store(true)
				waits.begin(r)
			}
		},
	}
	a.SentURL, a.SentHeader = req.URL.String(), req.Header.Clone()
	if r.barrier != nil {
		req.GetBody = nil
		req.Body = &heldBody{Reader: bytes.NewReader(r.Body), barrier: r.barrier, done: limited.Done()}
	}
	if n := c.SentCount.Add(1); c.budget > 0 && n > c.budget {
		c.SentCount.Add(-1)
		a.Failure = BudgetSpent
		return a, false
	}
	a.Started = time.Now()
	if via == c.pooled {
		c.crowd.underWay.Add(1)
		defer c.crowd.underWay.Add(-1)
	}
	came := *a
	failed := guard.Within(limited, grace, func() {
		c.exchange(ctx, via, req.WithContext(httptrace.WithClientTrace(limited, trace)), &came)
	})
	switch {
	case errors.Is(failed, guard.ErrAbandoned):
		a.Duration, a.Failure, a.Err = time.Since(a.Started), TimedOut, errStuck
		if why, over := HasEnded(ctx); over {
			a.Failure = why
		}
		if l, ok := via.(*lane); ok {
			l.leave()
		}
		return a, false
	case failed != nil:
		a.Failure, a.Err = Unjudged, failed
		return a, false
	}
	if *a = came; !a.Arrived() {
		if a.Failure == TimedOut && dialled.Load() != 0 && !connected.Load() {
			a.Err = ErrNotConnected
		}
		return a, again.Load() && !first.Load() || isOwnClosing(a.Err)
	}
	c.noteSpeed(a.Duration)
	c.noteTrouble(a)
	return a, again.Load() && a.Status == http.StatusRequestTimeout
}

// ErrNotConnected is behind [TimedOut] where not even a connection was made.
var ErrNotConnected = errors.New("no connection was made")

var errStuck = errors.New("the connection did not end in time and was abandoned")

// exchange performs a round trip and notes what came. It ends when the context
// of the request does, unless the target keeps the transport from it.
func (c *Client) exchange(run context.Context, via http.RoundTripper, req *http.Request, a *Response) {
	resp, err := via.RoundTrip(req)
	if err != nil {
		a.Duration, a.Failure, a.Err = time.Since(a.Started), FailureOf(err), err
		if why, over := HasEnded(run); over {
			a.Failure = why
		}
		return
	}
	c.crowd.answered()
	defer resp.Body.Close()
	if resp.StatusCode == 0 {
		a.Duration, a.Failure, a.Err = time.Since(a.Started), Malformed, errors.New("the status code is 000")
		return
	}
	a.Status, a.Proto, a.Header = resp.StatusCode, resp.Proto, resp.Header
	if resp.ProtoMajor == 2 {
		c.http2.Store(true)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols { // which has no body: another protocol follows
		err = a.readBody(resp.Body)
	}
	a.Duration = time.Since(a.Started)
	var behind *behindError
	if errors.As(err, &behind) {
		a.Extra, err = behind.text, nil
	}
	if err != nil {
		a.Failure, a.Err = Truncated, err
		if isTimeout(err) || errors.Is(err, context.DeadlineExceeded) {
			a.Failure = TimedOut
		}
		if why, over := HasEnded(run); over {
			a.Failure = why
		}
	}
}

// Destination returns the base URL of a request, and the headers that the
// configuration adds. Only the target gets those.
func (c *Client) Destination(r *Request) (base *url.URL, added http.Header) {
	if r.base != nil {
		return r.base, nil
	}
	return c.BaseURL, c.added
}

// noteTrouble ends a run under the production profile when the target answers
// as if it were in trouble.
func (c *Client) noteTrouble(a *Response) {
	switch {
	case c.budget == 0 || a.Request.ProvokedStatus != "":
	case a.Status/100 != 5 && a.Status != http.StatusTooManyRequests:
		c.streak.Store(0)
	case c.streak.Add(1) == c.longest && c.Stop != nil:
		c.Stop(&StoppedError{fmt.Sprintf("stopped to protect the target: %d responses in a row were 5xx or 429, the last one %s", c.longest, contract.StatusText(a.Status))})
	}
}

func (c *Client) noteSpeed(took time.Duration) {
	for {
		have := c.Fastest.Load()
		if have != 0 && have <= int64(took) || c.Fastest.CompareAndSwap(have, int64(took)) {
			return
		}
	}
}

func (c *Client) transport(r *Request, req *http.Request) http.RoundTripper {
	switch {
	case (r.bodiless || r.raw || req.URL.Scheme == "https" && !fitsHTTP2(req.Header)) && !c.IsProxied && r.base == nil:
		if c.http2.Load() {
			return raw{c.TLS, c.fresh, r.sendOptions}
		}
		return raw{c.TLS, nil, r.sendOptions}
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

// VerifyCertificate verifies the certificate of a connection by nothing but the
// trusted authorities and what the target sent.
func (c *Client) VerifyCertificate(state *tls.ConnectionState) error {
	options := x509.VerifyOptions{DNSName: c.ServerName(), Intermediates: x509.NewCertPool()}
	if c.TLS != nil {
		options.Roots = c.TLS.RootCAs
	}
	for _, link := range state.PeerCertificates[1:] {
		options.Intermediates.AddCert(link)
	}
	_, err := state.PeerCertificates[0].Verify(options)
	return err
}

// ServerName returns the name that the target's certificate must be for.
func (c *Client) ServerName() string {
	if c.TLS != nil && c.TLS.ServerName != "" {
		return c.TLS.ServerName
	}
	return c.BaseURL.Hostname()
}

// PlainHTTPURL returns the base URL at which a TLS target might also serve
// plain HTTP, nil for a target without TLS.
func (c *Client) PlainHTTPURL() *url.URL {
	if c.BaseURL.Scheme != "https" {
		return nil
	}
	twin := *c.BaseURL
	twin.Scheme = "http"
	twin.Host = net.JoinHostPort(c.BaseURL.Hostname(), cmp.Or(c.BaseURL.Port(), plainPort))
	if c.BaseURL.Port() == "443" {
		twin.Host = net.JoinHostPort(c.BaseURL.Hostname(), plainPort)
	}
	return &twin
}

// BriefTimeout is how long to wait for a response that need not come: a second more
// than ten times what the quickest one took.
func (c *Client) BriefTimeout() time.Duration {
	return min(c.Timeout, time.Second+10*time.Duration(c.Fastest.Load()))
}
