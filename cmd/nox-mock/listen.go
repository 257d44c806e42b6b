package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// listen opens the port. Its errors say which flag to change.
func listen(ctx context.Context, flag, address, example string) (net.Listener, error) {
	_, port, err := net.SplitHostPort(address)
	if n, portErr := strconv.Atoi(port); err != nil || portErr != nil || n < 0 || n > 65535 {
		return nil, badUsage("--%s needs HOST:PORT, as in %s, not %q", flag, example, address)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another program; choose another port with --%s, or a free one with --%[2]s 127.0.0.1:0", address, flag)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this user may not listen on %s; choose a port above 1023 with --%s", address, flag)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("%s is not an address of this machine; choose another with --%s", address, flag)
	case err != nil:
		return nil, fmt.Errorf("cannot listen on %s: %w", address, errors.Unwrap(err))
	}
	return l, nil
}

// baseURL returns the URL at which clients on this machine reach the mock.
func (s *instance) baseURL(address net.Addr, basePath string) string {
	scheme := "http://"
	if s.identity != nil {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return scheme + address.String() + basePath
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + net.JoinHostPort(host, port) + basePath
}

// writeAddress writes the address file whole, so that whoever sees it can read it.
func writeAddress(name, base, control string) error {
	data, err := json.Marshal(struct {
		BaseURL    string `json:"base_url"`
		ControlURL string `json:"control_url,omitempty"`
	}{base, control})
	if err != nil {
		return err
	}
	return writeData(name, append(data, '\n'), 0o644)
}
