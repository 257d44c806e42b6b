package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"nox.energy/contract/conformance"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/defect"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/store"
)

// keysOf returns the keys of a run from those of a mock's manufacturers.
func keysOf(all []store.Manufacturer) conformance.Keys {
	var keys conformance.Keys
	for _, m := range all {
		switch {
		case !m.Enabled:
			keys.Disabled = m.Keys[0]
		case keys.Key == "":
			keys.Key = m.Keys[0]
		default:
			keys.Other = m.Keys[0]
		}
	}
	return keys
}

// builtin is a mock in this process.
type builtin struct {
	target string
	tls    *tls.Config // for clients, nil for plain HTTP
	stop   func()
}

// serve starts a mock with these manufacturers on a free port, wrapped in deviations,
// the last one outermost.
func serve(ctx context.Context, all []store.Manufacturer, deviations ...defect.Deviation) (*builtin, error) {
	m, err := mock.New(mock.Config{Manufacturers: all})
	if err != nil {
		return nil, err
	}
	h := defect.WithNotEnabled(m, keysOf(all).Disabled)
	for _, d := range deviations {
		h = d.Wrap(h)
	}
	return start(ctx, h, m.BasePath(), deviations...)
}

// start serves h on a free port, with the listeners and the TLS configuration that
// the deviations ask for.
func start(ctx context.Context, h http.Handler, basePath string, deviations ...defect.Deviation) (*builtin, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("no free port on the loopback interface: %w", err)
	}
	server := httpserve.NewServer(h)
	b := &builtin{target: "http://" + l.Addr().String() + basePath}
	listeners := []net.Listener{l}
	for _, d := range deviations {
		listeners[0] = d.Listen(listeners[0])
	}
	if slices.ContainsFunc(deviations, defect.Deviation.OverTLS) {
		b.target = "https" + strings.TrimPrefix(b.target, "http")
		if b.tls, server.TLSConfig, err = testTLS(); err != nil {
			l.Close()
			return nil, err
		}
		for _, d := range deviations {
			d.Secure(server.TLSConfig)
			if secure, plain := d.Split(listeners[0]); plain != nil {
				listeners = []net.Listener{secure, plain}
			}
		}
	}
	b.stop = serveOn(ctx, server, listeners)
	return b, nil
}

// serveOn serves on the first listener with the server's configuration, and on a
// second one by plain HTTP.
func serveOn(ctx context.Context, server *http.Server, listeners []net.Listener) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	servers := []*http.Server{server, httpserve.NewServer(server.Handler)}
	var wg sync.WaitGroup
	for i, l := range listeners {
		wg.Go(func() { _ = httpserve.Serve(ctx, servers[i], l) }) // ends with ctx
	}
	return func() { cancel(); wg.Wait() }
}
