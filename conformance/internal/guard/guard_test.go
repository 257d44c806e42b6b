package guard_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"nox.energy/contract/conformance/internal/guard"
)

func TestCallReturnsAPanic(t *testing.T) {
	t.Parallel()
	if err := guard.Call(func() {}); err != nil {
		t.Errorf("no panic, and %v", err)
	}
	err := guard.Call(func() { panic("the roof") })
	if err == nil || !strings.Contains(err.Error(), "the roof") || !strings.Contains(guard.StackOf(err), "guard_test.go") {
		t.Errorf("%v, at %q", err, guard.StackOf(err))
	}
}

func TestWithinLeavesBehindWhatDoesNotEnd(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	if err := guard.Within(ended, 0, func() { <-forever }); !errors.Is(err, guard.ErrAbandoned) {
		t.Errorf("got %v", err)
	}
	if err := guard.Within(context.Background(), 0, func() {}); err != nil {
		t.Errorf("got %v for what ends", err)
	}
	if err := guard.Within(context.Background(), 0, func() { panic("the roof") }); guard.StackOf(err) == "" {
		t.Errorf("got %v for a panic", err)
	}
}
