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

// List returns the entries that q selects.
func (j *Journal) List(q Query) Page {
	j.mu.Lock()
	defer j.mu.Unlock()
	page := Page{Entries: []Entry{}}
	for name, b := range j.books {
		if q.Manufacturer != nil && name != *q.Manufacturer {
			continue
		}
		page.Dropped += b.dropped
		taken := 0
		for i := range b.entries {
			if q.Newest {
				i = len(b.entries) - 1 - i
			}
			if !q.Matches(&b.entries[i]) {
				continue
			}
			if q.Limit > 0 && taken > q.Limit { // one more than asked for, to know
				break
			}
			page.Entries = append(page.Entries, b.entries[i])
			taken++
		}
	}
	slices.SortFunc(page.Entries, func(a, b Entry) int { return byID(a, b.ID) })
	if over := len(page.Entries) - q.Limit; q.Limit > 0 && over > 0 {
		page.More = true
		if q.Newest {
			page.Entries = page.Entries[over:]
		} else {
			page.Entries = page.Entries[:q.Limit]
		}
	}
	return page
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
