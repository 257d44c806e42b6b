package defect

import (
	"crypto/tls"
	"net/http"
)

// tlsDefects are servers whose TLS lets down what travels over it.
func tlsDefects() []Deviation {
	return []Deviation{
		secured(should("tls-10", "http/tls-version", "TLS 1.0 and 1.1 are spoken with clients that offer nothing newer.", before(always)), func(c *tls.Config) { c.MinVersion = tls.VersionTLS10 }),
		secured(should("tls-11", "http/tls-version", "TLS 1.1 is spoken with clients that offer nothing newer.", before(always)), func(c *tls.Config) { c.MinVersion = tls.VersionTLS11 }),
		secured(should("tls-chain-cut", "http/tls-chain", "The certificate comes without the one that signed it.", before(always)), leafOnly),
		secured(should("tls-other-host", "http/tls-chain", "The certificate is the server's own work, for another host.", before(always)), otherHost),
		plainToo(should("tls-plain-too", "http/tls-plain-twin", "The port serves plain HTTP as well.", before(always))),
	}
}

// tlsVariations are sound servers that are reached by TLS.
func tlsVariations() []Deviation {
	return []Deviation{
		secured(legal("tls", "The server is reached by TLS, and speaks HTTP/2.", before(always)), asItIs),
		secured(legal("tls-http1", "The server is reached by TLS and speaks nothing but HTTP/1.1.", before(always)), func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }),
		secured(legal("tls-12-only", "The server is reached by TLS 1.2 and by no other.", before(always)), func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }),
		secured(legal("tls-13-only", "The server is reached by TLS 1.3 and by no other.", before(always)), func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }),
		plainToo(legal("tls-plain-redirected", "Plain HTTP on the port of TLS is redirected.", instead(plain, setStatus(http.StatusPermanentRedirect), setHeader("Location", "https://nox.example/")))),
		plainToo(legal("tls-plain-refused", "Plain HTTP on the port of TLS is refused with 403, in JSON.", instead(plain, fail(http.StatusForbidden, "Use TLS")))),
		plainToo(legal("tls-plain-unknown", "Plain HTTP on the port of TLS finds another service, which knows no such path.", instead(plain, fail(http.StatusNotFound, "Not found")))),
		plainToo(legal("tls-plain-page", "Plain HTTP on the port of TLS is answered with the 400 page of a gateway.", instead(plain, page(http.StatusBadRequest, "The plain HTTP request was sent to HTTPS port")))),
	}
}

// plain holds for a request that came without TLS.
func plain(x *exchange) bool { return x.request.TLS == nil }
