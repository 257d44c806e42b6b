package cli_test

import (
	"context"
	"errors"
	"testing"

	"nox.energy/contract/cmd/internal/cli"
)

func TestInterruptible(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	if v, err := cli.Interruptible(ctx, func() (int, error) { return 7, nil }); v != 7 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
	release := make(chan struct{})
	defer close(release)
	_, err := cli.Interruptible(ctx, func() (int, error) {
		cancel()
		<-release
		return 7, nil
	})
	if !errors.Is(err, cli.ErrInterrupted) {
		t.Errorf("error %v", err)
	}
}
