package runner

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"nox.energy/contract/conformance"
)

const (
	toolName = "nox-conformance"
)

// result puts the verdicts of a run together. Secrets end here.
func (r *run) result(reason string) *conformance.Result {
	doc := r.contract.Doc
	out := &conformance.Result{
		Format:       conformance.ReportFormat,
		Tool:         conformance.Tool{Name: toolName, Version: r.cfg.Version},
		Contract:     conformance.Contract{Title: doc.Title(), Version: doc.Version(), SHA256: doc.SHA256(), Source: doc.Source()},
		ContractPath: r.cfg.ContractPath,
		Target:       r.redactor.RedactOwn(r.client.Base.String()),
		Profile:      r.cfg.Profile, Strict: r.cfg.Strict, AsOf: r.cfg.AsOf, Drift: r.cfg.Drift, RunID: r.cfg.RunID, Seed: r.cfg.Seed,
		Requests: int(r.client.Sent.Load()),
		Checks:   []conformance.CheckResult{}, Responses: []conformance.ResponseResult{},
	}
	groups := r.group()
	chances := r.chances()
	for i, c := range r.checks {
		if r.verdicts[i].outcome == "" {
			r.verdicts[i] = verdict{outcome: conformance.Err, reason: notReached}
		}
		out.Checks = append(out.Checks, r.checkResult(c, &r.verdicts[i], r.took[i]))
		out.Checks[i].Intermittent = chances[i].intermittent
	}
	out.Users = r.users()
	out.Problems = r.applyKnown(out, chances)
	out.Causes = r.causes(groups, out.Checks)
	out.Responses = r.responses(out.Checks)
	r.conclude(out, r.redactor.RedactOwn(reason))
	return out
}

func (r *run) checkResult(c *check, v *verdict, took time.Duration) conformance.CheckResult {
	out := conformance.CheckResult{
		ID: c.ID, Aliases: c.Aliases, Operation: c.Operation, Status: c.Status, Level: softer(v.level, c.Level), Summary: c.Summary, Sends: c.Sends, Why: c.Why, Clause: c.Clause,
		Outcome: v.outcome, DurationMS: took.Milliseconds(), Cause: v.cause,
		Reason:    r.redactor.RedactOwn(v.reason),
		Expected:  r.redactor.RedactOwn(v.expected),
		Actual:    r.redactor.RedactOwn(v.actual),
		Exchanges: []conformance.Exchange{},
	}
	if v.failed < v.tried {
		out.Failed, out.Tried = v.failed, v.tried
	}
	young := youngerThan(&c.Check, r.cfg.AsOf)
	if young {
		out.Level = softer(out.Level, conformance.Should)
	}
	if v.outcome == conformance.Fail && (young || out.Level == conformance.May || out.Level == conformance.Should && !r.cfg.Strict) {
		out.Outcome = conformance.Warn
	}
	if v.outcome != conformance.Pass && v.outcome != conformance.Skip || r.cfg.Evidence {
		for i, a := range v.evidence {
			if i >= evidenceExchanges && !r.cfg.Evidence {
				break
			}
			out.Exchanges = append(out.Exchanges, r.exchange(a))
		}
	}
	return out
}

// responses gives a verdict on each documented response: it violates if a
// check of it that counts failed, and was not exercised if no answer had it.
func (r *run) responses(checks []conformance.CheckResult) []conformance.ResponseResult {
	var out []conformance.ResponseResult
	for _, op := range r.contract.Operations {
		for _, status := range op.Statuses {
			row := conformance.ResponseResult{Operation: op.ID, Status: status, Verdict: conformance.NotExercised}
			var took []float64
			for _, s := range r.all() {
				if s.answer.Request.Op == op && s.answer.Is(status) && s.check.Status != "http" {
					took = append(took, milliseconds(s.answer.Took))
				}
			}
			if row.Exchanges = len(took); row.Exchanges > 0 {
				row.Verdict = conformance.Conforms
				sort.Float64s(took)
				row.Latency = &conformance.Latency{P50: took[(len(took)-1)/2], P99: took[(len(took)-1)*99/100]}
			}
			for _, c := range checks {
				if c.Operation == op.ID && c.Status == status && c.Outcome == conformance.Fail && !c.Known {
					row.Verdict = conformance.Violates
				}
			}
			out = append(out, row)
		}
	}
	return out
}

