package checks

import (
	"testing"

	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
	"nox.energy/contract/spec"
)

// One id for two users is a failure; for one who was asked for twice it is what the
// contract wants.
func TestRequireApart(t *testing.T) {
	op := &contract.Operation{
		Operation: spec.Operation{Method: "POST", Path: "/", Statuses: []string{"201"}},
		Responses: []*contract.Response{{Status: "201"}}, Rules: contract.Rules{Identity: "id"},
	}
	answer := func(user, id string) *wire.Response {
		return &wire.Response{Request: &wire.Request{Op: op, Subject: user}, Status: 201, IsJSON: true, Value: map[string]any{"id": id}}
	}
	fails := func(answers ...*wire.Response) bool {
		passed := make(chan bool, 1)
		go func() { // which a failure ends
			ended := false
			defer func() { passed <- ended }()
			requireApart(&trial.Trial{Op: op, Session: &trial.Session{}}, answers)
			ended = true
		}()
		return !<-passed
	}
	if !answer("a", "1").Succeeded() {
		t.Fatal("the answers are no successes")
	}
	if fails(answer("a", "1"), answer("b", "2"), answer("a", "1")) {
		t.Error("one user with one id fails")
	}
	if !fails(answer("a", "1"), answer("b", "1")) {
		t.Error("two users with one id pass")
	}
}
