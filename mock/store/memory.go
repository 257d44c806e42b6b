package store

import (
	"context"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// NewMemory returns a store that holds nothing yet.
func NewMemory() *Memory { return &Memory{tenants: map[string]*tenant{}, seed: maphash.MakeSeed()} }

// Memory is a [Store] that forgets everything with the process.
type Memory struct {
	mu      sync.Mutex
	retired int // how many numbers were given to connections that are no more
	tenants map[string]*tenant
	seed    maphash.Seed

	manufacturers []Manufacturer
	version       int    // 0: there were none yet
	versionName   string // the same as a text, "" for 0
}

// tenant holds the connections of one manufacturer. All but the indexes is free
// of pointers, so that the garbage collector has nothing to follow in millions of
// them.
type tenant struct {
	before  int        // the number of the first connection, less one
	records [][]record // in the order in which they were made, chunk by chunk
	texts   [][]byte   // the ids, chunk by chunk; what stands there never moves
	users   index      // by user_id
	ids     index      // by nox_user_id
	odd     map[uint32][2]time.Time
}

// record is a connection. A time before 1678 or after 2262 stands in odd.
type record struct {
	text        int64 // where its ids stand: the chunk, and the offset there
	user, nox   uint32
	first, last int64 // nanoseconds since 1970; 0 is the zero time
	times       uint64
}

const (
	recordChunk = 1024    // records
	textChunk   = 1 << 20 // bytes
	oddTime     = -1 << 63
)

// index finds the position of a text by its hash. Those whose hash another has
// already, which hardly ever happens, stand by themselves.
type index struct {
	positions map[uint64]uint32
	others    map[string]uint32
}

func newTenant(before int) *tenant {
	return &tenant{before: before, users: index{positions: map[uint64]uint32{}}, ids: index{positions: map[uint64]uint32{}}}
}

// count returns how many connections there are.
func (t *tenant) count() int {
	if len(t.records) == 0 {
		return 0
	}
	return (len(t.records)-1)*recordChunk + len(t.records[len(t.records)-1])
}

func (t *tenant) record(i uint32) *record { return &t.records[i/recordChunk][i%recordChunk] }

func (t *tenant) userID(i uint32) string {
	r := t.record(i)
	return t.text(r.text, r.user)
}

func (t *tenant) noxUserID(i uint32) string {
	r := t.record(i)
	return t.text(r.text+int64(r.user), r.nox)
}

// find returns the position of a text among those that read returns.
func (x *index) find(seed maphash.Seed, text string, read func(uint32) string) (position uint32, known bool) {
	position, known = x.positions[maphash.String(seed, text)]
	if known && read(position) != text {
		position, known = x.others[text]
	}
	return position, known
}

func (x *index) add(seed maphash.Seed, text string, position uint32) {
	hash := maphash.String(seed, text)
	if _, taken := x.positions[hash]; !taken {
		x.positions[hash] = position
		return
	}
	if x.others == nil {
		x.others = map[string]uint32{}
	}
	x.others[strings.Clone(text)] = position
}

// user returns the position of a user.
func (t *tenant) user(seed maphash.Seed, userID string) (uint32, bool) {
	return t.users.find(seed, userID, t.userID)
}

// owner returns the position of the user who has a NOX id.
func (t *tenant) owner(seed maphash.Seed, noxUserID string) (uint32, bool) {
	return t.ids.find(seed, noxUserID, t.noxUserID)
}

// text returns what stands at a place of length bytes.
func (t *tenant) text(place int64, length uint32) string {
	if length == 0 {
		return ""
	}
	return unsafe.String(&t.texts[place>>32][place&0xffffffff], int(length)) // which is never written again
}

// keep keeps two texts and returns their place.
func (t *tenant) keep(one, two string) int64 {
	size := len(one) + len(two)
	last := len(t.texts) - 1
	if last < 0 || len(t.texts[last])+size > cap(t.texts[last]) {
		room := 1024
		if last >= 0 {
			room = min(2*cap(t.texts[last]), textChunk)
		}
		t.texts = append(t.texts, make([]byte, 0, max(room, size)))
		last++
	}
	place := int64(last)<<32 | int64(len(t.texts[last]))
	t.texts[last] = append(append(t.texts[last], one...), two...)
	return place
}

// add puts a connection behind the others, whose user is not known.
func (t *tenant) add(seed maphash.Seed, c Connection) uint32 {
	position := uint32(t.count())
	if last := len(t.records) - 1; last < 0 || len(t.records[last]) == recordChunk {
		var chunk []record
		if last >= 0 { // the first one grows, as most are small
			chunk = make([]record, 0, recordChunk)
		}
		t.records = append(t.records, chunk)
	}
	last := len(t.records) - 1
	t.records[last] = append(t.records[last], record{text: t.keep(c.UserID, c.NoxUserID), user: uint32(len(c.UserID)), nox: uint32(len(c.NoxUserID))})
	t.users.add(seed, c.UserID, position)
	t.ids.add(seed, c.NoxUserID, position)
	t.set(position, c)
	return position
}

// set replaces when and how often a user was asked for.
func (t *tenant) set(position uint32, c Connection) {
	r := t.record(position)
	r.first, r.last, r.times = nanoseconds(c.FirstAsked), nanoseconds(c.LastAsked), uint64(c.TimesAsked)
	if r.first == oddTime || r.last == oddTime {
		if t.odd == nil {
			t.odd = map[uint32][2]time.Time{}
		}
		t.odd[position] = [2]time.Time{c.FirstAsked.UTC(), c.LastAsked.UTC()}
	} else if t.odd != nil {
		delete(t.odd, position)
	}
}

// connection returns the one at a position.
func (t *tenant) connection(manufacturer string, position uint32) Connection {
	r := t.record(position)
	c := Connection{Manufacturer: manufacturer, UserID: t.userID(position), NoxUserID: t.noxUserID(position), TimesAsked: int64(r.times)}
	if r.first == oddTime || r.last == oddTime {
		c.FirstAsked, c.LastAsked = t.odd[position][0], t.odd[position][1]
	} else {
		c.FirstAsked, c.LastAsked = timeAt(r.first), timeAt(r.last)
	}
	return c
}

// nanoseconds is a time as a record has it.
func nanoseconds(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	if n := at.UnixNano(); n != 0 && timeAt(n).Equal(at) {
		return n
	}
	return oddTime
}

func timeAt(nanoseconds int64) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds).UTC()
}

