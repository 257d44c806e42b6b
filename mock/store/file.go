package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
)

// File is a [Store] in memory that is kept in a file as well. The file begins with
// the line {"nox_mock_state":1}; each further line is a change: a [Fixture] that adds
// or replaces connections or replaces the manufacturers, or {"clear":NAME}, which
// forgets the connections of one. A change costs a line, whatever else there is.
// Once most lines are out of date, the file is written anew, while requests go on.
//
// When Connect has created a connection, the line is in the file; how often a user
// was asked for follows within a second. So a program that is killed has lost no
// user. The disk has everything a second later.
type File struct {
	*Memory
	name   string
	failed func(error)
	found  bool // the file was there, and can be added to

	mu      sync.Mutex // of what follows; taken before that of Memory
	started bool
	next    *batch // the lines that are to be written
	asked   map[place]struct{}
	closed  bool
	wake    chan struct{}
	stopped chan struct{}

	// Of the writer alone.
	file   *os.File
	lines  int // in the file, the first one apart
	since  *bytes.Buffer
	anew   chan rewritten
	broken bool // the file may end in half a line
	dirty  bool // the disk may lack something
}

// batch is what is written at one time. Those who wait for it wait for done.
type batch struct {
	data  []byte
	lines int
	done  chan struct{}
}

// place is that of a connection that was asked for again.
type place struct {
	manufacturer string
	tenant       *tenant
	position     uint32
}

// rewritten is a file that is written anew, as far as it goes.
type rewritten struct {
	file  *os.File
	lines int
	err   error
}

const (
	stateHeader = `{"nox_mock_state":1}`
	askedPause  = 300 * time.Millisecond // how long counts are gathered
	spareLines  = 10_000                 // out of date, that are not worth writing anew
)

// ErrMounted says that a state file is a mount of its own, as one file of a
// container may be.
var ErrMounted = errors.New("it is mounted by itself, so it cannot be replaced; mount the folder that it is in")

func newBatch() *batch { return &batch{done: make(chan struct{})} }

// OpenFile opens the store that is kept in the file name; its changes are written
// from [File.Start] on, and nothing before. The file may be a fixture instead, as
// people write it and older versions did: then the store is empty, and the fixture
// is returned, to begin with. A file that is not there, or empty, is a fresh start.
func OpenFile(name string) (f *File, fixture *Fixture, err error) {
	f = &File{
		Memory: NewMemory(), name: name, next: newBatch(), asked: map[place]struct{}{},
		wake: make(chan struct{}, 1), stopped: make(chan struct{}), anew: make(chan rewritten, 1),
	}
	if isMountPoint(name) {
		return nil, nil, ErrMounted
	}
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	r := bufio.NewReaderSize(file, 1<<20)
	start, err := r.Peek(len(stateHeader))
	switch {
	case err != nil && err != io.EOF:
		return nil, nil, err
	case string(start) == stateHeader:
		f.found = true
		return f, nil, f.readChanges(r)
	case len(bytes.TrimSpace(start)) == 0 && err == io.EOF:
		return f, nil, nil
	}
	made, err := ReadFixture(r)
	if err != nil {
		return nil, nil, err
	}
	return f, &made, nil
}

// readChanges reads the lines of a state file.
func (f *File) readChanges(r *bufio.Reader) error {
	for number := 1; ; number++ {
		line, err := r.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return err
		}
		cut := err == io.EOF
		if change := bytes.TrimSpace(line); number > 1 && len(change) > 0 {
			wrong := f.replay(change)
			if wrong != nil && !cut {
				return fmt.Errorf("line %d: %w", number, wrong)
			}
			f.lines++
		}
		if cut {
			if len(line) > 0 { // by hand, or whoever wrote it was stopped
				f.found = false // it is written anew
			}
			return nil
		}
	}
}

// Connections returns all connections.
func (f *File) Connections() []Connection {
	return slices.AppendSeq(make([]Connection, 0, f.live()), f.all())
}

// all yields all connections, manufacturer by manufacturer. Others have their turn
// after each chunk.
func (s *Memory) all() iter.Seq[Connection] {
	s.mu.Lock()
	names := slices.Sorted(maps.Keys(s.tenants))
	s.mu.Unlock()
	return func(yield func(Connection) bool) {
		for _, name := range names {
			for after, ended := 0, false; !ended; {
				var found []numbered
				found, ended = s.batch(name, after, listChunk)
				for _, each := range found {
					if after = each.number; !yield(each.Connection) {
						return
					}
				}
				ended = ended || len(found) == 0
			}
		}
	}
}

// Start begins to write changes. It fails if the file cannot be written. failed is
// told when it cannot be written later, once, and with nil when it can again.
func (f *File) Start(failed func(error)) (err error) {
	f.failed = failed
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.found {
		f.file, err = os.OpenFile(f.name, os.O_WRONLY|os.O_APPEND, 0o600)
	} else {
		f.next = newBatch() // it is a part of all that is written
		made := f.write()
		if err = made.err; err == nil {
			err = f.replace(made)
		}
	}
	if err == nil {
		f.started = true
		go f.run()
	}
	return err
}

