package readers_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"text/tabwriter"

	"nox.energy/contract/cmd/internal/golden"
	"nox.energy/contract/spec"
)

// The mock and the runner read the contract with two libraries, so that a
// mistake in one of them shows as a disagreement. In this package
// both libraries read one corpus of requests and of responses, and each half
// reads them end to end:
//
//   - a request: kin-openapi, as the mock asks it; libopenapi-validator, as the
//     runner asks it; and the running mock, by the status that it answers;
//   - a response: the same two; and the runner, by the checks that fail when a
//     server answers so.
//
// Where the three do not agree, a table of differences says why, and which
// clause of ours covers it. A difference that is not listed fails the test, and
// so does a listed one that is gone. The golden files show the verdicts on
// everything, also where all agree: what both libraries get wrong is seen
// nowhere else.

// readersFolder holds for each contract the corpora, *-requests.txt and
// *-responses.txt, the table, *-differences.json, and the golden files.
const readersFolder = "testdata/"

// subject is a contract with the readers of it and the corpus for it.
type subject struct {
	name                    string // of its files
	contract                *spec.Document
	keyHeader, answerHeader string // where a key goes; a header that some response declares
	kin                     *kinReader
	validator               *validatorReader
	requests                []message
	responses               []message
	table                   differences
}

func newSubject(tb testing.TB, name string, contract *spec.Document) *subject {
	tb.Helper()
	s := &subject{
		name:      name,
		contract:  contract,
		kin:       newKinReader(tb, contract),
		validator: newValidatorReader(tb, contract),
		requests:  readCorpus(tb, readersFolder+name+"-requests.txt"),
		responses: readCorpus(tb, readersFolder+name+"-responses.txt"),
		table:     readDifferences(tb, readersFolder+name+"-differences.json"),
	}
	s.keyHeader, s.answerHeader = s.kin.headers()
	return s
}

// subjects are the contracts that the readers are compared on.
func subjects(tb testing.TB) []*subject {
	tb.Helper()
	embedded, err := spec.Embedded()
	if err != nil {
		tb.Fatal(err)
	}
	later, err := spec.Parse("embedded as 3.1", bytes.Replace(embedded.Bytes(), []byte("openapi: 3.0.3"), []byte("openapi: 3.1.0"), 1))
	if err != nil {
		tb.Fatal(err)
	}
	second, err := spec.Load(context.Background(), "../../../testdata/contracts/second.yaml", nil)
	if err != nil {
		tb.Fatal(err)
	}
	return []*subject{
		newSubject(tb, "embedded", embedded),
		newSubject(tb, "embedded", later),
		newSubject(tb, "second", second),
	}
}

func TestReadersOfRequests(t *testing.T) {
	for _, s := range subjects(t) {
		t.Run(s.contract.Source(), func(t *testing.T) {
			mock := newMockHalf(t, s)
			all := make([]verdicts, len(s.requests))
			for i, m := range s.requests {
				all[i] = verdicts{Kin: s.kin.request(m), Validator: s.validator.request(m), Mock: mock.status(t, m)}
				all[i].agree = all[i].readersAgree() && all[i].Mock == s.expectedStatus(m, all[i].Validator)
			}
			s.compare(t, "requests", s.requests, all, s.table.Requests)
		})
	}
}

func TestReadersOfResponses(t *testing.T) {
	for _, s := range subjects(t) {
		t.Run(s.contract.Source(), func(t *testing.T) {
			runner := newRunnerHalf(t, s)
			all := make([]verdicts, len(s.responses))
			for i, m := range s.responses {
				all[i] = verdicts{Kin: s.kin.response(m), Validator: s.validator.response(m), Runner: runner.failing(t, m)}
				all[i].agree = all[i].readersAgree() && all[i].Runner == expectedChecks(all[i].Validator)
			}
			s.compare(t, "responses", s.responses, all, s.table.Responses)
		})
	}
}

// compare holds the verdicts to the table of differences and to the golden
// file.
func (s *subject) compare(t *testing.T, of string, corpus []message, all []verdicts, table differenceList) {
	t.Helper()
	for i, m := range corpus {
		if all[i].broken() {
			t.Errorf("%s %q: a reader broke: %s", of, m.name, all[i])
		}
		if problem := table.judge(m.name, all[i]); problem != "" {
			t.Errorf("%s %q: %s", of, m.name, problem)
		}
	}
	for _, problem := range slices.Concat(table.idle(corpus), s.strangers(table, corpus)) {
		t.Errorf("%s: %s", of, problem)
	}
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	half := "mock"
	if of == "responses" {
		half = "runner"
	}
	fmt.Fprintf(w, "kin-openapi\tvalidator\t%s\tdiffer\tname\n", half)
	for i, m := range corpus {
		differ := "differ"
		if all[i].agree {
			differ = ""
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", all[i].Kin, all[i].Validator, all[i].Mock+all[i].Runner, differ, m.name)
	}
	w.Flush()
	golden.Compare(t, readersFolder+s.name+"-"+of+".golden", text.String())
}

// strangers lists the entries of the table that do not belong to their class by
// the rule that the fuzzer knows it by.
func (s *subject) strangers(table differenceList, corpus []message) []string {
	var problems []string
	belongs := s.classes()
	for _, d := range table {
		if belongs[d.Class] == nil {
			problems = append(problems, fmt.Sprintf("class %q has no rule in classes_test.go", d.Class))
			continue
		}
		for _, c := range d.Cases {
			for _, m := range corpus {
				if slices.Contains(c.Entries, m.name) && !belongs[d.Class](m) {
					problems = append(problems, fmt.Sprintf("%q does not belong to its class %q", m.name, d.Class))
				}
			}
		}
	}
	return problems
}
