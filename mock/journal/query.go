package journal

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Query selects entries. Each field that is set must fit.
type Query struct {
	Manufacturer *string // nil: of all, and of nobody; "": of nobody
	Status       int     // of the response
	UserID       *string // exactly
	Method       string
	Path         string // exactly
	Rule         string // exactly, or its first part: "schema" selects "schema.type" as well
	Fault        string // id or kind; * for any
	Class        int    // of the status, by its first digit: 2 to 5; of whole answers only
	Incomplete   bool   // the client did not get the whole answer
	Search       string // stands somewhere in the entry, in any case
	After        int64  // entries with a greater id only
	Before       int64  // entries with a smaller id only; 0: all
	Limit        int    // at most so many; 0: all
	Newest       bool   // of more than Limit, the newest instead of the oldest
}

// Page is what a [Query] selects, oldest first.
type Page struct {
	Entries []Entry
	More    bool  // there are others, later ones or, with Newest, earlier ones
	Dropped int64 // entries of the manufacturers in question that made room for others
}

// List returns the entries that q selects. Requests are recorded meanwhile.
func (j *Journal) List(q Query) Page {
	candidates, dropped := j.candidates(q)
	page := Page{Entries: []Entry{}, Dropped: dropped}
	if q.Newest {
		slices.Reverse(candidates)
	}
	for _, k := range candidates {
		e := k.entry()
		if !q.Matches(&e) {
			continue
		}
		if q.Limit > 0 && len(page.Entries) == q.Limit {
			page.More = true
			break
		}
		page.Entries = append(page.Entries, e)
	}
	if q.Newest {
		slices.Reverse(page.Entries)
	}
	return page
}

// candidates returns what q may select, in the order of the ids, and how many
// others made room for them.
func (j *Journal) candidates(q Query) (all []kept, dropped int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for name, b := range j.books {
		if q.Manufacturer != nil && name != *q.Manufacturer {
			continue
		}
		dropped += b.dropped
		from, _ := slices.BinarySearchFunc(b.kept, q.After+1, byID)
		to := len(b.kept)
		if q.Before != 0 {
			to, _ = slices.BinarySearchFunc(b.kept, q.Before, byID)
		}
		all = append(all, b.kept[from:max(from, to)]...)
	}
	slices.SortFunc(all, func(a, b kept) int { return byID(a, b.id) })
	return all, dropped
}

// Dropped is how many entries ever made room for others, by manufacturer. It
// never decreases.
func (j *Journal) Dropped() map[string]int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return maps.Clone(j.drops)
}

// Matches tells whether q selects e. Its Limit does not matter here.
func (q Query) Matches(e *Entry) bool {
	switch {
	case e.ID <= q.After,
		q.Before != 0 && e.ID >= q.Before,
		q.Manufacturer != nil && *q.Manufacturer != e.Manufacturer,
		q.Status != 0 && q.Status != e.Response.Status,
		q.UserID != nil && (e.UserID == nil || *q.UserID != *e.UserID),
		q.Method != "" && q.Method != e.Request.Method,
		q.Path != "" && q.Path != e.Request.Path,
		q.Rule != "" && q.Rule != e.Why.Rule && !strings.HasPrefix(e.Why.Rule, q.Rule+"."),
		q.Fault != "" && (e.Fault == nil || q.Fault != "*" && q.Fault != e.Fault.ID && q.Fault != e.Fault.Kind),
		q.Class != 0 && (e.Response.Status/100 != q.Class || e.Outcome != Answered),
		q.Incomplete && e.Outcome == Answered && e.Response.Status != 0:
		return false
	}
	return q.Search == "" || e.holds(strings.ToLower(q.Search))
}

// holds tells whether text, in lower case, stands somewhere in the entry.
func (e *Entry) holds(text string) bool {
	parts := []string{
		e.Manufacturer, e.Operation, e.Key, e.Request.Method, e.Request.Path, e.Request.Query, e.Request.Body,
		"#" + strconv.FormatInt(e.ID, 10), strconv.Itoa(e.Response.Status), e.Response.Body, e.Why.Rule, e.Why.Pointer, e.Why.Reason, string(e.Outcome), e.NotUnderstood,
	}
	if e.UserID != nil {
		parts = append(parts, *e.UserID)
	}
	if e.Fault != nil {
		parts = append(parts, e.Fault.ID, e.Fault.Kind)
	}
	for name, values := range e.Request.Headers {
		parts = append(append(parts, name), values...)
	}
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(strings.ToLower(part), text) })
}
