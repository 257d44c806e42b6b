package packaging_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	mockName  = "nox-mock"
	judgeName = "nox-conformance"

	// testVersion is the version of what the tests install. The examples ask for
	// the newest 0.1.
	testVersion = "0.1.99"
)

// Test keys of the mock.
func testKeys() []string {
	return []string{
		"NOX_API_KEY=acme-test-key-5c1d0a",
		"NOX_OTHER_API_KEY=globex-test-key-e83b27",
		"NOX_DISABLED_API_KEY=initech-test-key-94f6bd",
	}
}

// TestMain runs the tests in the root of the repository.
func TestMain(m *testing.M) {
	if err := os.Chdir(".."); err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	if built.folder != "" {
		os.RemoveAll(built.folder)
	}
	os.Exit(code)
}

var built struct {
	once   sync.Once
	folder string
	err    error
}

// programs returns a folder with both programs, stripped as they are released.
func programs(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		folder, err := os.MkdirTemp("", "nox-packaging")
		if err != nil {
			built.err = err
			return
		}
		built.folder = folder
		out, err := exec.Command("go", "build", "-buildvcs=false", "-ldflags",
			"-s -w -X nox.energy/contract/cmd/internal/cli.version=v"+testVersion, "-o", folder+"/", "./cmd/...").CombinedOutput()
		if err == nil {
			err = os.Chmod(folder, 0o755) // for users other than this one
		}
		if err != nil {
			built.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.folder
}

// need skips a test that lacks a program, or fails it where all must run.
func need(t *testing.T, programs ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds both programs and runs them")
	}
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("NOX_REQUIRE") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

// root is the absolute path of the repository.
func root(t *testing.T) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// read returns a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// write writes a file of a test, with its folder.
func write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// addresses of a mock.
type addresses struct {
	BaseURL    string `json:"base_url"`
	ControlURL string `json:"control_url"`
}

// startMock serves a mock until the test ends.
func startMock(t *testing.T, args ...string) addresses {
	t.Helper()
	file := filepath.Join(t.TempDir(), "address.json")
	p := start(t, exec.Command(filepath.Join(programs(t), mockName),
		append([]string{"--quiet", "--listen", "127.0.0.1:0", "--address-file", file}, args...)...))
	t.Cleanup(func() { p.end() })
	return p.serves(file)
}

// process is a program that a test started.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	output bytes.Buffer
	ended  chan struct{}
}

func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.output, &p.output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // ProcessState says how it ended
		close(p.ended)
	}()
	return p
}

// serves waits until a mock has written its address file.
func (p *process) serves(file string) addresses {
	p.t.Helper()
	var a addresses
	for range 3000 {
		if data, err := os.ReadFile(file); err == nil {
			if err := json.Unmarshal(data, &a); err != nil {
				p.t.Fatal(err)
			}
			return a
		}
		select {
		case <-p.ended:
			p.t.Fatalf("the mock ended: %s", p.output.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	p.t.Fatal("the mock does not serve")
	return a
}

// end stops the process with SIGTERM, and returns its exit code.
func (p *process) end() int {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	<-p.ended
	return p.cmd.ProcessState.ExitCode()
}

// run runs a command and returns its output and exit code.
func run(t *testing.T, cmd *exec.Cmd) (output string, code int) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}
