package journal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"nox.energy/contract/mock/journal"
)

func entry(manufacturer, userID string, status int) journal.Entry {
	return journal.Entry{
		Manufacturer: manufacturer,
		UserID:       &userID,
		Request: journal.Request{
			Method: "POST", Path: "/v2/x", Body: `{"user_id":"` + userID + `"}`,
			Headers: map[string][]string{"Content-Type": {"application/json"}},
		},
		Response: journal.Response{Status: status},
		Why:      journal.Why{Rule: "created"},
	}
}

// source is an exchange that is an entry already.
func source(e journal.Entry) journal.Source { return recorded{e} }

type recorded struct{ entry journal.Entry }

func (r recorded) Entry() journal.Entry { return r.entry }
func (r recorded) Bytes() int           { return 600 + len(*r.entry.UserID) + len(r.entry.Request.Body) }

func TestBoundedByCount(t *testing.T) {
	j := journal.New(journal.Limits{Entries: 3})
	for i := range 5 {
		j.Add("acme", source(entry("acme", fmt.Sprint(i), 201)))
	}
	j.Add("globex", source(entry("globex", "g", 201)))
	acme := "acme"
	page := j.List(journal.Query{Manufacturer: &acme})
	if len(page.Entries) != 3 || *page.Entries[0].UserID != "2" || page.Dropped != 2 {
		t.Errorf("%d entries from %q, %d dropped", len(page.Entries), *page.Entries[0].UserID, page.Dropped)
	}
	if all := j.List(journal.Query{}); len(all.Entries) != 4 || all.Entries[3].ID != 6 {
		t.Errorf("all: %+v", all)
	}
	if j.Clear("acme") != 3 || j.List(journal.Query{Manufacturer: &acme}).Dropped != 0 || j.Dropped()["acme"] != 2 {
		t.Error("cleared, the drops of all time are not 2")
	}
}

func TestBoundedByBytes(t *testing.T) {
	long := strings.Repeat("x", 1000)
	j := journal.New(journal.Limits{Bytes: 10_000, TotalBytes: 15_000})
	for range 100 {
		j.Add("acme", source(entry("acme", long, 201)))
	}
	n := len(j.List(journal.Query{}).Entries)
	if n == 0 || n > 5 {
		t.Errorf("%d entries of over 2,000 bytes within 10,000", n)
	}
	// All together are bounded too, and the largest gives way.
	for range 100 {
		j.Add("globex", source(entry("globex", long, 201)))
		j.Add("initech", source(entry("initech", long, 201)))
	}
	if all := len(j.List(journal.Query{}).Entries); all > 7 {
		t.Errorf("%d entries of over 2,000 bytes within 15,000", all)
	}
	// One that is too large by itself leaves nothing, and nothing breaks.
	tiny := journal.New(journal.Limits{Bytes: 100})
	tiny.Add("acme", source(entry("acme", long, 201)))
	if page := tiny.List(journal.Query{}); len(page.Entries) != 0 || page.Dropped != 1 {
		t.Errorf("%+v", page)
	}
}

func TestQuery(t *testing.T) {
	j := journal.New(journal.Limits{})
	j.Add("acme", source(entry("acme", "u-1", 201)))
	j.Add("acme", source(entry("acme", "u-2", 500)))
	j.Add("globex", source(entry("globex", "u-1", 400)))
	user, acme := "u-1", "acme"
	for _, x := range []struct {
		name  string
		query journal.Query
		want  []int64
	}{
		{"all", journal.Query{}, []int64{1, 2, 3}},
		{"manufacturer", journal.Query{Manufacturer: &acme}, []int64{1, 2}},
		{"user", journal.Query{UserID: &user}, []int64{1, 3}},
		{"status", journal.Query{Status: 500}, []int64{2}},
		{"search", journal.Query{Search: "U-2"}, []int64{2}},
		{"search in headers", journal.Query{Search: "content-type"}, []int64{1, 2, 3}},
		{"rule", journal.Query{Rule: "create"}, nil},
		{"after", journal.Query{After: 1, Limit: 1}, []int64{2}},
	} {
		var got []int64
		page := j.List(x.query)
		for _, e := range page.Entries {
			got = append(got, e.ID)
		}
		if fmt.Sprint(got) != fmt.Sprint(x.want) {
			t.Errorf("%s: %v, want %v", x.name, got, x.want)
		}
		if x.query.Limit == 1 && !page.More {
			t.Errorf("%s: there is more, and the page does not say so", x.name)
		}
	}
}

