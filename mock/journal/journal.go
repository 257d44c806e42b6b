package journal

import (
	"slices"
	"sync"
)

// Limits bound a journal.
type Limits struct {
	Entries    int // of one manufacturer; 0 means DefaultLimits
	Bytes      int // of one manufacturer; 0 means DefaultLimits
	TotalBytes int // of all together; 0 means DefaultLimits
}

// DefaultLimits are what a journal is bounded by unless it is told otherwise.
func DefaultLimits() Limits {
	return Limits{Entries: 1000, Bytes: 8 << 20, TotalBytes: 64 << 20}
}

// Journal is safe for concurrent use.
type Journal struct {
	limits Limits

	mu      sync.Mutex
	last    int64 // the id given last
	bytes   int   // of all books
	books   map[string]*book
	drops   map[string]int64 // of all time, by manufacturer
	readers map[*Reader]bool
}

// book holds the entries of one manufacturer, in the order of their ids.
type book struct {
	entries []Entry
	bytes   int
	dropped int64
}

// New returns an empty journal. Of the limits, those that are not positive are
// the default ones.
func New(limits Limits) *Journal {
	usual := DefaultLimits()
	if limits.Entries <= 0 {
		limits.Entries = usual.Entries
	}
	if limits.Bytes <= 0 {
		limits.Bytes = usual.Bytes
	}
	if limits.TotalBytes <= 0 {
		limits.TotalBytes = usual.TotalBytes
	}
	return &Journal{limits: limits, books: map[string]*book{}, drops: map[string]int64{}, readers: map[*Reader]bool{}}
}

// Add appends an entry, gives it its id, and returns it. One that is larger
// than the limits is counted as dropped and not kept.
func (j *Journal) Add(e Entry) Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	e.ID = j.last
	b := j.books[e.Manufacturer]
	if b == nil {
		b = &book{}
		j.books[e.Manufacturer] = b
	}
	size := e.size()
	b.entries = append(b.entries, e)
	b.bytes += size
	j.bytes += size
	for len(b.entries) > j.limits.Entries || b.bytes > j.limits.Bytes {
		j.drop(e.Manufacturer)
	}
	for j.bytes > j.limits.TotalBytes {
		j.drop(j.largest())
	}
	for r := range j.readers {
		r.offer(e)
	}
	return e
}

// drop removes the oldest entry of a manufacturer.
func (j *Journal) drop(manufacturer string) {
	b := j.books[manufacturer]
	size := b.entries[0].size()
	b.entries[0] = Entry{} // for the garbage collector
	b.entries = b.entries[1:]
	b.bytes -= size
	j.bytes -= size
	b.dropped++
	j.drops[manufacturer]++
}

// largest is the manufacturer whose entries take the most room.
func (j *Journal) largest() string {
	name, most := "", -1
	for each, b := range j.books {
		if b.bytes > most {
			name, most = each, b.bytes
		}
	}
	return name
}

// SetOutcome notes how the exchange of an entry ended, once that is known. An
// entry that is gone is left alone.
func (j *Journal) SetOutcome(manufacturer string, id int64, outcome Outcome) {
	j.mu.Lock()
	defer j.mu.Unlock()
	b := j.books[manufacturer]
	if b == nil {
		return
	}
	if i, found := slices.BinarySearchFunc(b.entries, id, byID); found {
		b.entries[i].Outcome = outcome
	}
}

// Revise changes an entry of which more is known, and tells the readers of it
// once more. An entry that is gone is left alone.
func (j *Journal) Revise(manufacturer string, id int64, change func(*Entry)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	b := j.books[manufacturer]
	if b == nil {
		return
	}
	i, found := slices.BinarySearchFunc(b.entries, id, byID)
	if !found {
		return
	}
	e := &b.entries[i]
	before := e.size()
	change(e)
	e.Revised = true
	b.bytes += e.size() - before
	j.bytes += e.size() - before
	for r := range j.readers {
		r.offer(*e)
	}
}

func byID(e Entry, id int64) int { return int(e.ID - id) }

// Clear removes the entries of a manufacturer and returns how many there were.
// Its pages then tell of no dropped entries.
func (j *Journal) Clear(manufacturer string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	b := j.books[manufacturer]
	if b == nil {
		return 0
	}
	j.bytes -= b.bytes
	delete(j.books, manufacturer)
	return len(b.entries)
}

// Forget is Clear for a manufacturer that is gone for good: what it dropped is
// not counted any more either.
func (j *Journal) Forget(manufacturer string) {
	j.Clear(manufacturer)
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.drops, manufacturer)
}

// ClearAll removes every entry and returns how many there were.
func (j *Journal) ClearAll() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for _, b := range j.books {
		n += len(b.entries)
	}
	j.books, j.bytes = map[string]*book{}, 0
	return n
}
