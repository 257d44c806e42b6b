package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Known is a failure that is excused for a while: its check still runs, and
// must fail.
type Known struct {
	ID      string `json:"id"`
	Reason  string `json:"reason"`
	Expires string `json:"expires"` // the last day, as 2026-12-31
}

// dayLayout is how the last day of a known failure is written.
const dayLayout = time.DateOnly

type knownFile struct {
	Known []Known `json:"known"`
}

// ReadKnown reads known failures: {"known": [{"id": …, "reason": …, "expires":
// "2026-12-31"}]}. Each needs all three. name is the file's, for the error.
func ReadKnown(r io.Reader, name string) ([]Known, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, usageErrorf("%s: the known failures cannot be read: %v", name, err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var f knownFile
	if err := d.Decode(&f); err != nil {
		return nil, knownError(name, data, d.InputOffset(), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, usageErrorf("%s:%d: not a file of known failures: more text stands behind them", name, lineAt(data, d.InputOffset()))
	}
	seen := map[string]bool{}
	for i, k := range f.Known {
		switch _, err := time.Parse(dayLayout, k.Expires); {
		case k.ID == "":
			return nil, usageErrorf("%s: known failure %d has no id", name, i+1)
		case seen[k.ID]:
			return nil, usageErrorf("%s: %s stands twice", name, k.ID)
		case strings.TrimSpace(k.Reason) == "":
			return nil, usageErrorf("%s: %s has no reason: say why it is excused", name, k.ID)
		case err != nil:
			return nil, usageErrorf("%s: %s expires on %q, which is no day: write it as 2026-12-31", name, k.ID, k.Expires)
		}
		seen[k.ID] = true
	}
	return f.Known, nil
}

// knownError names the line of what is wrong with a file.
func knownError(name string, data []byte, at int64, err error) error {
	var (
		syntax *json.SyntaxError
		kind   *json.UnmarshalTypeError
	)
	what := strings.TrimPrefix(err.Error(), "json: ")
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &kind) && kind.Field == "":
		at, what = kind.Offset, "a JSON "+kind.Value+" stands there"
	case errors.As(err, &kind):
		at, what = kind.Offset, kind.Field+" is a JSON "+kind.Value+" there"
	case errors.Is(err, io.EOF):
		what = "it is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		at, what = int64(len(data)), "it ends too early"
	}
	return usageErrorf("%s:%d: not a file of known failures: %s", name, lineAt(data, at), what)
}

// WriteKnown writes known failures as [ReadKnown] reads them.
func WriteKnown(w io.Writer, known []Known) error {
	if known == nil {
		known = []Known{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(knownFile{known})
}

// knownFor is how long a failure that [UpdateKnown] adds is excused.
const knownFor = 30 * 24 * time.Hour

// UpdateKnown brings known failures up to date with a result: those that still
// fail keep their reason and expiry, new ones are added to be explained, those
// that pass are dropped. What was not decided, or not selected, stays as it was.
func UpdateKnown(known []Known, r *Result, now time.Time) []Known {
	out := []Known{}
	for _, c := range r.Checks {
		i := slices.IndexFunc(known, func(k Known) bool { return k.ID == c.ID })
		failed := c.Outcome == Fail
		switch {
		case i >= 0 && c.Outcome != Pass:
			out = append(out, known[i])
		case i < 0 && failed:
			out = append(out, Known{c.ID, "not explained yet: " + c.Actual, now.Add(knownFor).Format(dayLayout)})
		}
	}
	for _, k := range known {
		if !slices.ContainsFunc(r.Checks, func(c CheckResult) bool { return c.ID == k.ID }) {
			out = append(out, k)
		}
	}
	return out
}

// applyKnown marks the checks that are known to fail and returns, in words,
// what is wrong with the list itself.
func (r *run) applyKnown(out *Result, ids []string) []string {
	var problems []string
	today := time.Now().Format(dayLayout)
	for _, k := range r.cfg.Known {
		i := slices.IndexFunc(out.Checks, func(c CheckResult) bool { return c.ID == k.ID })
		switch {
		case !slices.Contains(ids, k.ID):
			problems = append(problems, fmt.Sprintf("the known failure %s matches no check; the nearest is %s", k.ID, Nearest(k.ID, ids)))
		case i < 0: // not selected in this run
		case k.Expires < today:
			problems = append(problems, fmt.Sprintf("the known failure %s was excused until %s: mend it, or give it a new day", k.ID, k.Expires))
		case out.Checks[i].Outcome == Pass:
			out.Checks[i].Known = true
			problems = append(problems, fmt.Sprintf("the known failure %s passes: take it off the list", k.ID))
		case out.Checks[i].Outcome == Fail || out.Checks[i].Outcome == Warn:
			out.Checks[i].Known = true
			out.Checks[i].Reason = strings.TrimSpace("known until " + k.Expires + ": " + k.Reason)
		}
	}
	return problems
}
