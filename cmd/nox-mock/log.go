package main

import (
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"nox.energy/contract/mock"
)

// logLevel is a [slog.Level] as a flag.
type logLevel slog.Level

func (l *logLevel) String() string { return strings.ToLower(slog.Level(*l).String()) }

func (l *logLevel) Set(text string) error { return (*slog.Level)(l).UnmarshalText([]byte(text)) }

// Type says what the value must be.
func (l *logLevel) Type() string { return "debug, info, warn or error" }

// newLogger returns the log of the program. What is logged is written soon
// afterwards, many lines at one time; flush writes what is left.
func newLogger(settings settings, stderr io.Writer) (log *slog.Logger, flush func()) {
	level := slog.Level(settings.logLevel)
	if settings.quiet {
		level = slog.LevelError
	}
	w := newGatheringWriter(stderr)
	return slog.New(mock.NewLogHandler(w, settings.logFormat == "json", &slog.HandlerOptions{Level: level})), w.Close
}

// maxGathered is how much may wait to be written before whoever logs has to wait.
const maxGathered = 1 << 20

// gatherTime is how long lines are gathered.
const gatherTime = 10 * time.Millisecond

// gatheringWriter writes what it is given in larger pieces, in the background, and
// without losing any of it.
type gatheringWriter struct {
	out io.Writer

	mu     sync.Mutex
	change *sync.Cond // of what follows
	waits  []byte
	closed bool

	closing, done chan struct{}
}

func newGatheringWriter(out io.Writer) *gatheringWriter {
	w := &gatheringWriter{out: out, closing: make(chan struct{}), done: make(chan struct{})}
	w.change = sync.NewCond(&w.mu)
	go w.write()
	return w
}

// Write takes data. An error of the writer beneath is nobody's to handle: there is
// no other place to say it.
func (w *gatheringWriter) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return w.out.Write(data)
	}
	for len(w.waits) > maxGathered {
		w.change.Wait()
	}
	if w.waits = append(w.waits, data...); len(w.waits) == len(data) {
		w.change.Broadcast()
	}
	return len(data), nil
}

func (w *gatheringWriter) write() {
	defer close(w.done)
	var writing []byte
	for {
		w.mu.Lock()
		for len(w.waits) == 0 && !w.closed {
			w.change.Wait()
		}
		if !w.closed { // more may come
			w.mu.Unlock()
			select {
			case <-time.After(gatherTime):
			case <-w.closing:
			}
			w.mu.Lock()
		}
		writing, w.waits = w.waits, writing[:0]
		w.change.Broadcast()
		w.mu.Unlock()
		if len(writing) == 0 {
			return
		}
		_, _ = w.out.Write(writing)
	}
}

// Close writes what waits. What comes later is written at once.
func (w *gatheringWriter) Close() {
	w.mu.Lock()
	if !w.closed {
		close(w.closing)
	}
	w.closed = true
	w.change.Broadcast()
	w.mu.Unlock()
	<-w.done
}
