package journal_test

import (
	"fmt"

	"nox.energy/contract/mock/journal"
)

func asked(userID string) journal.Source {
	return source(journal.Entry{Manufacturer: "acme", UserID: &userID, Request: journal.Request{Method: "POST"}, Response: journal.Response{Status: 201}, Outcome: journal.Answered})
}

// One user was asked for twice, another never.
func ExampleExpectation_Exactly() {
	j := journal.New(journal.Limits{})
	j.Add("acme", asked("customer-7"))
	j.Add("acme", asked("customer-7"))
	fmt.Println(j.Verify(journal.Expectation{Status: 201}.ForUser("customer-7").Exactly(2)).Met)
	fmt.Println(j.Verify(journal.Expectation{}.ForUser("customer-8")).Error())
	// Output:
	// true
	// expected at least 1 matching request, got 0; the nearest, number 2, differs in user_id: expected "customer-8", got "customer-7"
}

func ExampleExpectation_Never() {
	j := journal.New(journal.Limits{})
	j.Add("acme", asked("customer-7"))
	fmt.Println(j.Verify(journal.Expectation{Method: "DELETE"}.Never()).Met)
	// Output: true
}

func ExampleExpectation_Between() {
	j := journal.New(journal.Limits{})
	j.Add("acme", asked("customer-7"))
	fmt.Println(j.Verify(journal.Expectation{}.Of("acme").Between(1, 3)).Met)
	// Output: true
}

func ExampleQuery_ForUser() {
	j := journal.New(journal.Limits{})
	j.Add("acme", asked("customer-7"))
	j.Add("acme", asked("customer-8"))
	fmt.Println(len(j.List(journal.Query{}.Of("acme").ForUser("customer-8")).Entries))
	// Output: 1
}
