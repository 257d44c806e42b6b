package hostile

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// secured is how a target speaks TLS.
type secured struct {
	// instead, if set, talks on the connection in place of a handshake.
	instead func(net.Conn)
	// change changes the server's side.
	change func(*tls.Config)
	// issue changes the certificate.
	issue func(*x509.Certificate)
	// stranger is set where the program does not know the authority.
	stranger bool
}

// authority signs what the targets show.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

var theAuthority = sync.OnceValue(func() *authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hostile"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return &authority{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
})

// certificate issues one for loopback.
func (s *secured) certificate() tls.Certificate {
	ca := theAuthority()
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if s.issue != nil {
		s.issue(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, ca.key.Public(), ca.key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: ca.key}
}

// trust is what the program is told of the authority.
func (s *secured) trust(t *testing.T, dir string) []string {
	if s.stranger {
		return nil
	}
	name := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(name, theAuthority().pem, 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"--ca-cert", name}
}

// server performs the handshake; nil where there is none.
func (s *secured) server(c net.Conn) net.Conn {
	if s.instead != nil {
		s.instead(c)
		return nil
	}
	config := &tls.Config{Certificates: []tls.Certificate{s.certificate()}}
	if s.change != nil {
		s.change(config)
	}
	secure := tls.Server(c, config)
	if secure.Handshake() != nil {
		return nil
	}
	return secure
}

// read takes what the program says first off the line.
func read(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }

// hangs waits for the program to hang up.
func hangs(c net.Conn) {
	b := make([]byte, 4096)
	for {
		if _, err := c.Read(b); err != nil {
			return
		}
	}
}

// handshakes are rows about TLS.
func handshakes() []target {
	instead := func(do func(net.Conn)) *secured { return &secured{instead: do} }
	says := func(text string) *secured {
		return instead(func(c net.Conn) { read(c); _, _ = c.Write([]byte(text)); hangs(c) })
	}
	floods := func(text string) *secured {
		return instead(func(c net.Conn) {
			read(c)
			block := []byte(strings.Repeat(text, max(1, 16<<10/len(text))))
			for sent := 0; sent < atMost; sent += len(block) {
				if _, err := c.Write(block); err != nil {
					return
				}
			}
			hangs(c)
		})
	}
	issued := func(issue func(*x509.Certificate)) *secured { return &secured{issue: issue} }
	changed := func(change func(*tls.Config)) *secured { return &secured{change: change} }
	nothing := func(*conn) {}
	// tee begins a true handshake and lets through so much of what the server says.
	partial := func(bytes int, pause time.Duration) *secured {
		return instead(func(c net.Conn) {
			_ = tls.Server(&choked{Conn: c, left: bytes, pause: pause}, &tls.Config{Certificates: []tls.Certificate{(&secured{}).certificate()}}).Handshake()
			hangs(c)
		})
	}
	rows := []target{
		{name: "TLS: silence", tls: instead(hangs)},
		{name: "TLS: closed at once", tls: instead(func(net.Conn) {})},
		{name: "TLS: closed behind the hello", tls: instead(read)},
		{name: "TLS: reset behind the hello", tls: instead(func(c net.Conn) { read(c); (&conn{Conn: c}).reset() })},
		{name: "TLS: handshake_failure", tls: says("\x15\x03\x03\x00\x02\x02\x28")},
		{name: "TLS: unrecognized_name", tls: says("\x15\x03\x03\x00\x02\x02\x70")},
		{name: "TLS: close_notify in place of a hello", tls: says("\x15\x03\x03\x00\x02\x01\x00")},
		{name: "TLS: warnings without an end", tls: floods("\x15\x03\x03\x00\x02\x01\x5a")},
		{name: "TLS: empty records without an end", tls: floods("\x16\x03\x03\x00\x00")},
		{name: "TLS: change_cipher_spec without an end", tls: floods("\x14\x03\x03\x00\x01\x01")},
		{name: "TLS: record too long", tls: says("\x16\x03\x03\xff\xff" + strings.Repeat("x", 65535))},
		{name: "TLS: handshake message of 16 MiB", tls: floods("\x16\x03\x03\x40\x00\x02\xff\xff\xff" + strings.Repeat("x", 16380))},
		{name: "TLS: hello of nothing", tls: says("\x16\x03\x03\x00\x04\x02\x00\x00\x00")},
		{name: "TLS: request for a hello", tls: floods("\x16\x03\x03\x00\x04\x00\x00\x00\x00")},
		{name: "TLS: plain HTTP answers", tls: says("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")},
		{name: "TLS: random bytes", tls: floods("\x9d\x1e\x77\x03\xfe")},
		{name: "TLS: hello cut short", tls: partial(50, 0)},
		{name: "TLS: handshake cut short", tls: partial(600, 0)},
		{name: "TLS: handshake byte by byte", tls: partial(1<<20, 20*time.Millisecond)},
		{name: "TLS: expired", tls: issued(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })},
		{name: "TLS: not yet valid", tls: issued(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour / 2) })},
		{name: "TLS: for another name", tls: issued(func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"other.example"} })},
		{name: "TLS: for no name", tls: issued(func(c *x509.Certificate) { c.IPAddresses = nil })},
		{name: "TLS: for clients", tls: issued(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })},
		{name: "TLS: for twenty thousand names", tls: issued(func(c *x509.Certificate) {
			c.IPAddresses = nil
			for i := range 20_000 {
				c.DNSNames = append(c.DNSNames, fmt.Sprintf("%s%d.example", strings.Repeat("n", 40), i))
			}
		})},
		{name: "TLS: unknown authority", tls: &secured{stranger: true}},
		{name: "TLS: a chain of a thousand", tls: changed(func(c *tls.Config) {
			for range 300 {
				c.Certificates[0].Certificate = append(c.Certificates[0].Certificate, c.Certificates[0].Certificate[0])
			}
		}), serve: saying(sized("{}"))},
		{name: "TLS: a chain of garbage", tls: changed(func(c *tls.Config) {
			c.Certificates[0].Certificate = append(c.Certificates[0].Certificate, []byte("garbage"))
		})},
		{name: "TLS: version 1.0", tls: changed(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10 })},
		{name: "TLS: a client certificate is required", tls: changed(func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert }), serve: nothing},
		{name: "TLS: silence behind the handshake", tls: &secured{}, serve: (*conn).hold},
		{name: "TLS: closed behind the handshake", tls: &secured{}, serve: nothing},
		{name: "TLS: reset behind the handshake", tls: &secured{}, serve: (*conn).reset},
		{name: "TLS: plain bytes within", tls: &secured{}, serve: func(c *conn) {
			if c.request() != nil {
				_, _ = c.Conn.(*tls.Conn).NetConn().Write([]byte(sized("{}")))
				c.hold()
			}
		}},
		{name: "TLS: cut off without a farewell", tls: &secured{}, serve: once(func(c *conn) {
			c.send(created + "\r\n{}")
			_ = c.Conn.(*tls.Conn).NetConn().Close()
		})},
		{name: "TLS: 101", tls: &secured{}, serve: stuck("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")},
		{name: "TLS: a protocol that was not offered", tls: changed(func(c *tls.Config) { c.NextProtos = []string{"h3"} }), serve: nothing},
		{name: "TLS: HTTP/1 although HTTP/2 was chosen", tls: changed(func(c *tls.Config) { c.NextProtos = []string{"h2"} }), serve: func(c *conn) { c.flood(sized("{}")); c.hold() }},
	}
	for i := range rows {
		if rows[i].serve == nil {
			rows[i].serve = nothing
		}
	}
	return rows
}

// choked lets so many bytes out, in small pieces with a pause between them, and
// swallows what comes behind.
type choked struct {
	net.Conn
	left  int
	pause time.Duration
}

func (c *choked) Write(p []byte) (int, error) {
	for i := 0; i < len(p) && c.left > 0; {
		n := min(c.left, len(p)-i)
		if c.pause > 0 {
			n = 1
			time.Sleep(c.pause)
		}
		if _, err := c.Conn.Write(p[i : i+n]); err != nil {
			return 0, err
		}
		i, c.left = i+n, c.left-n
	}
	return len(p), nil
}
