package runner

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/causes"
	"nox.energy/contract/conformance/internal/checks"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/guard"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/spec"
)

const (
	toolName = "nox-conformance"
)

// assemble puts the verdicts of a run together. Secrets end here.
func assemble(r *run, reason string) *conformance.Result {
	doc := r.Contract.Document
	out := &conformance.Result{
		Format:       conformance.ReportFormat,
		Tool:         conformance.Tool{Name: toolName, Version: r.Config.Version},
		Contract:     conformance.Contract{Title: doc.Title(), Version: doc.Version(), SHA256: doc.SHA256(), Source: doc.Source()},
		ContractPath: r.Config.ContractPath,
		Target:       r.Redactor.RedactOwn(r.Client.BaseURL.String()),
		Profile:      r.Config.Profile, Strict: r.Config.Strict, AsOf: r.Config.AsOf, Drift: r.Config.Drift, RunID: r.Config.RunID, Seed: r.Config.Seed,
		Requests: int(r.Client.SentCount.Load()),
		Checks:   []conformance.CheckResult{}, Responses: []conformance.ResponseResult{},
	}
	failures := causes.Find(r.Session, r.checks, r.verdicts)
	for i, c := range r.checks {
		if r.verdicts[i].Outcome == "" {
			r.verdicts[i] = trial.Verdict{Outcome: conformance.Err, Reason: notReached}
		}
		var result conformance.CheckResult
		if err := guard.Call(func() { result = checkResult(r, c, &r.verdicts[i], r.took[i]) }); err != nil {
			r.verdicts[i] = trial.Broken(err)
			result = checkResult(r, c, &r.verdicts[i], r.took[i]) // which has no exchanges
		}
		out.Checks = append(out.Checks, result)
		out.Checks[i].Intermittent = failures.IsIntermittent(i)
	}
	out.Users, out.Unchecked = createdUsers(r), unchecked(r.checks, r.Config)
	applyKnown(r, out, failures)
	if err := guard.Call(func() { out.Causes = failures.Describe(out.Checks) }); err != nil {
		out.Notes = append(out.Notes, "the failures could not be put together by their causes: "+r.Redactor.RedactOwn(err.Error()))
	}
	out.Notes = append(out.Notes, contradictions(doc)...)
	out.Responses = responseResults(r, out.Checks)
	conclude(r, out, r.Redactor.RedactOwn(reason))
	return out
}

// maxContradictions bounds the contradictions of a contract that a result lists.
const maxContradictions = 10

// contradictions says what the contract demands and nothing can fulfil, so that it is
// not judged.
func contradictions(doc *spec.Document) (notes []string) {
	n := 0
	for _, w := range doc.Warnings() {
		if !w.Contradiction {
			continue
		}
		if n++; n <= maxContradictions {
			notes = append(notes, fmt.Sprintf("the contract contradicts itself on line %d: %s", w.Line, w.Text))
		}
	}
	if n > maxContradictions {
		notes = append(notes, fmt.Sprintf("the contract contradicts itself in %d more places: nox-conformance lint lists them", n-maxContradictions))
	}
	return notes
}

func checkResult(r *run, c *trial.Check, v *trial.Verdict, took time.Duration) conformance.CheckResult {
	level, counts := checks.Weigh(r.Config, c, v)
	out := conformance.CheckResult{
		ID: c.ID, Aliases: c.Aliases, Operation: c.Operation, Status: c.Status, Level: level, Summary: c.Summary, Sends: c.Sends, Why: c.Why, Clause: c.Clause,
		Outcome: v.Outcome, DurationMS: took.Milliseconds(), Cause: v.Cause,
		Reason:    r.Redactor.RedactOwn(v.Reason),
		Expected:  r.Redactor.RedactOwn(v.Expected),
		Actual:    r.Redactor.RedactOwn(v.Actual),
		Exchanges: []conformance.Exchange{}, Script: v.IsScript,
		Stack: v.Stack,
	}
	for _, a := range v.Evidence {
		out.Stack = cmp.Or(out.Stack, guard.StackOf(a.Err))
	}
	if v.Failed < v.Tried {
		out.Failed, out.Tried = v.Failed, v.Tried
	}
	if v.Outcome == conformance.Fail && !counts {
		out.Outcome = conformance.Warn
	}
	if v.Outcome != conformance.Pass && v.Outcome != conformance.Skip || r.Config.Evidence {
		for i, a := range v.Evidence {
			if i >= trial.MaxExchanges && !r.Config.Evidence && !(v.IsScript && i < trial.MaxScript) {
				break
			}
			out.Exchanges = append(out.Exchanges, r.Exchange(a))
		}
	}
	return out
}

