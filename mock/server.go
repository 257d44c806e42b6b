package mock

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	maxHeaderBytes = 64 << 10 // of the request line and all header fields
	serverSlack    = 4096     // what net/http allows on top of its limit
	headerTimeout  = 10 * time.Second
	readTimeout    = 30 * time.Second
	writeTimeout   = 2*MaxDelay + 30*time.Second
	idleTimeout    = 2 * time.Minute
	stopTimeout    = 800 * time.Millisecond
	newConnGrace   = 100 * time.Millisecond // to send a request once told to stop
)

// NewHTTPServer returns a server for h with limits on size and time set, which
// logs nothing. Run it with [Serve], or as any other [http.Server].
func NewHTTPServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           lengthGuard{h},
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes - serverSlack,
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
// What they send is then not watched as [NewListener] does.
func Serve(ctx context.Context, server *http.Server, l net.Listener) error {
	if server.TLSConfig != nil {
		server.TLSConfig = server.TLSConfig.Clone() // ServeTLS writes to it, and servers may share one
	}
	watchIdle(server)
	unused := watchUnused(server)
	base := context.WithValue(ctx, stopKey{}, ctx)
	server.BaseContext = func(net.Listener) context.Context { return base }
	failed := make(chan error, 1)
	go func() {
		if server.TLSConfig != nil {
			failed <- server.ServeTLS(l, "", "")
		} else {
			watching, is := l.(watchingListener)
			if !is {
				watching = watchingListener{Listener: l}
			}
			watching.plain = newPlain(server)
			failed <- server.Serve(watching)
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

// watchUnused lets server keep account of its unused connections.
func watchUnused(server *http.Server) *unusedConns {
	unused := &unusedConns{all: map[net.Conn]bool{}}
	inner := server.ConnState
	server.ConnState = func(c net.Conn, state http.ConnState) {
		unused.note(c, state)
		if watched, is := c.(*watchedConn); is {
			watched.note(state)
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
