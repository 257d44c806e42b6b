package cli

import (
	"context"
	"errors"
)

// ErrInterrupted reports that a signal ended the program while it was loading.
var ErrInterrupted = errors.New("interrupted while loading the contract")

// Interruptible returns what load returns, or [ErrInterrupted] as soon as ctx
// ends: a large contract takes its time, and a signal is obeyed at once.
func Interruptible[T any](ctx context.Context, load func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := load()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var zero T
		return zero, ErrInterrupted
	}
}
