package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"nox.energy/contract/mock/journal"
)

const (
	maxReaders   = 64 // of events, at one time
	eventPause   = 15 * time.Second
	eventTimeout = 10 * time.Second // for a reader to take an event
)

// streamEvents sends the exchanges as server-sent events, until the reader or
// the server goes.
func (c *Control) streamEvents(w http.ResponseWriter, r *http.Request) {
	asked := &call{request: r}
	if err := c.checkSelection(r.Context(), asked.query("manufacturer")); err != nil {
		c.api.Fail(nil, http.StatusNotFound, err.Error()).Write(w)
		return
	}
	select {
	case c.readers <- struct{}{}:
		defer func() { <-c.readers }()
	default:
		c.api.Fail(nil, http.StatusServiceUnavailable, "There are too many readers of events").Write(w)
		return
	}
	entries := c.mock.Journal().Follow()
	defer entries.Close()
	changed, forget := c.watchers.add()
	defer forget()
	s := &eventStream{w: w, control: http.NewResponseController(w), query: asked.journalQuery()}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	if !s.send(": nox-mock\n\n") || r.Method == http.MethodHead || !s.catchUp(c.mock.Journal(), r.Header.Get("Last-Event-ID")) {
		return
	}
	pause := time.NewTicker(eventPause)
	defer pause.Stop()
	for alive := true; alive; {
		select {
		case <-r.Context().Done():
			return
		case e := <-entries.Entries():
			alive = s.exchange(&e)
			if missed := entries.Missed(); alive && missed > 0 {
				alive = s.send(fmt.Sprintf("event: missed\ndata: {\"count\":%d}\n\n", missed))
			}
		case <-changed:
			alive = s.send("event: changed\ndata: {}\n\n")
		case <-pause.C:
			alive = s.send(": still here\n\n")
		}
	}
}

type eventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	query   journal.Query
}

// catchUp sends what came after the event that the reader saw last.
func (s *eventStream) catchUp(j *journal.Journal, last string) bool {
	after, err := strconv.ParseInt(last, 10, 64)
	if err != nil {
		return true
	}
	query := s.query
	query.After, query.Limit = after, 0
	for _, e := range j.List(query).Entries {
		if !s.exchange(&e) {
			return false
		}
	}
	return true
}

// exchange sends an entry that the reader has not seen, or not as it is now, and
// asks for.
func (s *eventStream) exchange(e *journal.Entry) bool {
	query := s.query
	if e.Revised {
		query.After = 0
	}
	if !query.Matches(e) {
		return true
	}
	s.query.After = max(s.query.After, e.ID)
	data, err := json.Marshal(e)
	return err == nil && s.send(fmt.Sprintf("id: %d\nevent: exchange\ndata: %s\n\n", e.ID, data))
}

// send tells whether the reader took it in time.
func (s *eventStream) send(text string) bool {
	_ = s.control.SetWriteDeadline(time.Now().Add(eventTimeout))
	_, err := s.w.Write([]byte(text))
	return err == nil && s.control.Flush() == nil
}

// watchers are told when something was changed over this API.
type watchers struct {
	mu  sync.Mutex
	all map[chan struct{}]bool
}

// add returns a channel that delivers a value after changes; several may be
// delivered as one. forget ends that.
func (w *watchers) add() (changed <-chan struct{}, forget func()) {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[chan struct{}]bool{}
	}
	w.all[c] = true
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.all, c)
	}
}

// tell tells all of them, and never waits.
func (w *watchers) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.all {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}
