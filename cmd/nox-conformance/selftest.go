package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/defect"
)

// proof is what the self-test shows: that the sound mock passes every check,
// that no legal variation fails any, and that each defect is caught by the
// check meant for it.
type proof struct {
	Sound      *conformance.Result `json:"sound"`
	Variations []trialOf           `json:"variations"`
	Defects    []trialOf           `json:"defects"`
	NeverFail  []string            `json:"never_seen_to_fail"` // checks that no defect fails
	Problems   []string            `json:"problems"`
	DurationMS int64               `json:"duration_ms"`
}

// trialOf is one deviation and how the runner judged it.
type trialOf struct {
	Name       string   `json:"name"`
	Summary    string   `json:"summary"`
	Level      string   `json:"level,omitempty"`
	Caught     string   `json:"caught_by,omitempty"` // the check meant for it
	Failed     []string `json:"failed"`              // checks that failed or warned
	Exit       int      `json:"exit_code"`
	Problem    string   `json:"problem,omitempty"`
	DurationMS int64    `json:"duration_ms"`
}

// selfTestParallel is how many mocks are judged at one time.
const selfTestParallel = 4

// runSelfTest judges the built-in mock, then each deviation from it.
func (o *options) runSelfTest(ctx context.Context, std streams) int {
	started := time.Now()
	ctx, cancel := context.WithTimeout(ctx, o.deadline)
	defer cancel()
	sound, err := judgeDeviation(ctx, defect.Deviation{}, o)
	if err != nil {
		return fail(std, err)
	}
	p := &proof{Sound: sound}
	line := newProgressLine(std.err, o.quiet)
	p.Variations = tryAll(ctx, o, defect.Variations(), line, "variations")
	p.Defects = tryAll(ctx, o, defect.Defects(), line, "defects")
	line.clear()
	p.conclude(ctx)
	p.DurationMS = time.Since(started).Milliseconds()
	if o.output == "json" {
		e := json.NewEncoder(std.out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		err = e.Encode(p)
	} else {
		err = p.print(std.out, o)
	}
	switch {
	case err != nil:
		return fail(std, err)
	case ctx.Err() != nil:
		fmt.Fprintln(std.err, "nox-conformance: the self-test was ended before it was done")
		return conformance.ExitInconclusive
	case len(p.Problems) > 0:
		return conformance.ExitViolates
	}
	return conformance.ExitConforms
}

// judgeDeviation serves a mock with a deviation on a free port and judges it
// there over HTTP. The zero deviation is the sound mock.
func judgeDeviation(ctx context.Context, d defect.Deviation, o *options) (*conformance.Result, error) {
	target, stop, err := serve(ctx, d)
	if err != nil {
		return nil, err
	}
	defer stop()
	cfg := conformance.Config{
		Target: target, Strict: false,
		Require: []string{"201", "400", "401", "500"},
		Provoke: []conformance.Provocation{{Status: "500", Header: "Prefer: code=500"}},
		RunID:   o.runID, Seed: o.seed, Version: version(), UserAgent: "nox-conformance/" + version(),
		Timeout: min(o.timeout, 5*time.Second), Parallel: o.parallel,
	}
	keys := mock.DefaultManufacturers()
	for _, m := range keys {
		switch {
		case !m.Enabled:
			cfg.Keys.Disabled = m.Keys[0]
		case cfg.Keys.Key == "":
			cfg.Keys.Key = m.Keys[0]
		default:
			cfg.Keys.Other = m.Keys[0]
		}
	}
	runner, err := conformance.New(cfg)
	if err != nil {
		return nil, err
	}
	return runner.Run(ctx), nil
}

// serve starts a mock with a deviation; stop ends it.
func serve(ctx context.Context, d defect.Deviation) (target string, stop func(), err error) {
	m, err := mock.New(mock.Config{})
	if err != nil {
		return "", nil, err
	}
	var notEnabled []string
	for _, each := range mock.DefaultManufacturers() {
		if !each.Enabled {
			notEnabled = append(notEnabled, each.Keys...)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("no free port on the loopback interface: %w", err)
	}
	target = "http://" + l.Addr().String() + m.BasePath()
	var h http.Handler = m
	if d.Name != "" {
		h = d.Wrap(defect.WithNotEnabled(m, notEnabled...))
		l = d.Listen(l)
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = mock.Serve(ctx, mock.NewHTTPServer(h), l) // ends with ctx
	}()
	return target, func() { cancel(); <-done }, nil
}

// tryAll judges deviations, several at a time, and keeps their order.
func tryAll(ctx context.Context, o *options, all []defect.Deviation, line *progressLine, what string) []trialOf {
	out := make([]trialOf, len(all))
	slots := make(chan struct{}, selfTestParallel)
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		done int
	)
	for i, d := range all {
		slots <- struct{}{}
		wg.Add(1)
		go func() {
			defer func() { <-slots; wg.Done() }()
			out[i] = try(ctx, o, d)
			mu.Lock()
			defer mu.Unlock()
			done++
			line.say("%d of %d %s judged", done, len(all), what)
		}()
	}
	wg.Wait()
	return out
}

func try(ctx context.Context, o *options, d defect.Deviation) trialOf {
	t := trialOf{Name: d.Name, Summary: d.Summary, Level: d.Level, Caught: d.Caught, Failed: []string{}}
	result, err := judgeDeviation(ctx, d, o)
	if err != nil {
		t.Problem = err.Error()
		return t
	}
	t.Exit, t.DurationMS = result.ExitCode, result.DurationMS
	var undecided []string
	for _, c := range result.Checks {
		switch c.Outcome {
		case conformance.Fail, conformance.Warn:
			t.Failed = append(t.Failed, c.ID)
		case conformance.Err:
			undecided = append(undecided, c.ID)
		}
	}
	t.Problem = problemOf(d, t, undecided, result.Reason)
	return t
}

// problemOf says what is wrong with how a deviation was judged, "" for
// nothing.
func problemOf(d defect.Deviation, t trialOf, undecided []string, reason string) string {
	meant := slices.ContainsFunc(t.Failed, func(id string) bool { return strings.HasSuffix(id, "/"+d.Caught) })
	switch {
	case d.Level == "" && len(t.Failed) > 0:
		return "a legal variation fails " + strings.Join(t.Failed, ", ")
	case d.Level == "" && len(undecided) > 0:
		return "a legal variation leaves undecided " + strings.Join(undecided, ", ")
	case d.Level == "" && t.Exit != conformance.ExitConforms:
		return "a legal variation does not conform: " + reason
	case d.Level != "" && !meant:
		return fmt.Sprintf("not caught by %s, but by [%s] %s", d.Caught, strings.Join(t.Failed, " "), reason)
	case d.Level == "must" && t.Exit != conformance.ExitViolates:
		return fmt.Sprintf("exit code %d for a breach %s", t.Exit, reason)
	case d.Level != "" && d.Level != "must" && t.Exit != conformance.ExitConforms:
		return fmt.Sprintf("exit code %d for what the contract allows: [%s] %s", t.Exit, strings.Join(t.Failed, " "), reason)
	}
	return ""
}

// conclude lists what the proof lacks.
func (p *proof) conclude(ctx context.Context) {
	p.NeverFail, p.Problems = []string{}, []string{}
	for _, c := range p.Sound.Checks {
		if c.Outcome != conformance.Pass {
			p.Problems = append(p.Problems, fmt.Sprintf("the sound mock: %s is %s: %s", c.ID, c.Outcome, c.Reason+c.Actual))
		}
		if !slices.ContainsFunc(p.Defects, func(t trialOf) bool { return slices.Contains(t.Failed, c.ID) }) {
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

// print writes the proof for a person: the sound run, then the matrix in
// short.
func (p *proof) print(w io.Writer, o *options) error {
	if err := report.Text(w, p.Sound, o.textOptions(w)); err != nil {
		return err
	}
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
	return nil
}
