package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/control"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/spec"
)

// The control API keeps its own document: it is judged as any target is. The
// document that the runner is given leaves out the stream of events, as an
// answer that never ends cannot be judged; TestEvents in package mock does.
func TestControlConforms(t *testing.T) {
	if testing.Short() {
		t.Skip("about 2,000 requests")
	}
	for name, x := range map[string]struct {
		token string
		run   []string
	}{
		"without a token": {"", nil},
		"with a token":    {"control-token-for-the-test", []string{"**/401/**"}},
	} {
		token := x.token
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := mock.New(mock.Config{})
			if err != nil {
				t.Fatal(err)
			}
			control, err := control.New(m, control.Config{Token: token})
			if err != nil {
				t.Fatal(err)
			}
			document, err := control.Document()
			if err != nil {
				t.Fatal(err)
			}
			document = without(t, document, "/events")
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			served := make(chan error, 1)
			go func() { served <- httpserve.Serve(ctx, httpserve.NewServer(fromManyPlaces(control)), l) }()
			defer func() {
				stop()
				<-served
			}()
			judging, err := runner.New(conformance.Config{
				Contract: document,
				Target:   "http://" + l.Addr().String(),
				Keys:     conformance.Keys{Key: token},
				Seed:     1,
				Run:      x.run,
			})
			if err != nil {
				t.Fatal(err)
			}
			result := judging.Run(t.Context())
			t.Logf("%s: %+v after %d requests", result.Verdict, result.Summary, result.Requests)
			if result.Verdict != conformance.Conforms {
				t.Errorf("%s: %s", result.Verdict, result.Reason)
			}
			for _, c := range result.Checks {
				if c.Outcome == conformance.Fail || c.Outcome == conformance.Err || c.Outcome == conformance.Warn {
					t.Errorf("%s %s: %s, expected %s, actual %s", c.Outcome, c.ID, c.Reason, c.Expected, c.Actual)
					for _, x := range c.Exchanges[:min(1, len(c.Exchanges))] {
						t.Logf("%s\n%+v", x.Curl, x.Response)
					}
				}
			}
		})
	}
}

// fromManyPlaces lets each request come from another address: many wrong tokens
// from one are not answered.
func fromManyPlaces(h http.Handler) http.Handler {
	var n atomic.Uint32
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := n.Add(1)
		r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:1", byte(i>>16), byte(i>>8), byte(i))
		h.ServeHTTP(w, r)
	})
}

// without is a document that does not declare a path.
func without(t *testing.T, document *spec.Document, path string) *spec.Document {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(document.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	paths := all["paths"].(map[string]any)
	if paths[path] == nil {
		t.Fatalf("the document declares no %s", path)
	}
	delete(paths, path)
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	left, err := spec.Parse("control.openapi.json", data)
	if err != nil {
		t.Fatal(err)
	}
	return left
}
