package programs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nox.energy/contract/cmd/internal/built"
	"nox.energy/contract/mock/scorecard"
)

const clientsFolder = "testdata/clients"

// TestClients runs the examples in other languages under nox-mock exec, as the
// README does. They behave alike: they meet the four documented responses, get
// over failures that pass, and make no mistake that the scorecard looks for.
func TestClients(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs programs in four languages, which wait before they try again")
	}
	mock := builtMock(t)
	for name, language := range map[string]string{"connect.sh": "sh", "connect.mjs": "node", "connect.py": "python3", "connect.go": "go"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			need(t, "curl") // also sets the faults
			client := []string{need(t, language), filepath.Join(clientsFolder, name)}
			if language == "go" { // whose "go run" has words of its own for exit codes
				client = []string{buildClient(t, client[1])}
			}
			fourResponses(t, mock, client)
			recovery(t, mock, client)
		})
	}
}

// TestControlClients runs the clients of the control API that users copy, each by
// a test of its own.
func TestControlClients(t *testing.T) {
	t.Parallel()
	mock := builtMock(t)
	for name, language := range map[string]string{"noxmock-test.mjs": "node", "noxmock_test.py": "python3"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, code, _ := execMock(t, mock, nil, need(t, language), filepath.Join(clientsFolder, name))
			if code != 0 || !strings.HasPrefix(out, "ok\n") {
				t.Errorf("exit code %d: %s", code, out)
			}
		})
	}
}

// standIn is as much of pytest as the example of the help topic needs, for
// machines without it.
const standIn = `
import pathlib, sys, tempfile, types
sys.modules["pytest"] = types.SimpleNamespace(fixture=lambda f: f)
import conftest, test_client
with tempfile.TemporaryDirectory() as folder:
    fixture = conftest.nox_mock(pathlib.Path(folder))
    test_client.test_retries_after_a_503(next(fixture))
    assert next(fixture, "over") == "over"
print("1 passed")
`

// TestPytestExample runs the example of "nox-mock help tests" as it is printed.
func TestPytestExample(t *testing.T) {
	t.Parallel()
	python, folder := need(t, "python3"), t.TempDir()
	page, err := os.ReadFile("cmd/nox-mock/topics/tests.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```python\n(.*?)```").FindAllSubmatch(page, -1)
	if len(blocks) != 2 {
		t.Fatalf("%d blocks of Python in the topic", len(blocks))
	}
	for i, name := range []string{"conftest.py", "test_client.py"} {
		if err := os.WriteFile(filepath.Join(folder, name), blocks[i][1], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.CommandContext(t.Context(), python, "-m", "pytest", "-q")
	if exec.Command(python, "-c", "import pytest").Run() != nil {
		run = exec.CommandContext(t.Context(), python, "-c", standIn)
	}
	run.Dir = folder
	run.Env = append(os.Environ(), "PATH="+built.Programs(t)+string(os.PathListSeparator)+os.Getenv("PATH"))
	if out, err := run.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("1 passed")) {
		t.Errorf("%v: %s", err, out)
	}
}

func fourResponses(t *testing.T, mock string, client []string) {
	t.Helper()
	script := append([]string{"sh", filepath.Join(clientsFolder, "four-responses.sh")}, client...)
	out, code, card := execMock(t, mock, []string{"--require", "201,400,401,500"}, script...)
	const want = `ID
exit code 0
not valid: user_id is required and must be a string
exit code 1
the API key was refused
exit code 1
the API key was refused
exit code 1
no success after 4 tries
exit code 1
`
	if code != 0 || withoutIDs(out) != want {
		t.Errorf("exit code %d, and it printed\n%s\ninstead of\n%s", code, out, want)
	}
	if got := metBy(card); got != "201×1 400×1 401×2 500×4" || card.Requests != 8 {
		t.Errorf("it met %s by %d requests", got, card.Requests)
	}
	faultless(t, card)
}

// recovery is of two failed answers, of one that was lost and one cut short.
func recovery(t *testing.T, mock string, client []string) {
	t.Helper()
	script := append([]string{"sh", filepath.Join(clientsFolder, "recovery.sh")}, client...)
	out, code, card := execMock(t, mock, nil, script...)
	if code != 0 || withoutIDs(out) != "ID\nID\nID\n" {
		t.Errorf("exit code %d, and it printed\n%s\ninstead of three ids", code, out)
	}
	if got := metBy(card); got != "201×4 400×0 401×0 500×2" || card.Requests != 7 {
		t.Errorf("it met %s by %d requests", got, card.Requests)
	}
	faultless(t, card)
}

// need returns where a program is. If it is not there, the test is skipped, or
// fails where all that the tests need must be there.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	switch {
	case err == nil:
	case os.Getenv("NOX_REQUIRE") != "":
		t.Fatalf("%s is not on this machine, and NOX_REQUIRE asks for it", program)
	default:
		t.Skipf("%s is not on this machine", program)
	}
	return path
}

// builtMock returns nox-mock as it is built.
func builtMock(t *testing.T) string {
	t.Helper()
	return filepath.Join(built.Programs(t), "nox-mock")
}

// buildClient builds the example, which belongs to no package that the tools
// look at by themselves.
func buildClient(t *testing.T, file string) string {
	t.Helper()
	if out, err := exec.Command("go", "vet", file).CombinedOutput(); err != nil {
		t.Errorf("go vet %s: %v\n%s", file, err, out)
	}
	program := filepath.Join(t.TempDir(), "program")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", program, file).CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", file, err, out)
	}
	return program
}

// execMock runs a command under "nox-mock exec". It returns what was printed,
// the exit code and the scorecard.
func execMock(t *testing.T, mock string, flags []string, command ...string) (out string, code int, card scorecard.Card) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "scorecard.json")
	args := append([]string{"exec", "--scorecard", "json=" + file}, flags...)
	cmd := exec.CommandContext(t.Context(), mock, append(append(args, "--"), command...)...)
	cmd.Env = append(os.Environ(), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; nox-mock printed\n%s", err, printed.String())
	}
	if err := json.Unmarshal(data, &card); err != nil {
		t.Fatal(err)
	}
	return printed.String(), cmd.ProcessState.ExitCode(), card
}

// metBy is how often each documented response was given, as "201×1 400×0 …".
func metBy(card scorecard.Card) string {
	var met []string
	for _, r := range card.Responses {
		met = append(met, fmt.Sprintf("%s×%d", r.Status, r.Times))
	}
	return strings.Join(met, " ")
}

func faultless(t *testing.T, card scorecard.Card) {
	t.Helper()
	if len(card.Mistakes) == 0 {
		t.Error("the scorecard looks for no mistakes")
	}
	for _, m := range card.Mistakes {
		if m.Times > 0 {
			t.Errorf("the scorecard has %d times %s: %s", m.Times, m.Name, m.Summary)
		}
	}
}

// withoutIDs replaces the NOX ids in a text by ID.
func withoutIDs(out string) string { return noxID.ReplaceAllString(out, "ID") }

var noxID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
