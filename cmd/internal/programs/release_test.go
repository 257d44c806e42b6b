package programs_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRelease builds both programs as .goreleaser.yaml does: each prints the
// version, the commit and the date that it was given, and a report carries them.
// Built from a copy in another folder they are the same to the last byte.
func TestRelease(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds both programs twice")
	}
	const want = "v1.2.3 (commit 0123456789ab, 2026-11-26)"
	bin := release(t, ".")
	again := release(t, copied(t))
	for _, program := range []string{"nox-mock", "nox-conformance"} {
		one, err := os.ReadFile(filepath.Join(bin, program))
		if err != nil {
			t.Fatal(err)
		}
		if other, err := os.ReadFile(filepath.Join(again, program)); err != nil || !bytes.Equal(one, other) {
			t.Errorf("%s from another folder has other bytes, %v", program, err)
		}
	}
	for _, program := range []string{"nox-mock", "nox-conformance"} {
		out, err := exec.Command(filepath.Join(bin, program), "--version").Output()
		if err != nil || string(out) != program+" "+want+"\n" {
			t.Errorf("%s --version prints %q, %v", program, out, err)
		}
	}
	file := filepath.Join(t.TempDir(), "report.json")
	m := startMock(t, bin)
	judge(t, bin, m.BaseURL, "--run", "201/minimal", "--report", "json="+file)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var report struct{ Tool struct{ Version string } }
	if err := json.Unmarshal(data, &report); err != nil || report.Tool.Version != want {
		t.Errorf("the report is by %q, %v", report.Tool.Version, err)
	}
	if said := m.stop(); !strings.HasPrefix(said, "nox-mock v1.2.3 serves ") {
		t.Errorf("the mock says %s", said)
	}
}

// release builds the programs of a folder and returns where they are.
func release(t *testing.T, dir string) (bin string) {
	t.Helper()
	const set = " -X nox.energy/contract/cmd/internal/cli."
	bin = t.TempDir()
	// The copy has no history, which a checkout of one commit has in any folder.
	cmd := exec.Command("go", "build", "-o", bin+"/", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w"+set+"version=v1.2.3"+set+"commit=0123456789abcdef"+set+"date=2026-11-26T04:00:00Z", "./cmd/nox-mock", "./cmd/nox-conformance")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// copied copies what the programs are built from to another folder.
func copied(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", "cmd", "conformance", "mock", "spec"} {
		info, err := os.Stat(name)
		if err == nil && info.IsDir() {
			err = os.CopyFS(filepath.Join(dir, name), os.DirFS(name))
		} else if err == nil {
			var text []byte
			if text, err = os.ReadFile(name); err == nil {
				err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
