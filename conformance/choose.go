package conformance

import (
	"regexp"
	"strings"
)

// choose selects the checks that a configuration asks for. A pattern that
// matches none is an error that names the nearest id, so that a misspelt one
// never runs less than was meant.
func choose(all []*check, cfg *Config) ([]*check, error) {
	ids := make([]string, len(all))
	for i, c := range all {
		ids[i] = c.ID
	}
	run, err := matcher(cfg.Run, ids)
	if err != nil {
		return nil, err
	}
	skip, err := matcher(cfg.Skip, ids)
	if err != nil {
		return nil, err
	}
	var out []*check
	for _, c := range all {
		wanted := (len(cfg.Run) == 0 || run(c.ID)) && !(len(cfg.Skip) > 0 && skip(c.ID))
		// The gate is always passed: nothing else can be judged without it.
		if wanted || c.stage == stageGate {
			out = append(out, c)
		}
	}
	if len(cfg.Run)+len(cfg.Skip) > 0 && len(out) == countGates(all) && !anyGateWanted(out, cfg, run, skip) {
		return nil, usageErrorf("no check is left: --run and --skip together select nothing")
	}
	return out, nil
}

func countGates(all []*check) int {
	n := 0
	for _, c := range all {
		if c.stage == stageGate {
			n++
		}
	}
	return n
}

func anyGateWanted(gates []*check, cfg *Config, run, skip func(string) bool) bool {
	for _, c := range gates {
		if (len(cfg.Run) == 0 || run(c.ID)) && !(len(cfg.Skip) > 0 && skip(c.ID)) {
			return true
		}
	}
	return false
}

// matcher makes one predicate of patterns. In a pattern * stands for anything
// within a segment of an id, ** for anything across segments.
func matcher(patterns, ids []string) (func(string) bool, error) {
	var all []*regexp.Regexp
	for _, p := range patterns {
		re := patternExpression(p)
		matched := false
		for _, id := range ids {
			matched = matched || re.MatchString(id)
		}
		if !matched {
			return nil, usageErrorf("%q matches no check; the nearest is %s", p, Nearest(strings.Trim(p, "*"), ids))
		}
		all = append(all, re)
	}
	return func(id string) bool {
		for _, re := range all {
			if re.MatchString(id) {
				return true
			}
		}
		return false
	}, nil
}

// patternExpression compiles a pattern. One without the operation's name is
// matched behind it: "401/*" is "*/401/*".
func patternExpression(pattern string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`^(?:[^/]+/)?`)
	for len(pattern) > 0 {
		switch {
		case strings.HasPrefix(pattern, "**"):
			b.WriteString(".*")
			pattern = pattern[2:]
		case pattern[0] == '*':
			b.WriteString("[^/]*")
			pattern = pattern[1:]
		default:
			next := strings.IndexByte(pattern, '*')
			if next < 0 {
				next = len(pattern)
			}
			b.WriteString(regexp.QuoteMeta(strings.ToValidUTF8(pattern[:next], "?")))
			pattern = pattern[next:]
		}
	}
	b.WriteString("$")
	return regexp.MustCompile(b.String())
}

// Nearest returns the candidate that is written most like a word, for a
// sentence that says what may have been meant.
func Nearest(word string, candidates []string) string {
	best, least := "", -1
	for _, c := range candidates {
		d := distance(word, c)
		if tail := c[strings.Index(c, "/")+1:]; tail != c {
			d = min(d, distance(word, tail))
		}
		if least < 0 || d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is the number of letters to change, add or remove (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// Select returns the checks whose id a pattern matches; a [*UsageError] names
// the nearest id where there is none.
func Select(checks []Check, pattern string) ([]Check, error) {
	ids := make([]string, len(checks))
	for i, c := range checks {
		ids[i] = c.ID
	}
	match, err := matcher([]string{pattern}, ids)
	if err != nil {
		return nil, err
	}
	var out []Check
	for _, c := range checks {
		if match(c.ID) {
			out = append(out, c)
		}
	}
	return out, nil
}
