package journal

import (
	"cmp"
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

// Source is an exchange as it was recorded. The journal keeps it as it is, and
// makes an [Entry] of it each time that somebody reads one: most are never read.
type Source interface {
	// Entry returns the exchange without keys. Its ID is set by the journal.
	Entry() Entry
	// Bytes estimates the memory that the exchange takes.
	Bytes() int
}

// book holds the exchanges of one manufacturer, in the order of their ids.
type book struct {
	kept    []kept
	bytes   int
	dropped int64
}

// kept is a recorded exchange in the journal.
type kept struct {
	id      int64
	source  Source
	outcome Outcome // where it was known only later, else ""
	revised bool
}

// entry makes what readers see.
func (k kept) entry() Entry {
	e := k.source.Entry()
	e.ID, e.Revised = k.id, k.revised
	if k.outcome != "" {
		e.Outcome = k.outcome
	}
	return e
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

// Add appends an exchange of a manufacturer and returns its id. One that is larger
// than the limits is counted as dropped and not kept.
func (j *Journal) Add(manufacturer string, source Source) (id int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	k := kept{id: j.last, source: source}
	b := j.books[manufacturer]
	if b == nil {
		b = &book{}
		j.books[manufacturer] = b
	}
	size := source.Bytes()
	b.kept = append(b.kept, k)
	b.bytes += size
	j.bytes += size
	for len(b.kept) > j.limits.Entries || b.bytes > j.limits.Bytes {
		j.drop(manufacturer, b)
	}
	for j.bytes > j.limits.TotalBytes {
		name := j.largest()
		j.drop(name, j.books[name])
	}
	for r := range j.readers {
		r.offer(k)
	}
	return k.id
}

// drop removes the oldest exchange of a manufacturer.
func (j *Journal) drop(manufacturer string, b *book) {
	size := b.kept[0].source.Bytes()
	b.kept[0] = kept{} // for the garbage collector
	b.kept = b.kept[1:]
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
	if k, _ := j.find(manufacturer, id); k != nil {
		k.outcome = outcome
	}
}

// find returns an exchange and the book that it stands in, nil if it is gone.
func (j *Journal) find(manufacturer string, id int64) (*kept, *book) {
	b := j.books[manufacturer]
	if b == nil {
		return nil, nil
	}
	if i, found := slices.BinarySearchFunc(b.kept, id, byID); found {
		return &b.kept[i], b
	}
	return nil, nil
}

// Revise replaces what was recorded of an exchange of which more is known, and
// tells the readers of it once more. One that is gone is left alone.
func (j *Journal) Revise(manufacturer string, id int64, source Source) {
	j.mu.Lock()
	defer j.mu.Unlock()
	k, b := j.find(manufacturer, id)
	if k == nil {
		return
	}
	more := source.Bytes() - k.source.Bytes()
	k.source, k.revised = source, true
	b.bytes += more
	j.bytes += more
	for r := range j.readers {
		r.offer(*k)
	}
}

func byID(k kept, id int64) int { return cmp.Compare(k.id, id) }

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
	return len(b.kept)
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
		n += len(b.kept)
	}
	j.books, j.bytes = map[string]*book{}, 0
	return n
}
