package cli

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// perhaps names the candidate that a word was probably meant to be, "" if none is
// near.
func perhaps(word string, candidates []string) string {
	near := Nearest(word, candidates)
	if near == "" || !strings.HasPrefix(near, word) && levenshtein.ComputeDistance(word, near) > min(3, len(word)/2) {
		return ""
	}
	return ": the nearest is " + near
}

// Nearest returns the candidate with the least edit distance to word, the first
// of several, "" if there is none. One that begins with word is nearer than any
// that does not.
func Nearest(word string, candidates []string) string {
	begins := func(c string) bool { return strings.HasPrefix(c, word) }
	if slices.ContainsFunc(candidates, begins) {
		candidates = slices.DeleteFunc(slices.Clone(candidates), func(c string) bool { return !begins(c) })
	}
	best, least := "", -1
	for _, c := range candidates {
		if d := levenshtein.ComputeDistance(word, c); least < 0 || d < least {
			best, least = c, d
		}
	}
	return best
}
