package report

import (
	"io"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/page"
)

// HTML writes r as one page without outside assets: an overview with a picture
// of what was exercised, then the documented responses, their checks, and the
// exchanges of each. Everything can be read without scripts; a script adds a
// filter. Each check has an anchor of its own, its id. A Content-Security-Policy
// lets the page's own style and script through by their digest and nothing else.
func HTML(w io.Writer, r *conformance.Result) error {
	if r == nil {
		return errNoResult
	}
	return page.Report(w, r)
}
