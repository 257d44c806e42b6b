package mock_test

import (
	"bytes"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/control"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/redisstore"
	"nox.energy/contract/mock/redisstore/redistest"
	"nox.energy/contract/mock/store"
	"nox.energy/contract/mock/store/storetest"
)

// The suite that the store in memory passes, on real servers.
func TestRedisStore(t *testing.T) {
	for _, program := range redistest.Programs() {
		t.Run(program, func(t *testing.T) {
			server := startRedis(t, program)
			database := 0
			storetest.Run(t, func() store.Store {
				database++ // which is empty
				return openRedis(t, server.Address(database))
			})
		})
	}
}

// The same suite in a Redis Cluster.
func TestRedisCluster(t *testing.T) {
	for _, program := range redistest.Programs() {
		t.Run(program, func(t *testing.T) {
			server := redistest.StartCluster(t, program, os.Getenv("NOX_REQUIRE") != "")
			storetest.Run(t, func() store.Store {
				server.Empty()
				return openRedis(t, server.Address(0))
			})
			if _, err := redisstore.Open(t.Context(), server.Address(1)); err == nil {
				t.Error("there is a second database in a cluster")
			}
		})
	}
}

func startRedis(t testing.TB, program string) *redistest.Server {
	t.Helper()
	return redistest.Start(t, program, os.Getenv("NOX_REQUIRE") != "")
}

func openRedis(t testing.TB, address string) *redisstore.Store {
	t.Helper()
	s, err := redisstore.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// What was cleared takes up no room any more.
func TestRedisStoreClearsAll(t *testing.T) {
	server := startRedis(t, redistest.Programs()[0])
	s := openRedis(t, server.Address(0))
	if err := s.Put(t.Context(), store.Connection{Manufacturer: "a", UserID: "u", NoxUserID: "1"}); err != nil {
		t.Fatal(err)
	}
	if n := server.Keys(0); n != ":5" {
		t.Errorf("%s keys of a manufacturer and the last number", n)
	}
	if _, err := s.Clear(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if n := server.Keys(0); n != ":1" {
		t.Errorf("%s keys are left", n)
	}
}

// replica is one of several mocks that share a store.
func replica(t testing.TB, server *redistest.Server) *mocktest.Server {
	t.Helper()
	return mocktest.NewServer(t, mocktest.WithConfig(mock.Config{
		Store:       openRedis(t, server.Address(0)),
		IDs:         mock.RandomIDs,
		Connections: []store.Connection{{Manufacturer: "acme", UserID: "from the start", NoxUserID: "nox-0"}},
	}))
}

func TestReplicas(t *testing.T) {
	server := startRedis(t, redistest.Programs()[0])
	a, b := replica(t, server), replica(t, server)

	// One user under simultaneous first requests to both has one id.
	const requests = 50
	ids := make([]string, requests)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range ids {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			_, ids[i] = clienttest.Connect(t, []*mocktest.Server{a, b}[i%2], a.APIKey, "u")
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("ids %s and %s", id, ids[0])
		}
	}
	page, _, err := b.Mock.Connections(t.Context(), "acme", "u", "", 10)
	if err != nil || len(page) != 1 || page[0].TimesAsked != requests || page[0].FirstAsked.After(page[0].LastAsked) {
		t.Errorf("%+v, %v", page, err)
	}

	// What one is told of manufacturers, all know at once.
	const key = "canary-key-of-umbrella"
	status := func(s *mocktest.Server, key string) int {
		return clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Headers("x-api-key", key, "Content-Type", "application/json"), strings.NewReader(clienttest.ValidBody)).Status
	}
	if added, err := a.Mock.SetManufacturer(t.Context(), store.Manufacturer{Name: "umbrella", Keys: []string{key}, Enabled: true}); !added || err != nil {
		t.Fatal(added, err)
	}
	if got := status(b, key); got != 201 {
		t.Errorf("a key that is new: status %d", got)
	}
	if err := b.Mock.EnableManufacturer(t.Context(), "umbrella", false); err != nil {
		t.Fatal(err)
	}
	if got := status(a, key); got != 401 {
		t.Errorf("disabled elsewhere: status %d", got)
	}
	c := replica(t, server)
	if got := status(c, key); got != 401 {
		t.Errorf("one that starts later: status %d", got)
	}
	if _, again := clienttest.Connect(t, c, c.APIKey, "u"); again != ids[0] {
		t.Errorf("one that starts later: id %s, was %s", again, ids[0])
	}
	if err := a.Mock.RemoveManufacturer(t.Context(), "umbrella"); err != nil {
		t.Fatal(err)
	}
	if got := status(b, key); got != 401 {
		t.Errorf("removed elsewhere: status %d", got)
	}
	if entries := b.Mock.Journal().List(journal.Query{}).Entries; hasManufacturer(entries, "umbrella") {
		t.Error("the journal remembers a manufacturer that is gone")
	}

	// Import, export and reset are of all, too.
	imported := store.Fixture{
		Manufacturers: []store.Manufacturer{{Name: "hooli", Keys: []string{"key-of-hooli"}, Enabled: true}},
		Connections:   []store.Connection{{Manufacturer: "hooli", UserID: "u", NoxUserID: "nox-1"}},
	}
	if err := a.Mock.Import(t.Context(), imported); err != nil {
		t.Fatal(err)
	}
	exported, err := b.Mock.Export(t.Context(), nil)
	if err != nil || len(exported.Manufacturers) != 4 || len(exported.Connections) != 3 {
		t.Errorf("%+v, %v", exported, err)
	}
	acme := "acme"
	if err := b.Mock.Reset(t.Context(), &acme); err != nil {
		t.Fatal(err)
	}
	if _, fresh := clienttest.Connect(t, a, a.APIKey, "u"); fresh == ids[0] {
		t.Error("it was reset elsewhere, and the user is still known")
	}
	if _, id := clienttest.Connect(t, a, a.APIKey, "from the start"); id != "nox-0" {
		t.Errorf("it was reset, and the user of the start has the id %s", id)
	}
	if _, id := clienttest.Connect(t, b, "key-of-hooli", "u"); id != "nox-1" {
		t.Errorf("another manufacturer's user has the id %s", id)
	}

	// The server keeps no key.
	seen := 0
	err = filepath.WalkDir(server.Folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		seen += len(data)
		for _, secret := range []string{key, "key-of-hooli", a.APIKey, a.OtherAPIKey} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds %s", name, secret)
			}
		}
		return err
	})
	if err != nil || seen == 0 {
		t.Errorf("%d bytes, %v", seen, err)
	}
}

