package report_test

import (
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

func eachFormat(t testing.TB, r *conformance.Result) {
	t.Helper()
	for _, format := range report.Formats() {
		wellFormed(t, format, write(t, format, r))
	}
}

// FuzzFormats holds every writer to well-formed output whatever the target
// sent.
func FuzzFormats(f *testing.F) {
	all := payloads()
	for i, name := range sortedKeys(all) {
		for kind := range uint8(6) {
			f.Add(all[name], all[sortedKeys(all)[(i+3)%len(all)]], []byte(all[name]), i, kind+1)
		}
	}
	f.Fuzz(func(t *testing.T, id, words string, body []byte, number int, kind uint8) {
		c := conformance.CheckResult{
			ID: id, Operation: words, Status: id, Summary: words, Reason: words, Expected: string(body), Actual: words, Cause: id,
			Level:   []conformance.Level{conformance.Must, conformance.Should, conformance.May}[kind%3],
			Outcome: []conformance.Outcome{conformance.Fail, conformance.Warn, conformance.Err, conformance.Skip, conformance.Pass, conformance.Outcome(words)}[kind%6],
			Known:   kind%7 == 0, Failed: number, Tried: number / 2, DurationMS: int64(number),
		}
		c.Clause.Pointer, c.Clause.Quote, c.Clause.Line = id, words, number
		c.Exchanges = []conformance.Exchange{
			{Error: words, Curl: string(body), DurationMS: float64(number)},
			{
				Request:  conformance.Request{Method: id, URL: words, Headers: map[string]string{id: words}, Body: string(body), Base64: kind%2 == 0, Note: words},
				Response: &conformance.Response{Status: number, Headers: map[string]string{words: id}, Body: string(body), Base64: kind%3 == 0, Size: int64(number)},
			},
		}
		fallen := c
		fallen.ID, fallen.Cause = id+words, id
		r := run(conformance.Verdict(id), number, c, c, fallen)
		r.Target, r.Reason, r.RunID, r.Contract.Source, r.Contract.Title, r.Tool.Version = words, id, words, string(body), id, words
		r.Problems = []string{words, string(body), id}
		r.Responses = []conformance.ResponseResult{{Operation: words, Status: id, Verdict: conformance.Verdict(words), Exchanges: number}}
		eachFormat(t, r)
		for _, o := range []report.TextOptions{{Verbose: true, Width: number}, {Quiet: true}, {Width: 50}} {
			wellFormed(t, "text", []byte(text(t, r, o)))
		}
	})
}