func TestVerify(t *testing.T) {
	j := journal.New(journal.Limits{})
	j.Add("acme", source(entry("acme", "u-1", 201)))
	j.Add("acme", source(entry("acme", "u-1", 201)))
	j.Add("globex", source(entry("globex", "u-9", 201)))
	acme, user, other := "acme", "u-1", "u-9"
	two, one := 2, 1
	for _, x := range []struct {
		name        string
		expectation journal.Expectation
		met         bool
		count       int
		difference  string
	}{
		{"called", journal.Expectation{UserID: &user}, true, 2, ""},
		{"twice", journal.Expectation{UserID: &user, Times: &two}, true, 2, ""},
		{"once, and it was twice", journal.Expectation{UserID: &user, Times: &one}, false, 2, ""},
		{"at most", journal.Expectation{UserID: &other, AtMost: &two}, true, 1, ""},
		{"of the other manufacturer", journal.Expectation{Manufacturer: &acme, UserID: &other}, false, 0, `user_id: expected "u-9", got "u-1"`},
		{"method", journal.Expectation{Method: "GET"}, false, 0, `method: expected "GET", got "POST"`},
		{"header", journal.Expectation{Headers: map[string]string{"content-type": "text/plain"}}, false, 0, `headers/content-type: expected "text/plain", got ["application/json"]`},
		{"body", journal.Expectation{Body: []byte(`{"user_id":"u-3"}`)}, false, 0, `body/user_id: expected "u-3", got "u-9"`},
		{"body member", journal.Expectation{Body: []byte(`{"name":1}`)}, false, 0, `body/name: expected 1, got nothing`},
		{"status", journal.Expectation{UserID: &user, Status: 500}, false, 0, `status: expected 500, got 201`},
	} {
		v := j.Verify(x.expectation)
		if v.Met != x.met || v.Count != x.count {
			t.Errorf("%s: met %t, count %d", x.name, v.Met, v.Count)
		}
		got := ""
		if v.Nearest != nil {
			got = v.Nearest.Differences[0].String()
		}
		if got != x.difference {
			t.Errorf("%s: nearest miss %q, want %q", x.name, got, x.difference)
		}
	}
}

// What was dropped may have been one too many.
func TestVerifyOnceDropped(t *testing.T) {
	j := journal.New(journal.Limits{Entries: 2})
	for range 3 {
		j.Add("acme", source(entry("acme", "u", 201)))
	}
	acme, two, three := "acme", 2, 3
	for name, x := range map[string]struct {
		expectation journal.Expectation
		met         bool
	}{
		"exactly":  {journal.Expectation{Times: &two}, false},
		"at most":  {journal.Expectation{AtMost: &two}, false},
		"between":  {journal.Expectation{AtLeast: &two, AtMost: &three}, false},
		"at least": {journal.Expectation{AtLeast: &two}, true},
		"too few":  {journal.Expectation{AtLeast: &three}, false},
	} {
		x.expectation.Manufacturer = &acme
		if v := j.Verify(x.expectation); v.Met != x.met || v.Dropped != 1 || v.Count != 2 {
			t.Errorf("%s: %+v", name, v)
		}
	}
	j.Clear("acme")
	j.Add("acme", source(entry("acme", "u", 201)))
	one := 1
	if v := j.Verify(journal.Expectation{Manufacturer: &acme, Times: &one}); !v.Met || v.Dropped != 0 {
		t.Errorf("once it is cleared: %+v", v)
	}
}

// The archive says what the request was sent to.
func TestHARHasTheScheme(t *testing.T) {
	for scheme, tls := range map[string]bool{"http": false, "https": true} {
		e := entry("acme", "u", 201)
		e.Request.TLS, e.Request.Headers["Host"] = tls, []string{"mock:1"}
		var b bytes.Buffer
		if err := journal.HAR(&b, []journal.Entry{e, e}, "test"); err != nil || !json.Valid(b.Bytes()) || strings.Count(b.String(), `"url":"`+scheme+`://mock:1/v2/x"`) != 2 {
			t.Errorf("%s: %s, %v", scheme, b.String(), err)
		}
	}
}

func TestExpectationThatContradictsItself(t *testing.T) {
	one, two := 1, 2
	for _, x := range []journal.Expectation{{Times: &one, AtLeast: &one}, {Times: &one, AtMost: &one}, {AtLeast: &two, AtMost: &one}} {
		if x.Check() == nil {
			t.Errorf("%+v is no error", x)
		}
	}
	for _, x := range []journal.Expectation{{}, {Times: &one}, {AtLeast: &one, AtMost: &one}} {
		if err := x.Check(); err != nil {
			t.Error(err)
		}
	}
}

// Of two that differ in as many fields, the one that looks more like it is the
// nearest.
func TestNearestIsAlike(t *testing.T) {
	j := journal.New(journal.Limits{})
	j.Add("acme", source(entry("acme", "customer-7", 201)))
	j.Add("acme", source(entry("acme", "somebody-else", 201)))
	user := "customer-8"
	if v := j.Verify(journal.Expectation{UserID: &user}); v.Nearest == nil || *v.Nearest.Entry.UserID != "customer-7" {
		t.Errorf("%+v", v.Nearest)
	}
}

// A reader that does not read holds nobody up.
func TestReader(t *testing.T) {
	j := journal.New(journal.Limits{})
	slow := j.Follow()
	defer slow.Close()
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			for range 100 {
				j.Add("acme", source(entry("acme", "u", 201)))
			}
		})
	}
	running.Wait()
	delivered, missed := 0, slow.Missed()
	for int64(delivered)+missed < 400 {
		<-slow.Entries()
		delivered++
	}
	if delivered < 256 || missed == 0 {
		t.Errorf("%d delivered, %d missed", delivered, missed)
	}
}