// replay makes a change that stands in a line.
func (s *Memory) replay(line []byte) error {
	var change struct {
		Clear         *string        `json:"clear"`
		Manufacturers []Manufacturer `json:"manufacturers"`
		Connections   []Connection   `json:"connections"`
	}
	if err := jsonv2.Unmarshal(line, &change, jsonv2.RejectUnknownMembers(true)); err != nil {
		return DescribeJSONError(line, err)
	}
	if change.Clear != nil {
		s.clear(*change.Clear)
	}
	if change.Manufacturers != nil {
		if err := CheckManufacturers(change.Manufacturers); err != nil {
			return err
		}
		if _, err := s.SetManufacturers(context.Background(), s.versionName, change.Manufacturers); err != nil {
			return err
		}
	}
	for _, c := range change.Connections {
		if c.NoxUserID == "" || c.TimesAsked < 0 || c.TimesAsked > MaxTimesAsked {
			return fmt.Errorf("user_id %q has no nox_user_id, or no times_asked of 0 to %d", c.UserID, MaxTimesAsked)
		}
	}
	return s.put(change.Connections)
}

// line appends the line of a change.
func line(b []byte, change any) []byte {
	data, err := json.Marshal(change)
	if err != nil {
		panic(err) // of strings and numbers
	}
	return append(append(b, data...), '\n')
}

type (
	connectionsChange struct {
		Connections []Connection `json:"connections"`
	}
	manufacturersChange struct {
		Manufacturers []Manufacturer `json:"manufacturers"`
	}
	clearChange struct {
		Clear string `json:"clear"`
	}
)

// add adds the line of a change to those that are to be written. f.mu is held.
func (f *File) add(change any) *batch {
	b := f.next
	b.data = line(b.data, change)
	b.lines++
	if !f.started {
		return nil // nobody writes yet
	}
	select {
	case f.wake <- struct{}{}:
	default:
	}
	return b
}

// Connect implements [Store].
func (f *File) Connect(_ context.Context, manufacturer, userID, noxUserID string, at time.Time) (Connection, bool, error) {
	f.mu.Lock()
	f.Memory.mu.Lock()
	c, position, created, err := f.connect(manufacturer, userID, noxUserID, at)
	t := f.tenants[manufacturer]
	f.Memory.mu.Unlock()
	if err != nil || !created {
		if err == nil {
			f.asked[place{manufacturer, t, position}] = struct{}{}
		}
		f.mu.Unlock()
		return c, created, err
	}
	b := f.add(connectionsChange{[]Connection{c}})
	f.mu.Unlock()
	f.wait(b)
	return c, created, nil
}

// wait waits until a batch is written, or cannot be.
func (f *File) wait(b *batch) {
	if b == nil {
		return
	}
	select {
	case <-b.done:
	case <-f.stopped:
	}
}

// Put implements [Store].
func (f *File) Put(ctx context.Context, connections ...Connection) error {
	f.mu.Lock()
	if err := f.Memory.Put(ctx, connections...); err != nil || len(connections) == 0 {
		f.mu.Unlock()
		return err
	}
	var b *batch
	for len(connections) > 0 {
		n := min(len(connections), 1000)
		b = f.add(connectionsChange{connections[:n]})
		connections = connections[n:]
	}
	f.mu.Unlock()
	f.wait(b)
	return nil
}

// Clear implements [Store].
func (f *File) Clear(ctx context.Context, manufacturer string) (int, error) {
	f.mu.Lock()
	n, err := f.Memory.Clear(ctx, manufacturer)
	b := f.add(clearChange{manufacturer})
	f.mu.Unlock()
	f.wait(b)
	return n, err
}

// SetManufacturers implements [Store].
func (f *File) SetManufacturers(ctx context.Context, version string, all []Manufacturer) (string, error) {
	f.mu.Lock()
	version, err := f.Memory.SetManufacturers(ctx, version, all)
	if err != nil {
		f.mu.Unlock()
		return version, err
	}
	b := f.add(manufacturersChange{all})
	f.mu.Unlock()
	f.wait(b)
	return version, nil
}

// Close writes what is still to be written.
func (f *File) Close() error {
	f.mu.Lock()
	f.closed = true
	started := f.started
	f.mu.Unlock()
	if !started {
		return nil
	}
	select {
	case f.wake <- struct{}{}:
	default:
	}
	<-f.stopped
	if f.broken {
		return fmt.Errorf("%s: the last changes could not be written", f.name)
	}
	return nil
}

