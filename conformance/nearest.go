package conformance

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// Nearest returns the candidate most like a word, for an error that suggests
// it.
func Nearest(word string, candidates []string) string {
	best, least := "", -1
	for _, c := range candidates {
		d := levenshtein.ComputeDistance(word, c)
		if tail := c[strings.Index(c, "/")+1:]; tail != c {
			d = min(d, levenshtein.ComputeDistance(word, tail))
		}
		if word != "" && strings.Contains(c, word) {
			d = min(d, 1)
		}
		if least < 0 || d < least {
			best, least = c, d
		}
	}
	return best
}
