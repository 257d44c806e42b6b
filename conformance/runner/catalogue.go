package runner

import (
	"nox.energy/contract/conformance"
	"nox.energy/contract/spec"
)

// Catalogue lists the checks that a contract gives rise to; nil means the
// embedded one. An error is an [*spec.Error].
func Catalogue(doc *spec.Document) ([]conformance.Check, error) {
	c, err := loadContract(doc)
	if err != nil {
		return nil, err
	}
	var out []conformance.Check
	for _, ch := range catalogue(c) {
		out = append(out, ch.Check)
	}
	return out, nil
}

// RecordedCatalogue lists the checks that [JudgeHAR] judges a recording by; nil
// means the embedded contract. An error is an [*spec.Error].
func RecordedCatalogue(doc *spec.Document) ([]conformance.Check, error) {
	c, err := loadContract(doc)
	if err != nil {
		return nil, err
	}
	var out []conformance.Check
	for _, ch := range recordedCatalogue(c) {
		out = append(out, ch.Check)
	}
	return out, nil
}

// missingNeed says what the configuration lacks for a check, "" for nothing.
func missingNeed(c *check, cfg *conformance.Config) string {
	switch {
	case c.needs&needsOther != 0 && cfg.Keys.Other == "":
		return "needs the key of another manufacturer: set NOX_OTHER_API_KEY"
	case c.needs&needsDisabled != 0 && cfg.Keys.Disabled == "":
		return "needs the key of a manufacturer that is not enabled: set NOX_DISABLED_API_KEY"
	case c.needs&needsProvocation != 0 && len(provocations(cfg, c.Status)) == 0:
		return "not exercised: no honest request brings a " + c.Status + " about; say how this target can be made to answer it, as in --provoke " + c.Status + "='Prefer: code=" + c.Status + "'"
	}
	return ""
}
