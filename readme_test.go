package contract_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pb33f/go-yaml"

	"nox.energy/contract/mock/redisstore/redistest"
)

const (
	readmeAddress = "127.0.0.1:4010" // where the mock of the pages is
	readmeControl = "127.0.0.1:4011" // and its control API
	readmeStore   = "redis://127.0.0.1:6379/0"
)

// pages are the pages that users read, apart from those that are generated.
func pages(t *testing.T) []string {
	t.Helper()
	all := []string{"README.md"}
	for _, pattern := range []string{"cmd/*/README.md", "cmd/*/topics/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		all = append(all, found...)
	}
	return slices.DeleteFunc(all, func(page string) bool { return filepath.Base(page) == "reference.md" })
}

// fence is a fenced block of a page. Its lines are those of the file from
// start, counted from 0, to end, the closing fence.
type fence struct {
	language   string
	start, end int
	text       string
}

func fences(t *testing.T, name, page string) []fence {
	t.Helper()
	var all []fence
	lines := strings.Split(page, "\n")
	for i := 0; i < len(lines); i++ {
		language, ok := strings.CutPrefix(lines[i], "```")
		if !ok {
			continue
		}
		end := i + 1 + slices.Index(lines[i+1:], "```")
		if end == i {
			t.Fatalf("%s:%d: a fence that does not end", name, i+1)
		}
		all = append(all, fence{language, i + 1, end, strings.Join(lines[i+1:end], "\n") + "\n"})
		i = end
	}
	return all
}

// TestReadme runs what the README and the help topics say, so that nothing in
// them rots: every command, with the output that is shown of it, the commands
// within the examples of pipelines, and the Go tests. With -update the output
// that is shown is written anew.
func TestReadme(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds both programs and runs them")
	}
	bin := os.Getenv("NOX_PROGRAMS") // as .ci/run has built them
	if bin == "" {
		bin = t.TempDir()
		if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", bin+"/", "./cmd/nox-mock", "./cmd/nox-conformance").CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
	}
	for _, name := range pages(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newReader(t, bin).read(name)
		})
	}
}

// TestReadmeIsShort keeps what few need out of the page that everybody reads.
func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("README.md")
	if n := strings.Count(string(data), "\n"); err != nil || n > 250 {
		t.Errorf("README.md has %d lines, %v; move what few need to a page in cmd/nox-mock/topics or cmd/nox-conformance/topics", n, err)
	}
}

