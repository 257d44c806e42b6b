package trial

import (
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/judge"
	"nox.energy/contract/spec"
)

// Check is a [conformance.Check] with its experiment.
type Check struct {
	conformance.Check
	Stage Stage
	Needs Needs
	// RunsAlone says that nothing may run beside the check.
	RunsAlone bool
	// IsUniform says that the check sends one request again and again, so that
	// answers which differ show an intermittent fault. Such a check is alone:
	// a fault that comes by the count then comes for certain.
	IsUniform bool
	// TakesMeasured says that the check judges what was sent to measure the
	// target.
	TakesMeasured bool
	// NewUsers is how many users the check creates beside the one that the
	// production profile uses for all; requests is how many it sends there,
	// where that is more than one.
	NewUsers, Requests int
	// IsForeign says that the check names users who are not marked as those of
	// the run, and may be somebody's on a target that is shared.
	IsForeign bool
	// SendsNothing says that the check ends a connection before it sends any.
	SendsNothing bool
	// OnRequest reports whether a configuration asks for the check; nil for one
	// that every run performs.
	OnRequest func(*conformance.Config) bool
	// Run is the experiment; nil for a clause that is judged over every response
	// of the run.
	Run func(*Trial)
	// JudgeRun is that judgement.
	JudgeRun func(*Session) Verdict
}

// Stage orders the checks: those of one stage run side by side, and none that
// could disturb another stands in one stage with it.
type Stage int

const (
	StageGate   Stage = iota
	StageAccept       // valid requests
	StageReject       // bodies that are refused
	StageRefuse       // keys that are refused
	StageAround       // other methods and paths
	StageAfter        // what must still hold after all that was refused
	StageProvoke
	StageRecover // what must still hold after what was provoked
	StageRemove  // what the run has made
	StageForeign // users who are not marked as those of the run
	StageLast    // what must hold over the whole run
	StageCount
)

// Needs is what the configuration must provide for a check.
type Needs int

const (
	NeedsOther Needs = 1 << iota
	NeedsDisabled
	NeedsProvocation
)

// Contract is a contract with its judge.
type Contract struct {
	*contract.Contract
	*judge.Judge
}

// LoadContract reads a document, nil for the embedded one. An error is a
// [*spec.Error].
func LoadContract(doc *spec.Document) (*Contract, error) {
	if doc == nil {
		embedded, err := spec.Embedded()
		if err != nil {
			return nil, err
		}
		doc = embedded
	}
	j, err := judge.Load(doc)
	if err != nil {
		return nil, err
	}
	c := &Contract{j.Contract, j}
	c.bindShipped()
	return c, nil
}

// Cost returns the number of requests that a check sends under the production
// profile.
func (c *Check) Cost() int {
	if c.SendsNothing {
		return 0
	}
	return max(1, c.Requests)
}

// Family returns the same text for all checks that try one clause in different
// cases.
func (c *Check) Family() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(c.ID, c.Operation+"/"+c.Status+"/"), "-")
	if c.Races() { // one user, one id, as those that resolve
		name = "resolve"
	}
	return c.Operation + " " + c.Clause.Pointer + " " + name
}

// Races reports whether a check sends requests at the same time, so that its
// outcome may differ from run to run.
func (c *Check) Races() bool { return c.RunsAlone && !c.IsUniform }

// StatusHTTP takes the place of the status in ids of checks that belong to no
// documented status.
const StatusHTTP = "http"
