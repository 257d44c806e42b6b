package wire

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

	"nox.energy/contract/conformance/internal/contract"
)

// maxAnswer is how many bytes of an answer are read.
const maxAnswer = 8 << 20

// Client sends requests to one target: at its pace, each connection as the
// request wants it, following no redirect.
type Client struct {
	Base    *url.URL
	Tls     *tls.Config // nil: the system's roots
	Proxied bool        // by a proxy that the environment names
	http2   atomic.Bool // the target has answered by HTTP/2
	added   http.Header
	Timeout time.Duration
	pooled  *http.Transport // connections are used again
	fresh   *http.Transport // one connection for each request
	single  *http.Transport // one connection for all
	limiter *rate.Limiter
	slots   *slots
	crowd   crowd
	Pauses  pauses
	Sent    atomic.Int64
	Fastest atomic.Int64            // nanoseconds of the quickest answer so far
	Ended   func(*Answer)           // if set, called when an exchange ends, one that is repeated too
	Imagine func(*Request) *Answer  // if set, answers in place of the target
	budget  int64                   // requests that may be sent, 0: any number
	Stop    context.CancelCauseFunc // ends the run
	longest int64                   // streak of them that ends the run
	streak  atomic.Int64            // answers of 5xx or 429 in a row, counted where there is a budget
}

// StoppedError ends a run for the target's sake.
type StoppedError struct{ reason string }

func (e *StoppedError) Error() string { return e.reason }

// Config is what a client keeps to.
type Config struct {
	TLS      *tls.Config // nil: the system's roots
	Header   http.Header // added to every request
	Timeout  time.Duration
	Patience time.Duration // how long the target may put requests off
	Parallel int           // requests at a time
	Rate     float64       // requests a second, 0: any number
	Budget   int64         // requests in all, 0: any number
	Streak   int64         // responses of 5xx or 429 in a row that end a run with a budget
}

func NewClient(cfg Config, base *url.URL) *Client {
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
	c := &Client{
		Base: base, Tls: cfg.TLS.Clone(), added: cfg.Header, Timeout: cfg.Timeout,
		pooled: transport(), fresh: transport(), single: transport(),
		limiter: rate.NewLimiter(rate.Inf, 1),
		slots:   newSlots(cfg.Parallel),
		Pauses:  pauses{limit: cfg.Patience},
	}
	c.pooled.DialContext = c.crowd.dial
	c.fresh.DisableKeepAlives = true
	c.single.MaxConnsPerHost = 1
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: base}); err == nil && proxy != nil {
		c.Proxied = true
	}
	c.budget, c.longest = cfg.Budget, cfg.Streak
	if cfg.Rate > 0 {
		c.limiter = rate.NewLimiter(rate.Limit(cfg.Rate), 1)
	}
	return c
}

// Release gives up connections that are open and not in use: a target may take
// few at a time.
func (c *Client) Release() {
	for _, t := range []*http.Transport{c.pooled, c.fresh, c.single} {
		t.CloseIdleConnections()
	}
}

// ReleaseSingle closes the connection that single requests share, which keeps a
// worker of some targets from other connections.
func (c *Client) ReleaseSingle() { c.single.CloseIdleConnections() }

// Do sends a request and returns what came back, never nil. Where the target
// asks for patience it is given; where a connection that had been used before
// closed before any byte of an answer, which a server may do at any time
// (RFC 9112, section 9.3.1), the request is sent once more on a new one.
func (c *Client) Do(ctx context.Context, r *Request) *Answer {
	if c.Imagine != nil {
		a := c.Imagine(r)
		base, added := c.Origin(r)
		if req, err := r.HttpRequest(base, added); err == nil {
			a.SentURL, a.Sent = req.URL.String(), req.Header
		}
		return a
	}
	retried := false
	for asks := 1; ; {
		if err := c.Pace(ctx); err != nil {
			return &Answer{Request: r, Started: time.Now(), Failure: Interruption(err), Err: err}
		}
		a, reused := c.Once(ctx, r)
		if reused && !retried && (a.Failure == Closed || a.Status == http.StatusRequestTimeout) {
			retried = true
			r = r.changed(func(o *sendOptions) { o.fresh, o.single = true, false })
			continue
		}
		if _, asked := Patience(a, 0); !asked {
			if a.Came() {
				c.Pauses.gotOn()
				c.slots.answered(c.crowd.unserved.Load() == 0)
			}
			return a
		}
		c.slots.fewer()
		if reason := c.Pauses.ask(a, asks); reason != "" {
			a.Failure, a.Err = PutOff, errors.New(reason)
			if r.ordinary() && c.Pauses.over() && c.Stop != nil {
				c.Stop(&StoppedError{"the target put a valid request off: " + reason})
			}
			return a
		}
		if wait, _ := c.Pauses.Ahead(); wait > idleTime/2 {
			c.Release()
		}
		asks++
	}
}

// Interruption is what the end of a context makes of a request.
func Interruption(err error) Failure {
	if errors.Is(err, context.DeadlineExceeded) {
		return OutOfTime
	}
	return Interrupted
}

// Ended reports whether a run is over. Its deadline may have reached a
// connection a moment before it reaches the context.
func Ended(ctx context.Context) (Failure, bool) {
	if ctx.Err() != nil {
		return Interruption(context.Cause(ctx)), true
	}
	deadline, limited := ctx.Deadline()
	return OutOfTime, limited && !time.Now().Before(deadline)
}

