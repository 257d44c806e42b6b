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

	"github.com/agnivade/levenshtein"

	"nox.energy/contract/conformance/internal/schema"
)

// Known is a failure that is excused until a day. Its check still runs and must
// fail, unless the failure is intermittent.
type Known struct {
	ID           string // of the check; the operation may be left out, as in "201/schema"
	Reason       string
	Expires      string // the last day, as 2026-12-31
	Intermittent bool   // the check may pass as well
	Source       string // name of the file that it was read from, for messages

	fields []knownField // of the entry as it was read, in order
}

// knownField is one field of an entry. value is its JSON as written.
type knownField struct {
	name  string
	value json.RawMessage
}

// The fields that the program understands. All others are for people.
const (
	fieldID           = "id"
	fieldReason       = "reason"
	fieldExpires      = "expires"
	fieldIntermittent = "intermittent"
)

// isUnderstood reports whether the program understands a field.
func isUnderstood(name string) bool {
	return name == fieldID || name == fieldReason || name == fieldExpires || name == fieldIntermittent
}

// dayLayout is how the last day of a known failure is written.
const dayLayout = time.DateOnly

// Covers reports whether the entry is about a check that has one of these ids.
func (k Known) Covers(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		_, short, _ := strings.Cut(name, "/")
		return k.ID == name || k.ID == short
	})
}

// Explanation returns the reason, followed by what else people wrote into the
// entry in one word or number a field, such as its owner and its ticket.
func (k Known) Explanation() string {
	var more []string
	for _, f := range k.fields {
		var text string
		if isUnderstood(f.name) || f.value[0] == '{' || f.value[0] == '[' || f.value[0] == 'n' {
			continue
		}
		if json.Unmarshal(f.value, &text) != nil {
			text = string(f.value)
		}
		if text != "" {
			more = append(more, f.name+" "+text)
		}
	}
	if more == nil {
		return strings.TrimSpace(k.Reason)
	}
	return strings.TrimSpace(k.Reason) + " (" + strings.Join(more, ", ") + ")"
}

// knownFor returns the place of the entry about a check, -1 if there is none.
func knownFor(known []Known, names ...string) int {
	return slices.IndexFunc(known, func(k Known) bool { return k.Covers(names...) })
}

