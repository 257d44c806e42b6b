package control_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/control"
	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/store"
)

// A walk through the API, in order. Every step sees what the ones before left.
func TestControl(t *testing.T) {
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Connections: []store.Connection{{Manufacturer: "acme", UserID: "from-fixture", NoxUserID: "n-0"}}}))
	url := clienttest.Control(t, s, control.Config{Version: "test"})
	clienttest.Connect(t, s, s.APIKey, "u-1")
	clienttest.Connect(t, s, s.APIKey, "u-2")
	clienttest.Connect(t, s, s.OtherAPIKey, "g-1")
	for _, x := range []struct {
		method, path, body string
		status             int
		has                string // in the body
		lacks              string
	}{
		{"GET", "/livez", "", 200, `{"status":"ok"}`, ""},
		{"GET", "/readyz", "", 200, `{"status":"ok"}`, ""},
		{"GET", "/openapi.json", "", 200, `"openapi":"3.0.3"`, ""},
		{"GET", "/nowhere", "", 404, `{"error":`, ""},
		{"GET", "/jurnal", "", 404, `the nearest path is /journal"`, ""},
		{"POST", "/fault", "{}", 404, `the nearest path is /faults"`, ""},
		{"PUT", "/faults", "{}", 405, `{"error":`, ""},
		{"GET", "/manufacturers", "", 200, `"name":"acme","enabled":true,"key_sha256":["4116b175`, "test-key"},

		{"GET", "/connections?manufacturer=acme&limit=2", "", 200, `"user_id":"u-1"`, "u-2"},
		{"GET", "/connections?manufacturer=acme&limit=2&cursor=2", "", 200, `"user_id":"u-2"`, `"next"`},
		{"GET", "/connections?manufacturer=acme&search=N-0", "", 200, `"user_id":"from-fixture"`, "u-1"},
		{"GET", "/connections?manufacturer=acme&cursor=x", "", 400, `cursor`, ""},
		{"GET", "/connections?manufacturer=umbrella", "", 404, `umbrella`, ""},
		{"GET", "/connections", "", 400, `manufacturer is required`, ""},
		{"GET", "/connections?manufacturer=acme&limit=0", "", 400, `limit`, ""},
		{"GET", "/connections?manufacturer=acme&serach=x", "", 400, `unknown query parameter \"serach\"; the nearest is \"search\"; known query parameters: cursor, limit, manufacturer, search`, ""},

		{"GET", "/journal?manufacturer=acme&manufacturer=globex", "", 400, `manufacturer stands there more than once`, ""},
		{"DELETE", "/faults?manufacturer=acme%zz", "", 400, `query is not valid`, ""},

		{"PUT", "/manufacturers/umbrella", `{"keys":["umbrella-key-1"]}`, 200, `"name":"umbrella","enabled":true`, "umbrella-key"},
		{"PUT", "/manufacturers/hooli", `{"keys":["umbrella-key-1"]}`, 409, `is also a key of`, "umbrella-key"},
		{"PUT", "/manufacturers/hooli", `{}`, 400, `at least one key`, "manufacturers["},
		{"PUT", "/manufacturers/hooli", `{"keys":["hooli-key-1","hooli-key-1"]}`, 400, `this key of \"hooli\" stands there twice`, "manufacturers["},
		{"PUT", "/manufacturers/%ff", `{"keys":["hooli-key-1"]}`, 400, `must be UTF-8`, ""},
		{"PUT", "/manufacturers/*", `{"keys":["hooli-key-1"]}`, 400, `stands for all of them`, ""},
		{"PUT", "/manufacturers/" + strings.Repeat("a", 201), `{"keys":["hooli-key-1"]}`, 400, `manufacturer`, ""},
		{"POST", "/import", `{"manufacturers":[{"name":"hooli","keys":["umbrella-key-1"]}]}`, 409, `is also a key of`, "manufacturers["},
		{"PATCH", "/manufacturers/umbrella", `{"enabled":false}`, 200, `"enabled":false`, ""},
		{"PATCH", "/manufacturers/hooli", `{"enabled":false}`, 404, `{"error":`, ""},
		{"DELETE", "/manufacturers/umbrella", "", 204, "", ""},
		{"DELETE", "/manufacturers/umbrella", "", 204, "", ""},

		{"POST", "/import", `{"manufacturers":[{"name":"hooli","keys":["hooli-key-1"]}],"connections":[{"manufacturer":"hooli","user_id":"h","nox_user_id":"n-h"}]}`, 200, `{"connections":1,"manufacturers":1}`, ""},
		{"POST", "/import", `{"connections":[{"manufacturer":"acme","user_id":"new"},{"manufacturer":"acme","user_id":"from-fixture","nox_user_id":"other"}]}`, 409, `connections[1]`, ""},
		{"GET", "/connections?manufacturer=acme&search=new", "", 200, `"connections":[]`, ""},
		{"POST", "/import", `{"manufacturers":[{"name":"mill","keys":["mill-key-1"]}],"connections":[{"manufacturer":"nobody","user_id":"new"}]}`, 409, `nobody`, ""},
		{"GET", "/manufacturers", "", 200, `"hooli"`, "mill"},
		{"GET", "/export?manufacturer=hooli", "", 200, `"nox_user_id":"n-h"`, "hooli-key"},
		{"GET", "/export", "", 200, `"user_id":"g-1"`, "test-key"},

		{"POST", "/faults", `{"manufacturer":"acme","kind":"status","status":503,"user_id":"u-*"}`, 201, `"id":"fault-1"`, ""},
		{"POST", "/faults", `{"manufacturer":"nobody","kind":"status"}`, 404, `nobody`, ""},
		{"POST", "/faults", `{"manufacturer":"acme","kind":"explode"}`, 400, `kind`, ""},
		{"POST", "/faults", `{"manufacturer":"acme","kind":"cutshort"}`, 400, `; the nearest is \"cut-short\"`, ""},
		{"POST", "/faults", `{"manufacturer":"acme","kind":"delay","delay":{}}`, 400, `fixed has ms`, ""},
		{"POST", "/faults", `{"manufacturer":"acme","kind":"delay","delay":{"distribution":"uniform","ms":5}}`, 400, `fixed has ms`, ""},
		{"POST", "/faults", `{"manufacturer":"acme","kind":"delay","delay":{"distribution":"uniform","min_ms":5,"max_ms":4}}`, 400, `min_ms is 5`, ""},
		{"GET", "/faults?manufacturer=globex", "", 200, `{"faults":[]}`, ""},
		{"GET", "/faults?manufacturer=acme", "", 200, `"status":503`, "retry_after"},
		{"POST", "/faults", `{"manufacturer":"acme","kind":"status","staus":503}`, 400, `unknown field \"staus\"; the nearest is \"status\"; known fields: after, body, delay, `, ""},
		{"POST", "/faults", `{"manufacturer":"acme","kind":"delay","delay":"2s","expires_in":"1m30s"}`, 201, `"delay":{"distribution":"fixed","ms":2000},"expires_in":90,`, ""},
		{"POST", "/faults", `{"manufacturer":"acme","kind":"dribble","delay":"1.5s"}`, 201, `"delay":{"distribution":"fixed","ms":1500}`, ""},
		{"POST", "/faults", `{"manufacturer":"acme","kind":"status","status":503,"retry_after":"2s","retry_after_date":true}`, 201, `"retry_after":2,"retry_after_date":true`, ""},
		{"POST", "/faults", `{"manufacturer":"acme","kind":"status","retry_after":"1500ms"}`, 400, `retry_after`, ""},
		{"POST", "/faults", `{"manufacturer":"acme","kind":"delay","delay":"soon"}`, 400, `delay: a duration up to a minute, as in`, ""},
		{"POST", "/faults", `{"manufacturer":"acme","kind":"delay","delay":"2m"}`, 400, `delay: a duration up to a minute, as in`, ""},
		{"DELETE", "/faults", "", 204, "", ""},
		{"POST", "/faults", `{"manufacturer":"acme","kind":"status","status":503}`, 201, `"id":"fault-5"`, ""},
		{"DELETE", "/faults/fault-5", "", 204, "", ""},
		{"GET", "/faults", "", 200, `{"faults":[]}`, ""},

		{"GET", "/journal?manufacturer=globex", "", 200, `"user_id":"g-1"`, "u-1"},
		{"GET", "/journal?status=201&limit=1&after=1", "", 200, `"user_id":"u-2"`, "u-1"},
		{"GET", "/journal?status=abc", "", 400, `status`, ""},
		{"GET", "/journal.har?manufacturer=acme", "", 200, `"creator":{"name":"nox-mock","version":"test"}`, s.APIKey},
		{"POST", "/verify", `{"manufacturer":"acme","user_id":"u-1","times":1}`, 200, `"met":true,"count":1`, ""},
		{"POST", "/verify", `{"manufacturer":"globex","user_id":"u-1"}`, 409, `{"error":"expected at least 1 matching request, got 0; the nearest, number 3, differs in user_id: expected \"u-1\", got \"g-1\"","met":false`, ""},
		{"POST", "/verify", `{"manufacturer":"globex","user_id":"u-1"}`, 409, `"differences":[{"field":"user_id","expected":"\"u-1\"","got":"\"g-1\""}]`, ""},
		{"POST", "/verify", `{"manufacturer":"acme","times":1,"at_most":2}`, 400, `times excludes at_least and at_most`, ""},
		{"POST", "/verify", `{"manufacturer":"acme","at_least":2,"at_most":1}`, 400, `at_least is 2`, ""},
		{"POST", "/verify", `{"manufacturer":"nobody"}`, 404, `nobody`, ""},
		{"POST", "/verify", `{"manufacturer":"acme","user_id":"u-1","headers":{"x-api-key":"` + s.APIKey + `"}}`, 200, `"met":true`, ""},
		{"POST", "/verify", `{"manufacturer":"acme","user_id":"u-1","headers":{"x-api-key":"` + s.OtherAPIKey + `"}}`, 409, `"met":false`, s.OtherAPIKey},
		{"GET", "/journal?manufacturer=nobody", "", 404, `nobody`, ""},
		{"GET", "/journal.har?manufacturer=nobody", "", 404, `nobody`, ""},
		{"DELETE", "/journal?manufacturer=nobody", "", 404, `nobody`, ""},
		{"GET", "/scorecard?manufacturer=nobody", "", 404, `nobody`, ""},
		{"GET", "/scorecard?manufacturer=", "", 200, `"requests": 0`, ""},
		{"DELETE", "/faults?manufacturer=nobody", "", 404, `nobody`, ""},
		{"GET", "/events?manufacturer=nobody", "", 404, `nobody`, ""},
		{"DELETE", "/faults?manufacturer=*", "", 204, "", ""},
		{"DELETE", "/journal?manufacturer=globex", "", 204, "", ""},
		{"GET", "/journal?manufacturer=globex", "", 200, `{"entries":[],"dropped":0}`, ""},
		{"GET", "/journal?manufacturer=acme", "", 200, `"user_id":"u-1"`, ""},

		{"DELETE", "/journal", "", 204, "", ""},
		{"GET", "/journal", "", 200, `"entries":[]`, ""},

		{"POST", "/reset", `{"manufacturer":"acme"}`, 204, "", ""},
		{"GET", "/connections?manufacturer=acme", "", 200, `"user_id":"from-fixture"`, "u-1"},
		{"GET", "/connections?manufacturer=globex", "", 200, `"user_id":"g-1"`, ""},
		{"GET", "/journal?manufacturer=acme", "", 200, `"entries":[]`, ""},
		{"POST", "/reset", `{"manufacturer":"nobody"}`, 404, `there is no such manufacturer: \"nobody\"; there are: \"acme\", \"globex\"`, ""},
		{"POST", "/reset", `{}`, 204, "", ""},
		{"GET", "/connections?manufacturer=globex", "", 200, `"connections":[]`, ""},
		{"POST", "/reset", `{"manufactuer":"acme"}`, 400, `manufactuer`, ""},
		{"POST", "/import", `{"connections":[{"manufacturer":"acme","user_id":"before-the-reset"}]}`, 200, `"connections":1`, ""},
		{"POST", "/reset", "", 204, "", ""},
		{"GET", "/connections?manufacturer=acme", "", 200, `"user_id":"from-fixture"`, "before-the-reset"},
		{"GET", "/contract", "", 200, "operationId: createManufacturerDeviceConnection", ""},
	} {
		r := clienttest.Ask(t, x.method, url+x.path, x.body, nil)
		if r.Status != x.status || !strings.Contains(r.Body, x.has) || x.lacks != "" && strings.Contains(r.Body, x.lacks) {
			t.Errorf("%s %s %s: status %d, %s", x.method, x.path, x.body, r.Status, r.Body)
		}
		if r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: a browser may sniff the type", x.method, x.path)
		}
		if r.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s: CORS is on", x.method, x.path)
		}
	}
}

