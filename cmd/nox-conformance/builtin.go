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

// serve starts a mock with a deviation; stop ends it.
func serve(ctx context.Context, d defect.Deviation) (target string, stop func(), err error) {
	m, err := mock.New(mock.Config{})
	if err != nil {
		return "", nil, err
	}
	var notEnabled []string
	for _, each := range mock.DefaultManufacturers() {
		if !each.Enabled {
			notEnabled = append(notEnabled, each.Keys...)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("no free port on the loopback interface: %w", err)
	}
	target = "http://" + l.Addr().String() + m.BasePath()
	var h http.Handler = m
	if d.Name != "" {
		h = d.Wrap(defect.WithNotEnabled(m, notEnabled...))
		l = d.Listen(l)
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = mock.Serve(ctx, mock.NewHTTPServer(h), l) // ends with ctx
	}()
	return target, func() { cancel(); <-done }, nil
}
