package wire

import (
	"context"
	"slices"
	"sync"
)

// slots limits how many requests are under way at a time. Waiting requests are
// served in the order in which they came. A run begins with few at a time, and
// sends more once the target has shown that it serves those side by side.
type slots struct {
	mu      sync.Mutex
	most    int  // never more than this
	limit   int  // at present
	lowered bool // the target has asked for patience
	taken   int
	gotOn   int // answers since the limit last changed
	queue   []chan struct{}
}

// easeAfter is how many responses per slot it takes until a target that asked for
// patience is sent one more request at a time.
const easeAfter = 4

func newSlots(most int) *slots { return &slots{most: most, limit: min(most, crowded)} }

// take waits for a free slot.
func (s *slots) take(ctx context.Context) error {
	s.mu.Lock()
	if s.taken < s.limit && len(s.queue) == 0 {
		s.taken++
		s.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	s.queue = append(s.queue, turn)
	s.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.queue, turn); i >= 0 {
		s.queue = slices.Delete(s.queue, i, i+1)
	} else { // the turn came at the same moment
		s.taken--
		s.next()
	}
	return ctx.Err()
}

func (s *slots) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	s.next()
}

// next lets waiting requests go. The slots are locked.
func (s *slots) next() {
	for s.taken < s.limit && len(s.queue) > 0 {
		close(s.queue[0])
		s.queue = s.queue[1:]
		s.taken++
	}
}

// atMost lowers the limit for good.
func (s *slots) atMost(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most = max(1, min(s.most, n))
	s.limit = min(s.limit, s.most)
}

// fewer lowers the limit by one until answers come again.
func (s *slots) fewer() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit, s.gotOn, s.lowered = max(1, s.limit-1), 0, true
}

// answered raises the limit after a response: twofold as long as the target
// serves every connection, step by step once it has asked for patience.
func (s *slots) answered(allServed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gotOn++
	switch {
	case s.limit >= s.most:
	case s.lowered && s.gotOn >= easeAfter*s.limit:
		s.limit, s.gotOn = s.limit+1, 0
		s.next()
	case !s.lowered && allServed && len(s.queue) > 0:
		s.limit = min(2*s.limit, s.most)
		s.next()
	}
}

// maximum is the limit that the target is known to bear.
func (s *slots) maximum() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}
