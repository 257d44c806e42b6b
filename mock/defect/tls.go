package defect

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"sync"
	"time"
)

// OverTLS tells whether the deviation shows only at a server that is reached by
// TLS. Such a server needs Secure and Split as well as Wrap.
func (d Deviation) OverTLS() bool { return d.secure != nil }

// Secure changes the TLS configuration of the server, which is sound before: its
// first certificate comes with the whole chain.
func (d Deviation) Secure(c *tls.Config) {
	if d.secure != nil {
		d.secure(c)
	}
}

// Split returns the listener for the server by TLS, and one for plain HTTP where
// the deviation serves that on the same port, nil elsewhere. Both are served by
// the wrapped handler, and both are to be closed.
func (d Deviation) Split(l net.Listener) (secure, plain net.Listener) {
	if !d.plainToo {
		return l, nil
	}
	return split(l)
}

// secured makes a deviation one of TLS.
func secured(d Deviation, change func(*tls.Config)) Deviation {
	d.secure = change
	return d
}

// plainToo makes a deviation one whose port takes plain HTTP beside TLS.
func plainToo(d Deviation) Deviation {
	d.secure, d.plainToo = asItIs, true
	return d
}

func asItIs(*tls.Config) {}

// leafOnly leaves the rest of the chain out.
func leafOnly(c *tls.Config) {
	for i := range c.Certificates {
		c.Certificates[i].Certificate = c.Certificates[i].Certificate[:1]
	}
}

// otherHost puts a certificate in place that nobody has reason to trust.
func otherHost(c *tls.Config) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // as crypto/rand does
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"elsewhere.example"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
	}
	leaf, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err) // the template is as it stands here
	}
	c.Certificates = []tls.Certificate{{Certificate: [][]byte{leaf}, PrivateKey: key}}
}

// handshakeRecord is the first byte of every TLS connection (RFC 8446, section
// 5.1), and of no HTTP request.
const handshakeRecord = 0x16

// split sorts the connections of a listener by their first byte.
func split(l net.Listener) (secure, plain net.Listener) {
	s := &splitListener{Listener: l, done: make(chan struct{})}
	first := &sortedListener{s, make(chan net.Conn)}
	second := &sortedListener{s, make(chan net.Conn)}
	go func() {
		defer s.Close()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.sort(c, first, second)
		}
	}()
	return first, second
}

// splitListener is what the two halves share.
type splitListener struct {
	net.Listener
	once sync.Once
	done chan struct{}
}

func (s *splitListener) Close() error {
	s.once.Do(func() { close(s.done) })
	return s.Listener.Close()
}

// sort waits for the first byte, which a client may be long in sending.
func (s *splitListener) sort(c net.Conn, secure, plain *sortedListener) {
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-s.done:
			c.SetReadDeadline(time.Now())
		case <-ended:
		}
	}()
	r := bufio.NewReader(c)
	first, err := r.Peek(1)
	if err != nil {
		c.Close()
		return
	}
	to := plain
	if first[0] == handshakeRecord {
		to = secure
	}
	select {
	case to.conns <- peekedConn{c, r}:
	case <-s.done:
		c.Close()
	}
}

// sortedListener accepts the connections of one kind.
type sortedListener struct {
	*splitListener
	conns chan net.Conn
}

func (l *sortedListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

type peekedConn struct {
	net.Conn
	r *bufio.Reader
}

func (c peekedConn) Read(p []byte) (int, error) { return c.r.Read(p) }

// NetConn is the connection beneath.
func (c peekedConn) NetConn() net.Conn { return c.Conn }
