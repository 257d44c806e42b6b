package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/safe"
)

// Read reads a report as [JSON] writes it; name is the file's, for the error.
// Fields that are not known are passed over, as a later version of this
// format may have more. An error is a [*conformance.UsageError] that says what
// is wrong and where: not JSON, not a report, another version of the format, a
// check without id or outcome.
func Read(r io.Reader, name string) (*conformance.Result, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, unusable(name, "cannot be read: %v", err)
	}
	var result conformance.Result
	if err := json.Unmarshal(data, &result); err != nil {
		return nil, notJSON(name, data, err)
	}
	major, _, _ := strings.Cut(conformance.ReportFormat, "/")
	switch {
	case result.Format == conformance.ReportFormat:
	case strings.HasPrefix(result.Format, major+"/"):
		return nil, unusable(name, "has the format %s, but this version reads %s; use the version that wrote it", safe.Line(result.Format, 80), conformance.ReportFormat)
	case result.Format == "":
		return nil, unusable(name, "not a report: it has no \"format\"; write a report with --report json=FILE")
	default:
		return nil, unusable(name, "not a report: its format is %q, not %q; write a report with --report json=FILE", safe.Shorten(result.Format, 80), conformance.ReportFormat)
	}
	if len(result.Checks) == 0 && result.Verdict == "" {
		return nil, unusable(name, "not a complete report: it has neither checks nor a verdict")
	}
	return &result, soundChecks(name, result.Checks)
}

// soundChecks holds checks to what readers of a report rely on.
func soundChecks(name string, checks []conformance.CheckResult) error {
	outcomes := []conformance.Outcome{conformance.Pass, conformance.Fail, conformance.Warn, conformance.Skip, conformance.Err}
	seen := map[string]bool{}
	for i, c := range checks {
		switch {
		case c.ID == "":
			return unusable(name, "check %d has no id", i+1)
		case seen[c.ID]:
			return unusable(name, "%s appears twice", safe.Line(c.ID, 200))
		case !slices.Contains(outcomes, c.Outcome):
			return unusable(name, "%s has the unknown outcome %q", safe.Line(c.ID, 200), safe.Shorten(string(c.Outcome), 80))
		}
		seen[c.ID] = true
	}
	return nil
}

func notJSON(name string, data []byte, err error) error {
	var (
		syntax *json.SyntaxError
		typed  *json.UnmarshalTypeError
		at     int64
	)
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &typed):
		at = typed.Offset
		err = fmt.Errorf("%s is a JSON %s", safe.Line(typed.Field, 80), safe.Line(typed.Value, 40))
		if typed.Field == "" {
			err = fmt.Errorf("found a JSON %s", safe.Line(typed.Value, 40))
		}
	}
	at = min(max(at, 0), int64(len(data)))
	return unusable(fmt.Sprintf("%s:%d", name, 1+bytes.Count(data[:at], []byte("\n"))), "not a report: %v", err)
}

func unusable(where, format string, args ...any) error {
	return &conformance.UsageError{Problem: where + ": " + fmt.Sprintf(format, args...)}
}
