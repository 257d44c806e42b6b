package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Expectation is what should have been asked, and how often. Each field that
// is set must fit; without Times, AtLeast and AtMost, once or more will do.
type Expectation struct {
	Manufacturer *string           `json:"manufacturer,omitempty"` // nil: any; "": nobody's requests
	Method       string            `json:"method,omitempty"`
	Path         string            `json:"path,omitempty"` // with the base path
	Operation    string            `json:"operation,omitempty"`
	UserID       *string           `json:"user_id,omitempty"`
	Headers      map[string]string `json:"headers,omitempty"` // names in any case; one value of several will do
	Body         json.RawMessage   `json:"body,omitempty"`    // JSON; an object may have more members than these
	Status       int               `json:"status,omitempty"`  // of the answer

	Times   *int `json:"times,omitempty"`
	AtLeast *int `json:"at_least,omitempty"`
	AtMost  *int `json:"at_most,omitempty"`
}

// Verification is what became of an [Expectation].
type Verification struct {
	Met      bool    `json:"met"`
	Count    int     `json:"count"`             // requests that fit
	Expected string  `json:"expected"`          // how many should, in words
	Entries  []int64 `json:"entries"`           // the ids of those that fit, at most MaxVerified
	Dropped  int64   `json:"dropped"`           // entries in question that made room for others: whether they fitted is not known
	Nearest  *Miss   `json:"nearest,omitempty"` // of those that do not fit, if too few do
}

// MaxVerified is how many ids a [Verification] holds at most.
const MaxVerified = 100

// Miss is an entry that nearly was as expected.
type Miss struct {
	Entry       Entry        `json:"entry"`
	Differences []Difference `json:"differences"`
}

// Difference is one field in which they differ.
type Difference struct {
	Field    string `json:"field"` // as "user_id", "headers/Content-Type", "body/user_id"
	Expected string `json:"expected"`
	Got      string `json:"got"`
}

func (d Difference) String() string {
	return d.Field + ": expected " + d.Expected + ", got " + d.Got
}

// Error says in a sentence what is missing where an expectation was not met: how
// many exchanges fit, and how the nearest differs.
func (v Verification) Error() string {
	requests := "requests"
	if strings.HasSuffix(v.Expected, " 1") {
		requests = "request"
	}
	words := fmt.Sprintf("expected %s matching %s, got %d", v.Expected, requests, v.Count)
	if v.Dropped > 0 {
		words += fmt.Sprintf("; %d more were dropped from the journal, which may have matched", v.Dropped)
	}
	if v.Nearest == nil {
		return words
	}
	for _, d := range v.Nearest.Differences {
		words += fmt.Sprintf("; the nearest, number %d, differs in %s", v.Nearest.Entry.ID, d)
	}
	return words
}

// Check tells whether an expectation contradicts itself, so that nothing could
// ever meet it.
func (x Expectation) Check() error {
	switch {
	case x.Times != nil && (x.AtLeast != nil || x.AtMost != nil):
		return errors.New("times says exactly how often, and goes with neither at_least nor at_most")
	case x.AtLeast != nil && x.AtMost != nil && *x.AtLeast > *x.AtMost:
		return fmt.Errorf("at_least is %d, which is more than at_most, %d", *x.AtLeast, *x.AtMost)
	}
	return nil
}

// Verify compares the entries with an expectation. What may not be asked more
// often than so is not met once entries were dropped, as one of them may have
// been too many. The nearest miss is the entry with the fewest differences; of
// several, the one whose values differ least; of those, the latest.
func (j *Journal) Verify(x Expectation) Verification {
	v := Verification{Entries: []int64{}}
	var nearest *Miss
	page := j.List(Query{Manufacturer: x.Manufacturer})
	for _, e := range page.Entries {
		differences := x.differences(&e)
		if len(differences) == 0 {
			v.Count++
			if len(v.Entries) < MaxVerified {
				v.Entries = append(v.Entries, e.ID)
			}
			continue
		}
		if miss := (Miss{Entry: e, Differences: differences}); nearest == nil || !nearest.nearer(miss) {
			nearest = &miss
		}
	}
	least, most, words := x.bounds()
	v.Expected, v.Dropped = words, page.Dropped
	v.Met = v.Count >= least && (most < 0 || v.Count <= most && v.Dropped == 0)
	if v.Count < least {
		v.Nearest = nearest
	}
	return v
}

// nearer tells whether m differs less than another one.
func (m Miss) nearer(other Miss) bool {
	if len(m.Differences) != len(other.Differences) {
		return len(m.Differences) < len(other.Differences)
	}
	far := func(all []Difference) (n int) {
		for _, d := range all {
			n += unlike(d.Expected, d.Got)
		}
		return n
	}
	return far(m.Differences) < far(other.Differences)
}

