package main

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"time"

	"nox.energy/contract/cmd/internal/cli"
)

// testTLS makes a certificate chain for a mock on the loopback interface, and the
// client configuration that trusts it. The client accepts any certificate, as the
// checks of TLS report what is wrong with it.
func testTLS() (client, server *tls.Config, err error) {
	root, err := certify("root of the self-test", nil)
	if err != nil {
		return nil, nil, err
	}
	between, err := certify("authority of the self-test", root)
	if err != nil {
		return nil, nil, err
	}
	leaf, err := certify("", between)
	if err != nil {
		return nil, nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(root.Leaf)
	leaf.Certificate = append(leaf.Certificate, between.Leaf.Raw)
	return &tls.Config{RootCAs: roots, InsecureSkipVerify: true}, &tls.Config{Certificates: []tls.Certificate{*leaf}}, nil
}

// certify makes a certificate that is valid for an hour: for an authority if it has a
// name, else for a server on the loopback interface. parent signs it; nil means
// self-signed.
func certify(authority string, parent *tls.Certificate) (*tls.Certificate, error) {
	now := time.Now()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: authority}, NotBefore: now.Add(-time.Minute), NotAfter: now.Add(time.Hour),
		BasicConstraintsValid: true, IsCA: authority != "", KeyUsage: x509.KeyUsageCertSign,
	}
	if authority == "" {
		template.KeyUsage, template.IPAddresses = x509.KeyUsageDigitalSignature, []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	return cli.Certify(template, parent)
}
