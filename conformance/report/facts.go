package report

import (
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/terminal"
)

// Facts tells one check of r in lines of plain text, as the text report does:
// what it checks, the clause with its line and words, what was expected, what
// came, what is likely behind it, and the exchanges with a command line each
// that sends them again. What the target sent is shortened and cannot steer a
// terminal. There is no line end behind the last line.
func Facts(r *conformance.Result, c *conformance.CheckResult) string {
	t := terminal.New(false, false, 100)
	t.Facts(r, c)
	t.Exchanges(c)
	return strings.TrimRight(t.Shown(), "\n")
}
