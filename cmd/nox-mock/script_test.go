package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"nox.energy/contract/cmd/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"nox-mock": main})
}

// TestScripts runs the program as its users do. Commands of the scripts' own:
//
//	exits CODE PROGRAM ARG…     run it, expect that exit code
//	fails CODE PROGRAM ARG…     run it, expect that exit code and one line on
//	                            standard error, nothing on standard output
//	ready                       wait until address.json is there
//	call METHOD PATH KEY BODY   send a request; the answer becomes standard
//	                            output: the status, the body
//	control METHOD PATH BODY    the same, to the control API; header names and
//	                            values may follow
//	terminate                   SIGTERM to what runs in the background
//	hang-up                     SIGHUP to it, as when its terminal goes
//	occupy                      take a port and put its address into $BUSY
//	certificate NAME [expired]  write a certificate for 127.0.0.1 that signs
//	                            itself to NAME.pem, and its key to NAME-key.pem
//	secure-names NAME…          expect that the certificate is for these names
//
// Servers of TLS are trusted by the certificates in $CA_CERT.
func TestScripts(t *testing.T) {
	// Where a hang-up is ignored, as under nohup, what is started ignores it too.
	hangUps := make(chan os.Signal, 1)
	signal.Notify(hangUps, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(hangUps) })
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/scripts/nox-mock",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"fails":     fails,
			"ready":     ready,
			"call":      call,
			"control":   askControl,
			"terminate": terminate,
			"hang-up":   hangUp,
			"occupy":    occupy,

			"certificate":  certificate,
			"secure-names": secureNames,
		},
	})
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != want {
		ts.Fatalf("got %v, want exit code %d", err, want)
	}
}

func fails(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != want {
		ts.Fatalf("got %v, want exit code %d", err, want)
	}
	message := ts.ReadFile("stderr")
	if strings.Count(message, "\n") != 1 || !strings.HasPrefix(message, "nox-mock: ") {
		ts.Fatalf("standard error is not one sentence: %q", message)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("standard output is not empty: %q", out)
	}
}

const addressFile = "address.json"

func ready(ts *testscript.TestScript, _ bool, _ []string) {
	for range 1000 {
		if _, err := os.Stat(ts.MkAbs(addressFile)); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("there is no %s", addressFile)
}

func call(ts *testscript.TestScript, _ bool, args []string) {
	more := args[4:]
	if args[2] != "" {
		more = append([]string{"x-api-key", args[2]}, more...)
	}
	send(ts, args[0], addresses(ts).BaseURL+args[1], args[3], more)
}

func askControl(ts *testscript.TestScript, _ bool, args []string) {
	send(ts, args[0], addresses(ts).ControlURL+args[1], args[2], args[3:])
}

type addressPair struct {
	BaseURL    string `json:"base_url"`
	ControlURL string `json:"control_url"`
}

func addresses(ts *testscript.TestScript) (pair addressPair) {
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(addressFile)), &pair))
	return pair
}

// send sends a request with pairs of header names and values.
func send(ts *testscript.TestScript, method, url, text string, headers []string) {
	var content io.Reader
	if text != "" {
		content = strings.NewReader(text)
	}
	req, err := http.NewRequest(method, url, content)
	ts.Check(err)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	transport := &http.Transport{
		DisableKeepAlives: true,
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &tls.Config{RootCAs: trusted(ts)},
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		io.WriteString(ts.Stdout(), "no answer\n")
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	io.WriteString(ts.Stdout(), strconv.Itoa(resp.StatusCode)+" "+string(body)+"\n")
}

func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(syscall.SIGTERM))
	}
}

func hangUp(ts *testscript.TestScript, _ bool, _ []string) {
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(syscall.SIGHUP))
	}
}

func occupy(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv("BUSY", l.Addr().String())
}

func trusted(ts *testscript.TestScript) *x509.CertPool {
	pool := x509.NewCertPool()
	if file := ts.Getenv("CA_CERT"); file != "" {
		pool.AppendCertsFromPEM([]byte(ts.ReadFile(file)))
	}
	return pool
}

func secureNames(ts *testscript.TestScript, _ bool, names []string) {
	address := strings.Split(strings.TrimPrefix(addresses(ts).BaseURL, "https://"), "/")[0]
	for _, name := range names {
		c, err := tls.Dial("tcp", address, &tls.Config{RootCAs: trusted(ts), ServerName: name})
		ts.Check(err)
		leaf := c.ConnectionState().PeerCertificates[0]
		if life := leaf.NotAfter.Sub(leaf.NotBefore); life > 90*24*time.Hour {
			ts.Fatalf("the certificate lives for %s", life)
		}
		c.Close()
	}
	_, err := tls.Dial("tcp", address, &tls.Config{RootCAs: trusted(ts), ServerName: "other.example"})
	if err == nil {
		ts.Fatalf("the certificate is for other.example too")
	}
	_, err = tls.Dial("tcp", address, &tls.Config{RootCAs: trusted(ts), MaxVersion: tls.VersionTLS11})
	if err == nil {
		ts.Fatalf("TLS 1.1 is spoken")
	}
}

func certificate(ts *testscript.TestScript, _ bool, args []string) {
	template := &x509.Certificate{NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	if len(args) > 1 {
		template.NotBefore, template.NotAfter = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC)
	}
	made, err := cli.Certify(template, nil)
	ts.Check(err)
	private, err := x509.MarshalPKCS8PrivateKey(made.PrivateKey)
	ts.Check(err)
	for name, block := range map[string]*pem.Block{
		args[0] + ".pem":     {Type: "CERTIFICATE", Bytes: made.Certificate[0]},
		args[0] + "-key.pem": {Type: "PRIVATE KEY", Bytes: private},
	} {
		ts.Check(os.WriteFile(ts.MkAbs(name), pem.EncodeToMemory(block), 0o600))
	}
}
