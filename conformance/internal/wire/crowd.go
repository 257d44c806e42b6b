package wire

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

const (
	// idleTime is how long an unused connection stays open. It is shorter than
	// the keep-alive timeout of common servers.
	idleTime = 4 * time.Second
	// lostSYN is how long a connection takes whose first packet was dropped, as
	// by a server whose queue of connections is full.
	lostSYN = 900 * time.Millisecond
	crowded = 4 // requests under way at a time at such a server

	// unserved is how long the first request on a connection waits at least, and
	// slowly how many times the quickest response, before it is taken to wait
	// for another connection to close.
	unserved = 300 * time.Millisecond
	slowly   = 6
	// settling is how long a target has to accept connections that are open.
	settling = 30 * time.Millisecond
	// longBody is a body that takes a server its time.
	longBody = 64 << 10
)

// crowd learns how many connections the target serves at a time. Where each of
// its workers serves one connection until that closes, connections that are
// kept open for later use keep all others waiting: from then on every request
// has a connection of its own, which closes behind it.
type crowd struct {
	apart    atomic.Bool  // a connection for each request
	open     atomic.Int64 // connections that can be used again
	others   atomic.Int64 // requests on connections that cannot
	underWay atomic.Int64 // requests on them, or waiting for one
	unserved atomic.Int64 // such connections on which the first response has not come
	served   atomic.Int64 // most of them at a time on which one has
	answers  atomic.Int64
}

// answered notes a response.
func (c *crowd) answered() {
	c.answers.Add(1)
	for now := c.open.Load() - c.unserved.Load(); ; {
		if most := c.served.Load(); now <= most || c.served.CompareAndSwap(most, now) {
			return
		}
	}
}

// enter is called before a request is sent on a connection of its own, and
// returns what is called behind it. Connections that nobody uses make room for
// it, so that no more are open than requests may be under way.
func (c *Client) enter() (leave func()) {
	if c.crowd.others.Add(1)+c.crowd.open.Load() > int64(c.slots.maximum()) {
		c.pooled.closeIdle()
	}
	return func() { c.crowd.others.Add(-1) }
}

// dial counts connections while they are open.
func (c *crowd) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.open.Add(1)
	return &countedConn{Conn: conn, closed: sync.OnceFunc(func() { c.open.Add(-1) })}, nil
}

type countedConn struct {
	net.Conn
	closed func()
}

func (c *countedConn) Close() error {
	c.closed()
	return c.Conn.Close()
}

// wait is one request that waits for the first response on its connection.
type wait struct {
	client *Client
	pooled bool
	mu     sync.Mutex
	timer  *time.Timer
	ended  bool
}

// watch prepares to notice that a request waits for another connection to
// close.
func (c *Client) watch(r *Request, pooled bool) *wait {
	w := &wait{client: c, pooled: pooled}
	w.ended = c.crowd.apart.Load() || r.base != nil || r.expectContinue || len(r.Body) > longBody
	return w
}

// begin is called once the request has a new connection.
func (w *wait) begin(r *Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended || w.timer != nil {
		return
	}
	c := w.client
	if w.pooled {
		c.crowd.unserved.Add(1)
	}
	answers, patience := c.crowd.answers.Load(), max(unserved, slowly*time.Duration(c.Fastest.Load()))
	w.timer = time.AfterFunc(patience, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch {
		case w.ended:
		case r.barrier != nil && !r.barrier.isOpen():
			w.timer.Reset(patience)
		case c.crowd.open.Load() > c.crowd.underWay.Load(), c.crowd.answers.Load() > answers:
			c.keepApart()
		default:
			w.timer.Reset(patience)
		}
	})
}

// end is called when something comes on the connection, or nothing will.
func (w *wait) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil && !w.ended {
		w.timer.Stop()
		if w.pooled {
			w.client.crowd.unserved.Add(-1)
		}
	}
	w.ended = true
}

// keepApart gives each request a connection of its own from now on, and lets no
// more of them be under way than the target has served side by side.
func (c *Client) keepApart() {
	if c.crowd.apart.CompareAndSwap(false, true) {
		c.slots.atMost(max(crowded, int(c.crowd.served.Load())))
		c.pooled.closeIdle() // and those that become idle later, as no request asks for one any more
	}
}

// LimitConcurrent returns how many of n requests the target can serve at one
// moment.
func (c *Client) LimitConcurrent(n int) int {
	if c.crowd.apart.Load() {
		return min(n, c.slots.maximum())
	}
	return n
}

// MeasureConnections finds out how many connections the target bears at once, by valid
// requests that are made for it. A server that closes what is too much, or
// answers it 503, has a limit, which is no fault of it: the client stays below.
// Over HTTP/2 one connection serves all. It returns the responses if the target
// bore as many as the client may ever open, else nil.
func (c *Client) MeasureConnections(ctx context.Context, valid func() *Request) []*Response {
	if c.Simulate != nil || c.limiter.Limit() != rate.Inf || c.http2.Load() {
		return nil
	}
	// Connections that close are counted by the target for a while, so that it
	// must bear more than are open.
	for n, lowered := c.slots.maximum()*3/2, false; n > 1; n, lowered = n/2, true {
		c.ReleaseIdle() // so that these are all that is open
		if answers := c.askTogether(ctx, n, valid); !slices.ContainsFunc(answers, isCrowdedOut) {
			if lowered {
				return nil
			}
			return answers
		}
		c.crowd.apart.Store(true)
		c.slots.atMost(max(1, n/4))
	}
	return nil
}

// isCrowdedOut reports whether the target has refused a connection as one too
// many.
func isCrowdedOut(a *Response) bool {
	return !a.Arrived() || a.Status == http.StatusServiceUnavailable
}

// askTogether sends n requests on as many connections that are open at one
// moment.
func (c *Client) askTogether(ctx context.Context, n int, valid func() *Request) []*Response {
	answers := make([]*Response, n)
	var wg sync.WaitGroup
	together := NewBarrier(ctx, n, settling)
	for i := range answers {
		held := valid().changed(func(o *sendOptions) { o.fresh, o.barrier = true, together })
		wg.Go(func() { answers[i], _ = c.SendOnce(ctx, held) })
	}
	wg.Wait()
	return answers
}