// read does what a page says.
func (r *reader) read(name string) {
	t := r.t
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	r.flags(name, page)
	blocks, shown := fences(t, name, page), map[int]string{}
	for i, f := range blocks {
		at := fmt.Sprintf("%s:%d", name, f.start+1)
		switch f.language {
		case "console":
			shown[i] = r.console(at, f.text)
		case "sh":
			r.script(at, f.text)
		case "yaml":
			r.pipeline(at, f.text)
		case "go":
			r.goTest(at, f.text)
		case "json":
			if !json.Valid([]byte(f.text)) {
				t.Errorf("%s: not JSON", at)
			}
		case "python": // TestPytestExample runs it
		case "text": // a drawing
		default:
			t.Errorf("%s: a fence in %q, which nothing holds to be right", at, f.language)
		}
	}
	lines := strings.Split(page, "\n")
	for i, f := range slices.Backward(blocks) {
		out, ok := shown[i]
		switch {
		case !ok:
		case updating():
			lines = slices.Replace(lines, f.start, f.end, strings.Split(strings.TrimSuffix(out, "\n"), "\n")...)
		case steady(out) != steady(f.text):
			t.Errorf("%s:%d: shows\n%s\nand would show\n%s\nIf that is meant, run: go test . -run TestReadme -update", name, f.start+1, f.text, out)
		}
	}
	if updating() {
		if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var (
	built   = regexp.MustCompile(`\bv[0-9]+\.[0-9]+\.[0-9]+\S*`) // the version of a program that was built from a clone
	hexWord = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{8}\b`)
	amount  = regexp.MustCompile(`\b[0-9]+(\.[0-9]+)? (ms|s)\b`)
	number  = regexp.MustCompile(`\b[0-9]+\b`)
	spaces  = regexp.MustCompile(` +`)
)

// steady takes out of an output what changes from run to run.
func steady(out string) string {
	out = built.ReplaceAllString(out, "(devel)")
	out = hexWord.ReplaceAllString(out, "ID")
	out = amount.ReplaceAllString(out, "TIME")
	out = number.ReplaceAllString(out, "N")
	return spaces.ReplaceAllString(out, " ")
}

// reader does what a reader of the README does.
type reader struct {
	t               *testing.T
	folder          string   // where commands run
	env             []string // of commands
	target, control string   // host and port of the mock that runs now, and of its control API
	served          string   // the command that started it
	stop            func()
}

func newReader(t *testing.T, bin string) *reader {
	t.Helper()
	r := &reader{t: t, folder: t.TempDir(), stop: func() {}}
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(root, "testdata"), filepath.Join(r.folder, "testdata")); err != nil {
		t.Fatal(err)
	}
	r.env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + r.folder}
	t.Cleanup(func() { r.stop() })
	return r
}

var (
	codeSpan = regexp.MustCompile("`[^`\n]*`")
	flagName = regexp.MustCompile(`--[a-z][a-z-]+`)
)

// flags compares the flags that the text names with those of both programs.
func (r *reader) flags(name, page string) {
	r.t.Helper()
	var known []string
	for _, file := range []string{"cmd/nox-mock/topics/reference.md", "cmd/nox-conformance/topics/reference.md"} {
		reference, err := os.ReadFile(file)
		if err != nil {
			r.t.Fatal(err)
		}
		known = append(known, flagName.FindAllString(string(reference), -1)...)
	}
	for _, span := range codeSpan.FindAllString(page, -1) {
		for _, flag := range flagName.FindAllString(span, -1) {
			if !slices.Contains(known, flag) {
				r.t.Errorf("%s names %s, which neither program knows", name, flag)
			}
		}
	}
}

// here turns the addresses of the README's mock into those of the test's.
func (r *reader) here(command string) string {
	return strings.NewReplacer(readmeAddress, r.target, readmeControl, r.control).Replace(command)
}

// console runs the commands of a session and returns the session as it would be
// shown.
func (r *reader) console(at, text string) string {
	var shown strings.Builder
	code := 0
	for line := range strings.Lines(text) {
		command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ ")
		if !ok {
			continue
		}
		shown.WriteString("$ " + command + "\n")
		var out string
		switch variable, export := strings.CutPrefix(command, "export "); {
		case export:
			r.env = append(r.env, variable)
		case command == "echo $?":
			out = fmt.Sprintln(code)
		case strings.HasPrefix(command, "nox-mock"):
			out = r.serve(at, command)
		default:
			out, code = r.run(at, r.here(command))
		}
		shown.WriteString(strings.NewReplacer(r.target, readmeAddress, cmp.Or(r.control, "\x00"), readmeControl).Replace(out))
	}
	return shown.String()
}

func (r *reader) run(at, words string) (out string, code int) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-euc", words)
	cmd.Dir, cmd.Env = r.folder, r.env
	data, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatalf("%s: %s: %v", at, words, err)
	}
	return string(data), cmd.ProcessState.ExitCode()
}

// serve starts a mock in the place of the one before, and returns what it says.
func (r *reader) serve(at, command string) string {
	r.t.Helper()
	r.stop()
	file := filepath.Join(r.folder, "mock.json")
	cmd := exec.Command("sh", "-euc", "exec "+command)
	cmd.Dir, cmd.Env = r.folder, append(r.env, "NOX_MOCK_LISTEN="+cmp.Or(r.target, "127.0.0.1:0"), "NOX_MOCK_CONTROL_LISTEN=127.0.0.1:0", "NOX_MOCK_ADDRESS_FILE="+file)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		r.t.Fatalf("%s: %s: %v", at, command, err)
	}
	r.served, r.stop = command, func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = cmd.Wait()                          // as it is of no interest how
		r.stop = func() {}
	}
	const last = "Press Ctrl-C to stop.\n"
	var greeting bytes.Buffer
	for !strings.Contains(command, "--quiet") && !strings.HasSuffix(greeting.String(), last) {
		if _, err := io.CopyN(&greeting, stdout, 1); err != nil {
			r.t.Fatalf("%s: %s: it ended with %q: %v", at, command, greeting.String(), err)
		}
	}
	r.target = r.address(at, file)
	return greeting.String()
}

// serveSound makes sure that the mock that runs is the plain one.
func (r *reader) serveSound(at string) {
	r.t.Helper()
	if r.served != "nox-mock" {
		r.serve(at, "nox-mock")
	}
}

func (r *reader) address(at, file string) string {
	r.t.Helper()
	for range 100 {
		data, err := os.ReadFile(file)
		if err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		var a struct {
			BaseURL    string `json:"base_url"`
			ControlURL string `json:"control_url"`
		}
		if err := json.Unmarshal(data, &a); err != nil {
			r.t.Fatal(err)
		}
		r.control = strings.TrimPrefix(a.ControlURL, "http://")
		return strings.Split(strings.TrimPrefix(a.BaseURL, "http://"), "/")[0]
	}
	r.t.Fatalf("%s: the mock does not serve", at)
	return ""
}

