package mock

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/scorecard"
)

// trackers follow the clients, by manufacturer.
type trackers struct {
	mu  sync.Mutex
	all map[string]*scorecard.Tracker
}

func newTrackers() *trackers { return &trackers{all: map[string]*scorecard.Tracker{}} }

func (t *trackers) observe(e *journal.Entry) {
	t.mu.Lock()
	one := t.all[e.Manufacturer]
	if one == nil {
		one = scorecard.New()
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

// Scorecard tells what was seen of the clients of a manufacturer, or of all and
// of nobody's if it is nil. required are statuses that must have been given;
// over says that no more requests will come, so that a retry which has not come
// never will.
func (m *Mock) Scorecard(manufacturer *string, required []string, over bool) scorecard.Card {
	return scorecard.Draw(m.trackers.of(manufacturer), m.documented(), required, time.Now(), over)
}

// documented are the responses of the contract.
func (m *Mock) documented() []scorecard.Response {
	var all []scorecard.Response
	for _, op := range m.contract.Operations() {
		for _, status := range op.Statuses {
			all = append(all, scorecard.Response{Operation: op.ID, Status: status})
		}
	}
	return all
}

// CheckRequired tells which of the statuses the contract does not document, as
// an error.
func (m *Mock) CheckRequired(statuses []string) error {
	var known []string
	for _, r := range m.documented() {
		known = append(known, r.Status)
	}
	for _, status := range statuses {
		if !slices.Contains(known, status) {
			return fmt.Errorf("the contract documents no status %q, only %s", status, strings.Join(known, ", "))
		}
	}
	return nil
}
