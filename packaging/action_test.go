package packaging_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pb33f/go-yaml"
)

// action is action.yml, as far as tests read it.
type action struct {
	Inputs, Outputs map[string]struct {
		Description, Default, Value string
	}
	Runs struct {
		Steps []struct {
			ID, Name, Run, Uses, Shell string
			Env, With                  map[string]string
		}
	}
}

func readAction(t *testing.T) (a action) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, "action.yml")), &a); err != nil {
		t.Fatalf("action.yml: %v", err)
	}
	return a
}

// TestActionIsWhole holds action.yml to what GitHub and its scripts take.
func TestActionIsWhole(t *testing.T) {
	t.Parallel()
	a := readAction(t)
	text := read(t, "action.yml")
	for name, in := range a.Inputs {
		if in.Description == "" || !strings.Contains(text, "inputs."+name) {
			t.Errorf("the input %s is not described, or not used", name)
		}
	}
	script := regexp.MustCompile(`packaging/action/[a-z]+\.sh`)
	variable := regexp.MustCompile(`\$\{?([A-Z_]+)`)
	given := regexp.MustCompile(`^(GITHUB_[A-Z_]+|RUNNER_[A-Z_]+|NOX_CONFORMANCE)$`)
	scripts := 0
	for _, s := range a.Runs.Steps {
		if strings.Contains(s.Run, "${{") {
			t.Errorf("%s: an expression in a script, which whoever sets it may end: pass it by env", s.Name)
		}
		for _, name := range script.FindAllString(s.Run, -1) {
			scripts++
			for _, m := range variable.FindAllStringSubmatch(read(t, name), -1) {
				if _, ok := s.Env[m[1]]; !ok && !given.MatchString(m[1]) {
					t.Errorf("%s reads %s, which its step does not set", name, m[1])
				}
			}
		}
	}
	if scripts != 3 {
		t.Errorf("%d scripts were found", scripts)
	}
}

