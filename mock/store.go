package mock

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Connection is what the mock remembers of one user of one manufacturer.
type Connection struct {
	Manufacturer string    `json:"manufacturer"`
	UserID       string    `json:"user_id"`     // the manufacturer's own id of the user
	NoxUserID    string    `json:"nox_user_id"` // in a fixture, "" means made by the mock
	FirstAsked   time.Time `json:"first_asked,omitzero"`
	LastAsked    time.Time `json:"last_asked,omitzero"`
	TimesAsked   int       `json:"times_asked,omitempty"`
}

// Store keeps connections. It must be safe for concurrent use.
type Store interface {
	// Connect returns the connection of the manufacturer's user and counts the
	// request, made at the time at. If there is none it creates one with the id
	// noxUserID, and created is true. However many calls for one user run at
	// once, exactly one of them creates.
	Connect(ctx context.Context, manufacturer, userID, noxUserID string, at time.Time) (c Connection, created bool, err error)
	// Put adds connections as they are. One whose user is known already is an
	// error, and then none is added.
	Put(ctx context.Context, connections ...Connection) error
}

// NewMemoryStore returns a [Store] that forgets everything with the process.
func NewMemoryStore() Store { return &memoryStore{users: map[user]Connection{}} }

type user struct{ manufacturer, id string }

type memoryStore struct {
	mu    sync.Mutex
	users map[user]Connection
}

func (s *memoryStore) Connect(_ context.Context, manufacturer, userID, noxUserID string, at time.Time) (Connection, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := user{manufacturer, userID}
	c, known := s.users[key]
	if !known {
		c = Connection{Manufacturer: manufacturer, UserID: userID, NoxUserID: noxUserID}
	}
	if c.TimesAsked == 0 {
		c.FirstAsked = at
	}
	c.LastAsked = at
	c.TimesAsked++
	s.users[key] = c
	return c, !known, nil
}

func (s *memoryStore) Put(_ context.Context, connections ...Connection) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	added := make(map[user]Connection, len(connections))
	for _, c := range connections {
		key := user{c.Manufacturer, c.UserID}
		_, known := s.users[key]
		if _, twice := added[key]; known || twice {
			return fmt.Errorf("user_id %q of manufacturer %q has a connection already", c.UserID, c.Manufacturer)
		}
		added[key] = c
	}
	for key, c := range added {
		s.users[key] = c
	}
	return nil
}