// ReadKnown reads known failures: {"known": [{"id": …, "reason": …, "expires":
// "2026-12-31"}]}. Each entry needs these three fields, and may have
// "intermittent": true and any other field, which [WriteKnown] writes back as
// it was. name is the name of the file, for the error.
func ReadKnown(r io.Reader, name string) ([]Known, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, UsageErrorf("%s: the known failures cannot be read: %v", name, err)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // some editors write one
	d := json.NewDecoder(bytes.NewReader(data))
	var text json.RawMessage
	if err := d.Decode(&text); err != nil {
		return nil, knownError(name, data, d.InputOffset(), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, notKnown(name, data, d.InputOffset(), "more text follows")
	}
	reader := &knownReader{name, data, json.NewDecoder(bytes.NewReader(data))}
	known, err := reader.read()
	if err != nil {
		return nil, err
	}
	for i, k := range known {
		if err := k.check(fmt.Sprintf("known failure %d", i+1)); err != nil {
			return nil, UsageErrorf("%s: %v", name, err)
		}
		if slices.ContainsFunc(known[:i], func(other Known) bool { return other.Covers(k.ID) || k.Covers(other.ID) }) {
			return nil, UsageErrorf("%s: %s is listed twice", name, k.ID)
		}
		known[i].Source = name
	}
	return known, nil
}

// check returns what is wrong with an entry. place names it where its id does
// not.
func (k Known) check(place string) error {
	if k.ID != "" {
		place = k.ID
	}
	for _, f := range []struct{ name, value, lacks string }{
		{fieldID, k.ID, "has no id"},
		{fieldReason, strings.TrimSpace(k.Reason), "has no reason: explain why the failure is excused"},
		{fieldExpires, k.Expires, "has no expiry date: add \"expires\", such as \"2026-12-31\""},
	} {
		if f.value != "" {
			continue
		}
		if typo := k.misspelt(f.name); typo != "" {
			return fmt.Errorf("%s has no %q; is %q a misspelling of it?", place, f.name, typo)
		}
		return fmt.Errorf("%s %s", place, f.lacks)
	}
	if typo := k.misspelt(fieldIntermittent); typo != "" {
		return fmt.Errorf("%s: unknown field %q; did you mean %q?", place, typo, fieldIntermittent)
	}
	if _, err := time.Parse(dayLayout, k.Expires); err != nil {
		return fmt.Errorf("%s has the invalid expiry date %q: write it as 2026-12-31", place, k.Expires)
	}
	return nil
}

// misspelt returns the field that seems to be meant for one that the entry
// lacks, "" if there is none.
func (k Known) misspelt(field string) string {
	if slices.ContainsFunc(k.fields, func(f knownField) bool { return f.name == field }) {
		return ""
	}
	for _, f := range k.fields {
		if !isUnderstood(f.name) && levenshtein.ComputeDistance(strings.ToLower(f.name), field) <= (len(field)+2)/4 {
			return f.name
		}
	}
	return ""
}

// knownReader walks through a text that is known to be JSON.
type knownReader struct {
	name string
	data []byte
	*json.Decoder
}

func (r *knownReader) read() ([]Known, error) {
	if err := r.open('{', "the file"); err != nil {
		return nil, err
	}
	var known []Known
	for r.More() {
		field := r.next()
		if field != "known" {
			return nil, r.wrong(fmt.Sprintf("unknown field %q; the entries belong under \"known\"", field))
		}
		switch start := r.peek(); {
		case start == 'n': // null, which holds no entry
			r.value()
			continue
		case start != '[':
			return nil, r.wrongKind("known")
		}
		r.next()
		for r.More() {
			k, err := r.entry()
			if err != nil {
				return nil, err
			}
			known = append(known, k)
		}
		r.next()
	}
	return known, nil
}

func (r *knownReader) entry() (k Known, err error) {
	if err := r.open('{', "an entry of known"); err != nil {
		return k, err
	}
	for r.More() {
		name, _ := r.next().(string)
		if slices.ContainsFunc(k.fields, func(f knownField) bool { return f.name == name }) {
			return k, r.wrong(fmt.Sprintf("the field %q appears twice in one entry", name))
		}
		kind := r.kind()
		value := r.value()
		var to any
		switch name {
		case fieldID:
			to = &k.ID
		case fieldReason:
			to = &k.Reason
		case fieldExpires:
			to = &k.Expires
		case fieldIntermittent:
			to = &k.Intermittent
		}
		if to != nil && json.Unmarshal(value, to) != nil {
			return k, r.wrong("known." + name + " is a JSON " + kind + " there")
		}
		k.fields = append(k.fields, knownField{name, value})
	}
	r.next()
	return k, nil
}

// open enters an object.
func (r *knownReader) open(delimiter json.Delim, what string) error {
	if rune(r.peek()) != rune(delimiter) {
		return r.wrongKind(what)
	}
	r.next()
	return nil
}

// next returns the next token. The text has been read before, so that nothing
// can go wrong.
func (r *knownReader) next() json.Token {
	t, _ := r.Token()
	return t
}

// value returns the next value as it is written.
func (r *knownReader) value() json.RawMessage {
	var raw json.RawMessage
	_ = r.Decode(&raw) // as in next
	return raw
}

// peek returns the first byte of the next value.
func (r *knownReader) peek() byte {
	rest := bytes.TrimLeft(r.data[r.InputOffset():], " \t\r\n:,")
	if len(rest) == 0 {
		return 0
	}
	return rest[0]
}

// kind names the type of the next value.
func (r *knownReader) kind() string {
	switch c := r.peek(); c {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

func (r *knownReader) wrongKind(what string) error {
	return r.wrong(what + " is a JSON " + r.kind())
}

func (r *knownReader) wrong(what string) error {
	return notKnown(r.name, r.data, r.InputOffset(), what)
}

// notKnown names the line of what is wrong with a file.
func notKnown(name string, data []byte, at int64, what string) error {
	return UsageErrorf("%s:%d: not a file of known failures: %s", name, 1+bytes.Count(data[:min(int64(len(data)), max(at, 0))], []byte("\n")), what)
}

// knownError is about a text that is not JSON.
func knownError(name string, data []byte, at int64, err error) error {
	var syntax *json.SyntaxError
	what := strings.TrimPrefix(err.Error(), "json: ")
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.Is(err, io.EOF):
		what = "the file is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		at, what = int64(len(data)), "the file is truncated"
	}
	return notKnown(name, data, at, what)
}

// WriteKnown writes known failures as [ReadKnown] reads them.
func WriteKnown(w io.Writer, known []Known) error {
	entries := make([]json.RawMessage, len(known))
	for i, k := range known {
		entries[i] = k.encode()
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Known []json.RawMessage `json:"known"`
	}{entries})
}

// encode writes an entry: the fields that were read in their order, those that
// are new behind them.
func (k Known) encode() json.RawMessage {
	out := schema.Object{}
	for _, f := range k.fields {
		out = append(out, schema.Member{Name: f.name, Value: schema.Literal(f.value)})
	}
	set := func(name string, value any) {
		if _, have := out.Get(name); have {
			out = out.With([]string{name}, value)
			return
		}
		out = append(out, schema.Member{Name: name, Value: value})
	}
	set(fieldID, k.ID)
	set(fieldReason, k.Reason)
	set(fieldExpires, k.Expires)
	if _, have := out.Get(fieldIntermittent); have || k.Intermittent {
		set(fieldIntermittent, k.Intermittent)
	}
	return json.RawMessage(schema.Encode(out))
}

// excusedFor is how long a failure that [UpdateKnown] adds is excused.
const excusedFor = 30 * 24 * time.Hour

// UpdateKnown brings known failures up to date with a result. A check that
// still fails keeps its entry, a new failure gets one, to be explained by a
// person. The entry of a check that passes is removed, unless the failure is
// intermittent: one that was seen to be, or one beside others that are, since
// a single run cannot tell it from them. What was not decided, or not
// selected, stays, as does what passes where the run sent less than a full one.
func UpdateKnown(known []Known, r *Result, now time.Time) []Known {
	racy := map[string]bool{} // operations that fail now and then
	for _, c := range r.Checks {
		if c.Outcome == Fail && c.Intermittent {
			racy[c.Operation] = true
		}
	}
	out := []Known{}
	for _, k := range known {
		i := slices.IndexFunc(r.Checks, func(c CheckResult) bool { return k.Covers(c.IDs()...) })
		if i < 0 {
			out = append(out, k)
			continue
		}
		c := r.Checks[i]
		passed := c.Outcome == Pass
		if passed && !c.Known && !k.Intermittent { // as the run sent less than a full one
			out = append(out, k)
			continue
		}
		k.Intermittent = k.Intermittent || c.Intermittent || passed && racy[c.Operation]
		if !passed || k.Intermittent && k.Expires >= now.Format(dayLayout) {
			out = append(out, k)
		}
	}
	for _, c := range r.Checks {
		if c.Outcome == Fail && knownFor(known, c.IDs()...) < 0 {
			out = append(out, Known{
				ID: c.ID, Reason: "not explained yet: " + c.Actual, Expires: now.Add(excusedFor).Format(dayLayout), Intermittent: c.Intermittent,
			})
		}
	}
	return out
}
