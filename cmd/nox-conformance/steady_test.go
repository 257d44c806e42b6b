package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"nox.energy/contract/mock/defect"
)

// TestVerdictNeverChanges judges each deviation again and again by every check,
// and demands the same exit code each time, with the check meant for a defect
// among those that fail. By itself it takes a few deviations a few times; with
// NOX_RUNS=100 and -timeout 0 it takes all of them a hundred times, for hours;
// with NOX_RUNS_BY=meant as well, a defect meets no more checks than it takes to
// catch it.
func TestVerdictNeverChanges(t *testing.T) {
	if testing.Short() {
		t.Skip("takes many runs")
	}
	for name, all := range map[string][]defect.Deviation{"variations": defect.Variations(), "defects": defect.Defects()} {
		t.Run(name, func(t *testing.T) {
			runs := 2
			if text := os.Getenv("NOX_RUNS"); text != "" {
				n, err := strconv.Atoi(text)
				if err != nil || n < 1 {
					t.Fatalf("NOX_RUNS=%s is no number of runs", text)
				}
				runs = n
			} else {
				all = everyNth(all, someOf(60))
			}
			judgeAgain(t, all, runs)
		})
	}
}

func judgeAgain(t *testing.T, all []defect.Deviation, runs int) {
	st := newSelfTest(t, true)
	alone, by := os.Getenv("NOX_RUNS_BY") == "meant", "all checks"
	if alone {
		by = "as many checks as it takes"
	}
	inParallel(all, func(_ int, d defect.Deviation) {
		var few []string
		if alone {
			few = st.few(t.Context(), d)
		}
		problems := map[string]int{}
		for range runs {
			if out := st.judgeBy(t.Context(), d, few); out.Problem != "" {
				problems[fmt.Sprintf("exit code %d, %s", out.Exit, out.Problem)]++
			}
		}
		for problem, n := range problems {
			t.Errorf("%s: %d of %d runs: %s", d.Name, n, runs, problem)
		}
		if len(problems) == 0 && runs > 2 {
			t.Logf("%s: %d runs, one verdict", d.Name, runs)
		}
	})
	t.Logf("%d deviations, each judged %d times by %s", len(all), runs, by)
}

// few are the fewest checks that catch a defect: the one meant for it, with
// those of the same documented response where it needs their company, or nil,
// which is all.
func (t *selfTest) few(ctx context.Context, d defect.Deviation) []string {
	status, _, _ := strings.Cut(d.Caught, "/")
	for _, patterns := range [][]string{{"*/" + d.Caught}, {"*/" + d.Caught, "*/201/minimal", "*/" + status + "/*"}} {
		if d.Level != "" && t.judgeBy(ctx, d, patterns).Problem == "" {
			return patterns
		}
	}
	return nil
}

// someOf is n, and more where tests are to be short.
func someOf(n int) int {
	if testing.Short() {
		return 20 * n
	}
	return n
}

func everyNth[T any](all []T, n int) []T {
	var out []T
	for i := 0; i < len(all); i += n {
		out = append(out, all[i])
	}
	return out
}