// conclude counts the outcomes and draws the verdict from them.
func (r *run) conclude(out *conformance.Result, reason string) {
	undecided := ""
	for _, c := range out.Checks {
		if c.Known {
			out.Summary.Known++
			continue
		}
		switch c.Outcome {
		case conformance.Pass:
			out.Summary.Pass++
		case conformance.Fail:
			out.Summary.Fail++
		case conformance.Warn:
			out.Summary.Warn++
		case conformance.Skip:
			out.Summary.Skip++
		case conformance.Err:
			out.Summary.Error++
			if undecided == "" && (c.Level == conformance.Must || r.cfg.Strict) {
				undecided = c.ID + " is undecided: " + c.Reason
			}
		}
	}
	missing, undone := r.unexercised(out.Responses), undecidedChoice(r.cfg, out.Checks)
	switch {
	case out.Summary.Fail > 0:
		out.Verdict, out.ExitCode = conformance.Violates, conformance.ExitViolates
	case reason != "": // also where a known failure did not fail, which then shows nothing
		out.Verdict, out.ExitCode, out.Reason = conformance.Inconclusive, conformance.ExitInconclusive, reason
	case out.Summary.Pass+out.Summary.Warn == 0:
		out.Verdict, out.ExitCode, out.Reason = conformance.Inconclusive, conformance.ExitInconclusive, "nothing was judged"
	case undone != "":
		out.Verdict, out.ExitCode, out.Reason = conformance.Inconclusive, conformance.ExitInconclusive, undone
	case undecided != "":
		out.Verdict, out.ExitCode, out.Reason = conformance.Inconclusive, conformance.ExitInconclusive, undecided
	case len(out.Problems) > 0:
		out.Verdict, out.ExitCode = conformance.Violates, conformance.ExitViolates
	case len(missing) > 0:
		out.Verdict, out.ExitCode, out.Reason = conformance.Violates, conformance.ExitViolates, "required but not exercised: "+strings.Join(missing, ", ")
	default:
		out.Verdict, out.ExitCode = conformance.Conforms, conformance.ExitConforms
	}
	if out.Reason == "" {
		out.Reason = strings.Join(append(out.Problems, nonEmpty(reason)...), "; ")
	}
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

func (r *run) unexercised(rows []conformance.ResponseResult) []string {
	var missing []string
	for _, row := range rows {
		if row.Verdict == conformance.NotExercised && slices.Contains(r.cfg.Require, row.Status) {
			missing = append(missing, row.Operation+" "+row.Status)
		}
	}
	return missing
}

// applyKnown marks the checks that are known to fail and returns, in words,
// what is wrong with the list itself.
func (r *run) applyKnown(out *conformance.Result, chances []chance) []string {
	var problems []string
	today := time.Now().Format(time.DateOnly)
	for _, k := range r.cfg.Known {
		i := slices.IndexFunc(out.Checks, func(c conformance.CheckResult) bool { return k.Covers(c.Names()...) })
		switch {
		case i < 0: // not selected in this run
		case out.Checks[i].Outcome == conformance.Pass && k.Intermittent:
		case out.Checks[i].Outcome == conformance.Pass:
			out.Checks[i].Known = true
			problems = append(problems, fmt.Sprintf("the known failure %s passes: remove it from the list, or mark it \"intermittent\": true", k.ID))
		case out.Checks[i].Outcome == conformance.Fail || out.Checks[i].Outcome == conformance.Warn:
			excuse(&out.Checks[i], k, "")
		}
	}
	for i := range out.Checks {
		if c := &out.Checks[i]; !c.Known && c.Intermittent {
			excuseByOrigin(c, r.cfg.Known, chances[i].origins, today)
		}
	}
	return problems
}

// excuseByOrigin excuses an intermittent failure that comes from one that is
// known to be: which checks a race disturbs is chance.
func excuseByOrigin(c *conformance.CheckResult, known []conformance.Known, origins []string, today string) {
	for _, origin := range origins {
		if i := slices.IndexFunc(known, func(k conformance.Known) bool { return k.Covers(origin) }); i >= 0 && known[i].Intermittent && known[i].Expires >= today {
			excuse(c, known[i], " through "+origin)
			return
		}
	}
}

func excuse(c *conformance.CheckResult, k conformance.Known, through string) {
	c.Known = true
	c.Reason = "known until " + k.Expires + through + ": " + strings.TrimSpace(k.Reason)
}

// weightOf orders levels: what weighs more comes first.
func weightOf(l conformance.Level) int {
	switch l {
	case conformance.Must:
		return 2
	case conformance.Should:
		return 1
	}
	return 0
}

// softer is the lighter of two levels; "" weighs as nothing said.
func softer(a, b conformance.Level) conformance.Level {
	if a == "" || b != "" && weightOf(b) < weightOf(a) {
		return b
	}
	return a
}
