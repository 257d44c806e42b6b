package contract_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPrograms lets one program judge the other, as they are built: where a
// mock is served in another way, it still conforms.
func TestPrograms(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds both programs and runs them")
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin+"/", "./cmd/...").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	t.Run("over TLS", func(t *testing.T) { judgedOverTLS(t, bin) })
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
