package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/defect"
	"nox.energy/contract/mock/store"
)

// selfTestResult is what the self-test shows: the sound mock passes every check, no
// variation fails one, and the intended check catches each defect.
type selfTestResult struct {
	Sound      *conformance.Result `json:"sound"`
	Variations []deviationResult   `json:"variations"`
	Defects    []deviationResult   `json:"defects"`
	NeverFail  []string            `json:"never_seen_to_fail"` // checks that no defect fails
	Problems   []string            `json:"problems"`
	DurationMS int64               `json:"duration_ms"`
}

// deviationResult is how the runner judged one deviation.
type deviationResult struct {
	Name       string   `json:"name"`
	Summary    string   `json:"summary"`
	Level      string   `json:"level,omitempty"`
	Caught     string   `json:"caught_by,omitempty"` // the check meant for it
	Failed     []string `json:"failed"`              // checks that failed or warned
	passed     []string // checks that passed
	Exit       int      `json:"exit_code"`
	Problem    string   `json:"problem,omitempty"`
	DurationMS int64    `json:"duration_ms"`
}

// selfTestDeadline is how long it may take unless --deadline says otherwise.
const selfTestDeadline = 10 * time.Minute

// logEvery is the number of mocks after which a log gets a line of progress.
const logEvery = 100

// selfTestParallel is how many mocks are judged concurrently.
const selfTestParallel = 4

// selfTest judges the built-in mock and its deviations.
type selfTest struct {
	options *options
	line    *progressLine
	full    bool // every defect meets every check, not only the one meant for it
	checks  []conformance.Check

	manufacturers []store.Manufacturer
	inspect       func(name string, r *conformance.Result) // if set, called with each result
	soundJudged   func(r *conformance.Result) error        // if set, called before the long proof begins
	log           io.Writer                                // if set, told how far the proof is, now and then
}

// runSelfTest judges the built-in mock, then each deviation from it.
func (o *options) runSelfTest(ctx context.Context, std streams) int {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(o.deadline, selfTestDeadline))
	defer cancel()
	t := &selfTest{options: o, line: newProgressLine(std.err, o.quiet, o.getenv("TERM") == "dumb"), full: o.verbose, manufacturers: mock.DefaultManufacturers()}
	if o.output != "json" {
		t.soundJudged = func(r *conformance.Result) error { return report.Text(std.out, r, o.textOptions(std.out)) }
	}
	if t.line.w == nil && !o.quiet {
		t.log = std.err
	}
	p, err := t.prove(ctx)
	t.line.clear()
	switch {
	case err != nil:
		return fail(std, err)
	case o.output == "json":
		e := json.NewEncoder(std.out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		err = e.Encode(p)
	default:
		p.print(std.out, o)
	}
	switch {
	case err != nil:
		return fail(std, err)
	case ctx.Err() != nil:
		fmt.Fprintln(std.err, "nox-conformance: the self-test was interrupted")
		return conformance.ExitInconclusive
	case len(p.Problems) > 0:
		return conformance.ExitViolates
	}
	return conformance.ExitConforms
}

// prove judges the sound mock, every variation and every defect.
func (t *selfTest) prove(ctx context.Context) (*selfTestResult, error) {
	started := time.Now()
	checks, err := runner.Catalogue(nil)
	if err != nil {
		return nil, err
	}
	t.checks = checks
	p := &selfTestResult{}
	if p.Sound, err = t.judge(ctx, nil); err != nil {
		return nil, err
	}
	if t.soundJudged != nil {
		if err := t.soundJudged(p.Sound); err != nil {
			return nil, err
		}
	}
	p.Variations = t.tryAll(ctx, defect.Variations(), "variations")
	p.Defects = t.tryAll(ctx, defect.Defects(), "defects")
	p.findProblems(ctx)
	p.DurationMS = time.Since(started).Milliseconds()
	return p, nil
}

