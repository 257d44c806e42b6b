// Package built finds the programs that tests start, or builds them.
package built

import (
	"os"
	"os/exec"
	"testing"
)

// Programs returns a folder with nox-mock and nox-conformance as they are built:
// the one that NOX_PROGRAMS names, as .ci/run sets it, so that one build serves
// all tests. Without it both are built for the test.
func Programs(t *testing.T) (folder string) {
	t.Helper()
	if given := os.Getenv("NOX_PROGRAMS"); given != "" {
		return given
	}
	folder = t.TempDir()
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", folder+"/", "nox.energy/contract/cmd/nox-mock", "nox.energy/contract/cmd/nox-conformance").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return folder
}
