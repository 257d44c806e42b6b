package wire

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"nox.energy/contract/conformance/internal/guard"
)

// grace is how long after its time is over a connection has to notice that.
const grace = 200 * time.Millisecond

// lane is a transport that the client can do without. What a target sends may
// stop a transport from ever returning, even from closing its connections; the
// client then leaves it behind and goes on with a new one.
type lane struct {
	open func() *http.Transport
	now  atomic.Pointer[http.Transport]
}

func newLane(open func() *http.Transport) *lane {
	l := &lane{open: open}
	l.now.Store(open())
	return l
}

func (l *lane) RoundTrip(r *http.Request) (*http.Response, error) { return l.now.Load().RoundTrip(r) }

// closeIdle closes the connections that are not in use.
func (l *lane) closeIdle() {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if guard.Within(over, grace, l.now.Load().CloseIdleConnections) != nil {
		l.now.Store(l.open())
	}
}

// leave goes on with a new transport.
func (l *lane) leave() {
	go l.now.Swap(l.open()).CloseIdleConnections() // which may never return
}
