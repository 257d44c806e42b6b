package checks

import (
	"fmt"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/spec"
)

// PublishedCheckName is the name of the check that judges the contract which clients
// are shown rather than the target.
const PublishedCheckName = "published"

// publishedCheck compares two contracts. It is of one operation only, as a
// contract is published as a whole.
func publishedCheck(b *builder) {
	if !b.isFirst() {
		return
	}
	b.addJudgement(trial.StatusHTTP, checkText{
		name: PublishedCheckName, ground: contractSays, onRequest: func(cfg *conformance.Config) bool { return cfg.Published != nil }, pointer: "/paths",
		summary: "the published contract is compatible with the contract in force",
		sends:   "nothing; it compares the contract with the document that --published names",
		why:     "Developers build clients from the published contract. If the server follows another one, those clients fail.",
	}, func(s *trial.Session) trial.Verdict { return publishedVerdict(s.Config.Published) })
}

// publishedVerdict fails if a change breaks clients for certain.
func publishedVerdict(d *spec.Drift) trial.Verdict {
	if d == nil {
		return trial.Verdict{Outcome: conformance.Skip, Reason: "not requested: name the published contract with --published"}
	}
	first, breaking := "", 0
	for _, c := range d.Changes {
		if c.Effect != spec.Breaks {
			continue
		}
		if breaking++; breaking == 1 {
			if first = c.Text; c.Operation != "" {
				first = c.Operation + ": " + c.Text
			}
		}
	}
	if breaking == 0 {
		return trial.Verdict{Outcome: conformance.Pass}
	}
	if breaking > 1 {
		first += fmt.Sprintf(" (the first of %d changes that break clients)", breaking)
	}
	return trial.Verdict{
		Outcome: conformance.Fail, Actual: first,
		Expected: fmt.Sprintf("no change that breaks clients from %s to %s", editionWords(d.From), editionWords(d.To)),
	}
}

func editionWords(e spec.Edition) string {
	if e.Source == "-" || e.Source == "" {
		return fmt.Sprintf("%q %s", e.Title, e.Version)
	}
	return e.Source + " " + e.Version
}
