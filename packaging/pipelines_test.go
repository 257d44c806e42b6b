package packaging_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/go-yaml"
)

// TestPipelines runs the commands of the examples as they are written: npx takes
// the program from a registry of the test, and the target is a mock.
func TestPipelines(t *testing.T) {
	t.Parallel()
	need(t, "node", "npm", "npx", "sh", "jq")
	env := registry(t)
	sound, broken := startMock(t), startMock(t, "--defect", "echo-lower-cased")
	for name, commands := range map[string][]string{
		"packaging/pipelines/github-release-gate.yml": yamlCommands(t, "packaging/pipelines/github-release-gate.yml", nil),
		"packaging/pipelines/github-nightly.yml":      yamlCommands(t, "packaging/pipelines/github-nightly.yml", nil),
		"packaging/pipelines/gitlab.yml":              yamlCommands(t, "packaging/pipelines/gitlab.yml", nil),
		"packaging/pipelines/azure-pipelines.yml":     yamlCommands(t, "packaging/pipelines/azure-pipelines.yml", nil),
		"packaging/pipelines/Jenkinsfile":             jenkinsCommands(t, "packaging/pipelines/Jenkinsfile"),
		"templates/nox-conformance.yml":               componentCommands(t, "templates/nox-conformance.yml"),
	} {
		if !slices.ContainsFunc(commands, func(c string) bool { return strings.Contains(c, judgeName) }) {
			t.Errorf("%s: nothing in it runs %s", name, judgeName)
		}
		for target, x := range map[string]struct {
			url  string
			code int
		}{"conforms": {sound.BaseURL, 0}, "violates": {broken.BaseURL, 1}} {
			if x.code != 0 && slices.ContainsFunc(commands, func(c string) bool { return strings.Contains(c, "--profile production") }) {
				continue // at five requests a second
			}
			t.Run(filepath.Base(name)+" "+target, func(t *testing.T) {
				t.Parallel()
				folder := t.TempDir()
				write(t, filepath.Join(folder, "known.json"), `{"known": []}`, 0o644)
				judged := false
				for _, command := range commands {
					cmd := exec.Command("sh", "-euc", command)
					cmd.Dir = folder
					cmd.Env = slices.Concat(env, testKeys(), []string{
						"TARGET=" + x.url, "GITHUB_STEP_SUMMARY=summary.md",
						"NOX_TARGET=" + x.url, "NOX_VERSION=0.1", "NOX_PROFILE=full", "NOX_REQUIRE=201,400,401", "NOX_KNOWN=", "NOX_WAIT=1m",
					})
					out, code := run(t, cmd)
					want := 0
					if strings.Contains(command, "npx ") {
						judged, want = true, x.code
					}
					if code != want {
						t.Errorf("exit code %d, not %d\n%s\n%s", code, want, command, out)
					}
				}
				if !judged {
					t.Error("nothing was judged")
				}
				for _, file := range artifactsOf(t, name) {
					if info, err := os.Stat(filepath.Join(folder, file)); err != nil || info.Size() == 0 {
						t.Errorf("%s names %s, which no command writes", name, file)
					}
				}
				if strings.Contains(name, "nightly") && !strings.Contains(read(t, filepath.Join(folder, "reports/users.tsv")), "nox-conformance-") {
					t.Error("what the run left behind is not listed")
				}
			})
		}
	}
}

// yamlCommands returns the commands of a pipeline: what follows "run", and
// "script" or its items.
func yamlCommands(t *testing.T, name string, edit func(string) string) (all []string) {
	t.Helper()
	text := read(t, name)
	if edit != nil {
		text = edit(text)
	}
	var file yaml.Node
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		for i, child := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 1 {
				switch key := n.Content[i-1].Value; {
				case (key == "run" || key == "script") && child.Kind == yaml.ScalarNode:
					all = append(all, child.Value)
				case key == "script":
					for _, item := range child.Content {
						all = append(all, item.Value)
					}
				}
			}
			walk(child)
		}
	}
	walk(&file)
	return all
}

func jenkinsCommands(t *testing.T, name string) (all []string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?s)sh '''(.*?)'''`).FindAllStringSubmatch(read(t, name), -1) {
		all = append(all, m[1])
	}
	return all
}

// componentCommands returns the commands of a GitLab component, whose inputs
// become variables of its job. An input in a command itself would be code.
func componentCommands(t *testing.T, name string) []string {
	t.Helper()
	input := regexp.MustCompile(`\$\[\[ inputs\.([a-z-]+) \]\]`)
	head, job, ok := strings.Cut(read(t, name), "\n---\n")
	if !ok {
		t.Fatalf("%s has no header", name)
	}
	var header struct {
		Spec struct{ Inputs map[string]map[string]any }
	}
	if err := yaml.Unmarshal([]byte(head), &header); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	used := map[string]bool{}
	for _, m := range input.FindAllStringSubmatch(job, -1) {
		used[m[1]] = true
		if header.Spec.Inputs[m[1]] == nil {
			t.Errorf("%s uses the input %s, which it does not declare", name, m[1])
		}
	}
	for declared := range header.Spec.Inputs {
		if !used[declared] {
			t.Errorf("%s declares the input %s, and does not use it", name, declared)
		}
	}
	commands := yamlCommands(t, name, func(string) string { return job })
	for _, c := range commands {
		if input.MatchString(c) {
			t.Errorf("%s: an input within a command: %s", name, c)
		}
	}
	return commands
}

// artifactsOf returns the files that a pipeline publishes by name.
func artifactsOf(t *testing.T, name string) []string {
	t.Helper()
	var all []string
	for _, m := range regexp.MustCompile(`(?:junit|codequality|testResultsFiles|testResults): '?((?:nox-)?reports/[a-z.]+)`).FindAllStringSubmatch(read(t, name), -1) {
		all = append(all, m[1])
	}
	return all
}
