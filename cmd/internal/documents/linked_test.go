package documents_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/mock"
	"nox.energy/contract/spec"
)

// things is a server of linked-resources.yaml that knows what it has created, and
// nothing else.
type things struct {
	flaw    string // what is wrong with it
	wrapped bool   // a thing is created as {"thing": {…}}

	mu    sync.Mutex
	names map[string]string
	made  int
}

func (s *things) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := func(status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(v)
	}
	refuse := func(status int) { answer(status, map[string]string{"error": http.StatusText(status)}) }
	s.mu.Lock()
	defer s.mu.Unlock()
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/things"), "/")
	key := mock.DefaultManufacturers()[0].Keys[0]
	if keys := r.Header.Values("X-Key"); (len(keys) != 1 || keys[0] != key) && !(s.flaw == "deletes for anybody" && r.Method == "DELETE") {
		refuse(401)
		return
	}
	if !strings.HasPrefix(r.URL.Path, "/v1/things") {
		refuse(404)
		return
	}
	if len(parts) == 1 {
		s.create(w, r, answer, refuse)
		return
	}
	name, known := s.names[parts[1]]
	switch {
	case !known:
		refuse(404)
	case len(parts) == 2 && r.Method == "DELETE":
		if s.flaw != "deletes nothing" {
			delete(s.names, parts[1])
		}
		if s.flaw == "answers a deletion wrongly" {
			answer(200, map[string]string{"deleted": "yes"})
			return
		}
		answer(200, map[string]bool{"deleted": true})
	case r.Method != "GET":
		w.Header().Set("Allow", "GET")
		refuse(405)
	case len(parts) == 2 && s.flaw == "reads wrongly":
		answer(200, map[string]any{"id": parts[1]})
	case len(parts) == 2:
		answer(200, map[string]string{"id": parts[1], "name": name})
	case len(parts) == 3 && parts[2] == "parts":
		answer(200, []map[string]int{{"id": 7}})
	case len(parts) == 4 && parts[3] == "7" && s.flaw == "reads parts wrongly":
		answer(200, map[string]string{"size": "big"})
	case len(parts) == 4 && parts[3] == "7":
		answer(200, map[string]int{"size": 1})
	default:
		refuse(404)
	}
}

func (s *things) create(w http.ResponseWriter, r *http.Request, answer func(int, any), refuse func(int)) {
	var body struct {
		Name   *string
		Secret *string
	}
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch {
	case r.Method != "POST":
		w.Header().Set("Allow", "POST")
		refuse(405)
	case !strings.EqualFold(strings.TrimSpace(media), "application/json"), json.NewDecoder(r.Body).Decode(&body) != nil, body.Name == nil, len([]rune(*body.Name)) > 40:
		refuse(400)
	default:
		s.made++
		id := fmt.Sprintf("t-%d", s.made)
		if s.flaw == "links to nothing" {
			answer(201, map[string]string{"id": "lost", "name": *body.Name})
			return
		}
		s.names[id] = *body.Name
		thing := map[string]string{"id": id, "name": *body.Name}
		if s.flaw == "returns secrets" {
			thing["secret"] = "s"
		}
		if s.wrapped {
			answer(201, map[string]any{"request": map[string]string{"id": "r"}, "thing": thing})
			return
		}
		answer(201, thing)
	}
}

