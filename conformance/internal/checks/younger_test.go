package checks

import (
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/trial"
)

func TestYoungerThan(t *testing.T) {
	for _, c := range []struct {
		since, asOf string
		want        bool
	}{
		{"0.1.0", "", false},
		{"0.1.0", "0.1.0", false},
		{"0.1.0", "v0.0.9", true},
		{"1.10.0", "1.9.3", true},
		{"1.9.3", "1.10", false},
		{"2.0.0", "2.0.0-rc.1", false},
		{"not one", "1.0.0", false},
	} {
		if got := isYounger(&conformance.Check{Since: c.since}, c.asOf); got != c.want {
			t.Errorf("a check of %s is younger than %q: %t", c.since, c.asOf, got)
		}
	}
	for _, text := range []string{"", "1.x", "1.2.3.4", "yesterday", "-1"} {
		if v, ok := ParseVersion(text); ok {
			t.Errorf("%q is read as version %v", text, v)
		}
	}
}

// The table of younger checks names checks that exist, or existed, each once.
func TestYoungerChecksAreOfTheCatalogue(t *testing.T) {
	c, err := trial.LoadContract(nil)
	if err != nil {
		t.Fatal(err)
	}
	last := FirstVersion
	for _, a := range younger() {
		v, ok := ParseVersion(a.version)
		before, _ := ParseVersion(last)
		if !ok || v == before {
			t.Errorf("%q is no version behind %s", a.version, last)
		}
		last = a.version
	}
	for _, each := range Catalogue(c) {
		if _, ok := ParseVersion(each.Since); !ok {
			t.Errorf("%s came with %q, which is no version", each.ID, each.Since)
		}
		if each.Because == "" {
			t.Errorf("%s does not say why it is of level %s", each.ID, each.Level)
		}
	}
}
