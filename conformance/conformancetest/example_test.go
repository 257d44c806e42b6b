package conformancetest_test

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/conformancetest"
	"nox.energy/contract/conformance/report"
	"nox.energy/contract/mock/mocktest"
)

// Every check is a subtest of TestContract. The target here is the mock; yours
// may be an [net/http/httptest.Server] around your own handler.
func ExampleRun() {
	TestContract := func(t *testing.T) {
		server := mocktest.NewServer(t)
		conformancetest.Run(t, conformance.Config{
			Target: server.URL,
			Keys:   conformance.Keys{Key: server.APIKey, Other: server.OtherAPIKey},
		})
	}
	fmt.Println("passed:", passes(TestContract))
	// Output:
	// passed: true
}

// Chosen checks only, strictly, with a report that is kept.
func ExampleRun_report() {
	var b strings.Builder
	TestContract := func(t *testing.T) {
		server := mocktest.NewServer(t)
		result := conformancetest.Run(t, conformance.Config{
			Target: server.URL,
			Keys:   conformance.Keys{Key: server.APIKey},
			Run:    []string{"401/*"},
			Skip:   []string{"401/not-enabled"},
			Strict: true,
		})
		if err := report.Write(&b, "junit", result); err != nil {
			t.Error(err)
		}
	}
	fmt.Println("passed:", passes(TestContract))
	fmt.Println(strings.Contains(b.String(), `name="missing-key"`))
	// Output:
	// passed: true
	// true
}

// passes runs a test outside of go test, and keeps what it prints out of the
// output of an example.
func passes(test func(*testing.T)) bool {
	stdout := os.Stdout
	defer func() { os.Stdout = stdout }()
	r, w, err := os.Pipe()
	if err != nil {
		return false
	}
	os.Stdout = w
	go io.Copy(io.Discard, r)
	defer w.Close()
	// All but what -skip asks for, or the test would be skipped, which passes.
	all := func(pattern, _ string) (bool, error) { return pattern != flag.Lookup("test.skip").Value.String(), nil }
	return testing.RunTests(all, []testing.InternalTest{{Name: "TestContract", F: test}})
}
