package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"time"
)

// testTLS makes what a mock of this process's own is reached by TLS with: a
// certificate for the loopback interface, with its chain, and what a client
// trusts it by. The client connects to whatever server there is, as only then
// can it say of a poor certificate what is wrong with it.
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

// certify makes a certificate for an hour: of an authority if it has a name,
// else of a server on the loopback interface. parent signs it, itself if nil.
func certify(authority string, parent *tls.Certificate) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("a key for the self-test: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: authority}, NotBefore: now.Add(-time.Minute), NotAfter: now.Add(time.Hour),
		BasicConstraintsValid: true, IsCA: authority != "", KeyUsage: x509.KeyUsageCertSign,
	}
	if authority == "" {
		template.KeyUsage, template.IPAddresses = x509.KeyUsageDigitalSignature, []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	signer := &tls.Certificate{Leaf: template, PrivateKey: key}
	if parent != nil {
		signer = parent
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, signer.Leaf, key.Public(), signer.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("a certificate for the self-test: %w", err)
	}
	made := &tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
	made.Leaf, err = x509.ParseCertificate(raw)
	return made, err
}
