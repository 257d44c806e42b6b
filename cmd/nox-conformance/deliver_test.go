package main

import (
	"bytes"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
)

// TestBrokenReportLeavesTheOthers lets one report break down. The others are
// written, and the run is inconclusive.
func TestBrokenReportLeavesTheOthers(t *testing.T) {
	t.Parallel()
	var written []string
	writes := func(name string) output {
		return output{to: name, write: func(*conformance.Result) error { written = append(written, name); return nil }}
	}
	var stderr bytes.Buffer
	outputs := []output{writes("a"), {to: "b", write: func(*conformance.Result) error { panic("the roof") }}, writes("c")}
	code := (&options{}).deliver(&conformance.Result{}, nil, outputs, streams{out: &bytes.Buffer{}, err: &stderr})
	if strings.Join(written, " ") != "a c" || code != conformance.ExitInconclusive || !strings.Contains(stderr.String(), "b cannot be written: nox-conformance itself failed (the roof)") {
		t.Errorf("exit code %d, written %s\n%s", code, written, stderr.String())
	}
}
