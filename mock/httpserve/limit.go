package httpserve

import (
	"container/list"
	"net"
	"net/http"
	"sync"
	"time"
)

// LimitConnections returns l with at most n of its connections open at one
// time. When all are taken, a connection without a request is closed for a new
// one, the one that has been so longest first; while all have requests, further
// connections wait. A request counts once its header has come: a client that sends
// one slowly, or nothing, shuts out nobody for longer than a second. [Serve] keeps
// account of that. n must be above 0.
func LimitConnections(l net.Listener, n int) net.Listener {
	return &limitedListener{Listener: l, places: make(chan struct{}, n), closed: make(chan struct{})}
}

// headerGrace is how long a new connection may take for its first header where others
// wait for its place.
const headerGrace = time.Second

type limitedListener struct {
	net.Listener
	places chan struct{} // holds a value for each connection
	once   sync.Once
	closed chan struct{}

	mu      sync.Mutex
	idle    list.List // of *limitedConn without a request, the one that is so longest first
	waiting bool      // for a place
}

func (l *limitedListener) Accept() (net.Conn, error) {
	if !l.takePlace() {
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &limitedConn{Conn: c, listener: l, leave: sync.OnceFunc(func() { <-l.places })}, nil
}

// takePlace reports whether there is a place, for which it waits; false if the
// listener closes meanwhile.
func (l *limitedListener) takePlace() bool {
	select {
	case l.places <- struct{}{}:
		return true
	default:
	}
	defer l.setWaiting(false)
	again := time.NewTicker(headerGrace / 4)
	defer again.Stop()
	for {
		l.setWaiting(true)
		select {
		case l.places <- struct{}{}:
			return true
		case <-l.closed:
			return false
		case <-again.C:
		}
	}
}

// setWaiting closes an idle connection if a new one waits for its place.
func (l *limitedListener) setWaiting(waiting bool) {
	l.mu.Lock()
	l.waiting = waiting
	evicted := l.evict()
	l.mu.Unlock()
	evicted.end()
}

// evict takes the connection that has been idle longest from the list where a
// new one waits; nil if there is none. The lock is held.
func (l *limitedListener) evict() *limitedConn {
	if !l.waiting {
		return nil
	}
	for at := l.idle.Front(); at != nil; at = at.Next() {
		if c := at.Value.(*limitedConn); time.Since(c.fresh) > headerGrace {
			l.waiting = false // for a second place
			l.idle.Remove(at)
			c.place = nil
			return c
		}
	}
	return nil
}

func (l *limitedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type limitedConn struct {
	net.Conn
	listener *limitedListener
	leave    func()

	// Guarded by the listener's lock.
	place *list.Element // among the idle ones
	outer net.Conn      // as the server knows it
	fresh time.Time     // when it came, zero once it has had a request
}

// end closes a connection that was taken from the list: as the server knows it,
// which may be about to answer.
func (c *limitedConn) end() {
	if c != nil {
		c.outer.Close()
	}
}

// touch makes an idle connection the youngest: it was used past the server.
func (c *limitedConn) touch() {
	c.listener.mu.Lock()
	defer c.listener.mu.Unlock()
	if c.place != nil {
		c.listener.idle.MoveToBack(c.place)
	}
}

// setState notes what the server, which knows the connection as outer, does with it.
func (c *limitedConn) setState(outer net.Conn, state http.ConnState) {
	l := c.listener
	l.mu.Lock()
	c.outer, c.fresh = outer, time.Time{}
	if c.place != nil {
		l.idle.Remove(c.place)
		c.place = nil
	}
	var evicted *limitedConn
	if state == http.StateNew || state == http.StateIdle {
		c.place = l.idle.PushBack(c)
		if state == http.StateNew {
			c.fresh = time.Now()
		}
		evicted = l.evict()
	}
	l.mu.Unlock()
	evicted.end()
}

func (c *limitedConn) Close() error {
	err := c.Conn.Close()
	c.leave()
	return err
}

// CloseWrite lets the server end its side first.
func (c *limitedConn) CloseWrite() error { return closeWrite(c.Conn) }

// NetConn is the connection beneath.
func (c *limitedConn) NetConn() net.Conn { return c.Conn }

// limitedBeneath finds the limited connection beneath another one, nil if there is
// none.
func limitedBeneath(c net.Conn) *limitedConn {
	for c != nil {
		if limited, is := c.(*limitedConn); is {
			return limited
		}
		wrapped, is := c.(interface{ NetConn() net.Conn })
		if !is {
			return nil
		}
		c = wrapped.NetConn()
	}
	return nil
}

// GiveWay lets the connection of a request that is answered, and of which only the
// body still comes, make room for another one, as a new one does.
func GiveWay(r *http.Request) {
	c, _ := r.Context().Value(connKey{}).(net.Conn)
	if limited := limitedBeneath(c); limited != nil {
		limited.setState(limited.outer, http.StateNew)
	}
}

// closeWrite ends this side of a connection, if it can be done alone.
func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
