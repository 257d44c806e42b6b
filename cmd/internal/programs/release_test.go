package programs_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReleaseCarriesItsVersion builds both programs as a release is built: each
// prints the version, the commit and the date that it was given, and a report
// carries them.
func TestReleaseCarriesItsVersion(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds both programs")
	}
	const (
		set  = " -X nox.energy/contract/cmd/internal/cli."
		want = "v1.2.3 (commit 0123456789ab, 2026-11-26)"
	)
	bin := t.TempDir()
	flags := set + "version=v1.2.3" + set + "commit=0123456789abcdef" + set + "date=2026-11-26T04:00:00Z"
	if out, err := exec.Command("go", "build", "-o", bin+"/", "-ldflags", flags, "./cmd/...").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
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