// run writes what is to be written until the store is closed.
func (f *File) run() {
	defer close(f.stopped)
	pause := time.NewTicker(askedPause)
	defer pause.Stop()
	for {
		counts := false
		select {
		case <-f.wake:
		case <-pause.C:
			counts = true
		case made := <-f.anew:
			f.finish(made)
		}
		f.mu.Lock()
		closed := f.closed
		if counts || closed {
			f.addAsked()
		}
		b := f.next
		f.next = newBatch()
		f.mu.Unlock()
		f.append(b)
		close(b.done)
		if counts && f.dirty && f.file.Sync() == nil {
			f.dirty = false
		}
		if closed {
			if f.since != nil { // what is being written anew comes too late
				if made := <-f.anew; made.file != nil {
					made.file.Close()
					os.Remove(made.file.Name())
				}
			}
			f.file.Sync()
			f.file.Close()
			return
		}
		if f.since == nil && (f.broken || f.lines > spareLines+2*f.live()) {
			f.since = &bytes.Buffer{}
			go func() { f.anew <- f.write() }()
		}
	}
}

// addAsked adds the users who were asked for again. f.mu is held.
func (f *File) addAsked() {
	if len(f.asked) == 0 {
		return
	}
	var all []Connection
	f.Memory.mu.Lock()
	for p := range f.asked {
		if f.tenants[p.manufacturer] == p.tenant { // else they were cleared
			all = append(all, p.tenant.connection(p.manufacturer, p.position))
		}
	}
	f.Memory.mu.Unlock()
	clear(f.asked)
	for _, c := range all {
		f.add(connectionsChange{[]Connection{c}})
	}
}

// live returns how many connections there are.
func (f *File) live() (n int) {
	f.Memory.mu.Lock()
	defer f.Memory.mu.Unlock()
	for _, t := range f.tenants {
		n += t.count()
	}
	return n
}

// append writes a batch to the file. Where that fails, the file is written anew as
// soon as it can be.
func (f *File) append(b *batch) {
	if len(b.data) == 0 {
		return
	}
	if f.since != nil {
		f.since.Write(b.data)
	}
	f.lines += b.lines
	if f.broken {
		return
	}
	_, err := f.file.Write(b.data)
	f.dirty = true
	if err != nil {
		f.broken = true
		f.failed(err)
	}
}

// write writes the whole state into a new file beside the old one.
func (f *File) write() (made rewritten) {
	made.file, made.err = os.CreateTemp(filepath.Dir(f.name), "."+filepath.Base(f.name)+".*")
	if made.err != nil {
		return made
	}
	w := bufio.NewWriterSize(made.file, 1<<20)
	w.WriteString(stateHeader + "\n")
	f.Memory.mu.Lock()
	manufacturers := f.manufacturers
	f.Memory.mu.Unlock()
	if manufacturers != nil {
		w.Write(line(nil, manufacturersChange{manufacturers}))
		made.lines++
	}
	var buffer []byte
	for c := range f.all() {
		buffer = line(buffer[:0], connectionsChange{[]Connection{c}})
		w.Write(buffer)
		made.lines++
	}
	made.err = errors.Join(w.Flush(), made.file.Sync()) // bufio keeps the first error
	return made
}

// finish puts a file that is written anew in place, with what came since.
func (f *File) finish(made rewritten) {
	since := f.since
	f.since = nil
	if made.err == nil {
		_, made.err = made.file.Write(since.Bytes())
		made.lines += bytes.Count(since.Bytes(), []byte("\n"))
	}
	if made.err == nil {
		made.err = f.replace(made)
	} else if made.file != nil {
		made.file.Close()
		os.Remove(made.file.Name())
	}
	switch {
	case made.err != nil && !f.broken:
		f.lines = 0 // it is tried again after as many changes
		f.failed(made.err)
	case made.err == nil && f.broken:
		f.broken = false
		f.failed(nil)
	}
}

// replace puts a new file in the place of the old one.
func (f *File) replace(made rewritten) error {
	err := errors.Join(made.file.Chmod(0o600), made.file.Sync())
	if err == nil {
		err = os.Rename(made.file.Name(), f.name)
	}
	if errors.Is(err, syscall.EBUSY) {
		err = ErrMounted
	}
	if err != nil {
		made.file.Close()
		os.Remove(made.file.Name())
		return err
	}
	if f.file != nil {
		f.file.Close()
	}
	f.file, f.lines = made.file, made.lines
	return nil
}

// isMountPoint reports whether a file is mounted by itself, as in a container.
func isMountPoint(name string) bool {
	path, err := filepath.Abs(name)
	if err != nil {
		return false
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil { // as on systems that have none; then it is known once the file is replaced
		return false
	}
	path = strings.NewReplacer(`\`, `\134`, " ", `\040`, "\t", `\011`, "\n", `\012`).Replace(path) // as it stands there
	for each := range bytes.Lines(mounts) {
		if fields := bytes.Fields(each); len(fields) > 4 && string(fields[4]) == path {
			return true
		}
	}
	return false
}
