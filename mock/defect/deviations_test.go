package defect_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"nox.energy/contract/mock/defect"
)

// Each defect shows in the experiment of the check that is meant for it.
func TestDefectsShow(t *testing.T) {
	all, m := experiments(), newMock(t)
	sound := run(start(t, m, nil), all)
	for i, d := range overHTTP(defect.Defects()) {
		if testing.Short() && i%20 != 0 || elsewhere(d) {
			continue
		}
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			chosen := meantFor(d.Caught, all, sound)
			if len(chosen) == 0 {
				t.Fatalf("there is no experiment for %s", d.Caught)
			}
			deviant := start(t, m, &d)
			run(deviant, all[:1]) // it sees the keys
			for _, i := range chosen {
				if transcript(all[i], deviant.perform(all[i])) != transcript(all[i], sound[i]) {
					return
				}
			}
			t.Errorf("nothing of it can be seen in the experiment of %s", d.Caught)
		})
	}
}

// elsewhere tells of defects that no list of requests shows: they need many of
// them, ids out of earlier responses, or what net/http does not let through. The
// self-test shows that each of them is caught.
func elsewhere(d defect.Deviation) bool {
	return d.Caught == "201/sequences" || strings.HasPrefix(d.Name, "lookup-by-") || d.Name == "head-text-behind"
}

// overall tells whether a check looks at every answer of a run.
func overall(id string) bool {
	status, name, _ := strings.Cut(id, "/")
	if status == "http" {
		return slices.Contains([]string{"answered", "no-redirect", "no-server-error", "no-markup"}, name)
	}
	return slices.Contains([]string{
		"content-type", "json", "schema", "non-empty", "unique-names", "no-internals", "no-key", "no-shared-cache",
		"resolve-throughout", "create-throughout",
	}, name)
}

// meantFor picks the experiments that a check looks at: its own, or all those
// in which an answer of its status was seen.
func meantFor(id string, all []experiment, sound [][]answer) []int {
	status, _, _ := strings.Cut(id, "/")
	var chosen []int
	for i, e := range all {
		seen := status == "http" || slices.ContainsFunc(sound[i], func(a answer) bool { return fmt.Sprint(a.status) == status })
		more := strings.HasPrefix(e.id, "more/")
		if e.id == id || overall(id) && seen || more {
			chosen = append(chosen, i)
		}
	}
	return chosen
}

// Without a deviation every experiment shows the same, whatever came before it:
// a difference is the deviation's.
func TestExperimentsRepeat(t *testing.T) {
	all, m := experiments(), newMock(t)
	sound := run(start(t, m, nil), all)
	for i, e := range all {
		if testing.Short() && i%8 != 0 {
			continue
		}
		again := start(t, m, nil)
		run(again, all[:1])
		if was, is := transcript(e, sound[i]), transcript(e, again.perform(e)); was != is {
			t.Errorf("%s: once\n%.600s\nand once\n%.600s", e.id, was, is)
		}
	}
}

func run(d *driver, all []experiment) [][]answer {
	answers := make([][]answer, len(all))
	for i, e := range all {
		answers[i] = d.perform(e)
	}
	return answers
}

// Each variation shows somewhere, and everything that the contract says still
// holds.
func TestVariationsConform(t *testing.T) {
	all, m := experiments(), newMock(t)
	sound := run(start(t, m, nil), all)
	judge(t, all, sound, sound)
	for i, d := range overHTTP(defect.Variations()) {
		if testing.Short() && i%20 != 0 {
			continue
		}
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			chosen := all
			shows := slices.Contains([]string{"slow", "uneven", "slow-to-wake", "slow-to-read"}, d.Name) // in time only
			if shows {
				chosen = all[:10]
			}
			varied := run(start(t, m, &d), chosen)
			judge(t, chosen, sound, varied)
			for i, e := range chosen {
				shows = shows || transcript(e, sound[i]) != transcript(e, varied[i])
			}
			if !shows {
				t.Error("nothing of it can be seen in any experiment")
			}
		})
	}
}

// judge holds answers to the contract: the mock's status or another that is
// open to a server, the documented media type and shape, the exact echo, one id
// for each user of each manufacturer and another for every other.
func judge(t *testing.T, all []experiment, sound, answers [][]answer) {
	t.Helper()
	ids, users := map[string]string{}, map[string]string{}
	for i, e := range all {
		for j, a := range answers[i] {
			r := e.requests[j]
			wrong := func(format string, args ...any) {
				t.Errorf("%s, %s: %s\n%s", e.id, r.body[:min(len(r.body), 80)], fmt.Sprintf(format, args...), a.text()[:min(len(a.text()), 600)])
			}
			if a.failed && r.method == http.MethodTrace {
				continue // a rude refusal is one
			}
			if a.failed || a.status != sound[i][j].status && !slices.Contains(e.or, a.status) {
				wrong("status %d", a.status)
				continue
			}
			body, problem := read(a)
			if a.status != http.StatusCreated && !slices.Contains([]int{400, 401, 500}, a.status) || strings.HasPrefix(e.id, "http/") {
				continue
			}
			if a.status == 400 && sound[i][j].status == 401 {
				continue // what stands before the service answers a key that no client has
			}
			message, _ := body["error"].(string)
			switch {
			case problem != "":
				wrong("%s", problem)
			case a.status >= 400 && strings.TrimSpace(message) == "":
				wrong("no error message")
			case a.status == http.StatusCreated:
				id, _ := body["nox_user_id"].(string)
				echo, _ := body["manufacturer_user_id"].(string)
				if id == "" || r.user != "" && echo != r.user {
					wrong("the echo is %q, the id %q", echo, id)
				}
				tenant := acmeKey
				if slices.Contains(r.header[http.CanonicalHeaderKey("x-api-key")], globexKey) {
					tenant = globexKey
				}
				if r.user == "a\ufffdb" {
					continue // one of several texts that Go cannot tell apart
				}
				user := tenant + " " + echo
				if ids[user] != "" && ids[user] != id || users[tenant+id] != "" && users[tenant+id] != user {
					wrong("%q has the id %q, which was %q or of %q before", user, id, ids[user], users[tenant+id])
				}
				ids[user], users[tenant+id] = id, user
			}
		}
	}
	if id := ids[acmeKey+" first"]; id == ids[globexKey+" first"] {
		t.Errorf("two manufacturers share the user %q", id)
	}
}

// read returns an answer's JSON object, or what is wrong with it.
func read(a answer) (body map[string]any, problem string) {
	if len(a.header["Content-Type"]) != 1 {
		return nil, "not one Content-Type"
	}
	if kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, "Content-Type: " + a.header.Get("Content-Type")
	}
	text := a.plain()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // one may be beyond a float64
	if err := d.Decode(&body); err != nil || !utf8.Valid(text) || !json.Valid(text) {
		return nil, fmt.Sprintf("not one JSON text in UTF-8: %v", err)
	}
	return body, ""
}
