package fault_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/mocktest"
)

// TestControlDocumentListsTheKinds compares the enum in the control API's document
// with the table of kinds.
func TestControlDocumentListsTheKinds(t *testing.T) {
	found, err := filepath.Glob("../*/control.openapi.yaml")
	if beside, _ := filepath.Glob("../control.openapi.yaml"); err != nil || len(found)+len(beside) != 1 {
		t.Fatalf("control.openapi.yaml: %v, %q, %q", err, found, beside)
	} else {
		found = append(found, beside...)
	}
	data, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	enum := regexp.MustCompile(`kind: &kind \{type: string, enum: \[([a-z, -]+)\]\}`).FindStringSubmatch(string(data))
	if enum == nil {
		t.Fatalf("%s has no enum of kinds any more; change this test with it", found[0])
	}
	var want []string
	for _, k := range fault.Kinds() {
		want = append(want, k.Kind)
	}
	if got := strings.Split(enum[1], ", "); !slices.Equal(got, want) {
		t.Errorf("the enum of NewFault.kind in %s is out of date; make it: [%s]", found[0], strings.Join(want, ", "))
	}
}

// TestEveryKindShows sets a fault of each kind and looks for a difference from
// the response without one.
func TestEveryKindShows(t *testing.T) {
	t.Parallel()
	s := mocktest.NewServer(t)
	sound := exchange(t, s)
	for _, k := range fault.Kinds() {
		made, err := s.Mock.SetFault(t.Context(), fault.Fault{Manufacturer: "acme", Kind: fault.Kind(k.Kind), EveryMS: 1, Delay: &fault.Delay{MS: 1}})
		if err != nil {
			t.Fatal(err)
		}
		faulty := exchange(t, s)
		onlyLate := made.PieceBytes > 0 || made.Kind == fault.Slow
		if (faulty == sound) != onlyLate {
			t.Errorf("a fault of the kind %s: the client sees %s; without it, %s. Say what the kind does in fire (package mock)", k.Kind, faulty, sound)
		}
		s.Mock.ClearFaults(nil)
	}
}

// exchange sends a valid request and returns what the client sees.
func exchange(t *testing.T, s *mocktest.Server) string {
	t.Helper()
	req, err := http.NewRequest("POST", s.URL+"/manufacturer/device-connections", strings.NewReader(`{"user_id":"u"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-key", s.APIKey)
	req.Header.Set("Content-Type", "application/json")
	req.GetBody = nil // or the client would retry
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return "no response"
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return fmt.Sprintf("%d %s %q complete=%t", resp.StatusCode, resp.Header.Get("Content-Type"), body, err == nil)
}