// judge serves a mock with deviations on a free port and judges it there over
// HTTP: by the checks that patterns select, or by all.
func (t *selfTest) judge(ctx context.Context, patterns []string, deviations ...defect.Deviation) (*conformance.Result, error) {
	b, err := serve(ctx, t.manufacturers, deviations...)
	if err != nil {
		return nil, err
	}
	defer b.stop()
	o := t.options
	cfg := conformance.Config{
		Target: b.target, TLS: b.tls, Run: patterns, Keys: keysOf(t.manufacturers),
		Provoke: []conformance.Provocation{{Status: "500", Header: "Prefer: code=500"}},
		RunID:   o.runID, Seed: o.seed, Version: cli.ReadBuild().String(), UserAgent: "nox-conformance/" + cli.Version(),
		Timeout: min(o.timeout, 5*time.Second), Parallel: o.parallel,
	}
	if asksForSequences(patterns, deviations) {
		cfg.Thorough.Requests = selfTestSequence
	}
	if patterns == nil {
		cfg.Require = []string{"201", "400", "401", "500"}
	}
	judging, err := runner.New(cfg)
	if err != nil {
		return nil, err
	}
	result := judging.Run(ctx)
	if t.inspect != nil {
		name := ""
		for _, d := range deviations {
			name = d.Name
		}
		t.inspect(name, result)
	}
	return result, nil
}

// selfTestSequence is how many requests the random sequences have.
const selfTestSequence = 2000

// asksForSequences reports whether a run plays random sequences: that of the sound
// mock does, and one by the check that plays them.
func asksForSequences(patterns []string, deviations []defect.Deviation) bool {
	return len(deviations) == 0 || slices.ContainsFunc(patterns, func(id string) bool { return strings.HasSuffix(id, "/sequences") })
}

// intendedChecks returns the patterns of the check that must catch a defect, and of
// those whose responses it judges if it sends nothing itself. It returns nil if every
// check is needed: for a variation, and for the full self-test.
func (t *selfTest) intendedChecks(d defect.Deviation) []string {
	for _, c := range t.checks {
		switch {
		case d.Level == "" || t.full || !strings.HasSuffix(c.ID, "/"+d.Caught):
		case c.Passive:
			return append(companions(c.Operation), c.ID)
		default:
			return []string{c.ID}
		}
	}
	return nil
}

// companions are a few checks in whose responses most clauses can be seen to fail.
func companions(operation string) []string {
	var out []string
	for _, name := range []string{
		"201/minimal", "201/echo-case", "201/echo-plus", "201/echo-digits", "201/resolve-at-once", "201/create-case", "201/client-headers", "400/user_id-*", "400/body-*", "400/json-cut-short", "400/json-two-texts",
		"401/missing-key", "401/unknown-key", "401/empty-key", "401/not-enabled", "500/provoked", "201/tenants",
	} {
		out = append(out, operation+"/"+name)
	}
	return out
}

// tryAll judges deviations concurrently and keeps their order.
func (t *selfTest) tryAll(ctx context.Context, all []defect.Deviation, what string) []deviationResult {
	out := make([]deviationResult, len(all))
	var (
		mu   sync.Mutex
		done int
	)
	inParallel(all, func(i int, d defect.Deviation) {
		out[i] = t.try(ctx, d)
		mu.Lock()
		defer mu.Unlock()
		done++
		t.line.say("%d of %d %s judged", done, len(all), what)
		if t.log != nil && (done%logEvery == 0 || done == len(all)) {
			fmt.Fprintf(t.log, "%d of %d %s judged\n", done, len(all), what)
		}
	})
	return out
}

// inParallel calls f for each deviation, several at a time.
func inParallel(all []defect.Deviation, f func(i int, d defect.Deviation)) {
	slots := make(chan struct{}, selfTestParallel)
	var wg sync.WaitGroup
	for i, d := range all {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			f(i, d)
		})
	}
	wg.Wait()
}

// try judges one deviation: by the intended check, and by all if that one does not
// catch it alone.
func (t *selfTest) try(ctx context.Context, d defect.Deviation) deviationResult {
	intendedChecks := t.intendedChecks(d)
	out := t.judgeBy(ctx, d, intendedChecks)
	if out.Problem != "" && intendedChecks != nil {
		out = t.judgeBy(ctx, d, nil)
	}
	return out
}

