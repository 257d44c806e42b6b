package cli

import "github.com/agnivade/levenshtein"

// Nearest returns the candidate with the least edit distance to word, the first
// of several, "" if there is none.
func Nearest(word string, candidates []string) string {
	best, least := "", -1
	for _, c := range candidates {
		if d := distance(word, c); least < 0 || d < least {
			best, least = c, d
		}
	}
	return best
}

func distance(a, b string) int { return levenshtein.ComputeDistance(a, b) }
