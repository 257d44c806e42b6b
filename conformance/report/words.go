package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"nox.energy/contract/conformance"
)

// count writes "1 check", "2 checks", "1,200 checks".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(int64(n)) + " " + noun + "s"
}

// thousands writes 1048576 as "1,048,576".
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// duration writes milliseconds for people: "0.4 ms", "312 ms", "2.5 s".
func duration(ms float64) string {
	switch ms = finite(ms); {
	case ms < 100:
		return strconv.FormatFloat(ms, 'f', 1, 64) + " ms"
	case ms < 1000:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	}
	return strconv.FormatFloat(ms/1000, 'f', 1, 64) + " s"
}

// finite turns what no format can write as a number into 0.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// place names a clause: "contract.yaml:62".
func place(r *conformance.Result, c *conformance.CheckResult) string {
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

// tries says how often an intermittent check failed, "" for any other.
func tries(c *conformance.CheckResult) string {
	if c.Tried <= 0 || c.Failed <= 0 || c.Failed >= c.Tried {
		return ""
	}
	return fmt.Sprintf("intermittent: %d of %d tries failed", c.Failed, c.Tried)
}

// tally writes the summary of a run, what is zero left out.
func tally(s conformance.Summary) string {
	parts := []string{thousands(int64(s.Pass)) + " passed"}
	add := func(n int, one, many string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+one)
		case n > 1:
			parts = append(parts, thousands(int64(n))+" "+many)
		}
	}
	add(s.Fail, "failed", "failed")
	add(s.Error, "error", "errors")
	add(s.Warn, "warning", "warnings")
	add(s.Known, "known failure", "known failures")
	add(s.Skip, "skipped", "skipped")
	return strings.Join(parts, ", ")
}

// notExercised returns the documented responses that no exchange brought.
func notExercised(r *conformance.Result) []string {
	var list []string
	for _, d := range r.Responses {
		if d.Verdict == conformance.NotExercised {
			list = append(list, d.Operation+"/"+d.Status)
		}
	}
	return list
}

// standingWords is the verdict on a documented response, which is only so far
// where the run ended before all of its checks were decided.
func standingWords(r *conformance.Result, d conformance.ResponseResult) string {
	if d.Verdict == conformance.Conforms && r.Verdict == conformance.Inconclusive && slices.ContainsFunc(r.Checks, func(c conformance.CheckResult) bool {
		return c.Operation == d.Operation && c.Status == d.Status && c.Outcome == conformance.Err
	}) {
		return string(d.Verdict) + " so far"
	}
	excused := 0
	for i := range r.Checks {
		if c := &r.Checks[i]; c.Operation == d.Operation && c.Status == d.Status && standingOf(c) == known {
			excused++
		}
	}
	return verdictWords(d.Verdict, excused)
}

// exchangesWords counts the answers of a documented response, and says why it
// is violated where there was none.
func exchangesWords(d conformance.ResponseResult) string {
	if d.Verdict == conformance.Violates && d.Exchanges == 0 {
		return "no response was " + line(d.Status, 20)
	}
	return count(d.Exchanges, "exchange")
}
