package readers_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
)

// verdict is what a reader says of a message: that it fits the contract, or the
// first reason why it does not.
type verdict string

const (
	notAsked       verdict = "-" // refused before it comes to the reader
	accepts        verdict = "accepts"
	wrongPath      verdict = "path"
	wrongMethod    verdict = "method"
	noKey          verdict = "key"
	wrongParameter verdict = "parameter"
	wrongStatus    verdict = "status"
	wrongHeader    verdict = "header"
	wrongMediaType verdict = "media type"
	unreadable     verdict = "unreadable" // the body broke off
	noBody         verdict = "no body"
	notJSON        verdict = "not JSON"
	wrongSchema    verdict = "schema"
)

// inOrder lists the verdicts, what is looked at first first.
func inOrder() []verdict {
	return []verdict{
		wrongPath, wrongMethod, noKey, wrongParameter, wrongStatus, wrongHeader,
		wrongMediaType, unreadable, noBody, notJSON, wrongSchema, accepts,
	}
}

// recoverTo turns a panic of a library into a verdict.
func recoverTo(v *verdict) {
	if cause := recover(); cause != nil {
		*v = verdict(fmt.Sprint("panic: ", cause))
	}
}

// verdicts are those of the three readers of a message.
type verdicts struct {
	Kin       verdict `json:"kin"`
	Validator verdict `json:"validator"`
	Mock      string  `json:"mock,omitempty"`   // the status of its answer to a request, or "closed"
	Runner    string  `json:"runner,omitempty"` // the checks that a response fails, or "conforms"
	agree     bool
}

func (v verdicts) String() string {
	half := "the mock answers " + v.Mock
	if v.Runner != "" {
		half = "the runner: " + v.Runner
	}
	return fmt.Sprintf("kin-openapi: %s, libopenapi-validator: %s, %s", v.Kin, v.Validator, half)
}

// readersAgree tells whether the two libraries do, where both were asked for the
// same: the mock does not ask kin-openapi for the key.
func (v verdicts) readersAgree() bool {
	return v.Kin == v.Validator || v.Kin == notAsked || v.Validator == noKey
}

// broken tells whether a library panicked or said what nobody understands.
func (v verdicts) broken() bool {
	for _, one := range []verdict{v.Kin, v.Validator} {
		if one != notAsked && !slices.Contains(inOrder(), one) {
			return true
		}
	}
	return false
}

// differences is the table of those that are known, by what they are about.
type differences struct {
	Requests  differenceList `json:"requests"`
	Responses differenceList `json:"responses"`
}

// difference is a class of messages on which the readers do not agree for one
// reason.
type difference struct {
	Class     string           `json:"class"`
	Right     string           `json:"right"`      // whose verdict is
	Reason    string           `json:"reason"`     // of the difference
	CoveredBy string           `json:"covered_by"` // the clause of ours by which it does no harm
	Cases     []differenceCase `json:"cases"`
}

// differenceCase lists entries of the corpus with the same verdicts.
type differenceCase struct {
	verdicts
	Entries []string `json:"entries"`
}

type differenceList []difference

func readDifferences(tb testing.TB, file string) differences {
	tb.Helper()
	f, err := os.Open(file)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	var table differences
	if err := d.Decode(&table); err != nil {
		tb.Fatalf("%s: %v", file, err)
	}
	return table
}

// judge returns what is wrong with the table about one entry of the corpus, ""
// for nothing.
func (l differenceList) judge(name string, v verdicts) string {
	var classes []string
	var listed verdicts
	for _, d := range l {
		for _, c := range d.Cases {
			if slices.Contains(c.Entries, name) {
				classes, listed = append(classes, d.Class), c.verdicts
			}
		}
	}
	listed.agree = v.agree // which the table does not say
	switch {
	case len(classes) == 0 && !v.agree:
		return fmt.Sprintf("a difference that the table does not list: %s", v)
	case len(classes) == 0:
		return ""
	case len(classes) > 1:
		return fmt.Sprintf("listed more than once: %q", classes)
	case v.agree:
		return fmt.Sprintf("listed as %q, but all agree now: %s", classes[0], v)
	case listed != v:
		return fmt.Sprintf("listed as %q with\n%s\nbut now\n%s", classes[0], listed, v)
	}
	return ""
}

// idle lists what in the table is of no use, or incomplete.
func (l differenceList) idle(corpus []message) []string {
	var problems []string
	for _, d := range l {
		if d.Class == "" || d.Right == "" || d.Reason == "" || d.CoveredBy == "" {
			problems = append(problems, fmt.Sprintf("class %q lacks its name, right, reason or covered_by", d.Class))
		}
		for _, c := range d.Cases {
			if len(c.Entries) == 0 {
				problems = append(problems, fmt.Sprintf("class %q: no entry for %s", d.Class, c.verdicts))
			}
			for _, name := range c.Entries {
				if !slices.ContainsFunc(corpus, func(m message) bool { return m.name == name }) {
					problems = append(problems, fmt.Sprintf("class %q lists %q, which is not in the corpus", d.Class, name))
				}
			}
		}
	}
	return problems
}