// TestActionsArePinned holds every action that is used to one commit: a tag can be
// moved to other code.
func TestActionsArePinned(t *testing.T) {
	t.Parallel()
	var names []string
	for _, pattern := range []string{"action.yml", ".github/workflows/*.yml", "packaging/pipelines/github-*.yml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Errorf("%s: %d files, %v", pattern, len(found), err)
		}
		names = append(names, found...)
	}
	uses := regexp.MustCompile(`(?m)^\s*(?:- )?uses: *(.*)$`)
	pinned := regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v[0-9.]+$|^\./$`)
	for _, name := range names {
		for _, m := range uses.FindAllStringSubmatch(read(t, name), -1) {
			if !pinned.MatchString(m[1]) {
				t.Errorf("%s uses %s, not a commit and its version", name, m[1])
			}
		}
	}
}

// runnerOf makes up the machine of a hosted runner: its folders and files.
type runnerOf struct {
	t      *testing.T
	folder string
	env    []string
}

func newRunner(t *testing.T) *runnerOf {
	t.Helper()
	need(t, "bash", "curl")
	r := &runnerOf{t: t, folder: t.TempDir()}
	r.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + r.folder,
		"RUNNER_TEMP=" + filepath.Join(r.folder, "temp"), "RUNNER_OS=Linux", "RUNNER_ARCH=X64",
	}
	for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"} {
		r.env = append(r.env, name+"="+filepath.Join(r.folder, name))
		write(t, filepath.Join(r.folder, name), "", 0o644)
	}
	for _, program := range []string{mockName, judgeName} {
		write(t, filepath.Join(r.folder, "temp", "nox-bin", ".keep"), "", 0o644)
		if err := os.Symlink(filepath.Join(programs(t), program), filepath.Join(r.folder, "temp", "nox-bin", program)); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func (r *runnerOf) script(name string, args []string, env ...string) (out string, code int) {
	r.t.Helper()
	cmd := exec.Command("bash", append([]string{filepath.Join(root(r.t), "packaging/action", name)}, args...)...)
	cmd.Dir, cmd.Env = r.folder, append(append([]string{}, r.env...), env...)
	return run(r.t, cmd)
}

func (r *runnerOf) file(name string) string { return read(r.t, filepath.Join(r.folder, name)) }

// TestActionJudges runs the script that judges a server, as the action does.
func TestActionJudges(t *testing.T) {
	t.Parallel()
	sound := startMock(t)
	for name, x := range map[string]struct {
		env                       []string
		target, verdict, expected string
		code                      int
	}{
		"conforms": {
			env:     []string{"NOX_REQUIRE=201,400,401,500", "NOX_PROVOKE=500=Prefer: code=500\n", "NOX_STRICT=true", "NOX_ARGS=--parallel\n8\n"},
			verdict: "conforms", expected: "CONFORMS",
		},
		"violates": {
			env:    []string{"NOX_ARGS=--run\n201/echo-case\n"},
			target: startMock(t, "--defect", "echo-lower-cased").BaseURL, code: 1, verdict: "violates", expected: "::error ",
		},
		"no server":   {target: "http://127.0.0.1:1/v2", code: 3, verdict: "inconclusive", expected: "::error "},
		"not its use": {env: []string{"NOX_ARGS=--no-such-flag"}, code: 2, verdict: "none", expected: "no-such-flag"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t)
			target := x.target
			if target == "" {
				target = sound.BaseURL
			}
			out, code := r.script("conformance.sh", nil, append(append(testKeys(), "NOX_TARGET="+target), x.env...)...)
			if code != x.code || !strings.Contains(out, x.expected) {
				t.Errorf("exit code %d\n%s", code, out)
			}
			said := r.file("GITHUB_OUTPUT")
			if want := fmt.Sprintf("exit-code=%d\nverdict=%s\n", x.code, x.verdict); !strings.HasSuffix(said, want) {
				t.Errorf("its outputs are\n%s\nnot\n%s", said, want)
			}
			if len(r.file("GITHUB_STEP_SUMMARY")) == 0 {
				t.Error("there is no summary")
			}
			if x.verdict == "none" {
				return
			}
			for _, name := range []string{"report.json", "junit.xml", "report.html", "report.sarif"} {
				if len(r.file("nox-reports/"+name)) == 0 {
					t.Errorf("%s is empty", name)
				}
			}
		})
	}
}

// TestActionMocks runs the script that starts the mock, as the action does.
func TestActionMocks(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	if out, code := r.script("mock.sh", nil, "NOX_ARGS=--manufacturer\nacme=my-own-key\n"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	values := map[string]string{}
	for line := range strings.Lines(r.file("GITHUB_OUTPUT")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[name] = value
	}
	pid, err := strconv.Atoi(values["pid"])
	if err != nil {
		t.Fatal(err)
	}
	mock, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mock.Signal(os.Interrupt) })
	if want := "NOX_BASE_URL=" + values["base-url"] + "\n"; r.file("GITHUB_ENV") != want {
		t.Errorf("the steps that follow get %q, not %q", r.file("GITHUB_ENV"), want)
	}
	resp, err := http.Get(values["control-url"] + "/manufacturers")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("the control API answers %s", resp.Status)
	}

	r = newRunner(t)
	if out, code := r.script("mock.sh", nil, "NOX_ARGS=--no-such-flag"); code != 2 || !strings.Contains(out, "::error title=nox-mock::") {
		t.Errorf("a mock that does not start: exit code %d\n%s", code, out)
	}
}

// TestActionInstalls runs the script that brings a program to a runner, from
// releases on a server of the test.
func TestActionInstalls(t *testing.T) {
	t.Parallel()
	need(t, "bash", "curl", "tar")
	archive := archiveOf(t, "nox-mock", "#!/bin/sh\necho nox-mock v"+testVersion+"\n")
	name := "nox-mock_" + testVersion + "_linux_amd64.tar.gz"
	files := map[string]string{
		"/them/contract/releases/download/v" + testVersion + "/" + name:       string(archive),
		"/them/contract/releases/download/v" + testVersion + "/checksums.txt": fmt.Sprintf("%x  %s\n", sha256.Sum256(archive), name),
		"/them/forged/releases/download/v" + testVersion + "/" + name:         string(archive),
		"/them/forged/releases/download/v" + testVersion + "/checksums.txt":   fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte("other")), name),
		"/them/unlisted/releases/download/v" + testVersion + "/" + name:       string(archive),
		"/them/unlisted/releases/download/v" + testVersion + "/checksums.txt": "",
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, text)
	}))
	t.Cleanup(server.Close)

	noGo := t.TempDir()
	for _, program := range []string{"bash", "mkdir"} {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(noGo, program)); err != nil {
			t.Fatal(err)
		}
	}
	fakeGo := t.TempDir()
	write(t, filepath.Join(fakeGo, "go"), "#!/bin/sh\necho \"go $*\"\nprintf '#!/bin/sh\\necho built' >\"$RUNNER_TEMP/nox-bin/nox-mock\"\nchmod +x \"$RUNNER_TEMP/nox-bin/nox-mock\"\n", 0o755)

	for name, x := range map[string]struct {
		env      []string
		code     int
		expected string
	}{
		"of the action's version": {[]string{"ACTION_REF=v" + testVersion}, 0, "nox-mock v" + testVersion},
		"of the input":            {[]string{"ACTION_REF=main", "VERSION=" + testVersion}, 0, "nox-mock v" + testVersion},
		"forged":                  {[]string{"VERSION=v" + testVersion, "ACTION_REPOSITORY=them/forged"}, 2, "does not match its checksum"},
		"without a checksum":      {[]string{"VERSION=v" + testVersion, "ACTION_REPOSITORY=them/unlisted"}, 2, "does not match its checksum"},
		"no such release":         {[]string{"VERSION=9.9.9"}, 2, "is 9.9.9 a release?"},
		"no such platform":        {[]string{"VERSION=" + testVersion, "RUNNER_ARCH=X86"}, 2, "there is no build for X86"},
		"a branch":                {[]string{"ACTION_REF=main", "PATH=" + fakeGo + ":" + os.Getenv("PATH")}, 0, "go build -C /action -trimpath -buildvcs=false"},
		"a branch without Go":     {[]string{"ACTION_REF=main", "PATH=" + noGo}, 2, "set the input version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &runnerOf{t: t, folder: t.TempDir()}
			r.env = []string{
				"PATH=" + os.Getenv("PATH"), "RUNNER_TEMP=" + r.folder, "RUNNER_OS=Linux", "RUNNER_ARCH=X64",
				"GITHUB_PATH=" + filepath.Join(r.folder, "GITHUB_PATH"), "GITHUB_SERVER_URL=" + server.URL,
				"ACTION_REPOSITORY=them/contract", "ACTION_PATH=/action",
			}
			out, code := r.script("install.sh", []string{"nox-mock"}, x.env...)
			if code != x.code || !strings.Contains(out, x.expected) {
				t.Errorf("exit code %d\n%s", code, out)
			}
			if _, err := os.Stat(filepath.Join(r.folder, "GITHUB_PATH")); (err == nil) != (x.code == 0) {
				t.Errorf("the program is on PATH: %v", err == nil)
			}
		})
	}
}

// archiveOf returns an archive of one program, as a release has it.
func archiveOf(t *testing.T, name, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
