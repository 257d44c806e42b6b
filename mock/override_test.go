package mock_test

import (
	"net/http"
	"strings"
	"testing"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/mocktest"
)

// What is asked for in vain is said aloud: in the response and the journal,
// with the nearest that can be had.
func TestAskThatIsNotUnderstood(t *testing.T) {
	s := mocktest.NewServer(t)
	for _, x := range []struct {
		userID, prefer string
		want           string // "" where nothing is said
	}{
		{"nox-mock:503", "", "nox-mock:500; for a 503, which the contract does not document, set a fault"},
		{"nox-mock:404", "", "nox-mock:401; for a 404"},
		{"nox-mock:201", "", "nox-mock:400"},
		{"nox-mock:5000", "", "nox-mock:500"},
		{"nox-mock:delay=2m", "", "nox-mock:delay=60s"},
		{"nox-mock:delay=2", "", "nox-mock:delay=2s"},
		{"nox-mock:delay:3s", "", "nox-mock:delay=3s"},
		{"nox-mock:Delay=3s", "", "nox-mock:delay=3s"},
		{"nox-mock:delay=soon", "", "nox-mock:delay=2s"},
		{"nox-mock:Lost", "", "nox-mock:lost"},
		{"nox-mock:lots", "", "nox-mock:lost"},
		{"nox-mock:", "", "nox-mock:"},
		{"nox_mock:500", "", "nox-mock:500"},
		{"NOX-MOCK:lost", "", "nox-mock:lost"},
		{"noxmock:delay=1s", "", "nox-mock:delay=1s"},
		{"nox-mock-500", "", "nox-mock:500"},
		{"u", "code=503", "Prefer: code=500; for a 503, which"},
		{"u", "code=404", "Prefer: code=401"},
		{"u", "code=5xx", "Prefer: code=500"},
		{"u", "return=minimal, status=500", "Prefer: code=500"},
		{"u", "Codes=400", "Prefer: code=400"},

		{"u", "return=minimal, wait=100, handling=strict", ""},
		{"u", "code=201", ""},
		{"customer-500", "", ""},
		{"nox-mock-user-7", "", ""},
		{"nox-500", "", ""},
		{"", "", ""},
	} {
		header := clienttest.Good(s)
		if x.prefer != "" {
			header.Set("Prefer", x.prefer)
		}
		r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, header, strings.NewReader(`{"user_id":"`+x.userID+`"}`))
		said := r.Header.Get(mock.NotUnderstoodHeader)
		entries := s.Journal(journal.Query{})
		if r.Status != http.StatusCreated || (said == "") != (x.want == "") || !strings.Contains(said, x.want) || entries[len(entries)-1].NotUnderstood != said {
			t.Errorf("user_id %q, Prefer %q: %d %q, in the journal %q", x.userID, x.prefer, r.Status, said, entries[len(entries)-1].NotUnderstood)
		}
	}
}

// What would be understood is said to be switched off.
func TestAskOfAMockWithoutOverrides(t *testing.T) {
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{NoOverrides: true}))
	header := clienttest.Good(s)
	header.Set("Prefer", "code=500")
	for _, r := range []clienttest.Reply{
		clienttest.Do(t, s, "POST", clienttest.ConnectPath, header, strings.NewReader(clienttest.ValidBody)),
		clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(`{"user_id":"nox-mock:500"}`)),
	} {
		if said := r.Header.Get(mock.NotUnderstoodHeader); r.Status != http.StatusCreated || !strings.Contains(said, "--no-overrides") {
			t.Errorf("%d %q", r.Status, said)
		}
	}
}

// A key that was sent as an ask is not repeated.
func TestAskWithAKey(t *testing.T) {
	s := mocktest.NewServer(t)
	r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(`{"user_id":"nox-mock:`+s.APIKey+`"}`))
	if said := r.Header.Get(mock.NotUnderstoodHeader); said == "" || strings.Contains(said, s.APIKey) {
		t.Errorf("%q", said)
	}
}

// What is brought about has the header fields of an honest response.
func TestAskedForAsHonest(t *testing.T) {
	s := mocktest.NewServer(t)
	honest := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Headers("Content-Type", "application/json"), strings.NewReader(clienttest.ValidBody))
	prefer := clienttest.Good(s)
	prefer.Set("Prefer", "code=401")
	faulty, other := "faulty", "other"
	clienttest.SetFault(t, s, fault.Fault{Kind: fault.Status, Status: 401, UserID: &faulty})
	clienttest.SetFault(t, s, fault.Fault{Kind: fault.Status, Status: 405, UserID: &other})
	for name, r := range map[string]clienttest.Reply{
		"Prefer":   clienttest.Do(t, s, "POST", clienttest.ConnectPath, prefer, strings.NewReader(clienttest.ValidBody)),
		"magic id": clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(`{"user_id":"nox-mock:401"}`)),
		"fault":    clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(`{"user_id":"faulty"}`)),
	} {
		if r.Status != 401 || r.Header.Get("WWW-Authenticate") == "" || r.Header.Get("WWW-Authenticate") != honest.Header.Get("WWW-Authenticate") {
			t.Errorf("%s: %d %v, and an honest one has %v", name, r.Status, r.Header, honest.Header)
		}
	}
	if r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(`{"user_id":"other"}`)); r.Header.Get("Allow") != "POST" {
		t.Errorf("405: %v", r.Header)
	}
}

// A path that does not exist is answered with the nearest that does.
func TestNearestPath(t *testing.T) {
	s := mocktest.NewServer(t)
	for _, path := range []string{"/manufacturer/device-connections", "/v2/manufacturer/device_connections", "/v1/manufacturer/device-connections", "/" + strings.Repeat("x", 50_000)} {
		resp, err := s.Client().Post(strings.TrimSuffix(s.URL, "/v2")+path, "application/json", nil)
		if err != nil {
			t.Fatal(err)
		}
		r := clienttest.Read(t, resp)
		if r.Status != 404 || !strings.Contains(r.Body, "the nearest path is /v2/manufacturer/device-connections") {
			t.Errorf("%s: %d %s", path[:min(len(path), 60)], r.Status, r.Body)
		}
	}
}
