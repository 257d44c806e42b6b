package soak

import (
	"context"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
)

// TestNothingIsLeftBehind counts goroutines after runs at servers that keep
// connections open. Once these close them, all goroutines of the runs are gone.
func TestNothingIsLeftBehind(t *testing.T) {
	for name, say := range map[string]string{
		"silence":           "",
		"half a head":       "HTTP/1.1 201 Created\r\n",
		"101, then silence": "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
		"half a body":       "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{",
		"interim responses": "HTTP/1.1 103 Early Hints\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			target := open(t, say)
			r, err := runner.New(conformance.Config{
				Target: "http://" + target.Addr().String() + "/v2", Keys: conformance.Keys{Key: key},
				Timeout: 100 * time.Millisecond, Deadline: time.Second,
			})
			if err != nil {
				t.Fatal(err)
			}
			if result := r.Run(context.Background()); result.ExitCode == 0 {
				t.Errorf("exit code 0: %s", result.Reason)
			}
			target.end()
			for range 500 {
				if runtime.NumGoroutine() <= before {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
			stacks := make([]byte, 64<<10)
			t.Errorf("%d goroutines before and %d behind\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		})
	}
}

// silent is a server that says the same on each connection and keeps it open.
type silent struct {
	net.Listener
	over chan struct{}
}

func (s *silent) end() {
	s.Close()
	close(s.over)
}

func open(t *testing.T, say string) *silent {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &silent{l, make(chan struct{})}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = c.Read(make([]byte, 4<<10)) // the request
				_, _ = io.WriteString(c, say)      // as far as it is read
				<-s.over
			}()
		}
	}()
	return s
}
