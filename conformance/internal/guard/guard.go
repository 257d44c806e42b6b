// Package guard keeps what may hang or panic from taking a run with it.
package guard

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// ErrAbandoned is returned for a call that did not end in time. Its goroutine is
// left behind.
var ErrAbandoned = errors.New("it did not end in time")

// PanicError is a panic that did not end the program.
type PanicError struct {
	Value any
	Stack string
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("nox-conformance itself failed (%v); --verbose shows where", e.Value)
}

// Call calls f and returns its panic as a [*PanicError].
func Call(f func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{p, string(debug.Stack())}
		}
	}()
	f()
	return nil
}

// Within calls f on a goroutine of its own and returns as soon as f does, or a
// grace after ctx is done. In the second case it returns [ErrAbandoned], and
// nothing that f writes may be read.
func Within(ctx context.Context, grace time.Duration, f func()) error {
	done := make(chan error, 1)
	go func() {
		err := errors.New("it ended without a result")
		defer func() { done <- err }() // also where f ends its goroutine
		err = Call(f)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	limit := time.NewTimer(grace)
	defer limit.Stop()
	select {
	case err := <-done:
		return err
	case <-limit.C:
		return ErrAbandoned
	}
}

// StackOf returns where a panic behind an error happened, "" if there was none.
func StackOf(err error) string {
	var p *PanicError
	if errors.As(err, &p) {
		return p.Stack
	}
	return ""
}
