// Package httpserve serves a handler over HTTP: with limits on size, time and
// connections, stopped within a second, its most common requests answered as
// they come off the connection, for pages of other origins too if asked.
package httpserve

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"nox.energy/contract/mock/fault"
)

// MaxHeaderBytes is the size of the largest head of a request that is accepted,
// the request line and all header fields.
const MaxHeaderBytes = 64 << 10

const (
	serverSlack   = 4096 // what net/http allows on top of its limit
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 2*fault.MaxDelay + 30*time.Second
	idleTimeout   = 2 * time.Minute
	stopTimeout   = 800 * time.Millisecond
	newConnGrace  = 100 * time.Millisecond // to send a request once told to stop
)

// NewServer returns a server for h with limits on size and time set, which
// logs nothing. Run it with [Serve], or as any other [http.Server].
func NewServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           lengthGuard{h},
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    MaxHeaderBytes - serverSlack,
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnContext:       rememberConns(),
		// Otherwise "OPTIONS *" is answered before the handler sees it.
		DisableGeneralOptionsHandler: true,
	}
}

// Serve serves on l until ctx ends, then answers the requests in flight and
// returns nil. It takes less than a second to stop: a delay that a request
// asked for and the wait for a body are cut short, and what is not answered by
// then is closed. Any other error of the server is returned. Serve closes l.
//
// A server whose TLSConfig is set speaks TLS, and HTTP/2 with clients that can.
// What they send is then not watched for two lengths of one request.
func Serve(ctx context.Context, server *http.Server, l net.Listener) error {
	if server.TLSConfig != nil {
		server.TLSConfig = server.TLSConfig.Clone() // ServeTLS writes to it, and servers may share one
	}
	unused := watchConns(server)
	base := context.WithValue(ctx, stopKey{}, ctx)
	server.BaseContext = func(net.Listener) context.Context { return base }
	failed := make(chan error, 1)
	go func() {
		if server.TLSConfig != nil {
			failed <- server.ServeTLS(l, "", "")
		} else {
			failed <- server.Serve(watchingListener{l, plainOf(server)})
		}
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	defer time.AfterFunc(newConnGrace, unused.close).Stop()
	err := server.Shutdown(limit)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	<-failed
	return err
}

// unusedConns are the connections that no request has come on yet. Clients open
// some in advance, and the server would wait for them.
type unusedConns struct {
	mu  sync.Mutex
	all map[net.Conn]bool
}

// watchConns keeps account of the connections of a server: those that are unused,
// and, for limited listeners, those that are idle. The server calls a connection
// active once a header has come.
func watchConns(server *http.Server) *unusedConns {
	unused := &unusedConns{all: map[net.Conn]bool{}}
	inner := server.ConnState
	server.ConnState = func(c net.Conn, state http.ConnState) {
		unused.note(c, state)
		if watched, is := c.(*watchedConn); is {
			watched.note(state)
		}
		if limited := limitedBeneath(c); limited != nil {
			limited.setState(c, state)
		}
		if inner != nil {
			inner(c, state)
		}
	}
	return unused
}

func (u *unusedConns) note(c net.Conn, state http.ConnState) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if state == http.StateNew {
		u.all[c] = true
	} else {
		delete(u.all, c)
	}
}

func (u *unusedConns) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for c := range u.all {
		c.Close()
	}
}

type stopKey struct{}

// Stopping reports whether the server of a request was told to stop: see [Serve].
func Stopping(ctx context.Context) bool {
	server, known := ctx.Value(stopKey{}).(context.Context)
	return known && server.Err() != nil
}

// Wait lets d pass, or less if the server stops: what is in flight is still
// answered, only earlier. It is false if the client left meanwhile.
func Wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return Stopping(ctx)
	}
}