func hasManufacturer(entries []journal.Entry, name string) bool {
	for _, e := range entries {
		if e.Manufacturer == name {
			return true
		}
	}
	return false
}

// A mock is not ready while its store takes no writes, though it can be read.
func TestStoreThatTakesNoWrites(t *testing.T) {
	server := startRedis(t, redistest.Programs()[0])
	s := replica(t, server)
	url := clienttest.Control(t, s, control.Config{})
	for _, x := range []struct{ name, full, empty string }{
		{"maxmemory", "1", "0"},
		{"min-replicas-to-write", "3", "0"},
	} {
		server.Configure(x.name, x.full)
		ready := clienttest.Ask(t, "GET", url+"/readyz", "", nil)
		if r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(clienttest.ValidBody)); r.Status != 500 || ready.Status != 503 {
			t.Errorf("%s: requests are answered %d, /readyz %d %s", x.name, r.Status, ready.Status, ready.Body)
		}
		server.Configure(x.name, x.empty)
		if r := clienttest.Ask(t, "GET", url+"/readyz", "", nil); r.Status != 200 {
			t.Errorf("%s, and again not: %d %s", x.name, r.Status, r.Body)
		}
	}
}

// While the store is away, it is the contract's 500, and everything says why;
// afterwards all goes on by itself.
func TestStoreThatGoesAway(t *testing.T) {
	server := startRedis(t, redistest.Programs()[0])
	s := replica(t, server)
	control, err := control.New(s.Mock, control.Config{})
	if err != nil {
		t.Fatal(err)
	}
	asked := func(method, path, body string) (int, string) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		control.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	_, before := clienttest.Connect(t, s, s.APIKey, "u")
	if status, body := asked("GET", "/readyz", ""); status != 200 {
		t.Errorf("ready: %d, %s", status, body)
	}

	server.Kill()
	r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(clienttest.ValidBody))
	if r.Status != 500 || clienttest.Words(t, r) != wordsOf500 {
		t.Errorf("status %d, body %s", r.Status, r.Body)
	}
	e := clienttest.Latest(s)
	if e.Why.Rule != "internal" || !strings.Contains(e.Why.Reason, store.ErrUnavailable.Error()) || strings.Contains(e.Why.Reason, server.Password) {
		t.Errorf("the journal says %+v", e.Why)
	}
	if r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Headers("Content-Type", "application/json"), strings.NewReader(clienttest.ValidBody)); r.Status != 401 {
		t.Errorf("no key: status %d", r.Status)
	}
	for path, want := range map[string]int{
		"/livez": 200, "/readyz": 503, "/manufacturers": 503, "/connections?manufacturer=acme": 503, "/export": 503,
		"/journal": 200, "/faults": 200, "/metrics": 200,
	} {
		status, body := asked("GET", path, "")
		if status != want || want == 503 && !strings.Contains(body, "the store is not available") || strings.Contains(body, server.Password) {
			t.Errorf("%s: status %d, %s", path, status, body)
		}
	}
	if status, body := asked("PUT", "/manufacturers/umbrella", `{"keys":["some-key"]}`); status != 503 {
		t.Errorf("a new manufacturer: status %d, %s", status, body)
	}

	server.Start()
	awaitStatus(t, s, 201)
	if _, after := clienttest.Connect(t, s, s.APIKey, "u"); after != before {
		t.Errorf("the id was %s and is %s", before, after)
	}

	// One that lost everything begins again with what the mock knows.
	if _, err := s.Mock.SetManufacturer(t.Context(), store.Manufacturer{Name: "umbrella", Keys: []string{"some-key"}, Enabled: true}); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if err := os.RemoveAll(filepath.Join(server.Folder, "appendonlydir")); err != nil {
		t.Fatal(err)
	}
	server.Start()
	awaitStatus(t, s, 201)
	clienttest.Connect(t, s, "some-key", "u")
	if _, id := clienttest.Connect(t, s, s.APIKey, "from the start"); id != "nox-0" {
		t.Errorf("the user of the start has the id %s", id)
	}
	if _, after := clienttest.Connect(t, s, s.APIKey, "u"); after == before {
		t.Error("the server lost nothing, so that the test shows nothing")
	}
}