// script runs a script, or, where it is about this repository as a whole, holds
// .ci/run to run each of its lines. Installed programs come from elsewhere: it
// holds only that what is installed exists.
func (r *reader) script(at, text string) {
	r.t.Helper()
	switch {
	case strings.Contains(text, "./...") || strings.Contains(text, "--self-test"):
		r.inCI(at, text)
		return
	case strings.HasPrefix(text, "npx "): // what it installs is tested in packaging
		return
	case strings.HasPrefix(text, "go install "):
		for line := range strings.Lines(text) {
			path := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "go install "), "@latest")
			if out, err := exec.Command("go", "list", path).CombinedOutput(); err != nil {
				r.t.Errorf("%s: %s: %v\n%s", at, path, err, out)
			}
		}
		return
	case strings.HasPrefix(text, "go build "):
		if out, err := exec.Command("sh", "-euc", strings.Replace(text, "-o bin/", "-o "+r.t.TempDir()+"/", 1)).CombinedOutput(); err != nil {
			r.t.Errorf("%s: %v\n%s", at, err, out)
		}
		return
	}
	for _, program := range []string{"curl", "node"} {
		if _, err := exec.LookPath(program); err != nil && strings.Contains(text, program+" ") && os.Getenv("NOX_REQUIRE") == "" {
			r.t.Logf("%s: not run, as there is no %s", at, program)
			return
		}
	}
	if strings.Contains(text, readmeStore) {
		required := os.Getenv("NOX_REQUIRE") != ""
		if _, err := exec.LookPath(redistest.Programs()[0]); err != nil && !required {
			r.t.Logf("%s: not run, as there is no %s", at, redistest.Programs()[0])
			return
		}
		text = strings.ReplaceAll(text, readmeStore, redistest.Start(r.t, redistest.Programs()[0], required).Address(0))
	}
	r.serveSound(at)
	if out, code := r.run(at, r.here(text)); code != 0 {
		r.t.Errorf("%s: exit code %d\n%s\n%s", at, code, text, out)
	}
}

func (r *reader) inCI(at, text string) {
	r.t.Helper()
	ci, err := os.ReadFile(".ci/run")
	if err != nil {
		r.t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		if !slices.ContainsFunc(strings.Split(string(ci), "\n"), func(of string) bool { return strings.TrimPrefix(of, "rerun ") == strings.TrimSpace(line) }) {
			r.t.Errorf("%s: .ci/run does not run: %s", at, line)
		}
	}
}

// pipeline runs the program as an example of a pipeline does, with a mock for
// the target.
func (r *reader) pipeline(at, text string) {
	r.t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		r.t.Fatalf("%s: %v", at, err)
	}
	r.serveSound(at)
	ran := 0
	for _, command := range commandsIn(&root) {
		if strings.HasPrefix(command, "nox-conformance") {
			ran++
		}
		setup := `export TARGET=http://` + r.target + `/v2 NOX_API_KEY=acme-test-key-5c1d0a GITHUB_STEP_SUMMARY=step.md; `
		if out, code := r.run(at, setup+command); code != 0 {
			r.t.Errorf("%s: exit code %d\n%s\n%s", at, code, command, out)
		}
	}
	if ran == 0 {
		r.t.Errorf("%s: nothing in it runs the program", at)
	}
}

// commandsIn returns the commands of a pipeline: what stands behind "run", and
// the items of "script".
func commandsIn(n *yaml.Node) []string {
	var all []string
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 1 {
			switch n.Content[i-1].Value {
			case "run":
				all = append(all, child.Value)
			case "script":
				for _, item := range child.Content {
					all = append(all, item.Value)
				}
			}
		}
		all = append(all, commandsIn(child)...)
	}
	return all
}

// goTest runs a Go test as if its package stood in this module.
func (r *reader) goTest(at, text string) {
	r.t.Helper()
	root, err := os.Getwd()
	if err != nil {
		r.t.Fatal(err)
	}
	file := filepath.Join(r.folder, "readme_test.go")
	overlayFile := filepath.Join(r.folder, "overlay.json")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, "mock/readme/readme_test.go"): file}})
	if err != nil {
		r.t.Fatal(err)
	}
	for name, data := range map[string][]byte{file: []byte(text), overlayFile: overlay} {
		if err := os.WriteFile(name, data, 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
	binary := filepath.Join(r.folder, "readme.test")
	if out, err := exec.Command("go", "test", "-c", "-vet=off", "-overlay", overlayFile, "-o", binary, "./mock/readme").CombinedOutput(); err != nil {
		r.t.Errorf("%s: %v\n%s", at, err, out)
		return
	}
	if out, code := r.run(at, binary+" -test.v"); code != 0 || !strings.Contains(out, "--- PASS: ") {
		r.t.Errorf("%s: exit code %d\n%s", at, code, out)
	}
}
