package runner

import (
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/judge"
	"nox.energy/contract/spec"
)

// check is a [Check] with the experiment behind it.
type check struct {
	conformance.Check
	stage stage
	needs needs
	// alone says that nothing may run beside the check.
	alone bool
	// uniform says that the check sends one request again and again, so that
	// answers which differ show an intermittent fault. Such a check is alone:
	// a fault that comes by the count then comes for certain.
	uniform bool
	// newUsers is how many users the check creates beside the one that the
	// production profile uses for all; requests is how many it sends there,
	// where that is more than one.
	newUsers, requests int
	// freeOfRequests says that the check ends a connection before it sends any.
	freeOfRequests bool
	// run is the experiment; nil for a clause that is judged over every answer
	// of the run.
	run func(*trial)
	// over is that judgement.
	over func(*session, *check) verdict
}

// stage orders the checks: those of one stage run side by side, and none that
// could disturb another stands in one stage with it.
type stage int

const (
	stageGate   stage = iota
	stageAccept       // valid requests
	stageReject       // bodies that are refused
	stageRefuse       // keys that are refused
	stageAround       // other methods and paths
	stageAfter        // what must still hold after all that was refused
	stageProvoke
	stageRecover // what must still hold after what was provoked
	stageLast    // what must hold over the whole run
	stageCount
)

// needs is what a check cannot do without.
type needs int

const (
	needsOther needs = 1 << iota
	needsDisabled
	needsProvocation
)

// reading is a contract and the judge by it.
type reading struct {
	*contract.Contract
	*judge.Judge
}

func loadContract(doc *spec.Document) (*reading, error) {
	if doc == nil {
		embedded, err := spec.Embedded()
		if err != nil {
			return nil, err
		}
		doc = embedded
	}
	j, err := judge.Open(doc)
	if err != nil {
		return nil, err
	}
	return &reading{j.Contract, j}, nil
}

// cost is the number of requests that a check sends under the production
// profile.
func (c *check) cost() int {
	if c.freeOfRequests {
		return 0
	}
	return max(1, c.requests)
}

// family is the same for checks of one clause that ask the same of it, each in
// another case.
func (c *check) family() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(c.ID, c.Operation+"/"+c.Status+"/"), "-")
	if c.races() { // one user, one id, as those that resolve
		name = "resolve"
	}
	return c.Operation + " " + c.Clause.Pointer + " " + name
}

// races reports whether a check releases requests together, so that chance has
// a part in its outcome.
func (c *check) races() bool { return c.alone && !c.uniform }

// statusHTTP stands in the ids of checks that belong to no documented status.
const statusHTTP = "http"
