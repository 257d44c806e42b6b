// Package soak keeps both programs busy for a while and watches what they use.
// It holds tests only; .ci/soak runs them.
package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"nox.energy/contract/cmd/internal/built"
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
)

const (
	// clients send requests to the mock at the same time, each with a pause of
	// think behind every response.
	clients = 16
	think   = 40 * time.Millisecond
	// rest is the pause behind each run of nox-conformance, so that a soak leaves a
	// machine to others.
	rest = time.Second
	// users is how many the clients ask for in turn.
	users = 2000
	// samples is how often the use is read in all.
	samples = 240

	key, otherKey, disabledKey = "acme-test-key-5c1d0a", "globex-test-key-e83b27", "initech-test-key-94f6bd"
)

// TestSoak runs for $NOX_SOAK, and draws what it saw into $NOX_SOAK_PICTURE.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("NOX_SOAK"))
	if err != nil {
		t.Skip("runs as long as NOX_SOAK says, as .ci/soak sets it")
	}
	bin := filepath.Join(built.Programs(t), "nox-mock")
	fresh := startMock(t, bin)
	fresh.ask(t, http.MethodGet, "/livez")
	before := fresh.goroutines()

	mock := startMock(t, bin)
	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	var requests, runs atomic.Int64
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() { mock.use(ctx, i, &requests) })
	}
	wg.Go(func() {
		for ctx.Err() == nil {
			if verdict := mock.judge(ctx, t); verdict != conformance.Conforms && ctx.Err() == nil {
				t.Errorf("run %d: %s", runs.Load(), verdict)
				return
			}
			runs.Add(1)
			mock.ask(t, http.MethodPost, "/reset")
			select {
			case <-ctx.Done():
			case <-time.After(rest):
			}
		}
	})
	var seen []sample
	started := time.Now()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(length / samples):
			s := sample{at: time.Since(started)}
			s.mockMemory, s.mockFiles = use(mock.cmd.Process.Pid)
			s.judgeMemory, s.judgeFiles = use(os.Getpid())
			s.judgeGoroutines = runtime.NumGoroutine()
			seen = append(seen, s)
		}
	}
	wg.Wait()
	http.DefaultClient.CloseIdleConnections()
	after := mock.goroutines()
	t.Logf("%s: %d requests by clients, %d runs of nox-conformance; goroutines of nox-mock %d when new and %d in the end", length, requests.Load(), runs.Load(), before, after)
	if after > before+2*clients {
		t.Errorf("nox-mock had %d goroutines when new and %d in the end", before, after)
	}
	lines := measured(seen)
	for _, l := range lines {
		first, last := l.thirds()
		t.Logf("%s: %.0f, then %.0f", l.name, first, last)
		if last > first*1.25+l.slack {
			t.Errorf("%s grew from %.0f to %.0f", l.name, first, last)
		}
	}
	if name := os.Getenv("NOX_SOAK_PICTURE"); name != "" {
		title := fmt.Sprintf("%s · %d requests, %d runs of nox-conformance", length, requests.Load(), runs.Load())
		if err := os.WriteFile(name, picture(title, length, lines), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// sample is what the programs used at one moment.
type sample struct {
	at                                                              time.Duration
	mockMemory, mockFiles, judgeMemory, judgeFiles, judgeGoroutines int
}

// line is one quantity over time.
type line struct {
	name  string
	slack float64 // by which it may wander
	at    []time.Duration
	value []float64
}

// thirds are the medians of the second third and the last: the first is for
// warming up.
func (l line) thirds() (earlier, later float64) {
	n := len(l.value)
	median := func(v []float64) float64 {
		if len(v) == 0 {
			return 0
		}
		v = slices.Sorted(slices.Values(v))
		return v[len(v)/2]
	}
	return median(l.value[n/3 : 2*n/3]), median(l.value[2*n/3:])
}

func measured(seen []sample) []line {
	lines := []line{
		{name: "memory of nox-mock, MB", slack: 16}, {name: "memory of nox-conformance, MB", slack: 16},
		{name: "descriptors of nox-mock", slack: 2 * clients}, {name: "descriptors of nox-conformance", slack: 2 * clients},
		{name: "goroutines of nox-conformance", slack: 4 * clients},
	}
	for _, s := range seen {
		for i, v := range []int{s.mockMemory >> 20, s.judgeMemory >> 20, s.mockFiles, s.judgeFiles, s.judgeGoroutines} {
			lines[i].at, lines[i].value = append(lines[i].at, s.at), append(lines[i].value, float64(v))
		}
	}
	return lines
}

// use reads the resident memory of a process and how many files it has open, 0
// where the system does not tell.
func use(pid int) (memory, files int) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	text, _, _ := strings.Cut(rest, " kB")
	kilobytes, _ := strconv.Atoi(strings.TrimSpace(text))
	open, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return kilobytes << 10, len(open)
}

// started is a mock in a process of its own.
type started struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	Base   string `json:"base_url"`
	Side   string `json:"control_url"`
}

func startMock(t *testing.T, bin string) *started {
	t.Helper()
	file := filepath.Join(t.TempDir(), "address.json")
	m := &started{cmd: exec.Command(bin, "--quiet", "--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0", "--address-file", file)}
	m.cmd.Stderr = &m.stderr
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.cmd.Process.Kill(); _ = m.cmd.Wait() })
	for range 200 {
		if text, err := os.ReadFile(file); err == nil {
			if err := json.Unmarshal(text, m); err != nil {
				t.Fatal(err)
			}
			return m
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("nox-mock does not say where it serves")
	return nil
}

// goroutines ends the mock and counts those that it had, as Go tells on SIGQUIT.
func (m *started) goroutines() int {
	_ = m.cmd.Process.Signal(syscall.SIGQUIT)
	_ = m.cmd.Wait()
	return strings.Count(m.stderr.String(), "\ngoroutine ")
}

// ask sends a request to the control API.
func (m *started) ask(t *testing.T, method, path string) {
	r, err := http.NewRequest(method, m.Side+path, strings.NewReader("{}"))
	if err != nil {
		t.Error(err)
		return
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
		return
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode/100 != 2 {
		t.Errorf("%s %s: %s", method, path, resp.Status)
	}
}

// use sends what clients send, right and wrong, on connections old and new.
func (m *started) use(ctx context.Context, client int, requests *atomic.Int64) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for n := client; ctx.Err() == nil; n += clients {
		body := fmt.Sprintf(`{"user_id":"soak-%d"}`, n%users)
		secret := key
		switch n % 7 {
		case 3:
			body = `{"user_id":17}`
		case 5:
			secret = "wrong"
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.Base+"/manufacturer/device-connections", strings.NewReader(body))
		if err != nil {
			return
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("x-api-key", secret)
		r.Close = n%5 == 0
		if resp, err := transport.RoundTrip(r); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body) // what it says is for others to judge
			resp.Body.Close()
			requests.Add(1)
		}
		select {
		case <-ctx.Done():
		case <-time.After(think):
		}
	}
}

// judge runs all checks on the mock.
func (m *started) judge(ctx context.Context, t *testing.T) conformance.Verdict {
	r, err := runner.New(conformance.Config{
		Target: m.Base, Keys: conformance.Keys{Key: key, Other: otherKey, Disabled: disabledKey},
		Seed: 1,
	})
	if err != nil {
		t.Error(err)
		return ""
	}
	return r.Run(ctx).Verdict
}
