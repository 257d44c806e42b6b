package main

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"sync"
	"time"

	"nox.energy/contract/cmd/internal/cli"
)

// checkTLS reports TLS flags that exclude or require each other.
func (s *settings) checkTLS() error {
	switch {
	case (s.tlsCert == "") != (s.tlsKey == ""):
		return badUsage("--tls-cert and --tls-key require each other")
	case s.tlsCert != "" && s.tlsAuto:
		return badUsage("--tls-auto and --tls-cert exclude each other")
	case len(s.tlsNames) > 0 && !s.tlsAuto:
		return badUsage("--tls-name requires --tls-auto")
	}
	for _, name := range s.tlsNames {
		if net.ParseIP(name) == nil && !hostName.MatchString(name) {
			return badUsage("--tls-name must be a host name or an IP address, as in mock.example, not %q", name)
		}
	}
	return nil
}

// hostName matches a DNS name, whose first label may be a wildcard.
var hostName = regexp.MustCompile(`^(\*|[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$`)

// identity is the mock's TLS configuration, and the CA behind it.
type identity struct {
	config    *tls.Config
	authority *authority    // nil if the certificate is the user's own
	leaves    *certificates // likewise
}

// newIdentity reads or makes the certificate that settings ask for. It returns nil
// without TLS.
func newIdentity(settings settings, stderr io.Writer) (*identity, error) {
	made := &identity{config: &tls.Config{MinVersion: tls.VersionTLS12}}
	switch {
	case settings.tlsAuto:
		a, err := loadAuthority(settings.tlsDir, time.Now())
		if err != nil {
			return nil, err
		}
		io.WriteString(stderr, a.renewal())
		made.authority, made.leaves = a, &certificates{authority: a}
		made.leaves.add("localhost", "127.0.0.1", "::1")
		made.leaves.add(settings.tlsNames...)
		for _, address := range []string{settings.listen, settings.controlListen} {
			if host, _, err := net.SplitHostPort(address); err == nil {
				made.leaves.add(host)
			}
		}
		made.config.GetCertificate = made.leaves.get
	case settings.tlsCert != "":
		pair, err := readPair(settings.tlsCert, settings.tlsKey, time.Now())
		if err != nil {
			return nil, err
		}
		made.config.Certificates = []tls.Certificate{pair}
	default:
		return nil, nil
	}
	return made, nil
}

// serves adds an address to those that the certificate is for.
func (i *identity) serves(address net.Addr) {
	if host, _, err := net.SplitHostPort(address.String()); err == nil && i.leaves != nil {
		i.leaves.add(host)
	}
}

// readPair reads a certificate and its key, and reports now what clients would find
// later.
func readPair(certificate, key string, now time.Time) (tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return pair, badUsage("--tls-cert and --tls-key cannot be used: %w", err)
	}
	switch leaf := pair.Leaf; {
	case now.After(leaf.NotAfter):
		return pair, badUsage("--tls-cert: the certificate in %s expired on %s", certificate, leaf.NotAfter.UTC().Format(time.DateOnly))
	case now.Before(leaf.NotBefore):
		return pair, badUsage("--tls-cert: the certificate in %s is not valid before %s", certificate, leaf.NotBefore.UTC().Format(time.DateOnly))
	}
	return pair, nil
}

// certificates makes the server's certificate and renews it in time.
type certificates struct {
	authority *authority
	names     []string

	mu      sync.Mutex
	current *tls.Certificate
}

// add adds names and addresses to the certificate. It must not be called after get.
func (c *certificates) add(names ...string) {
	for _, name := range names {
		if ip := net.ParseIP(name); name == "" || ip != nil && ip.IsUnspecified() || slices.Contains(c.names, name) {
			continue
		}
		c.names = append(c.names, name)
	}
}

func (c *certificates) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.current != nil && now.Before(c.current.Leaf.NotAfter.Add(-leafLife/2)) {
		return c.current, nil
	}
	made, err := c.authority.issue(c.names, now)
	if err != nil {
		return nil, fmt.Errorf("no certificate: %w", err)
	}
	c.current = made
	return made, nil
}

// issue makes a certificate for a server with these names and addresses.
func (a *authority) issue(names []string, now time.Time) (*tls.Certificate, error) {
	ends := now.Add(leafLife)
	if ends.After(a.pair.Leaf.NotAfter) {
		ends = a.pair.Leaf.NotAfter
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "nox-mock"},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              ends,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	return cli.Certify(template, a.pair)
}