// A filter that cannot be read does not select all.
func TestControlQueryThatCannotBeRead(t *testing.T) {
	s := mocktest.NewServer(t)
	url := clienttest.Control(t, s, control.Config{})
	clienttest.Connect(t, s, s.OtherAPIKey, "of-globex")
	for _, path := range []string{"/journal", "/journal.har", "/export", "/scorecard", "/faults", "/events", "/connections"} {
		for _, query := range []string{"?manufacturer=acme%zz", "?manufacturer=acme;x", "?manufacturer=acme&manufacturer=globex"} {
			r := clienttest.Ask(t, "GET", url+path+query, "", nil)
			if r.Status != 400 || clienttest.Words(t, r) == "" || strings.Contains(r.Body, "of-globex") {
				t.Errorf("%s%s: status %d, %s", path, query, r.Status, r.Body)
			}
		}
	}
}

// What is changed over the API holds for the next request.
func TestControlChangesWhatIsServed(t *testing.T) {
	s := mocktest.NewServer(t)
	url := clienttest.Control(t, s, control.Config{})
	status := func(key string) int {
		return clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Headers("x-api-key", key, "Content-Type", "application/json"), strings.NewReader(clienttest.ValidBody)).Status
	}
	clienttest.Ask(t, "PUT", url+"/manufacturers/umbrella", `{"keys":["umbrella-key-1","umbrella-key-2"]}`, nil)
	if status("umbrella-key-1") != 201 || status("umbrella-key-2") != 201 {
		t.Error("a new manufacturer is refused")
	}
	clienttest.Ask(t, "PATCH", url+"/manufacturers/umbrella", `{"enabled":false}`, nil)
	if status("umbrella-key-1") != 401 {
		t.Error("a manufacturer that is not enabled is served")
	}
	clienttest.Ask(t, "PUT", url+"/manufacturers/umbrella", `{"keys":["umbrella-key-3"]}`, nil)
	if status("umbrella-key-1") != 401 || status("umbrella-key-3") != 201 {
		t.Error("other keys were given, and the old ones hold")
	}
	clienttest.Ask(t, "DELETE", url+"/manufacturers/umbrella", "", nil)
	if status("umbrella-key-3") != 401 {
		t.Error("a manufacturer that is gone is served")
	}
	// An export of one mock is an import of another, keys and all.
	clienttest.Connect(t, s, s.APIKey, "moves")
	export := clienttest.Ask(t, "GET", url+"/export", "", nil).Body
	other := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{IDs: mock.RandomIDs, Manufacturers: []store.Manufacturer{{Name: "only", Keys: []string{"only-key"}, Enabled: true}}}))
	if r := clienttest.Ask(t, "POST", clienttest.Control(t, other, control.Config{})+"/import", export, nil); r.Status != 200 {
		t.Fatalf("import: %s", r.Body)
	}
	_, here := clienttest.Connect(t, s, s.APIKey, "moves")
	if _, there := clienttest.Connect(t, other, s.APIKey, "moves"); here != there {
		t.Errorf("%s here, %s there", here, there)
	}
}

