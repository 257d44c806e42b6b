package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// healthTimeout bounds a health check.
const healthTimeout = 3 * time.Second

// healthcheck reports an error unless a mock on this machine is ready: the one of the
// address file if there is one, else the one at the control address.
func healthcheck(ctx context.Context, settings settings) error {
	control, err := controlURL(settings)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	status, err := readiness(ctx, control)
	if rest, plain := strings.CutPrefix(control, "http://"); plain && status == http.StatusBadRequest {
		control = "https://" + rest // a TLS server responds to plain HTTP with 400
		status, err = readiness(ctx, control)
	}
	if err == nil && status != http.StatusOK {
		return fmt.Errorf("the mock at %s is not ready: status %d", control, status)
	}
	return err
}

// readiness returns the status of /readyz. It does not verify the certificate, as it
// sends nothing secret and the certificate need not be for this address.
func readiness(ctx context.Context, control string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, control+"/readyz", nil)
	if err != nil {
		return 0, badUsage("%s is not the address of a control API", control)
	}
	client := &http.Client{Transport: &http.Transport{ // no proxy
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		DisableKeepAlives: true,
	}}
	resp, err := client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("no mock responds at %s; is it running, with this --control-listen?", control)
	}
	resp.Body.Close()
	return resp.StatusCode, nil
}

func controlURL(settings settings) (string, error) {
	if settings.addressFile != "" {
		data, err := os.ReadFile(settings.addressFile)
		if err != nil {
			return "", fmt.Errorf("no mock is running: %w", err)
		}
		var address struct {
			ControlURL string `json:"control_url"`
		}
		if err := json.Unmarshal(data, &address); err != nil || address.ControlURL == "" {
			return "", badUsage("%s contains no control_url", settings.addressFile)
		}
		return address.ControlURL, nil
	}
	host, port, err := net.SplitHostPort(settings.controlListen)
	if err != nil || port == "0" {
		return "", badUsage("--control-listen must name the port of a running mock, as in 127.0.0.1:4011, not %q", settings.controlListen)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port), nil
}