// The path of an operation is taken from what the run has created, links are
// followed, and what the run itself has created is deleted.
func TestLinkedResources(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(folder + "/linked-resources.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := spec.Parse("linked-resources.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := func(flaw string) map[string]conformance.Outcome {
		out := map[string]conformance.Outcome{}
		for _, c := range (&feature{}).judge(t, doc, &things{flaw: flaw, names: map[string]string{}}).Checks {
			out[c.ID] = c.Outcome
		}
		return out
	}
	sound := outcomes("")
	for _, c := range []string{"getThing/200/minimal", "listParts/200/minimal", "getPart/200/minimal", "makeThing/201/link-read", "deleteThing/200/minimal", "deleteThing/200/gone", "deleteThing/401/missing-key", "makeThing/201/write-only"} {
		if sound[c] != conformance.Pass {
			t.Errorf("a sound server: %s %q", c, sound[c])
		}
	}
	for flaw, check := range map[string]string{
		"reads wrongly":              "getThing/200/schema",
		"reads parts wrongly":        "getPart/200/schema",
		"links to nothing":           "makeThing/201/link-read",
		"deletes nothing":            "deleteThing/200/gone",
		"deletes for anybody":        "deleteThing/401/missing-key",
		"answers a deletion wrongly": "deleteThing/200/schema",
		"returns secrets":            "makeThing/201/write-only",
	} {
		if o := outcomes(flaw)[check]; o != conformance.Fail && o != conformance.Warn {
			t.Errorf("a server that %s: %s %q", flaw, check, o)
		}
	}
}

// Without links, what was created is found by its name, also where it is wrapped.
func TestWrappedResources(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(folder + "/linked-resources.yaml")
	if err != nil {
		t.Fatal(err)
	}
	wrapped := strings.NewReplacer(
		"content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}\n          links: {read: {operationId: getThing, parameters: {thingId: '$response.body#/id'}}}",
		"content: {application/json: {schema: {type: object, required: [request, thing], properties: {request: {type: object, properties: {id: {type: string}}}, thing: {$ref: '#/components/schemas/Thing'}}}}}",
	).Replace(string(text))
	doc, err := spec.Parse("wrapped.yaml", []byte(wrapped))
	if err != nil || wrapped == string(text) {
		t.Fatal("the document is not changed: ", err)
	}
	for flaw, want := range map[string]conformance.Outcome{"": conformance.Pass, "deletes nothing": conformance.Warn} {
		var got conformance.Outcome
		for _, c := range (&feature{}).judge(t, doc, &things{flaw: flaw, wrapped: true, names: map[string]string{}}).Checks {
			if c.ID == "deleteThing/200/gone" {
				got = c.Outcome
			}
		}
		if got != want {
			t.Errorf("a server that %q: deleteThing/200/gone %q, want %q", flaw, got, want)
		}
	}
}

// The second of two ways to send a key is as good, and as well locked, as the first.
func TestAlternatives(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(folder + "/security-alternatives.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := spec.Parse("security-alternatives.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	const first, second = "the-first-key-5c1d0a", "another-key-77ab12"
	keys := map[string]string{"NOX_API_KEY_B": second}
	server := func(taken func(bearer string) bool) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			one := r.Header.Values("X-One")
			bearer, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			switch {
			case r.URL.Path != "/v1/thing":
				w.WriteHeader(404)
			case r.Method != "GET":
				w.Header().Set("Allow", "GET")
				w.WriteHeader(405)
			case len(one) == 1 && one[0] == first, isBearer && taken(bearer):
				fmt.Fprint(w, "{}")
				return
			default:
				w.WriteHeader(401)
			}
			fmt.Fprint(w, `{"error": "no"}`)
		})
	}
	outcomes := func(keys map[string]string, h http.Handler) map[string]conformance.Outcome {
		out := map[string]conformance.Outcome{}
		for _, c := range judgeWith(t, conformance.Config{Contract: doc, Keys: conformance.Keys{Key: first}, KeyFor: func(name string) string { return keys[name] }}, h).Checks {
			out[c.ID] = c.Outcome
		}
		return out
	}
	right := func(bearer string) bool { return bearer == second }
	for _, each := range []struct {
		what  string
		keys  map[string]string
		taken func(string) bool
		check string
		want  conformance.Outcome
	}{
		{"a sound server", keys, right, "getThing/200/key-as-B", conformance.Pass},
		{"a sound server", keys, right, "getThing/401/unknown-key-as-B", conformance.Pass},
		{"a sound server whose second key is not known", nil, right, "getThing/200/key-as-B", conformance.Skip},
		{"a server with one way in", keys, func(string) bool { return false }, "getThing/200/key-as-B", conformance.Fail},
		{"a server that takes any token", keys, func(string) bool { return true }, "getThing/401/unknown-key-as-B", conformance.Fail},
	} {
		if o := outcomes(each.keys, server(each.taken))[each.check]; !strings.EqualFold(string(o), string(each.want)) {
			t.Errorf("%s: %s %q, want %q", each.what, each.check, o, each.want)
		}
	}
}

