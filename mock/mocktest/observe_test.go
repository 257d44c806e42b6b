package mocktest_test

import (
	"fmt"
	"strings"
	"testing"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/scorecard"
)

// The server fails twice; the client's third try succeeds.
func ExampleServer_SetFault() {
	server, err := mocktest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	if _, err := server.SetFault(fault.Fault{Kind: fault.Status, Status: 503, Times: 2}); err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		status, _, _ := strings.Cut(connect(server, `{"user_id":"customer-7"}`), " ")
		fmt.Println(status)
	}
	// Output:
	// 503
	// 503
	// 201
}

// What was asked is verified; if it was not, the nearest miss is named.
func ExampleServer_Check() {
	server, err := mocktest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	connect(server, `{"user_id":"customer-7"}`)
	fmt.Println(server.Check(journal.Expectation{}.ForUser("customer-7").Exactly(1)))
	fmt.Println(server.Check(journal.Expectation{}.ForUser("customer-8")))
	// Output:
	// <nil>
	// expected at least 1 matching request, got 0; the nearest, number 1, differs in user_id: expected "customer-8", got "customer-7"
}

// A client that gives up after the first failure is told so.
func ExampleServer_Scorecard() {
	server, err := mocktest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	if _, err := server.SetFault(fault.Fault{Kind: fault.Status, Status: 503, Times: 1}); err != nil {
		fmt.Println(err)
		return
	}
	connect(server, `{"user_id":"customer-7"}`)
	for _, mistake := range server.Scorecard().In(scorecard.Made) {
		fmt.Printf("%s: %s\n", mistake.Name, mistake.Summary)
	}
	// Output:
	// no-retry-of-500: a request that the server failed to serve was never sent again
}

// What the client sent, and why it was answered so.
func ExampleServer_Journal() {
	server, err := mocktest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	connect(server, `{"user_id":"customer-7"}`)
	connect(server, `{"user_id":7}`)
	for _, entry := range server.Journal(journal.Query{Status: 400}) {
		fmt.Println(entry.Request.Body, entry.Why.Reason)
	}
	// Output:
	// {"user_id":7} user_id: value must be a string
}

func TestFailEndsWithTheTest(t *testing.T) {
	s := mocktest.NewServer(t)
	t.Run("with a fault", func(t *testing.T) {
		s.Fail(t, fault.Fault{Kind: fault.Gateway})
		if got := connect(s, `{"user_id":"u"}`); !strings.HasPrefix(got, "502 <html>") {
			t.Error(got)
		}
	})
	if got := connect(s, `{"user_id":"u"}`); !strings.HasPrefix(got, "201") {
		t.Error(got)
	}
	if all := s.Journal(journal.Query{Fault: "gateway"}); len(all) != 1 || all[0].Response.Status != 502 {
		t.Errorf("%+v", all)
	}
	one := 1
	s.Verify(t, journal.Expectation{Status: 502, Times: &one})
	if card := s.Scorecard(); card.Requests != 2 {
		t.Errorf("%d requests", card.Requests)
	}
}

// failed counts what a helper reports instead of failing the test.
type failed struct {
	testing.TB
	errors int
}

func (f *failed) Helper()               {}
func (f *failed) Errorf(string, ...any) { f.errors++ }

func TestVerifyFails(t *testing.T) {
	s := mocktest.NewServer(t)
	tb := &failed{TB: t}
	s.Verify(tb, journal.Expectation{Method: "POST"})
	if tb.errors != 1 {
		t.Error("a request that was never sent is verified")
	}
}

// What the journal holds no more is not passed over.
func TestCheckOnceDropped(t *testing.T) {
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Journal: journal.Limits{Entries: 1}}))
	connect(s, `{"user_id":"u"}`)
	connect(s, `{"user_id":"u"}`)
	one := 1
	if err := s.Check(journal.Expectation{Times: &one}); err == nil || !strings.Contains(err.Error(), "1 more were dropped from the journal") {
		t.Error(err)
	}
	if err := s.Check(journal.Expectation{Times: &one, AtMost: &one}); err == nil || !strings.Contains(err.Error(), "times says exactly how often") {
		t.Error(err)
	}
}
