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
	"nox.energy/contract/mock"
	"nox.energy/contract/spec"
)

// things is a server of linked-resources.yaml that knows what it has created, and
// nothing else.
type things struct {
	flaw string // what is wrong with it

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
