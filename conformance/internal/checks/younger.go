package checks

import (
	"slices"
	"strconv"
	"strings"

	"nox.energy/contract/conformance"
)

// age is a version of the program and the checks that came with it.
type age struct {
	version string
	checks  []string // as "<status>/<name>", with * for anything within a name
}

// younger lists the checks that came after the first version, the youngest
// version last. A check that is added to the catalogue is added here.
func younger() []age { return nil }

// since is the version that brought a check.
func since(status, name string) string {
	for _, a := range slices.Backward(younger()) {
		for _, pattern := range a.checks {
			if CompilePattern(pattern).MatchString(status + "/" + name) {
				return a.version
			}
		}
	}
	return FirstVersion
}

// FirstVersion is the version that brought every check that [younger] does not
// name.
const FirstVersion = "0.1.0"

// version is MAJOR.MINOR.PATCH, to be compared.
type version [3]int

// ParseVersion reads a version as people write it: "1.2", "v1.2.3". It ignores
// what follows a dash or plus.
func ParseVersion(text string) (version, bool) {
	var v version
	core, _, _ := strings.Cut(strings.TrimPrefix(text, "v"), "-")
	core, _, _ = strings.Cut(core, "+")
	parts := strings.Split(core, ".")
	if len(parts) > len(v) {
		return v, false
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return v, false
		}
		v[i] = int(n)
	}
	return v, true
}

// isYounger reports whether a check came after version asOf. It reports false
// if either version cannot be read.
func isYounger(c *conformance.Check, asOf string) bool {
	limit, ok := ParseVersion(asOf)
	born, known := ParseVersion(c.Since)
	return ok && known && slices.Compare(born[:], limit[:]) > 0
}
