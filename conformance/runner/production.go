package runner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/checks"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// worthAUser names the checks for whose sake the production profile creates
// users beside the one that all others are about.
func worthAUser() []string {
	return []string{"tenants", "echo-case", "echo-multibyte", "echo-quotes"}
}

// leftOut says for each check that the production profile does not send why
// not; with noForeign, also for those that name users without the mark of the
// run. What is sent stays within the profile's users and requests: checks of
// level must come first, those of each documented status in turn, then the
// others.
func leftOut(checks []*trial.Check, p conformance.Profile, noForeign bool) map[string]string {
	out := map[string]string{}
	for _, c := range checks {
		if noForeign && c.IsForeign {
			out[c.ID] = "not sent with --no-foreign-ids: it names users without the mark of the run"
		}
	}
	if p != conformance.Production {
		return out
	}
	var left []*trial.Check
	for _, c := range checks {
		name := c.ID[strings.LastIndex(c.ID, "/")+1:]
		switch {
		case c.Production == conformance.NotInProduction:
			out[c.ID] = "not sent in the production profile: it could disturb the target"
		case c.NewUsers > 0 && !slices.Contains(worthAUser(), name):
			out[c.ID] = fmt.Sprintf("not sent in the production profile, which creates at most %d users", productionUsers)
		case c.Run != nil:
			left = append(left, c)
		}
	}
	place := map[*trial.Check]int{} // among those of its status and level
	count := map[string]int{}
	for _, c := range left {
		place[c] = count[c.Status+string(c.Level)]
		count[c.Status+string(c.Level)]++
	}
	slices.SortStableFunc(left, func(a, b *trial.Check) int {
		return cmp.Or(cmp.Compare(weight(a), weight(b)), cmp.Compare(place[a], place[b]))
	})
	spent := 0
	for _, c := range left {
		if spent+c.Cost() > trial.ProductionRequests {
			out[c.ID] = fmt.Sprintf("not sent in the production profile, which sends at most %d requests", trial.ProductionRequests)
			continue
		}
		spent += c.Cost()
	}
	return out
}

func weight(c *trial.Check) int {
	switch {
	case c.Stage == trial.StageGate:
		return 0
	case c.Level == conformance.Must && c.Status != trial.StatusHTTP:
		return 1
	case c.Level == conformance.Must:
		return 2
	}
	return 3
}

// clientConfig is what the client of a run keeps to.
func clientConfig(c *conformance.Config) wire.Config {
	out := wire.Config{TLS: c.TLS, Header: c.Header, Timeout: c.Timeout, MaxPause: c.Patience, Parallel: c.Parallel, Rate: c.Rate}
	if c.Profile == conformance.Production {
		out.Budget, out.MaxErrorStreak = trial.ProductionRequests, productionStreak
	}
	return out
}

// What a run under [Production] keeps to.
const (
	productionRate   = 5 // requests a second, where nothing else is asked for
	productionUsers  = 5 // users created at most
	productionStreak = 3 // answers of 5xx or 429 in a row that end the run
)

// MaxSequenceUsers is how many users the random sequences of a run create at most.
const MaxSequenceUsers = checks.MaxSequenceUsers