// unlike is how many bytes stand between what two texts begin and end with in
// common.
func unlike(a, b string) int {
	if len(a) > len(b) {
		a, b = b, a
	}
	start, end := 0, 0
	for start < len(a) && a[start] == b[start] {
		start++
	}
	for end < len(a)-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	return len(b) - start - end
}

// bounds says how many requests should fit; most is -1 for any number.
func (x Expectation) bounds() (least, most int, words string) {
	switch {
	case x.Times != nil:
		return *x.Times, *x.Times, fmt.Sprintf("exactly %d", *x.Times)
	case x.AtLeast != nil && x.AtMost != nil:
		return *x.AtLeast, *x.AtMost, fmt.Sprintf("%d to %d", *x.AtLeast, *x.AtMost)
	case x.AtLeast != nil:
		return *x.AtLeast, -1, fmt.Sprintf("at least %d", *x.AtLeast)
	case x.AtMost != nil:
		return 0, *x.AtMost, fmt.Sprintf("at most %d", *x.AtMost)
	}
	return 1, -1, "at least 1"
}

// differences compares one entry, in the order of the fields.
func (x Expectation) differences(e *Entry) []Difference {
	var all []Difference
	compare := func(field, expected, got string) {
		if expected != "" && expected != got {
			all = append(all, Difference{field, strconv.Quote(expected), strconv.Quote(got)})
		}
	}
	compare("method", x.Method, e.Request.Method)
	compare("path", x.Path, e.Request.Path)
	compare("operation", x.Operation, e.Operation)
	if x.UserID != nil && (e.UserID == nil || maskedLike(*x.UserID, *e.UserID) != *e.UserID) {
		got := "none"
		if e.UserID != nil {
			got = strconv.Quote(*e.UserID)
		}
		all = append(all, Difference{"user_id", strconv.Quote(*x.UserID), got})
	}
	for _, name := range slices.Sorted(maps.Keys(x.Headers)) {
		values := e.Request.Headers[http.CanonicalHeaderKey(name)]
		expected := maskedLike(x.Headers[name], values...)
		if !slices.Contains(values, expected) {
			all = append(all, Difference{"headers/" + name, strconv.Quote(expected), fmt.Sprintf("%q", values)})
		}
	}
	all = append(all, x.bodyDifferences(e)...)
	if x.Status != 0 && x.Status != e.Response.Status {
		all = append(all, Difference{"status", strconv.Itoa(x.Status), strconv.Itoa(e.Response.Status)})
	}
	return all
}

// fingerprint stands before the start of a digest in the place of a secret.
const fingerprint = "sha256:"

// maskedLike is an expected value, or its fingerprint where entries have one
// instead of the value.
func maskedLike(expected string, got ...string) string {
	masked := func(value string) bool { return strings.HasPrefix(value, fingerprint) }
	if masked(expected) || !slices.ContainsFunc(got, masked) {
		return expected
	}
	digest := sha256.Sum256([]byte(expected))
	return fingerprint + hex.EncodeToString(digest[:4])
}

func (x Expectation) bodyDifferences(e *Entry) []Difference {
	if len(x.Body) == 0 {
		return nil
	}
	var expected, got any
	if err := json.Unmarshal(x.Body, &expected); err != nil {
		return []Difference{{"body", "JSON", "an expectation that is not JSON"}}
	}
	if err := json.Unmarshal([]byte(e.Request.Body), &got); err != nil {
		return []Difference{{"body", short(expected), "no JSON"}}
	}
	return differing("body", expected, got)
}

// differing compares two JSON values; objects may have more members than
// expected.
func differing(place string, expected, got any) []Difference {
	object, isObject := expected.(map[string]any)
	other, gotObject := got.(map[string]any)
	if !isObject || !gotObject {
		if reflect.DeepEqual(expected, got) {
			return nil
		}
		return []Difference{{place, short(expected), short(got)}}
	}
	var all []Difference
	for _, name := range slices.Sorted(maps.Keys(object)) {
		value, present := other[name]
		if !present {
			all = append(all, Difference{place + "/" + name, short(object[name]), "nothing"})
			continue
		}
		all = append(all, differing(place+"/"+name, object[name], value)...)
	}
	return all
}

// short writes a JSON value in little space.
func short(value any) string {
	const most = 200
	data, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	if len(data) > most {
		return string(data[:most]) + "…"
	}
	return string(data)
}
