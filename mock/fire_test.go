package mock_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/mocktest"
)

// Every kind, as a client sees it.
func TestFaults(t *testing.T) {
	page, seconds := "<p>", 7
	for _, x := range []struct {
		name      string
		fault     fault.Fault
		status    int
		body      string // its start
		mediaType string
		retry     string
		fails     error // of the client, in reading the answer or before
		connected bool  // the user is known afterwards
	}{
		{"documented status", fault.Fault{Kind: fault.Status, Status: 500}, 500, `{"error":"Internal server error"}`, "application/json", "", nil, false},
		{"undocumented status", fault.Fault{Kind: fault.Status, Status: 418}, 418, `{"error":"I'm a teapot"}`, "application/json", "", nil, false},
		{"status without a name", fault.Fault{Kind: fault.Status, Status: 599}, 599, `{"error":"Status 599"}`, "application/json", "", nil, false},
		{"too many requests", fault.Fault{Kind: fault.Status, Status: 429, RetryAfter: &seconds}, 429, `{"error":"Too Many Requests"}`, "application/json", "7", nil, false},
		{"unavailable", fault.Fault{Kind: fault.Status, Status: 503}, 503, `{"error":"Service Unavailable"}`, "application/json", "", nil, false},
		{"no content", fault.Fault{Kind: fault.Status, Status: 204}, 204, "", "", "", nil, false},
		{"a body of its own", fault.Fault{Kind: fault.Status, Status: 200, Body: &page, MediaType: "text/html"}, 200, page, "text/html", "", nil, false},
		{"gateway", fault.Fault{Kind: fault.Gateway}, 502, "<html>\r\n<head><title>502 Bad Gateway", "text/html; charset=utf-8", "", nil, false},
		{"reset", fault.Fault{Kind: fault.Reset}, 0, "", "", "", syscall.ECONNRESET, false},
		{"empty", fault.Fault{Kind: fault.Empty}, 0, "", "", "", io.EOF, false},
		{"lost", fault.Fault{Kind: fault.Lost}, 0, "", "", "", io.EOF, true},
		{"cut short", fault.Fault{Kind: fault.CutShort}, 201, clienttest.Created[:len(clienttest.Created)/2], "application/json", "", io.ErrUnexpectedEOF, true},
		{"reset during", fault.Fault{Kind: fault.ResetDuring}, 201, clienttest.Created[:len(clienttest.Created)/2], "application/json", "", syscall.ECONNRESET, true},
		{"dribble", fault.Fault{Kind: fault.Dribble, PieceBytes: 20, EveryMS: 1}, 201, clienttest.Created, "application/json", "", nil, true},
		{"media type", fault.Fault{Kind: fault.MediaType}, 201, clienttest.Created, "text/html; charset=utf-8", "", nil, true},
		{"delay", fault.Fault{Kind: fault.Slow, Delay: &fault.Delay{MS: 1}}, 201, clienttest.Created, "application/json", "", nil, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := mocktest.NewServer(t)
			f := clienttest.SetFault(t, s, x.fault)
			resp, body, err := clienttest.Attempt(nil, s, "u")
			if !errors.Is(err, x.fails) || x.fails == nil && err != nil {
				t.Errorf("the client saw %v, want %v", err, x.fails)
			}
			if resp == nil {
				resp = &http.Response{}
			}
			if resp.StatusCode != x.status || !strings.HasPrefix(body, x.body) ||
				resp.Header.Get("Content-Type") != x.mediaType || resp.Header.Get("Retry-After") != x.retry {
				t.Errorf("status %d, %v, body %q", resp.StatusCode, resp.Header, body)
			}
			e := clienttest.Latest(s)
			if e.Fault == nil || e.Fault.ID != f.ID || e.Fault.Kind != string(f.Kind) || e.Why.Rule != "fault."+string(f.Kind) {
				t.Errorf("the journal does not tell the cause: %+v, %+v", e.Fault, e.Why)
			}
			if (e.Outcome == journal.Dropped) != (x.fails != nil) || e.Response.Status != x.status {
				t.Errorf("the journal has outcome %s, status %d", e.Outcome, e.Response.Status)
			}
			s.Mock.ClearFaults(nil)
			clienttest.Attempt(nil, s, "u")
			if known := clienttest.Latest(s).Why.Rule == "resolved"; known != x.connected {
				t.Errorf("the user was connected: %t, want %t", known, x.connected)
			}
		})
	}
}

