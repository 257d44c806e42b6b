package report

import (
	"io"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/page"
)

// PastRun is a result with the name of the file that it was read from.
type PastRun struct {
	Name   string
	Result *conformance.Result
}

// Trend writes a page without outside assets or scripts about past runs: for
// each target a chart of what did not pass, the runs, and the history of each
// check that did not pass in every run. It returns an error if there are no runs.
func Trend(w io.Writer, runs []PastRun) error {
	past := make([]page.Run, len(runs))
	for i, run := range runs {
		if run.Result == nil {
			return errNoResult
		}
		past[i] = page.Run(run)
	}
	if len(past) == 0 {
		return errNoResult
	}
	return page.Trend(w, past)
}
