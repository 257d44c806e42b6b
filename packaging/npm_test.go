package packaging_test

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// distribution writes what GoReleaser leaves in a folder: the programs for this
// machine, and stand-ins for other platforms.
func distribution(t *testing.T) (folder string) {
	t.Helper()
	type artifact struct {
		Path   string            `json:"path"`
		Type   string            `json:"type"`
		GOOS   string            `json:"goos"`
		GOARCH string            `json:"goarch"`
		Extra  map[string]string `json:"extra"`
	}
	folder = t.TempDir()
	artifacts := []artifact{{Path: "checksums.txt", Type: "Checksum"}}
	for _, program := range []string{mockName, judgeName} {
		for _, platform := range []string{"linux/amd64", "linux/arm64", "linux/arm", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"} {
			system, processor, _ := strings.Cut(platform, "/")
			path := filepath.Join(folder, program+"_"+system+"_"+processor, program)
			a := artifact{path, "Binary", system, processor, map[string]string{"ID": program}}
			if platform == runtime.GOOS+"/"+runtime.GOARCH {
				a.Path = filepath.Join(programs(t), program)
			} else {
				write(t, path, "a program for "+platform, 0o755)
			}
			artifacts = append(artifacts, a)
		}
	}
	list, err := json.Marshal(artifacts)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "artifacts.json"), string(list), 0o644)
	write(t, filepath.Join(folder, "metadata.json"), `{"project_name": "nox-contract", "version": "`+testVersion+`"}`, 0o644)
	return folder
}

var packed struct {
	once   sync.Once
	folder string
}

// packages returns a folder with the npm packages, built by
// packaging/npm/build.mjs.
func packages(t *testing.T) string {
	t.Helper()
	packed.once.Do(func() {
		out := filepath.Join(programs(t), "npm")
		if said, code := run(t, exec.Command("node", "packaging/npm/build.mjs", "--dist", distribution(t), "--out", out)); code != 0 {
			t.Errorf("build.mjs: exit code %d\n%s", code, said)
			return
		}
		packed.folder = out
	})
	if packed.folder == "" {
		t.Fatal("there are no packages")
	}
	return packed.folder
}

// registry serves the npm packages, and returns the environment of an npm that
// installs from there alone.
func registry(t *testing.T) (env []string) {
	t.Helper()
	out := packages(t)
	tarballs := strings.Fields(read(t, filepath.Join(out, "packages.txt")))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		if slices.Contains(tarballs, name) {
			http.ServeFile(w, r, filepath.Join(out, name))
			return
		}
		manifest, err := os.ReadFile(filepath.Join(out, filepath.Base(name), "package.json"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		tarball := name + "-" + testVersion + ".tgz"
		data, err := os.ReadFile(filepath.Join(out, tarball))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		var version map[string]any
		if err := json.Unmarshal(manifest, &version); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		digest := sha512.Sum512(data)
		version["dist"] = map[string]string{
			"tarball":   "http://" + r.Host + "/" + tarball,
			"integrity": "sha512-" + base64.StdEncoding.EncodeToString(digest[:]),
		}
		_ = json.NewEncoder(w).Encode(map[string]any{ // npm notices what is cut short
			"name":      name,
			"dist-tags": map[string]string{"latest": testVersion},
			"versions":  map[string]any{testVersion: version},
		})
	}))
	t.Cleanup(server.Close)
	return append(os.Environ(),
		"npm_config_registry="+server.URL,
		"npm_config_cache="+t.TempDir(),
		"npm_config_update_notifier=false",
		"npm_config_audit=false",
		"npm_config_fund=false",
		"HOME="+t.TempDir(), // without settings of a user
	)
}

// TestNPM installs both programs as users do, and runs them.
func TestNPM(t *testing.T) {
	t.Parallel()
	need(t, "node", "npm", "npx")
	env, folder := registry(t), t.TempDir()
	here := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = folder, env
		return cmd
	}
	write(t, filepath.Join(folder, "package.json"), `{"private": true}`, 0o644)
	if out, code := run(t, here("npm", "install", mockName, judgeName)); code != 0 {
		t.Fatalf("npm install: exit code %d\n%s", code, out)
	}

	installed, err := os.ReadDir(filepath.Join(folder, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range installed {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	if len(names) != 4 {
		t.Errorf("npm installed %q: a platform too many or too few", names)
	}

	for _, program := range []string{mockName, judgeName} {
		want, _ := run(t, exec.Command(filepath.Join(programs(t), program), "--version"))
		if out, code := run(t, here("npx", "--no-install", program, "--version")); code != 0 || out != want || !strings.Contains(out, program+" v"+testVersion) {
			t.Errorf("npx %s --version: exit code %d\n%s\nnot\n%s", program, code, out, want)
		}
	}

	bin := filepath.Join(folder, "node_modules", ".bin")
	out, code := run(t, here(filepath.Join(bin, mockName), "exec", "--", "sh", "-c", filepath.Join(bin, judgeName)+` --run '201/*' "$NOX_BASE_URL"`))
	if code != 0 || !strings.Contains(out, "CONFORMS") {
		t.Errorf("the judge under the mock: exit code %d\n%s", code, out)
	}
	if out, code := run(t, here(filepath.Join(bin, judgeName))); code != 2 {
		t.Errorf("an exit code is lost on the way: %d\n%s", code, out)
	}

	file := filepath.Join(folder, "address.json")
	serving := start(t, here(filepath.Join(bin, mockName), "--quiet", "--listen", "127.0.0.1:0", "--address-file", file))
	serving.serves(file)
	if code := serving.end(); code != 0 {
		t.Errorf("SIGTERM: exit code %d: %s", code, serving.output.String())
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("SIGTERM ended the launcher, and left the mock running")
	}

	killed := start(t, here(filepath.Join(bin, mockName), "exec", "--", "sh", "-c", "kill -KILL $PPID"))
	<-killed.ended
	if status, ok := killed.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Errorf("the program was killed, and the launcher says %s", killed.cmd.ProcessState)
	}

	for _, name := range names {
		if name != mockName && strings.HasPrefix(name, mockName) {
			if err := os.RemoveAll(filepath.Join(folder, "node_modules", name)); err != nil {
				t.Fatal(err)
			}
			out, code := run(t, here(filepath.Join(bin, mockName)))
			if code != 2 || !strings.Contains(out, name+"@"+testVersion+" is not installed") {
				t.Errorf("without its program: exit code %d\n%s", code, out)
			}
		}
	}
}