// tenant returns the one of a manufacturer; it is made if there is none.
func (s *Memory) tenant(manufacturer string) *tenant {
	t := s.tenants[manufacturer]
	if t == nil {
		t = newTenant(s.retired)
		s.tenants[manufacturer] = t
	}
	return t
}

// Connect implements [Store].
func (s *Memory) Connect(_ context.Context, manufacturer, userID, noxUserID string, at time.Time) (Connection, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, _, created, err := s.connect(manufacturer, userID, noxUserID, at)
	return c, created, err
}

func (s *Memory) connect(manufacturer, userID, noxUserID string, at time.Time) (c Connection, position uint32, created bool, err error) {
	t := s.tenant(manufacturer)
	position, known := t.user(s.seed, userID)
	if !known {
		made := Connection{Manufacturer: manufacturer, UserID: userID, NoxUserID: noxUserID}
		if owner, taken := t.owner(s.seed, noxUserID); taken {
			return Connection{}, 0, false, TakenError(0, made, t.userID(owner))
		}
		position = t.add(s.seed, made)
	}
	c = t.connection(manufacturer, position)
	if c.TimesAsked == 0 {
		c.FirstAsked = at.UTC()
	}
	c.LastAsked = at.UTC()
	c.TimesAsked = min(c.TimesAsked, MaxTimesAsked-1) + 1
	t.set(position, c)
	return t.connection(manufacturer, position), position, !known, nil
}

// Put implements [Store].
func (s *Memory) Put(_ context.Context, connections ...Connection) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.put(connections)
}

