package report_test

import (
	"math/rand/v2"
	"testing"

	"nox.energy/contract/conformance"
)

// pieces are what payloads are made of: what some format gives a meaning to.
var pieces = []string{
	"`", "```", "|", "\\", "\n", "\r", " ", "@", "#", "##[", "<", ">", "&", "\"", "'", "[", "]", "(", ")", "*", "_", "~", "$", "!", "+", "/", "?", "-",
	":", "::", "%", "0A", ",", ";", "=", ".", "www.", "http://", "</code>", "<details>", "${", "{{", "}}", "a", "b", "1",
	"\x00", "\x1b", "\xff", "\u202e", "é", "😀",
}

// TestRandomPayloads fills every text of a result with pieces thrown together,
// so that one text ends in the middle of something and the next goes on.
func TestRandomPayloads(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		s := ""
		for range random.IntN(14) {
			s += pieces[random.IntN(len(pieces))]
		}
		return s
	}
	headers := func() map[string]string { return map[string]string{text(): text(), "Content-Type": text()} }
	outcomes := []conformance.Outcome{conformance.Fail, conformance.Warn, conformance.Err, conformance.Skip, conformance.Pass}
	for range 80 {
		r := run(conformance.Violates, 1)
		for range 4 {
			c := conformance.CheckResult{
				ID: text(), Operation: text(), Status: text(), Summary: text(), Reason: text(), Expected: text(), Actual: text(),
				Outcome: outcomes[random.IntN(len(outcomes))], Known: random.IntN(6) == 0, Failed: 1, Tried: random.IntN(4),
			}
			c.Clause.Line, c.Clause.Quote, c.Clause.Pointer = random.IntN(3), text(), text()
			for range random.IntN(3) {
				c.Exchanges = append(c.Exchanges, conformance.Exchange{
					Request:  conformance.Request{Method: text(), URL: "http://h/" + text(), Headers: headers(), Body: text()},
					Response: &conformance.Response{Status: random.IntN(600), Headers: headers(), Body: text()},
					Error:    text(), Curl: text(),
				})
			}
			if len(r.Checks) > 0 {
				c.Cause = r.Checks[0].ID
			}
			r.Checks = append(r.Checks, c)
		}
		r.Target, r.Reason, r.RunID, r.Contract.Source, r.Contract.Title, r.Tool.Name = text(), text(), text(), text(), text(), text()
		r.Responses = []conformance.ResponseResult{{Operation: text(), Status: text(), Verdict: conformance.Verdict(text())}}
		eachFormat(t, r)
	}
}
