package runner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/wire"
)

// worthAUser names the checks for whose sake the production profile creates
// users beside the one that all others are about.
func worthAUser() []string {
	return []string{"tenants", "echo-case", "echo-multibyte", "echo-quotes"}
}

// leftOut says for each check that the production profile does not send why
// not. What is sent stays within the profile's users and requests: checks of
// level must come first, those of each documented status in turn, then the
// others.
func leftOut(checks []*check, p conformance.Profile) map[string]string {
	out := map[string]string{}
	if p != conformance.Production {
		return out
	}
	var left []*check
	for _, c := range checks {
		name := c.ID[strings.LastIndex(c.ID, "/")+1:]
		switch {
		case c.Production == conformance.NotInService:
			out[c.ID] = "not sent under the production profile: it could disturb the target"
		case c.newUsers > 0 && !slices.Contains(worthAUser(), name):
			out[c.ID] = fmt.Sprintf("not sent under the production profile, which creates at most %d users", productionUsers)
		case c.run != nil:
			left = append(left, c)
		}
	}
	place := map[*check]int{} // among those of its status and level
	count := map[string]int{}
	for _, c := range left {
		place[c] = count[c.Status+string(c.Level)]
		count[c.Status+string(c.Level)]++
	}
	slices.SortStableFunc(left, func(a, b *check) int {
		return cmp.Or(cmp.Compare(weight(a), weight(b)), cmp.Compare(place[a], place[b]))
	})
	spent := 0
	for _, c := range left {
		if spent+c.cost() > productionRequests {
			out[c.ID] = fmt.Sprintf("not sent under the production profile, which sends at most %d requests", productionRequests)
			continue
		}
		spent += c.cost()
	}
	return out
}

func weight(c *check) int {
	switch {
	case c.stage == stageGate:
		return 0
	case c.Level == conformance.Must && c.Status != statusHTTP:
		return 1
	case c.Level == conformance.Must:
		return 2
	}
	return 3
}

// clientConfig is what the client of a run keeps to.
func clientConfig(c *conformance.Config) wire.Config {
	out := wire.Config{TLS: c.TLS, Header: c.Header, Timeout: c.Timeout, Patience: c.Patience, Parallel: c.Parallel, Rate: c.Rate}
	if c.Profile == conformance.Production {
		out.Budget, out.Streak = productionRequests, productionStreak
	}
	return out
}

// What a run under [Production] keeps to.
const (
	productionRate   = 5 // requests a second, where nothing else is asked for
	productionUsers  = 5 // users created at most
	productionStreak = 3 // answers of 5xx or 429 in a row that end the run
)
