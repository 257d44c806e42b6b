package wire

import (
	"context"
	"io"
	"time"
)

// Barrier releases several requests at one moment. It holds each back, its
// connection open and its header written, until all have arrived.
type Barrier struct {
	arrived chan struct{}
	open    chan struct{}
}

// longestHold is how long a barrier waits for the last of its requests, as one
// that cannot connect never arrives.
const longestHold = 3 * time.Second

// NewBarrier returns a barrier for n requests. It opens the time settle after
// all have arrived.
func NewBarrier(ctx context.Context, n int, settle time.Duration) *Barrier {
	b := &Barrier{arrived: make(chan struct{}, n), open: make(chan struct{})}
	go func() {
		defer close(b.open)
		limit := time.After(longestHold)
		for range n {
			select {
			case <-b.arrived:
			case <-limit:
				return
			case <-ctx.Done():
				return
			}
		}
		time.Sleep(settle)
	}()
	return b
}

func (b *Barrier) isOpen() bool {
	select {
	case <-b.open:
		return true
	default:
		return false
	}
}

// heldBody is a body that arrives at a barrier when it is first read.
type heldBody struct {
	io.Reader
	barrier *Barrier
	done    <-chan struct{} // ends the wait
	told    bool
}

func (h *heldBody) Read(p []byte) (int, error) {
	if !h.told {
		h.told = true
		select {
		case h.barrier.arrived <- struct{}{}:
		default: // a second try of the same request
		}
	}
	select {
	case <-h.barrier.open:
		return h.Reader.Read(p)
	case <-h.done:
		return 0, io.ErrClosedPipe
	}
}

func (h *heldBody) Close() error { return nil }
