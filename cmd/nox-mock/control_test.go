package main_test

import (
	"context"
	"net"
	"testing"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/mock"
)

// The control API keeps its own document: it is judged as any target is. Left
// out is the stream of events, as the runner waits for an answer to end.
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
			control, err := mock.NewControl(m, mock.ControlConfig{Token: token})
			if err != nil {
				t.Fatal(err)
			}
			document, err := control.Document()
			if err != nil {
				t.Fatal(err)
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			served := make(chan error, 1)
			go func() { served <- mock.Serve(ctx, mock.NewHTTPServer(control), l) }()
			defer func() {
				stop()
				<-served
			}()
			runner, err := conformance.New(conformance.Config{
				Contract: document,
				Target:   "http://" + l.Addr().String(),
				Keys:     conformance.Keys{Key: token},
				Seed:     1,
				Timeout:  3 * time.Second, // which the stream of events takes in vain
				Run:      x.run,
				Skip:     []string{"streamEvents/**"},
			})
			if err != nil {
				t.Fatal(err)
			}
			result := runner.Run(t.Context())
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
