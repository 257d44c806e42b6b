package mock

import (
	"fmt"

	"nox.energy/contract/mock/fault"
)

// Scenario is one way to bring about an outcome.
type Scenario struct {
	Layer   string // who asks: "header", "user_id" or "control API"
	Ask     string // what to send
	Outcome string // what comes of it
}

// Scenarios lists every way to bring about an outcome, in three layers of which
// the first that asks for something decides.
func Scenarios() []Scenario {
	all := []Scenario{
		{"header", "Prefer: code=STATUS", "a documented STATUS, whatever the body (201 needs a valid one)"},
		{"user_id", "nox-mock:STATUS", "a documented error STATUS: 400, 401, 500"},
		{"user_id", "nox-mock:delay=2s", "201, later; at most " + fault.MaxDelay.String()},
		{"user_id", "nox-mock:lost", "connected, then the connection closes without a response"},
	}
	for _, k := range fault.Kinds() {
		all = append(all, Scenario{"control API", fmt.Sprintf(`POST /faults {"manufacturer": "acme", "kind": "%s"}`, k.Kind), k.Does})
	}
	return all
}
