package mock_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/store"
	"nox.energy/contract/mock/store/storetest"
)

func TestEchoResolveCreate(t *testing.T) {
	for _, ids := range []mock.IDs{mock.DerivedIDs, mock.RandomIDs} {
		t.Run(string(ids), func(t *testing.T) {
			s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{IDs: ids}))
			owner := map[string]string{}
			for round := range 2 {
				for _, key := range []string{s.APIKey, s.OtherAPIKey} {
					for _, userID := range storetest.UserIDs() {
						echo, id := clienttest.Connect(t, s, key, userID)
						if echo != userID {
							t.Errorf("user_id %q comes back as %q", userID, echo)
						}
						if who := key + "\xff" + userID; round == 0 {
							if other, taken := owner[id]; taken {
								t.Errorf("%q has the id of %q", who, other)
							}
							owner[id] = who
						} else if owner[id] != who {
							t.Errorf("%q was resolved to the id of %q", who, owner[id])
						}
						if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
							t.Errorf("%q is not a UUID of version 4 or 5", id)
						}
					}
				}
			}
		})
	}
}

// The same user written differently is the same user.
func TestSpellingsOfOneUser(t *testing.T) {
	s := mocktest.NewServer(t)
	var first string
	for _, body := range []string{
		`{"user_id":"aé🙂"}`,
		"\t{ \"user_id\"\n: \"a\\u00e9\\ud83d\\ude42\" }\r\n",
		`{"x":{"user_id":"other"},"user_id":"\u0061é\uD83D\uDE42","z":1}`,
		`{"user\u005fid":"aé🙂"}`,
	} {
		r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(body))
		if r.Status != 201 || first != "" && r.Body != first {
			t.Errorf("%s: status %d, body %s, before %s", body, r.Status, r.Body, first)
		}
		first = r.Body
	}
}

func TestDerivedIDsSurviveARestart(t *testing.T) {
	one, two := mocktest.NewServer(t), mocktest.NewServer(t)
	_, a := clienttest.Connect(t, one, one.APIKey, "u")
	_, b := clienttest.Connect(t, two, two.APIKey, "u")
	if a != b {
		t.Errorf("%s before, %s after", a, b)
	}
	// An id that changes from release to release would be worth little.
	if want := "2294f06e-e5ea-5b10-b4cd-2d62674f5b3b"; a != want {
		t.Errorf("the id of acme's user u is %s, was %s", a, want)
	}
	random := mocktest.WithConfig(mock.Config{IDs: mock.RandomIDs})
	one, two = mocktest.NewServer(t, random), mocktest.NewServer(t, random)
	_, a = clienttest.Connect(t, one, one.APIKey, "u")
	_, b = clienttest.Connect(t, two, two.APIKey, "u")
	if a == b {
		t.Errorf("random ids are the same twice: %s", a)
	}
}

// "ab"+"c" and "a"+"bc" must not meet in a derived id.
func TestDerivedIDsAreUnambiguous(t *testing.T) {
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Manufacturers: []store.Manufacturer{
		{Name: "ab", Keys: []string{"k1"}, Enabled: true},
		{Name: "a", Keys: []string{"k2"}, Enabled: true},
	}}))
	_, one := clienttest.Connect(t, s, "k1", "c")
	_, two := clienttest.Connect(t, s, "k2", "bc")
	if one == two {
		t.Error("two users have one id")
	}
}

// One user under many simultaneous requests has one id.
func TestSimultaneousRequests(t *testing.T) {
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{IDs: mock.RandomIDs}))
	for round := range 10 {
		userID := strings.Repeat("r", round+1)
		ids := make([]string, 48)
		var ready, done sync.WaitGroup
		start := make(chan struct{})
		for i := range ids {
			ready.Add(1)
			done.Go(func() {
				ready.Done()
				<-start
				_, ids[i] = clienttest.Connect(t, s, s.APIKey, userID)
			})
		}
		ready.Wait()
		close(start)
		done.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Fatalf("round %d: ids %s and %s", round, id, ids[0])
			}
		}
	}
}

