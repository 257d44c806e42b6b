package runner

import (
	"slices"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/checks"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/spec"
)

// Catalogue lists the checks that a contract gives rise to; nil means the
// embedded one. An error is an [*spec.Error].
func Catalogue(doc *spec.Document) ([]conformance.Check, error) {
	c, err := trial.LoadContract(doc)
	if err != nil {
		return nil, err
	}
	var out []conformance.Check
	for _, ch := range checks.Catalogue(c) {
		out = append(out, ch.Check)
	}
	return out, nil
}

// RecordedCatalogue lists the checks that [JudgeHAR] judges a recording by; nil
// means the embedded contract. An error is an [*spec.Error].
func RecordedCatalogue(doc *spec.Document) ([]conformance.Check, error) {
	c, err := trial.LoadContract(doc)
	if err != nil {
		return nil, err
	}
	var out []conformance.Check
	for _, ch := range checks.RecordedCatalogue(c) {
		out = append(out, ch.Check)
	}
	return out, nil
}

// missingNeed says what the configuration lacks for a check, "" for nothing.
func missingNeed(c *trial.Check, cfg *conformance.Config) string {
	switch {
	case c.Needs&trial.NeedsOther != 0 && cfg.Keys.Other == "":
		return "needs the key of another manufacturer: set NOX_OTHER_API_KEY"
	case c.Needs&trial.NeedsDisabled != 0 && cfg.Keys.Disabled == "":
		return "needs the key of a manufacturer that is not enabled: set NOX_DISABLED_API_KEY"
	case c.Needs&trial.NeedsProvocation != 0 && len(checks.ProvocationsOf(cfg, c.Status)) == 0:
		return "not exercised: no ordinary request causes a " + c.Status + "; say how to cause one on this target, for example --provoke " + c.Status + "='Prefer: code=" + c.Status + "'"
	}
	return ""
}

// unchecked says what no check of a run can judge because it lacks a key.
func unchecked(all []*trial.Check, cfg *conformance.Config) []string {
	var out []string
	for _, key := range []struct {
		need         trial.Needs
		value, words string
	}{
		{trial.NeedsOther, cfg.Keys.Other, "isolation of manufacturers (no NOX_OTHER_API_KEY)"},
		{trial.NeedsDisabled, cfg.Keys.Disabled, "refusal of a disabled manufacturer (no NOX_DISABLED_API_KEY)"},
	} {
		if key.value == "" && slices.ContainsFunc(all, func(c *trial.Check) bool { return c.Needs&key.need != 0 }) {
			out = append(out, key.words)
		}
	}
	return out
}
