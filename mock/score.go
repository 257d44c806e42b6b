package mock

import (
	"sync"
	"time"

	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/scorecard"
)

// trackers follow the clients, by manufacturer.
type trackers struct {
	patience time.Duration

	mu  sync.Mutex
	all map[string]*scorecard.Tracker
}

func newTrackers(patience time.Duration) *trackers {
	return &trackers{patience: patience, all: map[string]*scorecard.Tracker{}}
}

func (t *trackers) observe(e *journal.Entry) {
	t.mu.Lock()
	one := t.all[e.Manufacturer]
	if one == nil {
		one = scorecard.New(t.patience)
		t.all[e.Manufacturer] = one
	}
	t.mu.Unlock()
	one.Observe(e)
}

// of returns those of a manufacturer, or all if it is nil.
func (t *trackers) of(manufacturer *string) []*scorecard.Tracker {
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []*scorecard.Tracker
	for name, one := range t.all {
		if manufacturer == nil || name == *manufacturer {
			found = append(found, one)
		}
	}
	return found
}

// forget drops those of a manufacturer, or all if it is nil.
func (t *trackers) forget(manufacturer *string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if manufacturer == nil {
		clear(t.all)
	} else {
		delete(t.all, *manufacturer)
	}
}