func TestControlGuard(t *testing.T) {
	s := mocktest.NewServer(t)
	open := clienttest.Control(t, s, control.Config{Hosts: []string{"mock.internal"}})
	closed := clienttest.Control(t, s, control.Config{Token: "right-token"})
	for _, x := range []struct {
		name, url string
		header    http.Header
		want      int
	}{
		{"plain", open + "/manufacturers", nil, 200},
		{"localhost", open + "/manufacturers", clienttest.Headers("Host", "localhost:4011"), 200},
		{"IPv6", open + "/manufacturers", clienttest.Headers("Host", "[::1]:4011"), 200},
		{"named", open + "/manufacturers", clienttest.Headers("Host", "Mock.Internal:4011"), 200},
		{"rebound name", open + "/manufacturers", clienttest.Headers("Host", "evil.example"), 403},
		{"lookalike", open + "/manufacturers", clienttest.Headers("Host", "localhost.evil.example"), 403},
		{"health by any name", open + "/livez", clienttest.Headers("Host", "evil.example"), 200},
		{"readiness by any name", open + "/readyz", clienttest.Headers("Host", "mock", "Origin", "http://evil.example"), 200},
		{"same origin", open + "/manufacturers", clienttest.Headers("Host", "localhost:1", "Origin", "http://localhost:1"), 200},
		{"another origin", open + "/manufacturers", clienttest.Headers("Host", "localhost:1", "Origin", "http://localhost:2"), 403},
		{"no origin to speak of", open + "/manufacturers", clienttest.Headers("Origin", "null"), 403},
		{"cross-site", open + "/manufacturers", clienttest.Headers("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"), 403},
		{"a link", open + "/manufacturers", clienttest.Headers("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"), 200},
		{"no token", closed + "/manufacturers", nil, 401},
		{"wrong token", closed + "/manufacturers", clienttest.Headers("Authorization", "Bearer wrong-token"), 401},
		{"token as Basic", closed + "/manufacturers", clienttest.Headers("Authorization", "Basic right-token"), 401},
		{"right token", closed + "/manufacturers", clienttest.Headers("Authorization", "Bearer right-token"), 200},
		{"document without token", closed + "/openapi.json", nil, 401},
		{"health without token", closed + "/livez", nil, 200},
	} {
		if r := clienttest.Ask(t, "GET", x.url, "", x.header); r.Status != x.want {
			t.Errorf("%s: status %d, want %d", x.name, r.Status, x.want)
		}
	}
}

