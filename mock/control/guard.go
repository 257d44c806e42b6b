package control

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"nox.energy/contract/mock/internal/openapi"
)

// guard refuses requests that a browser was talked into by a page from
// elsewhere, and those without the token. Health has no secrets and is left
// alone, so that whoever runs the mock can ask for it under any name.
func (c *Control) guard(op *openapi.Operation, r *http.Request) (a openapi.Response, refused bool) {
	if op.ID == "live" || op.ID == "ready" {
		return openapi.Response{}, false
	}
	if a, refused := c.guardPlace(op, r); refused {
		return a, true
	}
	if c.config.Token == "" {
		return openapi.Response{}, false
	}
	authorized := c.authorized(r)
	guess := !authorized && len(r.Header.Values("Authorization")) > 0
	if !c.guesses.admit(r, guess) {
		return op.Fail(http.StatusTooManyRequests, "Too many wrong tokens came from this address: wait a second").With("Retry-After", "1"), true
	}
	if !authorized {
		return op.Fail(http.StatusUnauthorized, "").With("WWW-Authenticate", `Bearer realm="nox-mock control API"`), true
	}
	return openapi.Response{}, false
}

// guardPlace refuses requests that were addressed to another name, or sent by
// a page from elsewhere.
func (c *Control) guardPlace(op *openapi.Operation, r *http.Request) (a openapi.Response, refused bool) {
	if !c.knownHost(r.Host) {
		return op.Fail(http.StatusForbidden, "This API is not served under the name in the header Host; use localhost or an IP address, or name it with --control-host"), true
	}
	if !sameOrigin(r) {
		return op.Fail(http.StatusForbidden, ""), true
	}
	return openapi.Response{}, false
}

// knownHost tells whether a request was addressed to a name that cannot be
// bound to this server by someone else: a page that rebinds its own name to
// this address (DNS rebinding) sends that name.
func (c *Control) knownHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	return host == "localhost" || net.ParseIP(host) != nil ||
		slices.ContainsFunc(c.config.Hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

// sameOrigin tells whether a request comes from no page at all, or from one of
// this API. Browsers mark others by Origin (RFC 6454, section 7) or
// Sec-Fetch-Site (Fetch Metadata); a link that is followed is not one of them.
func sameOrigin(r *http.Request) bool {
	for _, origin := range r.Header.Values("Origin") {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
			return false
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return true
	}
	return r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate"
}

// authorized compares digests, so that the time tells nothing.
func (c *Control) authorized(r *http.Request) bool {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return false
	}
	kind, token, _ := strings.Cut(values[0], " ")
	got, want := sha256.Sum256([]byte(strings.TrimLeft(token, " "))), sha256.Sum256([]byte(c.config.Token))
	return strings.EqualFold(kind, "bearer") && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}
