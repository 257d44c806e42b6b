package checks

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// overPlainHTTP is why the checks of TLS say nothing of some targets.
const overPlainHTTP = "not applicable: the target uses plain HTTP"

// tlsChecks look at the connection rather than at what travels on it. A
// handshake is broken off before a request is sent.
func tlsChecks(b *builder) {
	if !b.isFirst() { // they are about the server, not about what it serves
		return
	}
	b.add(trial.StatusHTTP, checkText{
		name: "tls-version", ground: goodPractice, prod: conformance.Harmless, sendsNothing: true, pointer: "/servers",
		summary: "TLS 1.0 and 1.1 are rejected",
		sends:   "a TLS handshake that offers only these versions; no request",
		why:     "RFC 8996 forbids both. An attacker on the network can force a client down to the oldest version that both sides accept.",
	}, trial.StageAround, func(t *trial.Trial) {
		state := handshake(t, func(c *tls.Config) {
			c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
			for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
				c.CipherSuites = append(c.CipherSuites, suite.ID)
			}
		})
		if state != nil {
			t.Fail("no connection with a version older than TLS 1.2", "the target accepted "+tls.VersionName(state.Version))
		}
	})
	b.add(trial.StatusHTTP, checkText{
		name: "tls-chain", ground: goodPractice, prod: conformance.Harmless, sendsNothing: true, pointer: "/servers",
		summary: "the certificate is valid for this host and comes with its full chain",
		sends:   "a TLS handshake; no request",
		why:     "Some clients fetch a missing intermediate certificate, others fail. The API then works for some manufacturers only.",
	}, trial.StageAround, func(t *trial.Trial) {
		state := handshake(t, func(*tls.Config) {})
		if state == nil || len(state.PeerCertificates) == 0 {
			t.Abort("the TLS handshake succeeded at first and failed on repetition")
		}
		if err := t.Session.Client.VerifyCertificate(state); err != nil {
			t.Fail("a certificate for "+t.Session.Client.ServerName()+" that verifies with the certificates the target sends and the trusted authorities", strings.TrimPrefix(err.Error(), "x509: "))
		}
	})
	b.add(trial.StatusHTTP, checkText{
		name: "tls-plain-twin", ground: goodPractice, prod: conformance.Harmless, pointer: "/servers",
		summary: "the operation is not also available over plain HTTP",
		sends:   "the request to the same host over plain HTTP, with an invented key; never with a real one",
		why:     "A client with a mistyped address would send its key unencrypted and notice nothing.",
	}, trial.StageAround, func(t *trial.Trial) {
		base := t.Session.Client.PlainHTTPURL()
		if base == nil {
			t.Skip(overPlainHTTP)
		}
		r := t.Request()
		if len(r.Keys) > 0 {
			r = r.WithKeys(wire.Credential{Value: "nobody-has-this-key", Label: "an invented key", ShellWord: "nobody-has-this-key"})
		}
		a := t.SendElsewhere(r.To(base))
		if a.Arrived() && a.Status/100 != 3 && a.IsAsDocumented() {
			t.Fail("no response from this operation at "+base.String(), "the operation's own "+contract.StatusText(a.Status), a)
		}
	})
}

// errEnough ends a handshake whose outcome is known.
var errEnough = errors.New("the handshake has shown what it was made for")

// handshake begins a TLS connection to the target and returns what it agreed
// to, nil where it agreed to nothing. Certificates are not verified. It skips
// the check where the target is reached by plain HTTP.
func handshake(t *trial.Trial, change func(*tls.Config)) *tls.ConnectionState {
	c := t.Session.Client
	if c.BaseURL.Scheme != "https" {
		t.Skip(overPlainHTTP)
	}
	if c.Simulate != nil {
		return &tls.ConnectionState{}
	}
	var seen *tls.ConnectionState
	config := &tls.Config{}
	if c.TLS != nil {
		config = c.TLS.Clone()
	}
	config.InsecureSkipVerify, config.VerifyPeerCertificate = true, nil
	config.VerifyConnection = func(state tls.ConnectionState) error {
		seen = &state
		return errEnough
	}
	change(config)
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, ForceAttemptHTTP2: true, DisableKeepAlives: true} // which offers what the gate does
	if err := c.WaitTurn(t.Context); err != nil {
		t.Abort(string(wire.InterruptionOf(err)))
	}
	ctx, cancel := context.WithTimeout(t.Context, c.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, c.BaseURL.String(), nil)
	if err != nil {
		t.Abort("the request cannot be built: " + err.Error())
	}
	resp, err := transport.RoundTrip(req)
	if err == nil { // VerifyConnection is always called; this is for safety only
		resp.Body.Close()
		return resp.TLS
	}
	if why := wire.FailureOf(err); seen == nil && (why.IsInconclusive() && why != wire.Untrusted || why == wire.TimedOut) {
		t.Abort(string(why) + ": " + trial.InnermostError(err))
	}
	return seen
}
