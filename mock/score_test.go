package mock_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"nox.energy/contract/mock/control"
	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/scorecard"
)

// Each mistake is seen, and a client that makes none is told of none.
func TestScorecard(t *testing.T) {
	second := 1
	for _, x := range []struct {
		name    string
		fault   *fault.Fault
		client  func(t *testing.T, s *mocktest.Server)
		mistake string // "" for none
		times   int
	}{
		{"sound", nil, func(t *testing.T, s *mocktest.Server) {
			for _, userID := range strings.Split("a b c d e f g h i j k l", " ") {
				clienttest.Connect(t, s, s.APIKey, userID)
			}
		}, "", 0},
		{"media type", nil, func(t *testing.T, s *mocktest.Server) {
			clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Headers("x-api-key", s.APIKey), strings.NewReader(clienttest.ValidBody))
		}, "wrong-media-type", 1},
		{"key", nil, func(t *testing.T, s *mocktest.Server) {
			clienttest.Do(t, s, "POST", clienttest.ConnectPath+"?api_key="+s.APIKey, clienttest.Headers("Content-Type", "application/json"), strings.NewReader(clienttest.ValidBody))
		}, "key-in-wrong-place", 1},
		{"key, where no operation is", nil, func(t *testing.T, s *mocktest.Server) {
			clienttest.Do(t, s, "POST", clienttest.ConnectPath+"s", clienttest.Good(s), strings.NewReader(clienttest.ValidBody))
			clienttest.Do(t, s, "GET", clienttest.ConnectPath, clienttest.Good(s), nil)
		}, "", 0},
		{"400 again", nil, func(t *testing.T, s *mocktest.Server) {
			for range 3 {
				clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(`{}`))
			}
		}, "retry-of-400", 2},
		{"401 again", nil, func(t *testing.T, s *mocktest.Server) {
			for range 2 {
				clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Headers("x-api-key", "wrong"), strings.NewReader(clienttest.ValidBody))
			}
		}, "retry-of-401", 1},
		{"at once after a 503", &fault.Fault{Kind: fault.Status, Status: 503, RetryAfter: &second, Times: 1}, func(t *testing.T, s *mocktest.Server) {
			for range 2 {
				clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(clienttest.ValidBody))
			}
		}, "retry-before-retry-after", 1},
		{"never after a 500", &fault.Fault{Kind: fault.Status, Times: 1}, func(t *testing.T, s *mocktest.Server) {
			clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(clienttest.ValidBody))
		}, "no-retry-of-500", 1},
		{"never after a lost answer", &fault.Fault{Kind: fault.Lost, Times: 1}, func(t *testing.T, s *mocktest.Server) {
			clienttest.Attempt(nil, s, "u")
		}, "no-retry-of-lost-response", 1},
		{"id", nil, func(t *testing.T, s *mocktest.Server) {
			for range 3 {
				clienttest.Connect(t, s, s.APIKey, "u")
			}
		}, "id-not-kept", 2},
		{"connections", nil, func(t *testing.T, s *mocktest.Server) {
			for _, userID := range strings.Split("a b c d e f g h i j k l", " ") {
				clienttest.Attempt(nil, s, userID)
			}
		}, "connection-churn", 12},
		{"time-out", &fault.Fault{Kind: fault.Slow, Delay: &fault.Delay{MS: 60_000}, Times: 1}, func(t *testing.T, s *mocktest.Server) {
			c, _ := clienttest.Dial(t, s)
			io.WriteString(c, strings.ReplaceAll(clienttest.Head(s, "Content-Length: 15\n"), "\n", "\r\n")+clienttest.ValidBody)
			for s.Mock.Faults(nil)[0].Fired == 0 { // until it is waiting
				time.Sleep(time.Millisecond)
			}
			c.Close()
			for s.Mock.Scorecard(nil, nil, false).Requests == 0 { // until the mock has seen it leave
				time.Sleep(time.Millisecond)
			}
		}, "gave-up-early", 1},
		{"left while it dribbled, and tried again", &fault.Fault{Kind: fault.Dribble, EveryMS: 60_000, Times: 1}, func(t *testing.T, s *mocktest.Server) {
			c, _ := clienttest.Dial(t, s)
			io.WriteString(c, strings.ReplaceAll(clienttest.Head(s, "Content-Length: 15\n"), "\n", "\r\n")+clienttest.ValidBody)
			io.ReadFull(c, make([]byte, 10)) // it has begun
			c.Close()
			for s.Mock.Scorecard(nil, nil, false).Requests == 0 { // until the mock has seen it leave
				time.Sleep(time.Millisecond)
			}
			time.Sleep(150 * time.Millisecond)
			clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(clienttest.ValidBody))
		}, "gave-up-early", 1},
		{"dribbled to its end", &fault.Fault{Kind: fault.Dribble, PieceBytes: 20, EveryMS: 1, Times: 1}, func(t *testing.T, s *mocktest.Server) {
			for range 2 {
				clienttest.Connect(t, s, s.APIKey, "u")
			}
		}, "id-not-kept", 1},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := mocktest.NewServer(t)
			if x.fault != nil {
				clienttest.SetFault(t, s, *x.fault)
			}
			x.client(t, s)
			card := s.Mock.Scorecard(nil, nil, true)
			for _, m := range card.Mistakes {
				alone := m.Name == x.mistake || x.mistake == "gave-up-early" && m.Name == "no-retry-of-lost-response"
				if m.Name == x.mistake && m.Times != x.times || !alone && m.Times > 0 {
					t.Errorf("%s: %d times, %+v", m.Name, m.Times, m.Examples)
				}
			}
		})
	}
}

func TestScorecardResponses(t *testing.T) {
	s := mocktest.NewServer(t)
	url := clienttest.Control(t, s, control.Config{})
	clienttest.Connect(t, s, s.APIKey, "u")
	clienttest.Do(t, s, "POST", clienttest.ConnectPath, http.Header{}, nil)
	card := s.Mock.Scorecard(nil, []string{"201", "500"}, true)
	want := map[string]int{"201": 1, "400": 0, "401": 1, "500": 0}
	for _, r := range card.Responses {
		if r.Times != want[r.Status] || r.Required != (r.Status == "201" || r.Status == "500") {
			t.Errorf("%+v", r)
		}
	}
	if unmet := card.Unmet(); len(unmet) != 1 || unmet[0].Status != "500" || card.Met() {
		t.Errorf("unmet: %+v", unmet)
	}
	acme, globex := "acme", "globex"
	if s.Mock.Scorecard(&acme, nil, true).Requests != 1 || s.Mock.Scorecard(&globex, nil, true).Requests != 0 {
		t.Error("the cards of manufacturers meet")
	}
	for format, start := range map[string]string{"text": "Scorecard: 2 requests", "junit": "<?xml", "json": "{"} {
		if r := clienttest.Ask(t, "GET", url+"/scorecard?format="+format, "", nil); r.Status != 200 || !strings.HasPrefix(r.Body, start) {
			t.Errorf("%s: %d %s", format, r.Status, r.Body)
		}
	}
	if err := s.Mock.CheckRequired([]string{"418"}); err == nil {
		t.Error("an undocumented status can be required")
	}
	if err := (scorecard.Card{}).Write(io.Discard, "yaml"); err == nil {
		t.Error("an unknown format is written")
	}
}