// Who sends many wrong tokens is not told any more whether the next one is right.
func TestControlTokenGuessing(t *testing.T) {
	s := mocktest.NewServer(t)
	url := clienttest.Control(t, s, control.Config{Token: "right-token"})
	right := clienttest.Headers("Authorization", "Bearer right-token")
	if r := clienttest.Ask(t, "GET", url+"/manufacturers", "", right); r.Status != 200 {
		t.Fatal(r.Status)
	}
	refused := false
	for range 1000 {
		r := clienttest.Ask(t, "GET", url+"/manufacturers", "", clienttest.Headers("Authorization", "Bearer wrong-token"))
		if refused = r.Status == 429 && r.Header.Get("Retry-After") != ""; refused {
			break
		}
	}
	if !refused {
		t.Error("a thousand guesses were answered")
	}
	if r := clienttest.Ask(t, "GET", url+"/livez", "", nil); r.Status != 200 {
		t.Errorf("health: %d", r.Status)
	}
}

func TestMetrics(t *testing.T) {
	s := mocktest.NewServer(t)
	url := clienttest.Control(t, s, control.Config{})
	clienttest.Connect(t, s, s.APIKey, "u")
	clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Headers(), nil)
	clienttest.SetFault(t, s, fault.Fault{Kind: fault.Empty, Times: 1})
	clienttest.Attempt(nil, s, "u")
	r := clienttest.Ask(t, "GET", url+"/metrics", "", nil)
	for _, want := range []string{
		`nox_mock_requests_total{manufacturer="acme",status="201"} 1`,
		`nox_mock_requests_total{manufacturer="acme",status="none"} 1`,
		`nox_mock_requests_total{manufacturer="",status="401"} 1`,
		`nox_mock_request_duration_seconds_count{manufacturer="acme"}`,
		`nox_mock_connections{manufacturer="acme"} 1`,
		`nox_mock_journal_dropped_total{manufacturer="acme"} 0`,
		`nox_mock_faults_fired_total{kind="empty",manufacturer="acme"} 1`,
	} {
		if !strings.Contains(r.Body, want) {
			t.Errorf("there is no %s in\n%s", want, r.Body)
		}
	}
	if strings.Contains(r.Body, s.APIKey) {
		t.Error("the metrics hold a key")
	}
}

