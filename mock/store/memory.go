package store

import (
	"context"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// NewMemory returns a [Store] that forgets everything with the process.
func NewMemory() Store { return &memoryStore{tenants: map[string]*tenant{}} }

type memoryStore struct {
	mu      sync.Mutex
	last    int // the number given last
	tenants map[string]*tenant

	manufacturers []Manufacturer
	version       int // 0: there were none yet
}

// tenant holds the connections of one manufacturer.
type tenant struct {
	users map[string]*numbered // by user_id
	ids   map[string]string    // user_id by nox_user_id
	order []*numbered          // by number
}

// numbered is a connection with its place in the order.
type numbered struct {
	Connection
	number int
}

// tenant returns the one of a manufacturer; it is made if there is none.
func (s *memoryStore) tenant(manufacturer string) *tenant {
	t := s.tenants[manufacturer]
	if t == nil {
		t = &tenant{users: map[string]*numbered{}, ids: map[string]string{}}
		s.tenants[manufacturer] = t
	}
	return t
}

// add puts a connection behind the others, whose user is not known.
func (s *memoryStore) add(t *tenant, c Connection) *numbered {
	s.last++
	n := &numbered{c, s.last}
	t.users[c.UserID] = n
	t.ids[c.NoxUserID] = c.UserID
	t.order = append(t.order, n)
	return n
}

func (s *memoryStore) Connect(_ context.Context, manufacturer, userID, noxUserID string, at time.Time) (Connection, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tenant(manufacturer)
	c, known := t.users[userID]
	if !known {
		made := Connection{Manufacturer: manufacturer, UserID: userID, NoxUserID: noxUserID}
		if owner, taken := t.ids[noxUserID]; taken {
			return Connection{}, false, TakenError(0, made, owner)
		}
		c = s.add(t, made)
	}
	if c.TimesAsked == 0 {
		c.FirstAsked = at
	}
	c.LastAsked = at
	c.TimesAsked = min(c.TimesAsked, MaxTimesAsked-1) + 1
	return c.Connection, !known, nil
}

func (s *memoryStore) Put(_ context.Context, connections ...Connection) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	type user struct{ manufacturer, id string }
	seen, owners := map[user]bool{}, map[user]string{}
	for i, c := range connections {
		t := s.tenant(c.Manufacturer)
		known := t.users[c.UserID]
		owner, taken := owners[user{c.Manufacturer, c.NoxUserID}]
		if other, has := t.ids[c.NoxUserID]; has && !taken {
			owner, taken = other, true
		}
		switch {
		case seen[user{c.Manufacturer, c.UserID}]:
			return TwiceError(i, c)
		case known != nil && known.NoxUserID != c.NoxUserID:
			return KnownError(i, c, known.NoxUserID)
		case taken && owner != c.UserID:
			return TakenError(i, c, owner)
		}
		seen[user{c.Manufacturer, c.UserID}] = true
		owners[user{c.Manufacturer, c.NoxUserID}] = c.UserID
	}
	for _, c := range connections {
		t := s.tenant(c.Manufacturer)
		if n := t.users[c.UserID]; n != nil {
			n.Connection = c
		} else {
			s.add(t, c)
		}
	}
	return nil
}

func (s *memoryStore) List(_ context.Context, manufacturer, search, cursor string, limit int) ([]Connection, string, error) {
	after := 0
	if cursor != "" {
		n, err := strconv.Atoi(cursor)
		if err != nil || n < 1 {
			return nil, "", ErrCursor
		}
		after = n
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	page := []Connection{}
	t := s.tenants[manufacturer]
	if t == nil {
		return page, "", nil
	}
	search = strings.ToLower(search)
	from := sort.Search(len(t.order), func(i int) bool { return t.order[i].number > after })
	last := 0
	for _, n := range t.order[from:] {
		if search != "" && !strings.Contains(strings.ToLower(n.UserID), search) && !strings.Contains(strings.ToLower(n.NoxUserID), search) {
			continue
		}
		if len(page) == limit {
			return page, strconv.Itoa(last), nil
		}
		page, last = append(page, n.Connection), n.number
	}
	return page, "", nil
}

func (s *memoryStore) Count(_ context.Context, manufacturer string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tenants[manufacturer]; t != nil {
		return len(t.order), nil
	}
	return 0, nil
}

func (s *memoryStore) Clear(_ context.Context, manufacturer string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	if t := s.tenants[manufacturer]; t != nil {
		n = len(t.order)
	}
	delete(s.tenants, manufacturer)
	return n, nil
}

func (s *memoryStore) Manufacturers(_ context.Context, known string) ([]Manufacturer, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	version := s.versionName()
	if version == known {
		return nil, version, nil
	}
	return slices.Clone(s.manufacturers), version, nil
}

func (s *memoryStore) SetManufacturers(_ context.Context, version string, all []Manufacturer) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if version != s.versionName() {
		return "", ErrChanged
	}
	s.version++
	s.manufacturers = slices.Clone(all)
	return s.versionName(), nil
}

func (s *memoryStore) versionName() string {
	if s.version == 0 {
		return ""
	}
	return strconv.Itoa(s.version)
}
