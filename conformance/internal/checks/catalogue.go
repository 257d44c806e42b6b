package checks

import (
	"net/http"
	"slices"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/trial"
)

// groups lists what adds the checks of an operation, in the order in which they
// are reported within a status. A new group is added here.
func groups() []func(*builder) {
	return []func(*builder){
		successChecks,
		echoChecks,
		identityChecks,
		latitudeChecks,
		formChecks,
		clientChecks,
		rejectionChecks,
		parameterChecks,
		malformedChecks,
		moreRejections,
		extremeChecks,
		refusalChecks,
		breakdownChecks,
		sequenceChecks,
		httpChecks,
		bypassCheck,
		tlsChecks,
		linkChecks,
		everyResponseChecks,
		privateCheck,
		publishedCheck,
	}
}

// Catalogue returns the checks of a contract in the order in which reports list
// them.
func Catalogue(c *trial.Contract) []*trial.Check {
	var all []*trial.Check
	for _, op := range c.Operations {
		b := &builder{contract: c, op: op, ids: map[string]bool{}}
		switch {
		case op.Obstacle != "":
			obstacleCheck(b)
			publishedCheck(b)
			all = append(all, b.checks...)
			continue
		case op.Method == http.MethodDelete:
			for _, group := range []func(*builder){removalChecks, everyResponseChecks, publishedCheck} {
				group(b)
			}
		default:
			for _, group := range groups() {
				group(b)
			}
		}
		raiseClasses(op, b.checks)
		order(op, b.checks)
		all = append(all, b.checks...)
	}
	return all
}

// order sorts by the place of the status in the contract, http last, and keeps
// the order within.
func order(op *contract.Operation, checks []*trial.Check) {
	rank := func(c *trial.Check) int {
		if i := slices.Index(op.Statuses, c.Status); i >= 0 {
			return i
		}
		return len(op.Statuses)
	}
	slices.SortStableFunc(checks, func(a, b *trial.Check) int { return rank(a) - rank(b) })
}

// raiseClasses raises the class of checks whose requests a careless target could
// take, whatever is wrong with them.
func raiseClasses(op *contract.Operation, checks []*trial.Check) {
	for _, c := range checks {
		if c.Production == conformance.Harmless && c.Run != nil && !c.SendsNothing && !op.IsSafe() {
			c.Production = conformance.LaxOnly
		}
	}
}
