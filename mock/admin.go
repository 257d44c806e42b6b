package mock

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/internal/redact"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/scorecard"
	"nox.energy/contract/mock/store"
)

// MaxManufacturers is how many manufacturers a running mock takes on.
const MaxManufacturers = 1000

// Errors of what is asked of a running mock.
var (
	ErrNoManufacturer = errors.New("there is no such manufacturer")
	ErrTooMany        = errors.New("there are too many manufacturers")
)

// Manufacturers returns those that are known, with the digests of their keys
// instead of the keys.
func (m *Mock) Manufacturers(ctx context.Context) ([]store.Manufacturer, error) {
	known, err := m.registry.fresh(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Clone(known.manufacturers), nil
}

// KnownManufacturers returns the names of the manufacturers as the mock knew them
// last. It does not ask the store, which may be away.
func (m *Mock) KnownManufacturers() []string {
	return append([]string{}, m.registry.names()...)
}

// SetManufacturer adds a manufacturer, or gives the one of that name other
// keys; without keys it keeps those it has. It tells whether it was added.
func (m *Mock) SetManufacturer(ctx context.Context, set store.Manufacturer) (added bool, err error) {
	err = m.registry.change(ctx, func(all []store.Manufacturer) ([]store.Manufacturer, error) {
		at := store.IndexManufacturer(all, set.Name)
		if added = at < 0; added {
			if len(all) >= MaxManufacturers {
				return nil, fmt.Errorf("%w: %d", ErrTooMany, len(all))
			}
			return append(all, set), nil
		}
		if len(set.Keys) == 0 && len(set.KeyDigests) == 0 {
			set.Keys, set.KeyDigests = all[at].Keys, all[at].KeyDigests
		}
		all[at] = set
		return all, nil
	})
	return added && err == nil, err
}

// EnableManufacturer enables a manufacturer, or disables it: then its keys are
// answered with 401.
func (m *Mock) EnableManufacturer(ctx context.Context, name string, enabled bool) error {
	return m.registry.change(ctx, func(all []store.Manufacturer) ([]store.Manufacturer, error) {
		at := store.IndexManufacturer(all, name)
		if at < 0 {
			return nil, noManufacturer(name, all)
		}
		all[at].Enabled = enabled
		return all, nil
	})
}

// RemoveManufacturer forgets a manufacturer with all that belongs to it.
func (m *Mock) RemoveManufacturer(ctx context.Context, name string) error {
	err := m.registry.change(ctx, func(all []store.Manufacturer) ([]store.Manufacturer, error) {
		at := store.IndexManufacturer(all, name)
		if at < 0 {
			return nil, noManufacturer(name, all)
		}
		return slices.Delete(all, at, at+1), nil
	})
	if err != nil {
		return err
	}
	_, err = m.store.Clear(ctx, name)
	return err
}

// gone forgets what this mock alone knows of a manufacturer that is no more.
func (m *Mock) gone(name string) {
	m.journal.Forget(name)
	m.faults.Forget(name)
	m.trackers.forget(&name)
	m.metrics.Forget(name)
}

// forget removes what belongs to a manufacturer.
func (m *Mock) forget(ctx context.Context, name string) error {
	m.journal.Clear(name)
	m.faults.Clear(&name)
	m.trackers.forget(&name)
	_, err := m.store.Clear(ctx, name)
	return err
}

// Reset forgets the connections, exchanges and faults of a manufacturer, or of
// all if it is nil, and brings back the connections that the mock began with.
func (m *Mock) Reset(ctx context.Context, manufacturer *string) error {
	all, err := m.Manufacturers(ctx)
	if err != nil {
		return err
	}
	if manufacturer != nil && store.IndexManufacturer(all, *manufacturer) < 0 {
		return noManufacturer(*manufacturer, all)
	}
	for _, each := range all {
		if manufacturer != nil && each.Name != *manufacturer {
			continue
		}
		if err := m.forget(ctx, each.Name); err != nil {
			return err
		}
		began := slices.DeleteFunc(slices.Clone(m.began), func(c store.Connection) bool { return c.Manufacturer != each.Name })
		if err := m.put(ctx, began); err != nil {
			return err
		}
	}
	if manufacturer == nil {
		m.journal.ClearAll()
		m.trackers.forget(nil)
	}
	return nil
}

// Connections returns a page of a manufacturer's connections, as
// [Store.List] does.
func (m *Mock) Connections(ctx context.Context, manufacturer, search, cursor string, limit int) ([]store.Connection, string, error) {
	return m.store.List(ctx, manufacturer, search, cursor, limit)
}

// Export returns the manufacturers, with digests instead of keys, and all
// connections; of one manufacturer only, if it is not nil. User ids are as they
// were sent, or they could not be echoed after an import: where a client sent a
// key as one, the export holds that key.
func (m *Mock) Export(ctx context.Context, manufacturer *string) (store.Fixture, error) {
	made := store.Fixture{Manufacturers: []store.Manufacturer{}, Connections: []store.Connection{}}
	all, err := m.Manufacturers(ctx)
	if err != nil {
		return store.Fixture{}, err
	}
	for _, each := range all {
		if manufacturer != nil && each.Name != *manufacturer {
			continue
		}
		made.Manufacturers = append(made.Manufacturers, each)
		for cursor, more := "", true; more; {
			page, next, err := m.store.List(ctx, each.Name, "", cursor, 1000)
			if err != nil {
				return store.Fixture{}, err
			}
			made.Connections = append(made.Connections, page...)
			cursor, more = next, next != ""
		}
	}
	return made, nil
}

// Import adds manufacturers and connections to those that are there. A
// manufacturer that is known stays as it is. If anything contradicts, nothing
// is added.
func (m *Mock) Import(ctx context.Context, f store.Fixture) error {
	var added []store.Manufacturer
	err := m.registry.change(ctx, func(all []store.Manufacturer) ([]store.Manufacturer, error) {
		added = nil
		for _, each := range f.Manufacturers {
			if store.IndexManufacturer(all, each.Name) < 0 {
				all, added = append(all, each), append(added, each)
			}
		}
		if len(all) > MaxManufacturers {
			return nil, fmt.Errorf("%w: %d", ErrTooMany, len(all))
		}
		return all, nil
	})
	if err != nil {
		return err
	}
	if err = m.put(ctx, f.Connections); err != nil {
		m.registry.change(ctx, func(all []store.Manufacturer) ([]store.Manufacturer, error) {
			return slices.DeleteFunc(all, func(each store.Manufacturer) bool { return store.IndexManufacturer(added, each.Name) >= 0 }), nil
		})
	}
	return err
}

// strangerError says that a connection is of nobody.
func strangerError(index int, c store.Connection) error {
	return &store.ConflictError{Index: index, Reason: fmt.Sprintf("there is no manufacturer %q", c.Manufacturer)}
}

// begin adds the connections that the mock began with, as far as their
// manufacturers are still there.
func (m *Mock) begin(ctx context.Context) error {
	return m.put(ctx, slices.DeleteFunc(slices.Clone(m.began), func(c store.Connection) bool {
		return store.IndexManufacturer(m.registry.all(), c.Manufacturer) < 0
	}))
}

// put adds connections, and makes the NOX ids that are missing: others than
// those which stand in the list or belong to somebody already.
func (m *Mock) put(ctx context.Context, connections []store.Connection) error {
	made, numbers := slices.Clone(connections), make([]int, len(connections))
	given := map[[2]string]bool{} // ids by manufacturer
	for i, c := range made {
		if store.IndexManufacturer(m.registry.all(), c.Manufacturer) < 0 {
			return strangerError(i, c)
		}
		given[[2]string{c.Manufacturer, c.NoxUserID}] = true
	}
	identify := func(i int) error {
		c := &made[i]
		for ; numbers[i] < maxIDs; numbers[i]++ {
			id, err := m.ids.newID(c.Manufacturer, c.UserID, numbers[i])
			if err != nil {
				return err
			}
			if !given[[2]string{c.Manufacturer, id}] {
				c.NoxUserID = id
				return nil
			}
		}
		return fmt.Errorf("there is no nox_user_id left for connections[%d]", i)
	}
	for i := range made {
		if made[i].NoxUserID == "" {
			if err := identify(i); err != nil {
				return err
			}
		}
	}
	for {
		err := m.store.Put(ctx, made...)
		conflict := (*store.ConflictError)(nil)
		if !errors.As(err, &conflict) {
			return err
		}
		if !conflict.Taken || connections[conflict.Index].NoxUserID != "" {
			told := *conflict
			told.Reason = m.hidden().Text(told.Reason) // a client may have sent its key as a user_id
			return &told
		}
		numbers[conflict.Index]++
		if err := identify(conflict.Index); err != nil {
			return err
		}
	}
}

// CheckManufacturer returns [ErrNoManufacturer] unless a manufacturer has that
// name. While the store is away, the mock goes by what it knew last.
func (m *Mock) CheckManufacturer(ctx context.Context, name string) error {
	known := m.registry.latest(ctx)
	if _, is := known.named(name); !is {
		return noManufacturer(name, known.manufacturers)
	}
	return nil
}

// noManufacturer says that none has this name, and which there are: the first
// few.
func noManufacturer(name string, all []store.Manufacturer) error {
	const most = 10
	var names []string
	for _, each := range all[:min(most, len(all))] {
		names = append(names, strconv.Quote(each.Name))
	}
	there := strings.Join(names, ", ")
	switch more := len(all) - most; {
	case len(all) == 0:
		there = "none"
	case more > 0:
		there += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Errorf("%w: %q; there are: %s", ErrNoManufacturer, name, there)
}

// CountConnections returns how many connections a manufacturer has.
func (m *Mock) CountConnections(ctx context.Context, manufacturer string) (int, error) {
	return m.store.Count(ctx, manufacturer)
}

// Ready reports whether the mock can answer: an error of the store if it cannot
// be read and written. A store says by a method CheckWritable whether a write
// would succeed; one without it always takes writes.
func (m *Mock) Ready(ctx context.Context) error {
	if tried, is := m.store.(interface {
		CheckWritable(ctx context.Context) error
	}); is {
		return tried.CheckWritable(ctx)
	}
	_, err := m.store.Count(ctx, "")
	return err
}

// RedactConnections returns a copy of a page with API keys masked. A client may
// have sent its key as a user_id, or an import may contain one.
func (m *Mock) RedactConnections(page []store.Connection) []store.Connection {
	hidden, made := m.hidden(), slices.Clone(page)
	for i := range made {
		made[i].UserID, made[i].NoxUserID = hidden.Text(made[i].UserID), hidden.Text(made[i].NoxUserID)
	}
	return made
}

// hidden takes keys out of what belongs to no request.
func (m *Mock) hidden() *redact.Redactor {
	return m.registry.redactor(m.registry.current.Load(), nil, &http.Request{URL: &url.URL{}})
}

// Hide makes a secret appear in no output, as API keys appear in none.
func (m *Mock) Hide(secret string) { m.registry.hide(secret) }

// Journal returns the exchanges of the mock with its clients.
func (m *Mock) Journal() *journal.Journal { return m.journal }

// ServeMetrics answers with the metrics in the text format of Prometheus.
func (m *Mock) ServeMetrics(w http.ResponseWriter, r *http.Request) { m.metrics.ServeHTTP(w, r) }

// SetFault puts a fault into force and returns it with its id. The manufacturer
// must be known.
func (m *Mock) SetFault(ctx context.Context, f fault.Fault) (fault.Fault, error) {
	if f.Manufacturer != "" {
		if err := m.CheckManufacturer(ctx, f.Manufacturer); err != nil {
			return fault.Fault{}, err
		}
	}
	return m.faults.Add(f, time.Now())
}

// Faults returns the faults of a manufacturer that have not expired, or of all
// if it is nil.
func (m *Mock) Faults(manufacturer *string) []fault.Fault {
	return m.faults.List(manufacturer, time.Now())
}

// RemoveFault ends a fault. It tells whether there was one with that id.
func (m *Mock) RemoveFault(id string) bool { return m.faults.Remove(id) }

// ClearFaults ends the faults of a manufacturer, or all if it is nil, and
// returns how many there were.
func (m *Mock) ClearFaults(manufacturer *string) int { return m.faults.Clear(manufacturer) }

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
