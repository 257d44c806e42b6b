package journal

// readerBuffer is how many entries a reader may lag behind.
const readerBuffer = 256

// Reader receives entries as they are added.
type Reader struct {
	journal *Journal
	entries chan Entry
	missed  int64 // guarded by the journal's lock
}

// Follow returns a reader of every entry from now on. Close it when done.
func (j *Journal) Follow() *Reader {
	r := &Reader{journal: j, entries: make(chan Entry, readerBuffer)}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.readers[r] = true
	return r
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
	r.journal.mu.Lock()
	defer r.journal.mu.Unlock()
	delete(r.journal.readers, r)
}

// offer is called with the journal locked, and never waits.
func (r *Reader) offer(e Entry) {
	select {
	case r.entries <- e:
	default:
		r.missed++
	}
}