func (t *selfTest) judgeBy(ctx context.Context, d defect.Deviation, patterns []string) deviationResult {
	out := deviationResult{Name: d.Name, Summary: d.Summary, Level: d.Level, Caught: d.Caught, Failed: []string{}}
	result, err := t.judge(ctx, patterns, d)
	if err != nil {
		out.Problem = err.Error()
		return out
	}
	out.Exit, out.DurationMS = result.ExitCode, result.DurationMS
	var undecided []string
	for _, c := range result.Checks {
		switch c.Outcome {
		case conformance.Fail, conformance.Warn:
			out.Failed = append(out.Failed, c.ID)
		case conformance.Pass:
			out.passed = append(out.passed, c.ID)
		case conformance.Err:
			undecided = append(undecided, c.ID)
		}
	}
	out.Problem = problemOf(d, out, undecided, result.Reason)
	return out
}

// problemOf returns what is wrong with how a deviation was judged, "" if nothing.
func problemOf(d defect.Deviation, t deviationResult, undecided []string, reason string) string {
	caught := slices.ContainsFunc(t.Failed, func(id string) bool { return strings.HasSuffix(id, "/"+d.Caught) })
	switch {
	case d.Level == "" && len(t.Failed) > 0:
		return "a legal variation fails " + strings.Join(t.Failed, ", ")
	case d.Level == "" && len(undecided) > 0:
		return "a legal variation leaves undecided " + strings.Join(undecided, ", ") + ": " + reason
	case d.Level == "" && t.Exit != conformance.ExitConforms:
		return "a legal variation does not conform: " + reason
	case d.Level != "" && !caught:
		return fmt.Sprintf("not caught by %s, but by [%s] %s", d.Caught, strings.Join(t.Failed, " "), reason)
	case d.Level == "must" && t.Exit != conformance.ExitViolates:
		return fmt.Sprintf("exit code %d for a breach %s", t.Exit, reason)
	case d.Level != "" && d.Level != "must" && t.Exit != conformance.ExitConforms:
		return fmt.Sprintf("exit code %d for what the contract allows: [%s] %s", t.Exit, strings.Join(t.Failed, " "), reason)
	}
	return ""
}

// findProblems lists what the self-test did not show.
func (p *selfTestResult) findProblems(ctx context.Context) {
	p.NeverFail, p.Problems = []string{}, []string{}
	for _, c := range p.Sound.Checks {
		// What only a server by TLS can show, a variation shows.
		elsewhere := c.Outcome == conformance.Skip && slices.ContainsFunc(p.Variations, func(t deviationResult) bool { return slices.Contains(t.passed, c.ID) })
		if c.Outcome != conformance.Pass && !elsewhere {
			p.Problems = append(p.Problems, fmt.Sprintf("the sound mock: %s is %s: %s", c.ID, c.Outcome, c.Reason+c.Actual))
		}
		if !slices.ContainsFunc(p.Defects, func(t deviationResult) bool { return slices.Contains(t.Failed, c.ID) }) {
			p.NeverFail = append(p.NeverFail, c.ID)
		}
	}
	for _, t := range slices.Concat(p.Variations, p.Defects) {
		if t.Problem != "" && ctx.Err() == nil {
			p.Problems = append(p.Problems, t.Name+": "+t.Problem)
		}
	}
	for _, id := range p.NeverFail {
		p.Problems = append(p.Problems, id+" was never seen to fail")
	}
}

// print writes the result as text, without the verdict on the sound mock, which has
// been printed before.
func (p *selfTestResult) print(w io.Writer, o *options) {
	if o.verbose {
		for _, t := range slices.Concat(p.Variations, p.Defects) {
			fmt.Fprintf(w, "%-32s %s\n", t.Name, strings.Join(t.Failed, " "))
		}
	}
	byLevel := map[string]int{}
	for _, t := range p.Defects {
		if t.Problem == "" {
			byLevel[t.Level]++
		}
	}
	caught := byLevel["must"] + byLevel["should"] + byLevel["may"]
	sound := 0
	for _, t := range p.Variations {
		if t.Problem == "" {
			sound++
		}
	}
	fmt.Fprintf(w, "\nself-test: %d of %d legal variations pass, %d of %d defects are caught by the check meant for them (%d failures, %d warnings), %d of %d checks were seen to fail; %.1f s\n",
		sound, len(p.Variations), caught, len(p.Defects), byLevel["must"], byLevel["should"]+byLevel["may"],
		len(p.Sound.Checks)-len(p.NeverFail), len(p.Sound.Checks), float64(p.DurationMS)/1000)
	for _, problem := range p.Problems {
		fmt.Fprintln(w, "  PROBLEM", problem)
	}
}