// What a request asks for itself comes before a fault, and so does what is
// wrong with its key; a fault reaches the requests of its manufacturer only.
func TestOrderOfFaults(t *testing.T) {
	s := mocktest.NewServer(t)
	pattern := "u-*"
	clienttest.SetFault(t, s, fault.Fault{Kind: fault.Status, Status: 418, UserID: &pattern})
	clienttest.SetFault(t, s, fault.Fault{Kind: fault.Status, Status: 429, Manufacturer: "globex"})
	for _, x := range []struct {
		name   string
		header http.Header
		body   string
		want   int
	}{
		{"one of its users", clienttest.Good(s), `{"user_id":"u-1"}`, 418},
		{"another user", clienttest.Good(s), `{"user_id":"v-1"}`, 201},
		{"no user", clienttest.Good(s), `{"user_id":7}`, 400},
		{"another manufacturer", clienttest.Headers("x-api-key", s.OtherAPIKey, "Content-Type", "application/json"), `{"user_id":"u-1"}`, 429},
		{"another manufacturer, invalid", clienttest.Headers("x-api-key", s.OtherAPIKey, "Content-Type", "application/json"), `{`, 429},
		{"no key", clienttest.Headers("Content-Type", "application/json"), `{"user_id":"u-1"}`, 401},
		{"Prefer", clienttest.Good(s, "Prefer", "code=500"), `{"user_id":"u-1"}`, 500},
		{"Prefer success", clienttest.Good(s, "Prefer", "code=201"), `{"user_id":"u-1"}`, 201},
		{"magic", clienttest.Headers("x-api-key", s.OtherAPIKey, "Content-Type", "application/json"), `{"user_id":"nox-mock:500"}`, 500},
	} {
		if r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, x.header, strings.NewReader(x.body)); r.Status != x.want {
			t.Errorf("%s: status %d, want %d", x.name, r.Status, x.want)
		}
	}
	if _, err := s.Mock.SetFault(t.Context(), fault.Fault{Manufacturer: "umbrella", Kind: fault.Reset}); err == nil {
		t.Error("a fault of nobody was set")
	}
}

func TestFailsThenSucceeds(t *testing.T) {
	s := mocktest.NewServer(t)
	clienttest.SetFault(t, s, fault.Fault{Kind: fault.Status, Status: 500, Times: 2})
	var got []int
	for range 4 {
		resp, _, err := clienttest.Attempt(nil, s, "u")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, resp.StatusCode)
	}
	if got[0] != 500 || got[1] != 500 || got[2] != 201 || got[3] != 201 {
		t.Errorf("statuses %v", got)
	}
	if faults := s.Mock.Faults(nil); faults[0].Fired != 2 || faults[0].Active {
		t.Errorf("%+v", faults[0])
	}
}

// A client that leaves before the answer is seen to, and the server stops in
// time whatever it waits for.
func TestDelaysEnd(t *testing.T) {
	for _, f := range []fault.Fault{
		{Kind: fault.Slow, Delay: &fault.Delay{MS: 60_000}},
		{Kind: fault.Dribble, EveryMS: 60_000},
	} {
		t.Run(string(f.Kind), func(t *testing.T) {
			s := mocktest.NewServer(t)
			clienttest.SetFault(t, s, f)
			c, _ := clienttest.Dial(t, s)
			io.WriteString(c, strings.ReplaceAll(clienttest.Head(s, "Content-Length: 15\n"), "\n", "\r\n")+clienttest.ValidBody)
			if f.Kind == fault.Dribble {
				io.ReadFull(c, make([]byte, 10)) // it has begun
			} else {
				for s.Mock.Faults(nil)[0].Fired == 0 {
					time.Sleep(time.Millisecond)
				}
			}
			c.Close()
			for i := 0; ; i++ {
				if all := s.Mock.Journal().List(journal.Query{}).Entries; len(all) == 1 && all[0].Outcome == journal.GaveUp {
					break
				}
				if i > 5000 {
					t.Fatal("the journal does not tell that the client gave up")
				}
				time.Sleep(time.Millisecond)
			}
			c, _ = clienttest.Dial(t, s)
			io.WriteString(c, strings.ReplaceAll(clienttest.Head(s, "Content-Length: 15\n"), "\n", "\r\n")+clienttest.ValidBody)
			for s.Mock.Faults(nil)[0].Fired == 1 {
				time.Sleep(time.Millisecond)
			}
			began := time.Now()
			s.Close()
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s to stop", took)
			}
		})
	}
}

// A Retry-After may be a date, which is never earlier than was asked for.
func TestRetryAfterAsADate(t *testing.T) {
	s := mocktest.NewServer(t)
	seconds := 7
	clienttest.SetFault(t, s, fault.Fault{Kind: fault.Status, Status: 503, RetryAfter: &seconds, RetryAfterDate: true})
	before := time.Now()
	r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(clienttest.ValidBody))
	until, err := http.ParseTime(r.Header.Get("Retry-After"))
	if err != nil || until.Before(before.Add(7*time.Second)) || until.After(time.Now().Add(8*time.Second)) {
		t.Errorf("at %s: %q, %v", before.UTC().Format(http.TimeFormat), r.Header.Get("Retry-After"), err)
	}
}