// Pace waits for the rate and for a pause that the target asked for.
func (c *Client) Pace(ctx context.Context) error {
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
		wait, _ := c.Pauses.Ahead()
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

// Once sends a request one time. reused tells whether its connection had
// carried another before, and no byte of an answer came.
func (c *Client) Once(ctx context.Context, r *Request) (a *Answer, reused bool) {
	a = &Answer{Request: r, Started: time.Now()}
	if c.Ended != nil {
		defer func() {
			if a.Sent != nil && a.Failure != Spent {
				c.Ended(a)
			}
		}()
	}
	// Requests that are released together must not wait for each other, nor those
	// on one connection for others that wait for this connection to close.
	if r.barrier == nil && !r.single {
		if err := c.slots.take(ctx); err != nil {
			a.Failure, a.Err = Interruption(context.Cause(ctx)), err
			return a, false
		}
		defer c.slots.give()
	}
	limited, cancel := context.WithTimeout(ctx, c.Timeout)
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
	base, added := c.Origin(r)
	req, err := r.HttpRequest(base, added)
	if err != nil {
		a.Failure, a.Err = unmade, err
		return a, false
	}
	a.SentURL, a.Sent = req.URL.String(), req.Header.Clone()
	if r.barrier != nil {
		req.GetBody = nil
		req.Body = &heldBody{Reader: bytes.NewReader(r.Body), barrier: r.barrier, done: limited.Done()}
	}
	if n := c.Sent.Add(1); c.budget > 0 && n > c.budget {
		c.Sent.Add(-1)
		a.Failure = Spent
		return a, false
	}
	a.Started = time.Now()
	if via == c.pooled {
		c.crowd.underWay.Add(1)
		defer c.crowd.underWay.Add(-1)
	}
	resp, err := via.RoundTrip(req.WithContext(httptrace.WithClientTrace(limited, trace)))
	if err != nil {
		a.Took, a.Failure, a.Err = time.Since(a.Started), Classify(err), err
		if why, over := Ended(ctx); over {
			a.Failure = why
		}
		return a, again.Load() && !first.Load()
	}
	c.crowd.answered()
	defer resp.Body.Close()
	a.Status, a.Proto, a.Header = resp.StatusCode, resp.Proto, resp.Header
	if resp.ProtoMajor == 2 {
		c.http2.Store(true)
	}
	a.Body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	a.Took, a.Size = time.Since(a.Started), int64(len(a.Body))
	var behind *behindError
	if errors.As(err, &behind) {
		a.Behind, err = behind.text, nil
	}
	if err != nil {
		a.Failure, a.Err = CutShort, err
		if isTimeout(err) || errors.Is(err, context.DeadlineExceeded) {
			a.Failure = TimedOut
		}
		if why, over := Ended(ctx); over {
			a.Failure = why
		}
	}
	c.noteSpeed(a.Took)
	c.noteTrouble(a)
	return a, again.Load() && a.Status == http.StatusRequestTimeout
}

// Origin is where a request goes, and what is added to it on the way. What a
// gateway of the target asks for is not for others.
func (c *Client) Origin(r *Request) (base *url.URL, added http.Header) {
	if r.base != nil {
		return r.base, nil
	}
	return c.Base, c.added
}

// noteTrouble ends a run under the production profile when the target answers
// as if it were in trouble.
func (c *Client) noteTrouble(a *Answer) {
	switch {
	case c.budget == 0 || a.Request.Provokes != "":
	case a.Status/100 != 5 && a.Status != http.StatusTooManyRequests:
		c.streak.Store(0)
	case c.streak.Add(1) == c.longest && c.Stop != nil:
		c.Stop(&StoppedError{fmt.Sprintf("stopped for the target's sake: %d answers in a row were 5xx or 429, the last one %s", c.longest, contract.StatusText(a.Status))})
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

func (c *Client) transport(r *Request) http.RoundTripper {
	switch {
	case (r.bodiless || r.raw) && !c.Proxied && r.base == nil:
		if c.http2.Load() {
			return raw{c.Tls, c.fresh}
		}
		return raw{c.Tls, nil}
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

// Verify verifies the certificate of a connection as a client would that knows
// nothing but its trusted authorities.
func (c *Client) Verify(state *tls.ConnectionState) error {
	options := x509.VerifyOptions{DNSName: c.ServerName(), Intermediates: x509.NewCertPool()}
	if c.Tls != nil {
		options.Roots = c.Tls.RootCAs
	}
	for _, link := range state.PeerCertificates[1:] {
		options.Intermediates.AddCert(link)
	}
	_, err := state.PeerCertificates[0].Verify(options)
	return err
}

// ServerName is the name that the target's certificate must be for.
func (c *Client) ServerName() string {
	if c.Tls != nil && c.Tls.ServerName != "" {
		return c.Tls.ServerName
	}
	return c.Base.Hostname()
}

// PlainTwin is the base URL at which a target that is reached by TLS might
// serve plain HTTP as well; nil for one that is not.
func (c *Client) PlainTwin() *url.URL {
	if c.Base.Scheme != "https" {
		return nil
	}
	twin := *c.Base
	twin.Scheme = "http"
	twin.Host = net.JoinHostPort(c.Base.Hostname(), cmp.Or(c.Base.Port(), plainPort))
	if c.Base.Port() == "443" {
		twin.Host = net.JoinHostPort(c.Base.Hostname(), plainPort)
	}
	return &twin
}
