package conformance

import "nox.energy/contract/spec"

// ProductionClass says what a check may do to a target that real users depend on.
type ProductionClass string

// The production classes of a check.
const (
	Harmless        ProductionClass = "0" // sends nothing that asks the target to create or change anything
	LaxOnly         ProductionClass = "1" // creates only on a target that takes what it should refuse
	Creates         ProductionClass = "2" // creates by design
	NotInProduction ProductionClass = "x" // never sent under the production profile
)

// Check is one clause of the contract as an experiment: an entry of the
// catalogue.
type Check struct {
	ID         string          `json:"id"`                // "<operationId>/<status>/<name>", never renamed
	Aliases    []string        `json:"aliases,omitempty"` // ids of checks that this one has taken in
	Since      string          `json:"since"`             // the version of the program that brought it
	Operation  string          `json:"operation"`
	Status     string          `json:"status"` // a documented one, or "http"
	Level      Level           `json:"level"`
	Because    string          `json:"because"` // why it has that level: who is harmed where it fails
	Production ProductionClass `json:"production"`
	Summary    string          `json:"summary"` // what must hold, in one sentence
	Sends      string          `json:"sends"`   // what is sent to find out
	Why        string          `json:"why"`     // why it matters to those who use the API
	Clause     spec.Clause     `json:"clause"`
	Passive    bool            `json:"passive"` // sends nothing, but judges what other checks are answered
}

// IDs returns the id of the check and its aliases, the ids of the checks that
// it replaced.
func (c *Check) IDs() []string { return append([]string{c.ID}, c.Aliases...) }