// responseResults gives a verdict on each documented response: it violates if a
// check of it that counts failed, and was not exercised if no response had it.
func responseResults(r *run, checks []conformance.CheckResult) []conformance.ResponseResult {
	var out []conformance.ResponseResult
	seen := map[*contract.Operation][]trial.SeenResponse{}
	for _, s := range r.AllSeen() {
		seen[s.Response.Request.Op] = append(seen[s.Response.Request.Op], s)
	}
	violated := map[string]bool{}
	for _, c := range checks {
		if c.Outcome == conformance.Fail && !c.Known {
			violated[c.Operation+"/"+c.Status] = true
		}
	}
	for _, op := range r.Contract.Operations {
		for _, status := range op.Statuses {
			row := conformance.ResponseResult{Operation: op.ID, Status: status, Verdict: conformance.NotExercised}
			var took []float64
			for _, s := range seen[op] {
				if s.Response.HasStatus(status) && s.Check.Status != "http" {
					took = append(took, trial.Milliseconds(s.Response.Duration))
				}
			}
			if row.Exchanges = len(took); row.Exchanges > 0 {
				row.Verdict = conformance.Conforms
				sort.Float64s(took)
				row.Latency = &conformance.Latency{P50: took[(len(took)-1)/2], P99: took[(len(took)-1)*99/100]}
			}
			if violated[op.ID+"/"+status] {
				row.Verdict = conformance.Violates
			}
			out = append(out, row)
		}
	}
	return out
}

// conclude counts the outcomes and draws the verdict from them.
func conclude(r *run, out *conformance.Result, reason string) {
	undecided := ""
	for _, c := range out.Checks {
		if c.Known && c.Outcome != conformance.Pass {
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
			if undecided == "" && (c.Level == conformance.Must || r.Config.Strict) {
				undecided = c.ID + " is undecided: " + c.Reason
			}
		}
	}
	missing, undone := unexercised(r, out.Responses), undecidedChoice(r.Config, out.Checks)
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
	case len(missing) > 0:
		out.Verdict, out.ExitCode, out.Reason = conformance.Violates, conformance.ExitViolates, "required but not exercised: "+strings.Join(missing, ", ")+provokeAdvice(r.Config)
	case len(out.Problems) > 0: // the target conforms, and the list does not know it
		out.Verdict, out.ExitCode = conformance.Conforms, conformance.ExitViolates
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

// provokeAdvice says how a required error of the server comes about, which no ordinary
// request causes.
func provokeAdvice(cfg *conformance.Config) string {
	for _, status := range cfg.Require {
		if strings.HasPrefix(status, "5") && !slices.ContainsFunc(cfg.Provoke, func(p conformance.Provocation) bool { return p.Status == status }) {
			return "; say with --provoke " + status + "=HOW how this target can be made to respond with it"
		}
	}
	return ""
}

func unexercised(r *run, rows []conformance.ResponseResult) []string {
	var missing []string
	for _, row := range rows {
		if row.Verdict == conformance.NotExercised && slices.Contains(r.Config.Require, row.Status) {
			missing = append(missing, row.Operation+" "+row.Status)
		}
	}
	return missing
}

// applyKnown marks the checks that are known to fail, and says what is wrong
// with the list itself and what soon will be.
func applyKnown(r *run, out *conformance.Result, failures *causes.Causes) {
	today := time.Now().Format(time.DateOnly)
	var passing []string
	advice := " from the list"
	for _, k := range r.Config.Known {
		i := slices.IndexFunc(out.Checks, func(c conformance.CheckResult) bool { return k.Covers(c.IDs()...) })
		switch {
		case i < 0: // not selected in this run
		case out.Checks[i].Outcome == conformance.Pass && k.Intermittent:
		case out.Checks[i].Outcome == conformance.Pass && r.checks[i].Run == nil && sendsLess(r.Config): // what fails it may not have been sent
		case out.Checks[i].Outcome == conformance.Pass:
			out.Checks[i].Known = true
			passing = append(passing, k.ID)
			if k.Source != "" {
				advice = " from " + k.Source + ", or run with --update-known " + k.Source
			}
		case out.Checks[i].Outcome != conformance.Fail && out.Checks[i].Outcome != conformance.Warn:
		case k.Expires < today:
			when := " expired on " + k.Expires + ": " + k.Explanation()
			out.Checks[i].Reason = strings.Join(append([]string{"the excuse" + when}, nonEmpty(out.Checks[i].Reason)...), "; ")
			out.Expiring = append(out.Expiring, "the excuse for "+k.ID+when)
		default:
			excuse(&out.Checks[i], k, "")
			if days := daysUntil(k.Expires, today); days <= soonExpires {
				out.Expiring = append(out.Expiring, fmt.Sprintf("the excuse for %s expires on %s (days left: %d): %s", k.ID, k.Expires, days, k.Explanation()))
			}
		}
	}
	switch len(passing) {
	case 0:
	case 1:
		out.Problems = []string{"the known failure " + passing[0] + " passes now: remove it" + advice}
	default:
		out.Problems = []string{fmt.Sprintf("%d known failures pass now: remove them%s: %s", len(passing), advice, strings.Join(passing, ", "))}
	}
	for i := range out.Checks {
		if c := &out.Checks[i]; !c.Known && c.Intermittent {
			excuseByOrigin(c, r.Config.Known, failures.Origins(i), today)
		}
	}
}

// soonExpires is how many days before its last one an excuse is mentioned.
const soonExpires = 7

// daysUntil counts the days from one date to another.
func daysUntil(day, today string) int {
	to, _ := time.Parse(time.DateOnly, day) // ReadKnown has refused what is no date
	from, _ := time.Parse(time.DateOnly, today)
	return int(to.Sub(from).Hours() / 24)
}

// sendsLess reports whether a configuration leaves out requests of a full run.
func sendsLess(cfg *conformance.Config) bool {
	return cfg.Profile == conformance.Production || len(cfg.Run)+len(cfg.Skip) > 0 || cfg.NoForeignIDs
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
	c.Reason = "known until " + k.Expires + through + ": " + k.Explanation()
}
