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

// Examples are asked for by name as with Prism, by the header or by the query, of any
// documented response; what is not there is said.
func TestExamplesByName(t *testing.T) {
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Contract: parse(t, `
openapi: 3.0.3
info: {title: Cats, version: "1"}
servers: [{url: /v1}]
paths:
  /cat:
    get:
      responses:
        '200': {description: ok, content: {application/json: {schema: {type: object, properties: {a: {type: string}}}, examples: {one: {value: {a: "1"}}, two: {value: {a: "2"}}}}}}
        '404': {description: no, content: {application/json: {schema: {type: object, properties: {error: {type: string}}}, examples: {gone: {value: {error: gone}}, never: {value: {error: never}}}}}}
`)}))
	for _, x := range []struct {
		query, prefer string
		status        int
		body, said    string
	}{
		{"", "", 200, `{"a":"1"}`, ""},
		{"", "example=two", 200, `{"a":"2"}`, ""},
		{"", `example="two"`, 200, `{"a":"2"}`, ""},
		{"", "dynamic=true", 200, `{"a":"string"}`, ""},
		{"", "dynamic=false", 200, `{"a":"1"}`, ""},
		{"", "code=404", 404, `{"error":"gone"}`, ""},
		{"", "code=404, example=never", 404, `{"error":"never"}`, ""},
		{"", "code=404; example=never", 404, `{"error":"never"}`, ""},
		{"", "code=404, dynamic=true", 404, `{"error":"string"}`, ""},
		{"", "code=404, example=nevr", 404, `{"error":"gone"}`, "Prefer: example=never"},
		{"", "example=tow", 200, `{"a":"1"}`, "Prefer: example=two"},
		{"?__example=two", "", 200, `{"a":"2"}`, ""},
		{"?__code=404&__example=never", "", 404, `{"error":"never"}`, ""},
		{"?__dynamic=true", "", 200, `{"a":"string"}`, ""},
	} {
		r := clienttest.Do(t, s, "GET", "/cat"+x.query, clienttest.Headers("Prefer", x.prefer), nil)
		if said := r.Header.Get(mock.NotUnderstoodHeader); r.Status != x.status || r.Body != x.body || (said == "") != (x.said == "") || !strings.Contains(said, x.said) {
			t.Errorf("%s Prefer: %s: %d %s, said %q; want %d %s, %q", x.query, x.prefer, r.Status, r.Body, said, x.status, x.body, x.said)
		}
	}
}

// A refusal with another status than the usual one, for want of it in the contract, is
// noted in the journal.
func TestRefusalsWithTheNearestStatus(t *testing.T) {
	for responses, want := range map[string]struct {
		status int
		note   string
	}{
		"'400': {description: bad}, '404': {description: no}": {400, ""},
		"'422': {description: bad}":                           {422, ""},
		"'404': {description: no}":                            {404, "the contract documents no 400 here; 404 is the nearest that it does"},
		"'200': {description: ok}":                            {400, "the contract documents no 400 here, nor a status near it"},
	} {
		s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Contract: parse(t, `
openapi: 3.0.3
info: {title: Cats, version: "1"}
servers: [{url: /v1}]
paths: {/cat: {get: {parameters: [{name: q, in: query, schema: {type: integer}}], responses: {`+responses+`}}}}
`)}))
		r := clienttest.Do(t, s, "GET", "/cat?q=x", nil, nil)
		entries := s.Journal(journal.Query{})
		if said := strings.Join(entries[len(entries)-1].Notes, "; "); r.Status != want.status || said != want.note {
			t.Errorf("%s: %d, noted %q", responses, r.Status, said)
		}
	}
}