func TestRejectedRequestsLeaveNothingBehind(t *testing.T) {
	kept := store.NewMemory()
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Store: kept}))
	for _, x := range []struct {
		body   string
		header []string
	}{
		{`{"user_id":"u"}x`, nil},
		{`{"user_id":"u"}`, []string{"Prefer", "code=500"}},
		{`{"user_id":"u"}`, []string{"Content-Encoding", "gzip"}},
	} {
		if r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s, x.header...), strings.NewReader(x.body)); r.Status == 201 {
			t.Fatalf("%s %v: status 201", x.body, x.header)
		}
	}
	clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(`{"user_id":"nox-mock:500"}`))
	for _, userID := range []string{"u", "nox-mock:500"} {
		if c, created, err := kept.Connect(t.Context(), "acme", userID, "fresh for "+userID, time.Now()); err != nil || !created {
			t.Errorf("%s has a connection: %+v, %v", userID, c, err)
		}
	}
}

func TestNoOverrides(t *testing.T) {
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{NoOverrides: true}))
	for _, userID := range []string{"nox-mock:400", "nox-mock:500", "nox-mock:lost", "nox-mock:delay=1h"} {
		clienttest.Connect(t, s, s.APIKey, userID)
	}
	r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s, "Prefer", "code=500"), strings.NewReader(clienttest.ValidBody))
	if r.Status != 201 || r.Header.Get("Preference-Applied") != "" {
		t.Errorf("Prefer: status %d, header %v", r.Status, r.Header)
	}
}

// store is a Store that fails, or does not come back in one piece.
type brokenStore struct {
	store.Store
	panics bool
}

func (s brokenStore) Connect(context.Context, string, string, string, time.Time) (store.Connection, bool, error) {
	if s.panics {
		panic("secret of the store")
	}
	return store.Connection{}, false, errors.New("secret of the store")
}

func TestBrokenStoreIsTheContracts500(t *testing.T) {
	for _, panics := range []bool{false, true} {
		s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Store: brokenStore{store.NewMemory(), panics}}))
		r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(clienttest.ValidBody))
		if r.Status != 500 || clienttest.Words(t, r) != wordsOf500 {
			t.Errorf("panics %t: status %d, body %s", panics, r.Status, r.Body)
		}
	}
}

func TestConnectionsToBeginWith(t *testing.T) {
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Connections: []store.Connection{
		{Manufacturer: "acme", UserID: "u", NoxUserID: "nox-1"},
		{Manufacturer: "globex", UserID: "u", NoxUserID: "nox-1"},
		{Manufacturer: "acme", UserID: ""},
	}}))
	if _, id := clienttest.Connect(t, s, s.APIKey, "u"); id != "nox-1" {
		t.Errorf("acme: %s", id)
	}
	if _, id := clienttest.Connect(t, s, s.OtherAPIKey, "u"); id != "nox-1" {
		t.Errorf("globex: %s", id)
	}
	_, fresh := clienttest.Connect(t, mocktest.NewServer(t), s.APIKey, "")
	if _, id := clienttest.Connect(t, s, s.APIKey, ""); id != fresh {
		t.Errorf("an id that is left out is %s, not the derived one %s", id, fresh)
	}
}

// An import may give a user the id that would be derived for another. Then that
// one gets another id, always the same, and what is exported can be imported.
func TestDerivedIDThatIsTaken(t *testing.T) {
	_, derived := clienttest.Connect(t, mocktest.NewServer(t), "acme-test-key-5c1d0a", "b")
	imported := []store.Connection{{Manufacturer: "acme", UserID: "a", NoxUserID: derived}}
	var before string
	for _, more := range [][]store.Connection{nil, {{Manufacturer: "acme", UserID: "b"}}} {
		s := mocktest.NewServer(t)
		if err := s.Mock.Import(t.Context(), store.Fixture{Connections: append(more, imported...)}); err != nil {
			t.Fatal(err)
		}
		_, a := clienttest.Connect(t, s, s.APIKey, "a")
		_, b := clienttest.Connect(t, s, s.APIKey, "b")
		if a != derived || b == derived || before != "" && b != before {
			t.Errorf("a has %s, b %s, before %s", a, b, before)
		}
		before = b
		exported, err := s.Mock.Export(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := mock.New(mock.Config{Manufacturers: exported.Manufacturers, Connections: exported.Connections}); err != nil {
			t.Errorf("what was exported is refused: %v", err)
		}
		// It is taken by what was there before as well.
		other := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Connections: imported}))
		if err := other.Mock.Import(t.Context(), store.Fixture{Connections: []store.Connection{{Manufacturer: "acme", UserID: "b"}}}); err != nil {
			t.Error(err)
		}
		if _, id := clienttest.Connect(t, other, other.APIKey, "b"); id != b {
			t.Errorf("%s here, %s there", b, id)
		}
	}
}
