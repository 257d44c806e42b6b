package explore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nox.energy/contract/conformance/internal/explore"
	"nox.energy/contract/conformance/internal/wire"
)

// target answers requests as a server would that keeps users in memory; respond may
// change what it answers.
type target struct {
	mu      sync.Mutex
	count   int
	ids     map[string]string
	respond func(n int, r *wire.Request, id string) (status int, answered string)
}

func (s *target) send(_ context.Context, requests []*wire.Request) []*wire.Response {
	time.Sleep(time.Millisecond) // of a clock that tests move
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*wire.Response
	for _, r := range requests {
		s.count++
		a := &wire.Response{Request: r, Status: 201}
		if r.Method == "BAD" {
			a.Status = 400
		}
		id, known := s.ids[r.Subject]
		if !known {
			id = fmt.Sprintf("id-%d", s.count)
			if a.Status == 201 {
				s.ids[r.Subject] = id
			}
		}
		if s.respond != nil {
			a.Status, id = s.respond(s.count, r, id)
		}
		a.Value = map[string]any{"id": id}
		all = append(all, a)
	}
	return all
}

func expecting(status int, method string) explore.Form {
	return explore.Form{
		Make: func(user string, _ bool) *wire.Request { return &wire.Request{Method: method, Subject: user} },
		Judge: func(a *wire.Response) *explore.Finding {
			if a.Status != status {
				return &explore.Finding{Class: "status", Expected: fmt.Sprint(status), Actual: fmt.Sprint(a.Status)}
			}
			return nil
		},
	}
}

func play(t *testing.T, seed uint64, requests, workers int, respond func(s *target) func(n int, r *wire.Request, id string) (int, string)) explore.Report {
	t.Helper()
	s := &target{ids: map[string]string{}}
	if respond != nil {
		s.respond = respond(s)
	}
	game := explore.Game{
		Valid: []explore.Form{expecting(201, "GOOD"), expecting(201, "ALSO GOOD")}, Refused: []explore.Form{expecting(400, "BAD")},
		Identity: func(a *wire.Response) string { id, _ := a.Member("id"); return id },
		Decides:  func(*wire.Response) bool { return true },
		Send:     s.send,
		Name:     func(unique string) string { return "u" + unique },
		Seed:     seed, Workers: workers, Limits: explore.Limits{Requests: requests},
	}
	var r explore.Report
	synctest.Test(t, func(t *testing.T) { r = game.Explore(t.Context()) })
	return r
}

func honest(a *wire.Request) int {
	if a.Method == "BAD" {
		return 400
	}
	return 201
}

func TestSoundTarget(t *testing.T) {
	r := play(t, 1, 3000, 4, nil)
	if r.Problem != nil || r.Ended != nil || r.Judged < 3000 || r.Users < 500 || r.Between < 500 || r.Gap == 0 {
		t.Errorf("%+v", r)
	}
}

// A fault of one response in N is found in 19 of 20 runs, give or take what chance
// allows, if as many responses are judged as it takes by Detectable.
func TestRareFaultIsFound(t *testing.T) {
	const n, runs = 100, 400
	requests := n
	for explore.Detectable(requests) < n {
		requests++
	}
	found := 0
	for seed := range uint64(runs) {
		r := play(t, seed, requests, 1, func(*target) func(int, *wire.Request, string) (int, string) {
			chance := rand.New(rand.NewPCG(seed, 7))
			return func(_ int, r *wire.Request, id string) (int, string) {
				if chance.IntN(n) == 0 {
					return 500, id
				}
				return honest(r), id
			}
		})
		if r.Problem != nil {
			found++
		}
	}
	if found < runs*93/100 || found > runs*97/100 {
		t.Errorf("found in %d of %d runs", found, runs)
	}
}

func TestSameSeedSameRequests(t *testing.T) {
	record := func() string {
		var b strings.Builder
		play(t, 42, 300, 1, func(*target) func(int, *wire.Request, string) (int, string) {
			return func(_ int, r *wire.Request, id string) (int, string) {
				fmt.Fprintln(&b, r.Method, r.Subject)
				return honest(r), id
			}
		})
		return b.String()
	}
	if a, b := record(), record(); a != b {
		t.Error("two runs of a seed differ")
	}
}

// Each fault is reduced to the fewest requests that show it.
func TestReduction(t *testing.T) {
	for name, c := range map[string]struct {
		respond func(s *target) func(n int, r *wire.Request, id string) (int, string)
		script  string // the methods of the requests that are left
		note    string // part of it
	}{
		"a form that is answered with another id": {func(*target) func(int, *wire.Request, string) (int, string) {
			return func(_ int, r *wire.Request, id string) (int, string) {
				if r.Method == "ALSO GOOD" {
					id += "-other"
				}
				return honest(r), id
			}
		}, "GOOD, ALSO GOOD", ""},
		"a refusal that makes a user forgotten": {func(s *target) func(int, *wire.Request, string) (int, string) {
			return func(_ int, r *wire.Request, id string) (int, string) {
				if r.Method == "BAD" {
					delete(s.ids, r.Subject)
				}
				return honest(r), id
			}
		}, "GOOD, BAD, GOOD", ""},
		"a cache of 50 users": {func(s *target) func(int, *wire.Request, string) (int, string) {
			var order []string
			return func(_ int, r *wire.Request, id string) (int, string) {
				if r.Method != "BAD" && (len(order) == 0 || order[len(order)-1] != r.Subject) {
					if order = append(order, r.Subject); len(order) > 50 {
						delete(s.ids, order[0])
						order = order[1:]
					}
				}
				return honest(r), id
			}
		}, "GOOD, GOOD", "other users before request 2"},
		"an id that expires": {func(s *target) func(int, *wire.Request, string) (int, string) {
			asked := map[string]time.Time{}
			return func(n int, r *wire.Request, id string) (int, string) {
				if last, known := asked[r.Subject]; known && time.Since(last) > 400*time.Millisecond && r.Method != "BAD" {
					id = fmt.Sprint("new-", n)
					s.ids[r.Subject] = id
				}
				asked[r.Subject] = time.Now()
				return honest(r), id
			}
		}, "GOOD, GOOD", "a pause of "},
	} {
		t.Run(name, func(t *testing.T) {
			r := play(t, 5, 4000, 2, c.respond)
			if r.Problem == nil {
				t.Fatal("not found")
			}
			var script []string
			for _, a := range r.Problem.Script {
				script = append(script, a.Request.Method)
			}
			if got := strings.Join(script, ", "); got != c.script || !strings.Contains(r.Problem.Note, c.note) || c.note == "" && r.Problem.Note != "" {
				t.Errorf("left is %q with the note %q (%s, not %s; failed %d of %d)", got, r.Problem.Note, r.Problem.Actual, r.Problem.Expected, r.Problem.Failed, r.Problem.Played)
			}
			if r.Problem.Failed != r.Problem.Played && c.note == "" {
				t.Errorf("failed %d of %d times", r.Problem.Failed, r.Problem.Played)
			}
		})
	}
}

// Two users with one id are told with a request for each.
func TestCollision(t *testing.T) {
	r := play(t, 3, 2000, 1, func(s *target) func(int, *wire.Request, string) (int, string) {
		return func(_ int, r *wire.Request, id string) (int, string) {
			if r.Method != "BAD" && strings.HasSuffix(r.Subject, "+tag") {
				id = "one for all with a tag"
			}
			return honest(r), id
		}
	})
	if r.Problem == nil || r.Problem.Class != "collision" || len(r.Problem.Script) != 2 {
		t.Errorf("%+v", r.Problem)
	}
}
