package runner_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/defect"
)

// overTLS serves a mock by TLS, changed as said, and returns a run against it.
func overTLS(t *testing.T, change func(*tls.Config), listen func(net.Listener) net.Listener) conformance.Config {
	t.Helper()
	m, err := mock.New(mock.Config{})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(m)
	srv.EnableHTTP2 = true
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.TLS = &tls.Config{}
	change(srv.TLS)
	srv.Listener = listen(srv.Listener)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	return conformance.Config{
		Target: srv.URL + m.BasePath(), Keys: conformance.Keys{Key: mock.DefaultManufacturers()[0].Keys[0]},
		TLS: &tls.Config{RootCAs: roots}, Run: []string{"**/201/minimal", "**/http/tls-*"}, Evidence: true,
	}
}

func asItIs(*tls.Config) {}

func sameListener(l net.Listener) net.Listener { return l }

func TestTLSIsLookedAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		config func(*testing.T) conformance.Config
		fails  string // the check, "" for none
		actual string
	}{
		{"sound", func(t *testing.T) conformance.Config { return overTLS(t, asItIs, sameListener) }, "", ""},
		{"TLS 1.2 and nothing else", func(t *testing.T) conformance.Config {
			return overTLS(t, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, sameListener)
		}, "", ""},
		{"TLS 1.0 and later", func(t *testing.T) conformance.Config {
			return overTLS(t, func(c *tls.Config) { c.MinVersion = tls.VersionTLS10 }, sameListener)
		}, "tls-version", "TLS 1.1"},
		{"a host that the certificate is not for", func(t *testing.T) conformance.Config {
			cfg := overTLS(t, asItIs, sameListener)
			cfg.Target = strings.Replace(cfg.Target, "127.0.0.1", "localhost", 1)
			cfg.TLS.InsecureSkipVerify = true
			return cfg
		}, "tls-chain", "localhost"},
		{"an authority that nobody knows", func(t *testing.T) conformance.Config {
			cfg := overTLS(t, asItIs, sameListener)
			cfg.TLS = &tls.Config{InsecureSkipVerify: true}
			return cfg
		}, "tls-chain", "unknown authority"},
		{"a name in the configuration", func(t *testing.T) conformance.Config {
			cfg := overTLS(t, asItIs, sameListener)
			cfg.Target = strings.Replace(cfg.Target, "127.0.0.1", "localhost", 1)
			cfg.TLS.ServerName = "example.com"
			return cfg
		}, "", ""},
		{"plain HTTP on the same port", func(t *testing.T) conformance.Config {
			return overTLS(t, asItIs, func(l net.Listener) net.Listener { return plainTooListener(t, l, nil) })
		}, "tls-plain-twin", "401"},
		{"a redirect from plain HTTP", func(t *testing.T) conformance.Config {
			return overTLS(t, asItIs, func(l net.Listener) net.Listener {
				return plainTooListener(t, l, http.RedirectHandler("https://example.com/", http.StatusPermanentRedirect))
			})
		}, "", ""},
		{"nothing but silence from plain HTTP", func(t *testing.T) conformance.Config {
			return overTLS(t, asItIs, func(l net.Listener) net.Listener {
				return plainTooListener(t, l, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					io.Copy(io.Discard, r.Body)
					<-r.Context().Done()
				}))
			})
		}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := judge(t, c.config(t))
			warned := outcomes(r, conformance.Warn)
			switch {
			case r.ExitCode != 0 || len(outcomes(r, conformance.Err, conformance.Skip)) > 0:
				t.Errorf("exit code %d %s\n%s", r.ExitCode, r.Reason, strings.Join(outcomes(r, conformance.Fail, conformance.Err, conformance.Skip), "\n"))
			case c.fails == "" && len(warned) > 0, c.fails != "" && len(warned) != 1:
				t.Errorf("warnings: %q", warned)
			case c.fails != "" && (!strings.Contains(warned[0], "/http/"+c.fails+":") || !strings.Contains(warned[0], c.actual)):
				t.Errorf("warning %q, want %s, %s", warned[0], c.fails, c.actual)
			}
		})
	}
}

// TestTLSIsNotLookedAtOverPlainHTTP: what cannot be judged is said.
func TestTLSIsNotLookedAtOverPlainHTTP(t *testing.T) {
	t.Parallel()
	cfg := overTLS(t, asItIs, sameListener)
	m, err := mock.New(mock.Config{})
	if err != nil {
		t.Fatal(err)
	}
	plain := httptest.NewServer(m)
	defer plain.Close()
	cfg.Target, cfg.TLS = plain.URL+m.BasePath(), nil
	skipped := outcomes(judge(t, cfg), conformance.Skip)
	if len(skipped) != 3 || !strings.Contains(skipped[0], "uses plain HTTP") {
		t.Errorf("skipped %q", skipped)
	}
}

// TestNoSecretTravelsInPlainHTTP: neither a key nor what a gateway asks for.
func TestNoSecretTravelsInPlainHTTP(t *testing.T) {
	t.Parallel()
	var seen []http.Header
	cfg := overTLS(t, asItIs, func(l net.Listener) net.Listener {
		return plainTooListener(t, l, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = append(seen, r.Header) }))
	})
	cfg.Header = http.Header{"Authorization": {"Bearer for-the-gateway-only"}}
	r := judge(t, cfg)
	if r.ExitCode != 0 || len(seen) != 1 {
		t.Fatalf("exit code %d, %d requests in plain HTTP", r.ExitCode, len(seen))
	}
	for name, values := range seen[0] {
		if text := strings.Join(values, " "); name == "Authorization" || strings.Contains(text, cfg.Keys.Key) {
			t.Errorf("%s: %s was sent in plain HTTP", name, text)
		}
	}
}

// TestDryRunShowsThePlainTwin: every request is printed, those beside the target
// as well.
func TestDryRunShowsThePlainTwin(t *testing.T) {
	t.Parallel()
	r, err := runner.New(conformance.Config{Target: "https://staging.example.com/v2", Keys: conformance.Keys{Key: "first-secret-key"}, Run: []string{"**/tls-*"}})
	if err != nil {
		t.Fatal(err)
	}
	plan := slices.Collect(r.DryRun(t.Context()))
	var hosts []string
	for _, p := range plan {
		u, err := url.Parse(p.Request.URL)
		if err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, u.Scheme+"://"+u.Host)
	}
	if !slices.Equal(hosts, []string{"https://staging.example.com", "http://staging.example.com:80"}) { // the gate first
		t.Errorf("the plan names %q", hosts)
	}
}

// plainTooListener lets plain HTTP be served on a port that is meant for TLS:
// by h, or as by TLS where h is nil.
func plainTooListener(t *testing.T, l net.Listener, h http.Handler) net.Listener {
	if h == nil {
		m, err := mock.New(mock.Config{})
		if err != nil {
			t.Fatal(err)
		}
		h = m
	}
	d, err := defect.Find("tls-plain-too")
	if err != nil {
		t.Fatal(err)
	}
	secure, plain := d.Split(l)
	srv := &http.Server{Handler: h}
	go srv.Serve(plain)
	t.Cleanup(func() { srv.Close() })
	return secure
}