func TestEvents(t *testing.T) {
	s := mocktest.NewServer(t)
	url := clienttest.Control(t, s, control.Config{})
	clienttest.Connect(t, s, s.APIKey, "before")
	follow := func(query string, header http.Header) *bufio.Scanner {
		req, err := http.NewRequestWithContext(t.Context(), "GET", url+"/events"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = header
		resp, err := (&http.Transport{}).RoundTrip(req)
		if err != nil || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatalf("%v, %v", resp, err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, 1<<20)
		lines.Scan() // the greeting
		return lines
	}
	next := func(lines *bufio.Scanner) (id, userID string) {
		for lines.Scan() {
			if text, is := strings.CutPrefix(lines.Text(), "data: "); is {
				var e struct {
					ID     int64  `json:"id"`
					UserID string `json:"user_id"`
				}
				if err := json.Unmarshal([]byte(text), &e); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(text, s.APIKey) || strings.Contains(text, s.OtherAPIKey) {
					t.Errorf("an event holds a key: %s", text)
				}
				return fmt.Sprint(e.ID), e.UserID
			}
		}
		return "", ""
	}
	all, acme := follow("", clienttest.Headers()), follow("?manufacturer=acme", clienttest.Headers())
	again := follow("", clienttest.Headers("Last-Event-ID", "0"))
	clienttest.Connect(t, s, s.OtherAPIKey, "of-globex")
	clienttest.Connect(t, s, s.APIKey, "of-acme")
	if _, userID := next(all); userID != "of-globex" {
		t.Errorf("all: %q", userID)
	}
	if id, userID := next(acme); userID != "of-acme" || id != "3" {
		t.Errorf("acme: %s %q", id, userID)
	}
	for _, want := range []string{"before", "of-globex", "of-acme"} {
		if _, userID := next(again); userID != want {
			t.Errorf("again: %q, want %q", userID, want)
		}
	}
}
