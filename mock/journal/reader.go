package journal

import "sync"

// readerBuffer is how many exchanges a reader may lag behind.
const readerBuffer = 256

// Reader receives entries as exchanges are recorded.
type Reader struct {
	journal *Journal
	kept    chan kept
	entries chan Entry
	missed  int64 // guarded by the journal's lock
	closed  chan struct{}
	close   func()
}

// Follow returns a reader of every entry from now on. Close it when done.
func (j *Journal) Follow() *Reader {
	r := &Reader{journal: j, kept: make(chan kept, readerBuffer), entries: make(chan Entry), closed: make(chan struct{})}
	r.close = sync.OnceFunc(func() { close(r.closed) })
	j.mu.Lock()
	defer j.mu.Unlock()
	j.readers[r] = true
	go r.deliver()
	return r
}

// deliver makes entries of what was recorded, away from the requests.
func (r *Reader) deliver() {
	for {
		select {
		case k := <-r.kept:
			select {
			case r.entries <- k.entry():
			case <-r.closed:
				return
			}
		case <-r.closed:
			return
		}
	}
}

// Entries delivers them. A reader that is too slow misses some.
func (r *Reader) Entries() <-chan Entry { return r.entries }

// Missed is how many entries came too fast, since it was last asked.
func (r *Reader) Missed() int64 {
	r.journal.mu.Lock()
	defer r.journal.mu.Unlock()
	missed := r.missed
	r.missed = 0
	return missed
}

// Close ends the reading.
func (r *Reader) Close() {
	r.close()
	r.journal.mu.Lock()
	defer r.journal.mu.Unlock()
	delete(r.journal.readers, r)
}

// offer is called with the journal locked, and never waits.
func (r *Reader) offer(k kept) {
	select {
	case r.kept <- k:
	default:
		r.missed++
	}
}
