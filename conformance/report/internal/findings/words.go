package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/safe"
)

// Headline says in one sentence what a check came to: what came instead of
// what was expected, or why it was not judged.
func Headline(c *conformance.CheckResult) string {
	for _, s := range []string{c.Actual, c.Reason, c.Summary} {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return string(StandingOf(c))
}

// Sentence is [Headline] with what was expected, for formats that have one line
// for a check.
func Sentence(c *conformance.CheckResult) string {
	s := Headline(c)
	if expected := strings.TrimSpace(c.Expected); expected != "" && strings.TrimSpace(c.Actual) != "" && s == c.Actual {
		s = "expected: " + safe.Shorten(expected, 300) + "; actual: " + safe.Shorten(s, 300)
	}
	if often := Tries(c); often != "" {
		s += " (" + often + ")"
	}
	return s
}

// NoteLabel names the reason of a check.
func NoteLabel(c *conformance.CheckResult) string {
	if c.Known {
		return "excused"
	}
	return "note"
}

// VerdictWords is a verdict in words. A run that conforms because a list excuses
// failures does so except for those.
func VerdictWords(v conformance.Verdict, known int) string {
	if v == conformance.Conforms && known > 0 {
		return string(v) + " except for " + safe.Count(known, "known failure")
	}
	return string(v)
}

// RunVerdict is the verdict of a run in words, "" if it has none.
func RunVerdict(r *conformance.Result) string {
	words := VerdictWords(r.Verdict, r.Summary.Known)
	if IsListOutdated(r) {
		words += ", but the list of known failures is out of date"
	}
	return words
}

// IsListOutdated reports whether a run fails for its list of known failures alone.
func IsListOutdated(r *conformance.Result) bool {
	return r.Verdict == conformance.Conforms && len(r.Problems) > 0
}

// InCapitals writes words that begin with a verdict with the verdict in capitals.
func InCapitals(v conformance.Verdict, words string) string {
	return strings.ToUpper(safe.Line(string(v), 40)) + strings.TrimPrefix(words, string(v))
}

// ShortID is the id of a check without its operation, "401/missing-key".
func ShortID(c *conformance.CheckResult) string {
	return strings.TrimPrefix(c.ID, c.Operation+"/")
}

// Name is what follows "<operation>/<status>/" in the id of a check.
func Name(c *conformance.CheckResult) string {
	return strings.TrimPrefix(ShortID(c), c.Status+"/")
}

// Reasons returns what the verdict of a run rests on beside its checks: what is
// wrong with the list of known failures, and the reason of the run.
func Reasons(r *conformance.Result) []string {
	var list []string
	for _, p := range r.Problems {
		if strings.TrimSpace(p) != "" {
			list = append(list, p)
		}
	}
	// The reason of a run repeats the problems where there is no other.
	if strings.TrimSpace(r.Reason) != "" && (len(list) == 0 || !strings.HasPrefix(r.Reason, list[0])) {
		list = append(list, r.Reason)
	}
	return list
}

// Remarks returns what readers are told beside the checks of a run: [Reasons],
// what is about to change, what went unchecked, and its notes.
func Remarks(r *conformance.Result) []string {
	list := slices.Concat(Reasons(r), r.Expiring)
	if unchecked := Unchecked(r); unchecked != "" {
		list = append(list, unchecked)
	}
	return append(list, r.Notes...)
}

// Unchecked says what no check could judge, "" for nothing.
func Unchecked(r *conformance.Result) string {
	if len(r.Unchecked) == 0 || r.Verdict == conformance.Inconclusive {
		return ""
	}
	return "unchecked: " + strings.Join(r.Unchecked, ", ")
}

// Expired counts the known failures whose excuse has expired, and that still fail.
func Expired(r *conformance.Result) (n int) {
	for _, s := range r.Expiring {
		if strings.Contains(s, " expired on ") {
			n++
		}
	}
	return n
}

// Unexplained returns why a run does not conform, where its checks do not say:
// nothing where they do.
func Unexplained(r *conformance.Result) []string {
	if r.Verdict == conformance.Conforms && !IsListOutdated(r) {
		return nil
	}
	if why := Reasons(r); len(why) > 0 {
		return why
	}
	for i := range r.Checks {
		if s := StandingOf(&r.Checks[i]); s == Failed || s == Broke {
			return nil
		}
	}
	return []string{"the verdict of the run is: " + cmp.Or(string(r.Verdict), "none")}
}

// Weight says why a failure counts.
func Weight(r *conformance.Result, c *conformance.CheckResult) string {
	if r.Strict && c.Level == conformance.Should {
		return "should, counted as must (--strict)"
	}
	return safe.Visible(string(c.Level))
}

// Place names a clause: "contract.yaml:62".
func Place(r *conformance.Result, c *conformance.CheckResult) string {
	source := r.Contract.Source
	switch source {
	case "":
		source = "the contract"
	case "-":
		source = "standard input"
	}
	if c.Clause.Line <= 0 {
		return source
	}
	return source + ":" + strconv.Itoa(c.Clause.Line)
}

// Tries says how often an intermittent check failed, "" for any other.
func Tries(c *conformance.CheckResult) string {
	if c.Tried <= 0 || c.Failed <= 0 || c.Failed >= c.Tried {
		return ""
	}
	return fmt.Sprintf("intermittent: %d of %d tries failed", c.Failed, c.Tried)
}

// Tally writes the summary of a run, what is zero left out.
func Tally(s conformance.Summary) string {
	parts := []string{safe.Thousands(int64(s.Pass)) + " passed"}
	add := func(n int, one, many string) {
		if n > 0 {
			parts = append(parts, safe.Several(n, one, many))
		}
	}
	add(s.Fail, "failed", "failed")
	add(s.Error, "error", "errors")
	add(s.Warn, "warning", "warnings")
	add(s.Known, "known failure", "known failures")
	add(s.Skip, "skipped", "skipped")
	return strings.Join(parts, ", ")
}

// NotExercised returns the documented responses that no exchange brought.
func NotExercised(r *conformance.Result) []string {
	var list []string
	for _, d := range r.Responses {
		if d.Verdict == conformance.NotExercised {
			list = append(list, d.Operation+"/"+d.Status)
		}
	}
	return list
}

// ResponseVerdict is the verdict on a documented response, which is only so far
// where the run ended before all of its checks were decided.
func ResponseVerdict(r *conformance.Result, d conformance.ResponseResult) string {
	if d.Verdict == conformance.Conforms && r.Verdict == conformance.Inconclusive && slices.ContainsFunc(r.Checks, func(c conformance.CheckResult) bool {
		return c.Operation == d.Operation && c.Status == d.Status && c.Outcome == conformance.Err
	}) {
		return string(d.Verdict) + " so far"
	}
	excused := 0
	for i := range r.Checks {
		if c := &r.Checks[i]; c.Operation == d.Operation && c.Status == d.Status && StandingOf(c) == Known {
			excused++
		}
	}
	return VerdictWords(d.Verdict, excused)
}

// ResponseExchanges counts the exchanges of a documented response, and says why it
// is violated where there was none.
func ResponseExchanges(d conformance.ResponseResult) string {
	if d.Verdict == conformance.Violates && d.Exchanges == 0 {
		return "no response was " + safe.Line(d.Status, 20)
	}
	return safe.Count(d.Exchanges, "exchange")
}
