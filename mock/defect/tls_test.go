package defect_test

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"nox.energy/contract/mock/defect"
)

// overHTTP leaves out the deviations that show only over TLS.
func overHTTP(all []defect.Deviation) []defect.Deviation {
	return slices.DeleteFunc(all, func(d defect.Deviation) bool {
		return d.OverTLS() || strings.HasPrefix(d.Name, "http-10-") || d.Name == "one-packet" || d.Name == "pipeline-dropped" // which the driver does not send
	})
}

// secureServer serves the mock by TLS with a deviation, and by plain HTTP on the
// same port if the deviation is so.
func secureServer(t *testing.T, d defect.Deviation) *httptest.Server {
	t.Helper()
	handler := d.Wrap(newMock(t))
	s := httptest.NewUnstartedServer(handler)
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	other := httptest.NewTLSServer(nil)
	defer other.Close()
	chain := other.TLS.Certificates[0]
	chain.Certificate = [][]byte{chain.Certificate[0], chain.Certificate[0]} // any second one will do
	s.TLS = &tls.Config{Certificates: []tls.Certificate{chain}}
	d.Secure(s.TLS)
	var plain net.Listener
	if s.Listener, plain = d.Split(s.Listener); plain != nil {
		go http.Serve(plain, handler)
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// What can be seen of a server's TLS from outside.
type seenOfTLS struct {
	oldest  uint16 // that it agrees to, 0 for none
	newest  uint16
	proto   string // of HTTP
	chain   int    // certificates
	host    bool   // the first of them is for the server's address
	inPlain string // its answer in plain HTTP, "" for none in HTTP
}

func lookAt(t *testing.T, s *httptest.Server) seenOfTLS {
	t.Helper()
	address := s.Listener.Addr().String()
	var seen seenOfTLS
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13} {
		c, err := tls.Dial("tcp", address, &tls.Config{
			MinVersion: version, MaxVersion: version, InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"},
		})
		if err != nil {
			continue
		}
		if seen.oldest == 0 {
			seen.oldest = version
		}
		state := c.ConnectionState()
		seen.newest, seen.proto, seen.chain = version, state.NegotiatedProtocol, len(state.PeerCertificates)
		seen.host = state.PeerCertificates[0].VerifyHostname("127.0.0.1") == nil
		c.Close()
	}
	client := &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	resp, err := client.Post("http://"+address+path, "application/json", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	seen.inPlain = resp.Status + " " + resp.Header.Get("Location") + string(body)
	return seen
}

// Each deviation of TLS shows in what it is about, and in nothing else.
func TestDeviationsOfTLSShow(t *testing.T) {
	t.Parallel()
	const refused = "400 Bad Request Client sent an HTTP request to an HTTPS server.\n" // net/http's own
	sound := seenOfTLS{tls.VersionTLS12, tls.VersionTLS13, "h2", 2, true, refused}
	want := map[string]func(*seenOfTLS){
		"tls":                  func(*seenOfTLS) {},
		"tls-10":               func(s *seenOfTLS) { s.oldest = tls.VersionTLS10 },
		"tls-11":               func(s *seenOfTLS) { s.oldest = tls.VersionTLS11 },
		"tls-12-only":          func(s *seenOfTLS) { s.newest = tls.VersionTLS12 },
		"tls-13-only":          func(s *seenOfTLS) { s.oldest = tls.VersionTLS13 },
		"tls-http1":            func(s *seenOfTLS) { s.proto = "http/1.1" },
		"tls-chain-cut":        func(s *seenOfTLS) { s.chain = 1 },
		"tls-other-host":       func(s *seenOfTLS) { s.chain, s.host = 1, false },
		"tls-plain-too":        func(s *seenOfTLS) { s.inPlain = "401 " },
		"tls-plain-redirected": func(s *seenOfTLS) { s.inPlain = "308 Permanent Redirect https://nox.example/" },
		"tls-plain-refused":    func(s *seenOfTLS) { s.inPlain = `403 Forbidden {"error":"Use TLS"}` },
		"tls-plain-unknown":    func(s *seenOfTLS) { s.inPlain = `404 Not Found {"error":"Not found"}` },
		"tls-plain-page":       func(s *seenOfTLS) { s.inPlain = "400 Bad Request <!DOCTYPE html>" },
	}
	for _, d := range append(defect.Defects(), defect.Variations()...) {
		if !d.OverTLS() {
			continue
		}
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			change := want[d.Name]
			if change == nil {
				t.Fatal("nothing is said here of what shows")
			}
			expected := sound
			change(&expected)
			got := lookAt(t, secureServer(t, d))
			if strings.HasPrefix(strings.ToLower(got.inPlain), strings.ToLower(expected.inPlain)) {
				got.inPlain = expected.inPlain
			}
			if got != expected {
				t.Errorf("seen %+v\nwant %+v", got, expected)
			}
		})
	}
}