func (s *Memory) put(connections []Connection) error {
	type user struct{ manufacturer, id string }
	seen, owners := make(map[user]bool, len(connections)), make(map[user]string, len(connections))
	for i, c := range connections {
		t := s.tenant(c.Manufacturer)
		owner, taken := owners[user{c.Manufacturer, c.NoxUserID}]
		if other, has := t.owner(s.seed, c.NoxUserID); has && !taken {
			owner, taken = t.userID(other), true
		}
		known := ""
		position, isKnown := t.user(s.seed, c.UserID)
		if isKnown {
			known = t.noxUserID(position)
		}
		switch {
		case seen[user{c.Manufacturer, c.UserID}]:
			return TwiceError(i, c)
		case isKnown && known != c.NoxUserID:
			return KnownError(i, c, known)
		case taken && owner != c.UserID:
			return TakenError(i, c, owner)
		}
		seen[user{c.Manufacturer, c.UserID}] = true
		owners[user{c.Manufacturer, c.NoxUserID}] = c.UserID
	}
	for _, c := range connections {
		t := s.tenant(c.Manufacturer)
		if position, known := t.user(s.seed, c.UserID); known {
			t.set(position, c)
		} else {
			t.add(s.seed, c)
		}
	}
	return nil
}

// listChunk is how many connections are looked at before others have their turn.
const listChunk = 2000

// List implements [Store].
func (s *Memory) List(_ context.Context, manufacturer, search, cursor string, limit int) ([]Connection, string, error) {
	after := 0
	if cursor != "" {
		n, err := strconv.Atoi(cursor)
		if err != nil || n < 1 {
			return nil, "", ErrCursor
		}
		after = n
	}
	search = strings.ToLower(search)
	page, last := []Connection{}, 0
	for {
		more, ended := s.batch(manufacturer, after, min(listChunk, max(limit-len(page)+1, 100)))
		for _, c := range more {
			if !c.Matches(search) {
				continue
			}
			if len(page) == limit {
				return page, strconv.Itoa(last), nil
			}
			page, last = append(page, c.Connection), c.number
		}
		if len(more) > 0 {
			after = more[len(more)-1].number
		}
		if ended || len(more) == 0 {
			return page, "", nil
		}
	}
}

// numbered is a connection with its place in the order.
type numbered struct {
	Connection
	number int
}

// batch returns at most count connections behind a number, and whether they are
// the last.
func (s *Memory) batch(manufacturer string, after, count int) (found []numbered, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tenants[manufacturer]
	if t == nil {
		return nil, true
	}
	from, n := max(after-t.before, 0), t.count()
	for i := from; i < min(from+count, n); i++ {
		found = append(found, numbered{t.connection(manufacturer, uint32(i)), t.before + i + 1})
	}
	return found, from+count >= n
}

// Count implements [Store].
func (s *Memory) Count(_ context.Context, manufacturer string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tenants[manufacturer]; t != nil {
		return t.count(), nil
	}
	return 0, nil
}

// Clear implements [Store].
func (s *Memory) Clear(_ context.Context, manufacturer string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clear(manufacturer), nil
}

func (s *Memory) clear(manufacturer string) (n int) {
	if t := s.tenants[manufacturer]; t != nil {
		n = t.count()
		s.retired = max(s.retired, t.before+n)
	}
	delete(s.tenants, manufacturer)
	return n
}

// Manufacturers implements [Store].
func (s *Memory) Manufacturers(_ context.Context, known string) ([]Manufacturer, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known == s.versionName {
		return nil, known, nil
	}
	return slices.Clone(s.manufacturers), s.versionName, nil
}

// SetManufacturers implements [Store].
func (s *Memory) SetManufacturers(_ context.Context, version string, all []Manufacturer) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if version != s.versionName {
		return "", ErrChanged
	}
	s.version++
	s.versionName = strconv.Itoa(s.version)
	s.manufacturers = slices.Clone(all)
	return s.versionName, nil
}

// IsQuick reports whether a store never waits for another process.
func IsQuick(s Store) bool {
	_, is := s.(interface{ quick() })
	return is
}

func (s *Memory) quick() {}
