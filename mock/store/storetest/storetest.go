// Package storetest holds a [store.Store] to what the interface promises: every
// implementation runs the same suite.
package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"nox.energy/contract/mock/store"
)

// Run tests a kind of store. newStore returns a new, empty one at each call.
func Run(t *testing.T, newStore func() store.Store) {
	t.Run("connect and put", func(t *testing.T) { testConnectAndPut(t, newStore()) })
	t.Run("list and clear", func(t *testing.T) { testListAndClear(t, newStore()) })
	t.Run("long lists", func(t *testing.T) { testLongList(t, newStore()) })
	t.Run("awkward ids", func(t *testing.T) { testAwkward(t, newStore()) })
	t.Run("conflicts", func(t *testing.T) { testConflicts(t, newStore()) })
	t.Run("taken ids", func(t *testing.T) { testTaken(t, newStore()) })
	t.Run("the end of a count", func(t *testing.T) { testCountEnds(t, newStore()) })
	t.Run("simultaneous", func(t *testing.T) { testSimultaneous(t, newStore()) })
	t.Run("manufacturers", func(t *testing.T) { testManufacturers(t, newStore()) })
}

// UserIDs returns user ids that a store is likely to change.
func UserIDs() []string {
	return []string{
		"", " ", "u", "U", " u", "u ", "u\n", "007", "7", "null", "true", "\x00", "a\x00b",
		`"`, `\`, `\u0041`, "%41", "a+b", "a/b", "<script>&'\"</script>", "__proto__", "${x}", "{{x}}", "' OR 1=1 --",
		"é", "e\u0301", "Å", "\u212b", "ß", "SS", "İ", "漢字", "🙂", "👩‍👩‍👧", "\u202eabc", "\u2028", "\ufeff", "\ufffd", "\U0010ffff",
		strings.Repeat("x", 1000), strings.Repeat("x", 1001), "nox-mock:", "nox-mock:delay=", "NOX-MOCK:500",
	}
}

func testLongList(t *testing.T, s store.Store) {
	var all []store.Connection
	for i := range 1001 {
		all = append(all, store.Connection{Manufacturer: "a", UserID: fmt.Sprintf("u-%d", i), NoxUserID: fmt.Sprintf("n-%d", i)})
	}
	if err := s.Put(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
	page, next, err := s.List(t.Context(), "a", "", "", 1000)
	if err != nil || len(page) != 1000 || next == "" || page[0] != all[0] || page[999] != all[999] {
		t.Fatalf("%d connections, %q, %v", len(page), next, err)
	}
	if page, next, err = s.List(t.Context(), "a", "", next, 1000); err != nil || next != "" || len(page) != 1 || page[0] != all[1000] {
		t.Errorf("second page: %v, %q, %v", page, next, err)
	}
	if page, next, err := s.List(t.Context(), "a", "N-9", "", 5); err != nil || len(page) != 5 || next == "" || page[4] != all[93] {
		t.Errorf("search: %v, %q, %v", page, next, err)
	}
	if page, next, err := s.List(t.Context(), "a", "u-1000", "", 1); err != nil || len(page) != 1 || next != "" {
		t.Errorf("the last one: %v, %q, %v", page, next, err)
	}
	// An old cursor goes on behind what is there no more.
	if _, err := s.Clear(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	_, cursor, err := func() ([]store.Connection, string, error) {
		if err := s.Put(t.Context(), all[:3]...); err != nil {
			return nil, "", err
		}
		return s.List(t.Context(), "a", "", "", 1)
	}()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Clear(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), all[5]); err != nil {
		t.Fatal(err)
	}
	if page, _, err := s.List(t.Context(), "a", "", cursor, 10); err != nil || len(page) != 1 {
		t.Errorf("after Clear: %v, %v", page, err)
	}
}

func testAwkward(t *testing.T, s store.Store) {
	awkward := UserIDs()
	at := time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC)
	for i, id := range awkward {
		for _, manufacturer := range []string{"a", id, "{b}:" + id} {
			want := store.Connection{Manufacturer: manufacturer, UserID: id, NoxUserID: fmt.Sprint(id, i), FirstAsked: at, LastAsked: at, TimesAsked: 1}
			if c, created, err := s.Connect(t.Context(), manufacturer, id, want.NoxUserID, at); err != nil || !created || c != want {
				t.Fatalf("%q of %q: %+v, %t, %v", id, manufacturer, c, created, err)
			}
		}
	}
	page, _, err := s.List(t.Context(), "a", "", "", 1000)
	if err != nil || len(page) != len(awkward) {
		t.Fatalf("%d connections, %v", len(page), err)
	}
	for i, c := range page {
		if c.UserID != awkward[i] {
			t.Errorf("%q comes back as %q", awkward[i], c.UserID)
		}
	}
}

func testConflicts(t *testing.T, s store.Store) {
	a1 := store.Connection{Manufacturer: "a", UserID: "u", NoxUserID: "1"}
	a2 := store.Connection{Manufacturer: "a", UserID: "v", NoxUserID: "2"}
	if err := s.Put(t.Context(), a1, store.Connection{Manufacturer: "b", UserID: "v", NoxUserID: "1"}); err != nil {
		t.Fatal(err)
	}
	for want, put := range map[string][]store.Connection{
		`connections[2]: user_id "v" of "a" stands twice`:                    {a1, a2, a2},
		`connections[1]: user_id "u" of "a" has the nox_user_id "1" already`: {a2, {Manufacturer: "a", UserID: "u", NoxUserID: "9"}},
		`connections[0]: nox_user_id "1" belongs to user_id "u" of "a" already`: {
			{Manufacturer: "a", UserID: "w", NoxUserID: "1"}},
		`connections[1]: nox_user_id "2" belongs to user_id "v" of "a" already`: {
			a2, {Manufacturer: "a", UserID: "w", NoxUserID: "2"}},
	} {
		err := s.Put(t.Context(), put...)
		if conflict := (*store.ConflictError)(nil); !errors.As(err, &conflict) || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if n, err := s.Count(t.Context(), "a"); n != 1 || err != nil {
		t.Errorf("%d connections, %v", n, err)
	}
	if err := s.Put(t.Context()); err != nil {
		t.Errorf("nothing: %v", err)
	}
	// What was put is asked for the first time later.
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want := store.Connection{Manufacturer: "a", UserID: "u", NoxUserID: "1", FirstAsked: at, LastAsked: at, TimesAsked: 1}
	if c, created, err := s.Connect(t.Context(), "a", "u", "other", at); err != nil || created || c != want {
		t.Errorf("%+v, %t, %v", c, created, err)
	}
}

// A NOX id is one user's: nobody is created with that of another.
func testTaken(t *testing.T, s store.Store) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := s.Put(t.Context(), store.Connection{Manufacturer: "a", UserID: "u", NoxUserID: "1"}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, created, err := s.Connect(t.Context(), "a", "v", "1", at)
		if conflict := (*store.ConflictError)(nil); created || !errors.As(err, &conflict) || !conflict.Taken || !strings.Contains(err.Error(), `nox_user_id "1" belongs to user_id "u" of "a" already`) {
			t.Errorf("created %t, %v", created, err)
		}
	}
	if n, err := s.Count(t.Context(), "a"); n != 1 || err != nil {
		t.Errorf("%d connections, %v", n, err)
	}
	if c, created, err := s.Connect(t.Context(), "b", "v", "1", at); err != nil || !created || c.NoxUserID != "1" {
		t.Errorf("of another manufacturer: %+v, %t, %v", c, created, err)
	}
	if c, created, err := s.Connect(t.Context(), "a", "v", "2", at); err != nil || !created || c.NoxUserID != "2" || c.TimesAsked != 1 {
		t.Errorf("with another id: %+v, %t, %v", c, created, err)
	}
	if c, created, err := s.Connect(t.Context(), "a", "v", "1", at); err != nil || created || c.NoxUserID != "2" {
		t.Errorf("once it is known: %+v, %t, %v", c, created, err)
	}
}

// The count of requests ends where not every reader of JSON could follow.
func testCountEnds(t *testing.T, s store.Store) {
	if err := s.Put(t.Context(), store.Connection{Manufacturer: "a", UserID: "u", NoxUserID: "1", TimesAsked: store.MaxTimesAsked - 1}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if c, _, err := s.Connect(t.Context(), "a", "u", "1", time.Now()); err != nil || c.TimesAsked != store.MaxTimesAsked {
			t.Errorf("%+v, %v", c, err)
		}
	}
}

// One of many calls creates, and all are counted.
func testSimultaneous(t *testing.T, s store.Store) {
	const calls = 50
	var creators, done sync.WaitGroup
	var mu sync.Mutex
	ids, creations := map[string]bool{}, 0
	start := make(chan struct{})
	for i := range calls {
		creators.Add(1)
		done.Go(func() {
			creators.Done()
			<-start
			c, created, err := s.Connect(t.Context(), "a", "u", fmt.Sprint(i), time.Now())
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if ids[c.NoxUserID] = true; created {
				creations++
			}
		})
	}
	creators.Wait()
	close(start)
	done.Wait()
	c, _, err := s.Connect(t.Context(), "a", "u", "x", time.Now())
	if len(ids) != 1 || creations != 1 || c.TimesAsked != calls+1 || err != nil {
		t.Errorf("ids %v, created %d times, %+v, %v", ids, creations, c, err)
	}
}

func testManufacturers(t *testing.T, s store.Store) {
	if all, version, err := s.Manufacturers(t.Context(), ""); err != nil || version != "" || len(all) != 0 {
		t.Fatalf("to begin with: %v, %q, %v", all, version, err)
	}
	kept := []store.Manufacturer{
		{Name: "b\x00\"", Enabled: true, KeyDigests: []string{strings.Repeat("0a", 32), strings.Repeat("0b", 32)}},
		{Name: "a", KeyDigests: []string{strings.Repeat("0c", 32)}},
	}
	first, err := s.SetManufacturers(t.Context(), "", kept)
	if err != nil || first == "" {
		t.Fatal(first, err)
	}
	if all, version, err := s.Manufacturers(t.Context(), ""); err != nil || version != first || !reflect.DeepEqual(all, kept) {
		t.Errorf("%v, %q, %v", all, version, err)
	}
	if all, version, err := s.Manufacturers(t.Context(), first); err != nil || version != first || all != nil {
		t.Errorf("unchanged: %v, %q, %v", all, version, err)
	}
	for _, version := range []string{"", "other"} {
		if _, err := s.SetManufacturers(t.Context(), version, nil); !errors.Is(err, store.ErrChanged) {
			t.Errorf("in the place of version %q: %v", version, err)
		}
	}
	second, err := s.SetManufacturers(t.Context(), first, kept[:1])
	if err != nil || second == first {
		t.Errorf("%q after %q, %v", second, first, err)
	}
	if all, version, err := s.Manufacturers(t.Context(), first); err != nil || version != second || len(all) != 1 {
		t.Errorf("changed: %v, %q, %v", all, version, err)
	}
	if _, err := s.SetManufacturers(t.Context(), first, kept); !errors.Is(err, store.ErrChanged) {
		t.Errorf("a change that was overtaken: %v", err)
	}
}

func testListAndClear(t *testing.T, s store.Store) {
	for i := range 25 {
		for _, manufacturer := range []string{"a", "b"} {
			if _, _, err := s.Connect(t.Context(), manufacturer, fmt.Sprintf("User-%02d", i), fmt.Sprintf("nox-%s-%02d", manufacturer, i), time.Now()); err != nil {
				t.Fatal(err)
			}
		}
	}
	list := func(search string, limit int) (all []string, pages int) {
		for cursor := ""; ; pages++ {
			page, next, err := s.List(t.Context(), "a", search, cursor, limit)
			if err != nil || len(page) > limit {
				t.Fatalf("%d connections, %v", len(page), err)
			}
			for _, c := range page {
				all = append(all, c.UserID)
			}
			if next == "" {
				return all, pages + 1
			}
			cursor = next
		}
	}
	if all, pages := list("", 10); len(all) != 25 || pages != 3 || all[0] != "User-00" || all[24] != "User-24" {
		t.Errorf("%d pages: %q", pages, all)
	}
	if all, pages := list("", 25); len(all) != 25 || pages != 1 {
		t.Errorf("%d connections on %d pages", len(all), pages)
	}
	if all, _ := list("USER-1", 3); len(all) != 10 {
		t.Errorf("search: %q", all)
	}
	if all, _ := list("nox-a-07", 3); len(all) != 1 {
		t.Errorf("search by NOX id: %q", all)
	}
	if _, _, err := s.List(t.Context(), "a", "", "nonsense", 1); err == nil {
		t.Error("a cursor of its own making is accepted")
	}
	if n, err := s.Clear(t.Context(), "a"); n != 25 || err != nil {
		t.Errorf("%d cleared, %v", n, err)
	}
	a, _ := s.Count(t.Context(), "a")
	if b, err := s.Count(t.Context(), "b"); a != 0 || b != 25 || err != nil {
		t.Errorf("%d and %d are left, %v", a, b, err)
	}
}

func testConnectAndPut(t *testing.T, s store.Store) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	connect := func(manufacturer, userID, id string, at time.Time) (store.Connection, bool) {
		c, created, err := s.Connect(t.Context(), manufacturer, userID, id, at)
		if err != nil {
			t.Fatal(err)
		}
		return c, created
	}
	if c, created := connect("a", "u", "1", at); !created || c.NoxUserID != "1" || c.TimesAsked != 1 {
		t.Errorf("first: %+v, %t", c, created)
	}
	want := store.Connection{Manufacturer: "a", UserID: "u", NoxUserID: "1", FirstAsked: at, LastAsked: at.Add(time.Hour), TimesAsked: 2}
	if c, created := connect("a", "u", "2", at.Add(time.Hour)); created || c != want {
		t.Errorf("again: %+v, %t", c, created)
	}
	if c, created := connect("b", "u", "3", at); !created || c.NoxUserID != "3" {
		t.Errorf("another manufacturer: %+v, %t", c, created)
	}
	known := store.Connection{Manufacturer: "a", UserID: "u", NoxUserID: "9"}
	fresh := store.Connection{Manufacturer: "a", UserID: "v", NoxUserID: "8"}
	for _, put := range [][]store.Connection{{fresh, known}, {fresh, fresh}} {
		if err := s.Put(t.Context(), put...); err == nil {
			t.Errorf("Put(%+v) is no error", put)
		}
	}
	same := store.Connection{Manufacturer: "a", UserID: "u", NoxUserID: "1", TimesAsked: 9}
	taken := store.Connection{Manufacturer: "a", UserID: "w", NoxUserID: "1"}
	if err := s.Put(t.Context(), same); err != nil {
		t.Errorf("what is known, once more: %v", err)
	}
	if err := s.Put(t.Context(), taken); err == nil {
		t.Error("two users have one NOX id")
	}
	if c, created := connect("a", "v", "7", at); !created || c.NoxUserID != "7" {
		t.Errorf("a Put that failed left %+v", c)
	}
}
