package programs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"nox.energy/contract/cmd/internal/built"
	"nox.energy/contract/mock/redisstore/redistest"
)

// TestPrograms lets one program judge the other, as they are built: where a
// mock is served in another way, it still conforms.
func TestPrograms(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs both programs as they are built")
	}
	bin := built.Programs(t)
	t.Run("over TLS", func(t *testing.T) { judgedOverTLS(t, bin) })
	for _, program := range redistest.Programs() {
		t.Run("replicas with "+program, func(t *testing.T) { judgedReplicas(t, bin, program) })
	}
}

// judgedReplicas judges three mocks that share a store, one connection with each in
// turn, as if they were one.
func judgedReplicas(t *testing.T, bin, program string) {
	server := redistest.Start(t, program, os.Getenv("NOX_REQUIRE") != "")
	args := []string{"--store", server.Address(0), "--ids", "random", "--manufacturer", "acme=acme-test-key-5c1d0a", "--manufacturer", "globex=globex-test-key-e83b27", "--manufacturer", "initech=initech-test-key-94f6bd"}
	a, b, third := startMock(t, bin, args...), startMock(t, bin, args...), startMock(t, bin, args...)
	c, err := http.NewRequest("PATCH", a.ControlURL+"/manufacturers/initech", strings.NewReader(`{"enabled":false}`))
	if err != nil {
		t.Fatal(err)
	}
	c.Header.Set("Content-Type", "application/json")
	if resp, err := http.DefaultClient.Do(c); err != nil || resp.StatusCode != 200 {
		t.Fatalf("%+v, %v", resp, err)
	}
	target := roundRobin(t, host(a.BaseURL), host(b.BaseURL), host(third.BaseURL))
	if out, code := judge(t, bin, "http://"+target+"/v2"); code != 0 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	for _, m := range []*startedMock{a, b, third} {
		said := m.stop()
		if !strings.Contains(said, "status=201") || !strings.Contains(said, "reason=resolved") {
			t.Errorf("one of them did not take part: %s", said)
		}
		if strings.Contains(said, "canary") {
			t.Errorf("it says the password: %s", said)
		}
	}
	// A mock that starts later takes over what is there.
	late := startMock(t, bin, args...)
	resp, err := http.Get(late.ControlURL + "/manufacturers")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(body), `"name":"initech","enabled":false`) {
		t.Errorf("%s, %v", body, err)
	}
	if said := late.stop(); !strings.Contains(said, "State is shared in 127.0.0.1:") || strings.Contains(said, "canary") {
		t.Errorf("it says %s", said)
	}
}

func host(url string) string { return strings.Split(strings.Split(url, "://")[1], "/")[0] }

// roundRobin hands each connection to the next of the targets.
func roundRobin(t *testing.T, targets ...string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for i := 0; ; i++ {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", targets[i%len(targets)])
			if err != nil {
				client.Close()
				continue
			}
			go relay(client, server)
			go relay(server, client)
		}
	}()
	return l.Addr().String()
}

// relay passes on what comes, and its end.
func relay(from, to net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		from.Close()
		return
	}
	if half, ok := to.(*net.TCPConn); ok {
		_ = half.CloseWrite() // it may be closed already
	}
}

func judgedOverTLS(t *testing.T, bin string) {
	ca := t.TempDir()
	m := startMock(t, bin, "--tls-auto", "--tls-dir", ca)
	if !strings.HasPrefix(m.BaseURL, "https://") {
		t.Fatalf("the mock serves at %s", m.BaseURL)
	}
	if out, code := judge(t, bin, m.BaseURL, "--ca-cert", filepath.Join(ca, "ca.pem")); code != 0 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if out, code := judge(t, bin, m.BaseURL); code != 3 || !strings.Contains(out, "--ca-cert") {
		t.Errorf("without the CA: exit code %d\n%s", code, out)
	}
	secret, err := os.ReadFile(filepath.Join(ca, "ca-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	said := m.stop()
	for line := range strings.Lines(strings.Split(string(secret), "-----BEGIN CERTIFICATE")[0]) {
		if strings.Contains(said, strings.TrimSpace(line)) {
			t.Errorf("the mock says %s", line)
		}
	}
}

// startedMock is a mock that runs.
type startedMock struct {
	BaseURL    string `json:"base_url"`
	ControlURL string `json:"control_url"`

	// stop ends it and returns what it said. It may be called twice.
	stop func() string
}

// startMock runs a mock until the test ends, or stop is called.
func startMock(t *testing.T, bin string, args ...string) *startedMock {
	t.Helper()
	file := filepath.Join(t.TempDir(), "address.json")
	c := exec.Command(filepath.Join(bin, "nox-mock"), append([]string{"--listen", "127.0.0.1:0", "--address-file", file}, args...)...)
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = c.Wait() // as it is of no interest how
		close(ended)
	}()
	m := &startedMock{stop: func() string {
		_ = c.Process.Signal(syscall.SIGTERM) // it may have ended
		<-ended
		return said.String()
	}}
	t.Cleanup(func() { m.stop() })
	for range 1000 {
		if data, err := os.ReadFile(file); err == nil {
			if err := json.Unmarshal(data, m); err != nil {
				t.Fatal(err)
			}
			return m
		}
		select {
		case <-ended:
			t.Fatalf("the mock ended: %s", said.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatal("the mock does not serve")
	return nil
}

// judge runs nox-conformance with the mock's own keys, and everything required.
func judge(t *testing.T, bin, target string, args ...string) (out string, code int) {
	t.Helper()
	c := exec.Command(filepath.Join(bin, "nox-conformance"), append(args, "--strict", "--provoke", "500=Prefer: code=500", "--require", "201,400,401,500", target)...)
	c.Env = append(os.Environ(), "NOX_API_KEY=acme-test-key-5c1d0a", "NOX_OTHER_API_KEY=globex-test-key-e83b27", "NOX_DISABLED_API_KEY=initech-test-key-94f6bd")
	data, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(data), c.ProcessState.ExitCode()
}