// A rules file binds the echo, and one id for each subject, to any operation.
func TestRules(t *testing.T) {
	t.Parallel()
	doc, err := spec.Parse("rules.yaml", []byte(`openapi: 3.0.3
info: {title: Cars, version: "1"}
servers: [{url: /v1}]
paths:
  /cars:
    post:
      operationId: registerCar
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [plate], properties: {plate: {type: string, maxLength: 64}}}}}}
      responses:
        '201': {description: ok, content: {application/json: {schema: {type: object, required: [registered, car], properties: {registered: {type: string}, car: {type: string}}}}}}
        '400': {description: bad, content: {application/json: {schema: {type: object, required: [error], properties: {error: {type: string, minLength: 1}}}}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := conformance.ReadRules(strings.NewReader("rules:\n- {subject: plate, echo: registered, identity: car}\n"), "rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	server := func(echo func(string) string, identity func(plate string, n int) string) http.Handler {
		n := 0
		var mu sync.Mutex
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			n++
			var body map[string]any
			plate, isText := "", false
			media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
			if r.Method == "POST" && strings.EqualFold(strings.TrimSpace(media), "application/json") && json.NewDecoder(r.Body).Decode(&body) == nil {
				plate, isText = body["plate"].(string)
			}
			w.Header().Set("Content-Type", "application/json")
			switch {
			case r.URL.Path != "/v1/cars":
				w.WriteHeader(404)
			case !isText || len([]rune(plate)) > 64:
				w.WriteHeader(400)
			default:
				w.WriteHeader(201)
				json.NewEncoder(w).Encode(map[string]string{"registered": echo(plate), "car": identity(plate, n)})
				return
			}
			fmt.Fprint(w, `{"error": "no"}`)
		})
	}
	as, same := func(s string) string { return s }, func(plate string, _ int) string { return fmt.Sprintf("c-%x", plate) }
	for _, each := range []struct {
		what  string
		h     http.Handler
		check string
		want  conformance.Outcome
	}{
		{"a server that echoes", server(as, same), "registerCar/201/echo-case", conformance.Pass},
		{"a server that changes case", server(strings.ToUpper, same), "registerCar/201/echo-case", conformance.Fail},
		{"a server that forgets", server(as, func(_ string, n int) string { return fmt.Sprint(n) }), "registerCar/201/repeat", conformance.Fail},
	} {
		r := judgeWith(t, conformance.Config{Contract: doc, Rules: rules, Keys: conformance.Keys{Key: "k"}}, each.h)
		found := conformance.Outcome("")
		for _, c := range r.Checks {
			if c.ID == each.check {
				found = c.Outcome
			}
			if c.Outcome == conformance.Err {
				t.Errorf("%s: %s: %s", each.what, c.ID, c.Reason)
			}
			if each.want == conformance.Pass && c.Outcome == conformance.Fail && c.Level == conformance.Must {
				t.Errorf("%s: %s: expected %s, got %s", each.what, c.ID, c.Expected, c.Actual)
			}
		}
		if found != each.want {
			t.Errorf("%s: %s %q, want %q", each.what, each.check, found, each.want)
		}
	}
}

// A rule that the contract has no place for is refused with its line.
func TestRulesAreHeldToTheContract(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                   `r.yaml:1: expected a list of rules under "rules", and nothing else`,
		"rules: [":                           "r.yaml: the rules are neither YAML nor JSON",
		"rules: []":                          "r.yaml:1: the list of rules is empty",
		"rules:\n- 7":                        "r.yaml:2: a rule has fields",
		"rules:\n- subject: a\n  eco: b":     `r.yaml:3: unknown field "eco"; the nearest is echo`,
		"rules:\n- echo: a":                  "r.yaml:2: echo and identity need a subject",
		"rules:\n- {operation: o}":           "r.yaml:2: the rule says nothing",
		"rules:\n- not_enabled: maybe":       `r.yaml:2: not_enabled is refused or admitted, not "maybe"`,
		"rules:\n- {subject: a, subject: b}": "r.yaml",
	} {
		_, err := conformance.ReadRules(strings.NewReader(text), "r.yaml")
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"rules:\n- {subject: none}": "r.yaml:2: no operation of the contract has these properties: none",
		"rules:\n- {operation: createManufacturerDeviceConection, subject: user_id}":                "r.yaml:2: the contract has no operation",
		"rules:\n- {operation: createManufacturerDeviceConnection, subject: user_id, echo: nobody}": "r.yaml:2: createManufacturerDeviceConnection returns no text nobody",
	} {
		rules, err := conformance.ReadRules(strings.NewReader(text), "r.yaml")
		if err == nil {
			_, err = runner.New(conformance.Config{Rules: rules, Target: "http://127.0.0.1:1/v2", Keys: conformance.Keys{Key: "k"}})
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