// awaitStatus waits for the client of the store to find its server again.
func awaitStatus(t *testing.T, s *mocktest.Server, want int) {
	t.Helper()
	var r clienttest.Reply
	for range 500 {
		if r = clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(`{"user_id":"w"}`)); r.Status == want {
			return
		}
	}
	t.Fatalf("status %d, want %d", r.Status, want)
}

// Neither user nor password of an address ever shows.
func TestAddressesOfStores(t *testing.T) {
	server := startRedis(t, redistest.Programs()[0])
	good := server.Address(0)
	s := openRedis(t, good)
	if strings.Contains(s.Address(), "canary") {
		t.Errorf("the address for people is %s", s.Address())
	}
	at := good[strings.LastIndex(good, "@"):]
	for _, address := range []string{
		"redis://:canary" + at, "redis://canary:canary" + at, "redis://" + at[1:], // wrong or missing
		"redis://:canary@127.0.0.1:1", "redis://canary@127.0.0.1:1", "unix://canary:canary@/no/such.sock",
		"redis://:can/ary#x@127.0.0.1:1", "redis://user:123#canary@127.0.0.1:1", "redis://user:123/canary@127.0.0.1:1",
		"redis://user:123?canary@127.0.0.1:1", "redis://:canary@", "redis://127.0.0.1:1/canary", "redis://127.0.0.1:1/0?password=canary",
		"http://:canary@127.0.0.1:1", "canary", "", "redis:canary", "redis://:canary%zz@127.0.0.1:1", "redis://127.0.0.1:canary",
	} {
		_, err := redisstore.Open(t.Context(), address)
		if err == nil || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", address, err)
		}
		t.Log(err)
	}
}
