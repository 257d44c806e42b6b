package programs_test

import (
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestStacksServer is no test: it is the server that the stacks of
// TestStacksDriver start.
func TestStacksServer(t *testing.T) {
	if os.Getenv("NOX_TEST_STACKS_SERVER") == "" {
		t.Skip("started by TestStacksDriver")
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), http.NotFoundHandler()))
}

// TestStacksDriver runs .ci/stacks on stacks made up for it, with a program in
// the place of nox-conformance that ends as the stack says.
func TestStacksDriver(t *testing.T) {
	t.Parallel()
	driver, err := os.ReadFile(".ci/stacks")
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const serve = "#!/bin/sh\nNOX_TEST_STACKS_SERVER=1 exec BINARY -test.run '^TestStacksServer$'\n"
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(strings.ReplaceAll(text, "BINARY", binary)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(".ci/stacks", string(driver))
	for name, files := range map[string]map[string]string{
		"sound":         {"start": serve},
		"listed":        {"start": serve, "findings.json": "{}"},
		"encrypted":     {"start": "#!/bin/sh\nmkdir build && echo certificate >build/ca.pem\n" + strings.TrimPrefix(serve, "#!/bin/sh\n")},
		"breaks":        {"start": serve},
		"third-time":    {"start": serve},
		"undecided":     {"start": serve},
		"ends-at-once":  {"start": "#!/bin/sh\necho no luck\n"},
		"not-installed": {"start": serve, "install": "#!/bin/sh\nexit 1\n"},
		"lacks":         {"start": serve, "packages": "no-such-package\n"},
	} {
		for file, text := range files {
			write("testdata/stacks/"+name+"/"+file, text)
		}
	}
	// The name of the report holds those of the stack and the run.
	write("judge", `#!/bin/sh
case "$*" in
*/breaks.*) echo 'FAIL  201/echo'; exit 1 ;;
*/third-time.3.json*) exit 1 ;;
*/undecided.*) exit 3 ;;
*/encrypted.*) case "$*" in *'--ca-cert testdata/stacks/encrypted/build/ca.pem'*https://127.0.0.1:*) exit 0 ;; *) exit 1 ;; esac ;;
*/listed.*) case "$*" in *'--known testdata/stacks/listed/findings.json'*) exit 0 ;; *) exit 1 ;; esac ;;
esac
`)
	for _, test := range []struct {
		name string
		args string
		code int
		want []string
	}{
		{"sound", "sound listed", 0, []string{"sound   conforms conforms conforms", "listed  conforms conforms conforms"}},
		{"encrypted", "encrypted", 0, []string{"conforms conforms conforms"}},
		{"breaks", "sound breaks", 1, []string{"FAIL  201/echo", "breaks  FAILED: VIOLATES VIOLATES VIOLATES", "failed: breaks\n"}},
		{"once", "third-time", 1, []string{"FAILED: conforms conforms VIOLATES"}},
		{"undecided", "undecided", 1, []string{"FAILED: INCONCLUSIVE"}},
		{"goes on", "ends-at-once not-installed sound", 1, []string{"no luck", "FAILED: start", "FAILED: install", "conforms conforms conforms", "failed: ends-at-once not-installed\n"}},
		{"lacks a package", "--available lacks sound", 0, []string{"skipped: not installed: no-such-package", "conforms conforms conforms"}},
		{"nothing to run", "--available lacks", 1, []string{"no stack was run"}},
		{"unknown stack", "sond", 2, []string{"unknown stack sond"}},
		{"unknown flag", "--avail", 2, []string{"unknown flag --avail"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), filepath.Join(root, ".ci/stacks"), strings.Fields(test.args)...)
			cmd.Env = append(os.Environ(), "NOX_CONFORMANCE="+filepath.Join(root, "judge"))
			out, _ := cmd.CombinedOutput() // the exit code says it
			if code := cmd.ProcessState.ExitCode(); code != test.code {
				t.Errorf("exit code %d; want %d", code, test.code)
			}
			text := squeezeSpaces(string(out))
			for _, want := range test.want {
				if !strings.Contains(text, squeezeSpaces(want)) {
					t.Errorf("the output lacks %q", want)
				}
			}
			if t.Failed() {
				t.Logf("output:\n%s", out)
			}
		})
	}
}

func squeezeSpaces(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' }), " ")
}
