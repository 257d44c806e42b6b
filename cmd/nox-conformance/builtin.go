package main

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"nox.energy/contract/conformance"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/defect"
)

// testKeys are the keys of the built-in manufacturers.
func testKeys() conformance.Keys {
	var keys conformance.Keys
	for _, m := range mock.DefaultManufacturers() {
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

// serve starts a mock with a deviation; stop ends it. The zero deviation is the
// sound mock.
func serve(ctx context.Context, d defect.Deviation) (target string, stop func(), err error) {
	if d.Name == "" {
		return serveAll(ctx, nil)
	}
	return serveAll(ctx, []defect.Deviation{d})
}

// serveAll starts a mock with several deviations, the last one outermost.
func serveAll(ctx context.Context, all []defect.Deviation) (target string, stop func(), err error) {
	return start(ctx, func(m http.Handler, l net.Listener) (http.Handler, net.Listener) {
		h := defect.WithNotEnabled(m, testKeys().Disabled)
		for _, d := range all {
			h, l = d.Wrap(h), d.Listen(l)
		}
		return h, l
	})
}

// start starts a mock, changed on its way to the network, on a free port.
func start(ctx context.Context, change func(http.Handler, net.Listener) (http.Handler, net.Listener)) (target string, stop func(), err error) {
	m, err := mock.New(mock.Config{})
	if err != nil {
		return "", nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("no free port on the loopback interface: %w", err)
	}
	target = "http://" + l.Addr().String() + m.BasePath()
	h, changed := change(m, l)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = mock.Serve(ctx, mock.NewHTTPServer(h), changed) // ends with ctx
	}()
	return target, func() { cancel(); <-done }, nil
}
