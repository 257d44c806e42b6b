package report_test

import (
	"fmt"
	"strings"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/spec"
)

const (
	operation = "createManufacturerDeviceConnection"
	base      = "http://127.0.0.1:4010/v2"
	endpoint  = base + "/manufacturer/device-connections"
)

var started = time.Date(2026, 11, 23, 13, 0, 0, 250_000_000, time.UTC)

// run returns a result without checks.
func run(verdict conformance.Verdict, exit int, checks ...conformance.CheckResult) *conformance.Result {
	r := &conformance.Result{
		Format: conformance.ReportFormat,
		Tool:   conformance.Tool{Name: "nox-conformance", Version: "1.2.3"},
		Contract: conformance.Contract{
			Title: "NOX Authenticator API — Manufacturer", Version: "2.0.0",
			SHA256: strings.Repeat("ab", 32), Source: "create-manufacturer-device-connection.md",
		},
		Target: base, Profile: conformance.Full, RunID: "run-1", Seed: 1,
		Started: started, DurationMS: 312, Verdict: verdict, ExitCode: exit, Requests: 214,
		Checks: checks,
	}
	for _, c := range checks {
		switch {
		case c.Known && c.Outcome != conformance.Pass:
			r.Summary.Known++
		case c.Outcome == conformance.Pass:
			r.Summary.Pass++
		case c.Outcome == conformance.Fail:
			r.Summary.Fail++
		case c.Outcome == conformance.Warn:
			r.Summary.Warn++
		case c.Outcome == conformance.Skip:
			r.Summary.Skip++
		default:
			r.Summary.Error++
		}
	}
	return r
}

func check(id string, level conformance.Level, outcome conformance.Outcome, summary string) conformance.CheckResult {
	status, _, _ := strings.Cut(id, "/")
	clauses := map[string]spec.Clause{
		"201": {Pointer: "/paths/~1manufacturer~1device-connections/post/responses/201/description", Line: 47, Quote: "description: Device connection created successfully."},
		"400": {Pointer: "/paths/~1manufacturer~1device-connections/post/responses/400/description", Line: 54, Quote: "description: Validation error."},
		"401": {Pointer: "/paths/~1manufacturer~1device-connections/post/responses/401/description", Line: 63, Quote: "description: Missing or invalid API key, or manufacturer not enabled."},
		"500": {Pointer: "/paths/~1manufacturer~1device-connections/post/responses/500/description", Line: 72, Quote: "description: Unexpected server error."},
	}
	return conformance.CheckResult{
		ID: operation + "/" + id, Operation: operation, Status: status, Level: level,
		Summary: summary, Clause: clauses[status], Outcome: outcome, DurationMS: 3,
	}
}

func exchange(body string, status int, answer string) conformance.Exchange {
	return conformance.Exchange{
		Request: conformance.Request{
			Method: "POST", URL: endpoint, Body: body,
			Headers: map[string]string{
				"Content-Type": "application/json", "User-Agent": "nox-conformance/1.2.3",
				"X-Api-Key": "$NOX_API_KEY", "Accept": "application/json",
			},
		},
		Response: &conformance.Response{
			Status: status, Body: answer, Size: int64(len(answer)), HTTPVersion: "HTTP/2",
			Headers: map[string]string{"Content-Type": "application/json", "Date": "Mon, 23 Nov 2026 13:00:00 GMT"},
		},
		DurationMS: 1.75, Started: started.Add(20 * time.Millisecond),
		Curl: `curl -sS -X POST '` + endpoint + `' -H "x-api-key: $NOX_API_KEY" -H 'Content-Type: application/json' --data-binary '` + body + `'`,
	}
}

func documented(verdicts ...conformance.Verdict) []conformance.ResponseResult {
	var list []conformance.ResponseResult
	for i, status := range []string{"201", "400", "401", "500"} {
		d := conformance.ResponseResult{Operation: operation, Status: status, Verdict: verdicts[i]}
		if d.Verdict != conformance.NotExercised {
			d.Exchanges = 40 + 11*i
			d.Latency = &conformance.Latency{P50: 0.6 + float64(i)/10, P99: 4.25 * float64(i+1)}
		}
		list = append(list, d)
	}
	return list
}

// conforming is a run that passes, with the checks that a run without a second
// key has.
func conforming() *conformance.Result {
	var checks []conformance.CheckResult
	for _, id := range []string{"201/minimal", "201/echo-case", "201/resolve-at-once", "400/user_id-missing", "400/user_id-number", "400/json-cut-short", "401/missing-key", "401/unknown-key"} {
		checks = append(checks, check(id, conformance.Must, conformance.Pass, "A check that passed"))
	}
	tenants := check("201/tenants", conformance.Must, conformance.Skip, "One user_id under two manufacturers gives two ids")
	tenants.Reason = "needs the key of a second manufacturer: set NOX_OTHER_API_KEY"
	disabled := check("401/not-enabled", conformance.Must, conformance.Skip, "The key of a manufacturer that is not enabled is refused")
	disabled.Reason = "needs the key of a manufacturer that is not enabled: set NOX_DISABLED_API_KEY"
	checks = append(checks, tenants, disabled)
	for _, id := range []string{"500/provoked", "500/serves-on"} {
		c := check(id, conformance.Must, conformance.Skip, "A provoked 500 is as documented")
		c.Reason = "nothing was said about how to provoke a 500: see --provoke"
		checks = append(checks, c)
	}
	r := run(conformance.Conforms, conformance.ExitConforms, checks...)
	r.Responses = documented(conformance.Conforms, conformance.Conforms, conformance.Conforms, conformance.NotExercised)
	return r
}

// violating is a run with one check of every kind: failed, intermittent,
// fallen to the cause of another, broken, a warning, known failures that still
// fail and that pass, skipped, passed.
func violating() *conformance.Result {
	missing := check("401/missing-key", conformance.Must, conformance.Fail, "A request without a key is refused")
	missing.Expected, missing.Actual = "status 401 with an error body", "status 403 with an error body"
	missing.Sends, missing.Why = "an otherwise valid request without the header", "Whoever finds the URL could connect devices."
	missing.Reason = "a gateway in front of the target refuses the request before it gets there"
	missing.Exchanges = []conformance.Exchange{exchange(`{"user_id":"nox-check-1"}`, 403, `{"error":"Forbidden"}`)}
	delete(missing.Exchanges[0].Request.Headers, "X-Api-Key")
	missing.Exchanges[0].Request.Note = "sent without a key"
	missing.Exchanges[0].Curl = strings.Replace(missing.Exchanges[0].Curl, ` -H "x-api-key: $NOX_API_KEY"`, "", 1)

	empty := check("401/empty-key", conformance.Must, conformance.Fail, "An empty key is refused")
	empty.Expected, empty.Actual, empty.Cause = "status 401", "status 403", missing.ID

	repeat := check("201/repeat", conformance.Must, conformance.Fail, "Many requests in a row all get a 201 that conforms")
	repeat.Expected, repeat.Actual = "nox_user_id is a string", "nox_user_id is a number"
	repeat.Failed, repeat.Tried = 3, 20
	for i := range 3 {
		repeat.Exchanges = append(repeat.Exchanges, exchange(
			fmt.Sprintf(`{"user_id":"nox-check-%d"}`, 10+i), 201,
			fmt.Sprintf(`{"manufacturer_user_id":"nox-check-%d","nox_user_id":%d}`, 10+i, i)))
	}

	broken := check("201/simultaneous", conformance.Must, conformance.Err, "One user asked for by many at one moment gets one id")
	broken.Reason = "the connection was refused after 3 tries"
	lost := exchange(`{"user_id":"nox-check-20"}`, 0, "")
	lost.Response, lost.Error = nil, "dial tcp 127.0.0.1:4010: connect: connection refused"
	broken.Exchanges = []conformance.Exchange{lost}

	warning := check("401/www-authenticate", conformance.Should, conformance.Warn, "A 401 says how to authenticate")
	warning.Cause = missing.ID
	warning.Expected, warning.Actual = "a WWW-Authenticate header (RFC 9110, section 11.6.1)", "there is none"
	warning.Exchanges = []conformance.Exchange{exchange(`{"user_id":"nox-check-30"}`, 401, `{"error":"Invalid API key"}`)}

	methods := check("http/other-methods", conformance.Should, conformance.Warn, "Other methods do not succeed")
	methods.Actual = "GET was answered with 200"

	excused := check("400/body-array", conformance.Must, conformance.Fail, "A body that is an array is refused")
	excused.Known, excused.Expected, excused.Actual = true, "status 400", "status 500"
	excused.Reason = "known until 2026-12-31: fixed in the next release (owner Ann, ticket CONN-17)"

	stale := check("400/body-null", conformance.Must, conformance.Pass, "A body that is null is refused")
	stale.Known = true

	good := check("201/minimal", conformance.Must, conformance.Pass, "The least valid request is accepted")
	good.Exchanges = []conformance.Exchange{exchange(`{"user_id":"nox-check-0"}`, 201, `{"manufacturer_user_id":"nox-check-0","nox_user_id":"n-1"}`)}

	skip := check("500/provoked", conformance.Must, conformance.Skip, "A provoked 500 is as documented")
	skip.Reason = "nothing was said about how to provoke a 500: see --provoke"

	r := run(conformance.Violates, conformance.ExitViolates,
		good, repeat, broken, excused, stale, missing, empty, warning, skip, methods)
	r.Problems = []string{"the known failure " + stale.ID + " passes now: remove it from known.json, or run with --update-known known.json"}
	r.Expiring = []string{"the excuse for " + excused.ID + " expires on 2026-12-31 (days left: 3): fixed in the next release (owner Ann, ticket CONN-17)"}
	r.Unchecked = []string{"isolation of manufacturers (no NOX_OTHER_API_KEY)"}
	r.Reason = strings.Join(r.Problems, "; ")
	r.Responses = documented(conformance.Violates, conformance.Conforms, conformance.Violates, conformance.NotExercised)
	r.Causes = []conformance.Cause{
		{Check: missing.ID, Summary: "403 Forbidden where the contract requires 401 Unauthorized", Fix: "return 401 with the documented body", Checks: []string{missing.ID, empty.ID, warning.ID}},
		{Check: repeat.ID, Summary: "broken rule: many requests in a row all get a 201 that conforms (found: nox_user_id is a number)", Checks: []string{repeat.ID}},
		{Check: methods.ID, Summary: "200 OK to GET", Checks: []string{methods.ID}},
	}
	r.Strict = true
	r.ContractPath = "api/create manufacturer.md"
	published := spec.Edition{Title: r.Contract.Title, Version: "2.1.0", SHA256: strings.Repeat("cd", 32), Source: "https://developers.nox.example/api.md"}
	r.Drift = []spec.Drift{{From: spec.Edition(r.Contract), To: published, Breaks: true, Changes: []spec.Change{
		{Effect: spec.Breaks, Text: "removed the success response with the status \"201\"", Operation: "POST /manufacturer/device-connections"},
		{Effect: spec.Harmless, Text: `added the server "https://eu.auth.nox.example/v2"`},
	}}}
	return r
}

// inconclusive is a run that could not begin.
func inconclusive() *conformance.Result {
	gate := check("201/minimal", conformance.Must, conformance.Err, "The least valid request is accepted")
	gate.Reason = "the target cannot be reached: connection refused"
	r := run(conformance.Inconclusive, conformance.ExitInconclusive, gate)
	r.Reason = "the target cannot be reached: connection refused. Is it running, and is the port right?"
	r.Responses = documented(conformance.NotExercised, conformance.NotExercised, conformance.NotExercised, conformance.NotExercised)
	r.Requests = 1
	return r
}

// payloads are what a target can send to harm whoever reads a report.
func payloads() map[string]string {
	return map[string]string{
		"control":       "a\x00b\x01c\x07d\x08e\x0bf\x7fg",
		"escape":        "\x1b[2J\x1b[31mred\x1b]0;title\x07\x1b]8;;http://evil.example\x1b\\link",
		"c1":            "\u009b31mred\u0085next",
		"cdata":         "]]> <![CDATA[ ]]&gt; <!-- --> <?xml ?> &bogus; &#0;",
		"script":        "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1><svg onload=window.pwned=1><a href=javascript:window.pwned=1>x</a>",
		"style":         "</style><style>body{display:none}</style>",
		"attribute":     `" onmouseover="window.pwned=1" x='`,
		"command":       "%0A::error file=a,line=1::injected\n::error::injected\r\n::set-output name=x::y",
		"log-command":   "##[error]injected ##vso[task.complete]x ##teamcity[x] ::warning::y",
		"markdown":      "| a | b |\n\n# heading\n```\n[link](javascript:alert(1)) @everyone <b>bold</b> `code` ![i](http://evil.example/x.png)",
		"bars":          "a | b || c",
		"pipes":         "a | b || c \\| d |",
		"autolink":      "see http://evil.example/?q=1 and www.evil.example or me@evil.example #1 GH-1",
		"invalid-utf8":  "caf\xe9 \xff\xfe\xc0\xaf \xed\xa0\x80",
		"right-to-left": "safe\u202egnp.exe\u202c \u2066x\u2069 \u200b\u200d\ufeff",
		"noncharacters": "\ufffe\uffff \U0001fffe",
		"lines":         "one\u2028two\u2029three\nfour\tfive\rsix",
		"astral":        "😀 é é 👩‍👩‍👧 \U000e0041",
		"template":      "{{.}} {{template \"x\"}} ${{ secrets.X }} $(id) `id`",
		"long-word":     strings.Repeat("x", 3000),
	}
}

// hostile is a run in which every text that a target can influence is one of
// the payloads. One of the bodies goes on with body.
func hostile(body string) *conformance.Result {
	all := payloads()
	var checks []conformance.CheckResult
	for i, name := range sortedKeys(all) {
		p := all[name]
		outcome := []conformance.Outcome{conformance.Fail, conformance.Warn, conformance.Err, conformance.Skip}[i%4]
		if name == "script" || name == "command" || name == "escape" || name == "invalid-utf8" {
			outcome = conformance.Fail
		}
		tail := ""
		if name == "script" {
			tail = body
		}
		c := check("400/"+name, conformance.Must, outcome, p)
		c.Sends, c.Why = p, p
		c.Reason, c.Expected, c.Actual = p, "no "+p, p+" came"
		c.Clause.Quote = p
		c.Exchanges = []conformance.Exchange{{
			Request:  conformance.Request{Method: "POST", URL: endpoint + "?" + p, Headers: map[string]string{p: p, "Content-Type": p}, Body: p + tail, Note: p},
			Response: &conformance.Response{Status: 418, Headers: map[string]string{"X-Evil": p, "Content-Type": p, "Location": p}, Body: p + tail, Size: int64(len(p) + len(tail))},
			Error:    p, Curl: "curl " + p, DurationMS: 1, Started: started,
		}}
		checks = append(checks, c)
	}
	r := run(conformance.Violates, conformance.ExitViolates, checks...)
	r.Target, r.Reason, r.Problems = base+all["script"], all["command"], []string{all["markdown"], all["escape"], all["script"], all["command"]}
	r.Contract.Title = all["script"]
	r.Contract.Source = "dir with space/" + all["attribute"] + all["right-to-left"]
	r.ContractPath = r.Contract.Source
	r.Responses = documented(conformance.Conforms, conformance.Violates, conformance.Conforms, conformance.NotExercised)
	for _, c := range checks {
		if c.Outcome == conformance.Fail || c.Outcome == conformance.Warn {
			r.Causes = append(r.Causes, conformance.Cause{Check: c.ID, Summary: c.Summary, Fix: c.Summary, Checks: []string{c.ID}})
		}
	}
	drift := spec.Drift{From: spec.Edition(r.Contract), To: spec.Edition{Source: all["command"], Version: all["escape"]}}
	for _, name := range sortedKeys(all) {
		drift.Changes = append(drift.Changes, spec.Change{Effect: spec.Unjudged, Text: all[name], Operation: all[name]})
	}
	r.Drift = []spec.Drift{drift}
	return r
}

// crowd is a run with forty failures and as many warnings, as a target has that
// speaks another API.
func crowd() *conformance.Result {
	var checks []conformance.CheckResult
	for i := range 40 {
		status := []string{"201", "400", "401"}[i%3]
		c := check(fmt.Sprintf("%s/failure-%02d", status, i), conformance.Must, conformance.Fail, "The answer to this request is a "+status)
		c.Expected, c.Actual = "status "+status+" and a body that matches its schema", "status 302 and a body that is an HTML page"
		c.Exchanges = []conformance.Exchange{exchange(fmt.Sprintf(`{"user_id":"nox-check-%d"}`, i), 302, strings.Repeat("<html>\n<p>moved</p>\n", 40))}
		checks = append(checks, c)
		w := check(fmt.Sprintf("%s/warning-%02d", status, i), conformance.Should, conformance.Warn, "Good practice")
		w.Actual = "something that could be better"
		checks = append(checks, w, check(fmt.Sprintf("%s/passed-%02d", status, i), conformance.Must, conformance.Pass, "Passed"))
	}
	r := run(conformance.Violates, conformance.ExitViolates, checks...)
	r.Responses = documented(conformance.Violates, conformance.Violates, conformance.Violates, conformance.NotExercised)
	return r
}

// bare is a result with nothing in it that may be missing.
func bare() *conformance.Result {
	r := &conformance.Result{Checks: make([]conformance.CheckResult, 7)}
	for i, o := range []conformance.Outcome{conformance.Pass, conformance.Fail, conformance.Warn, conformance.Skip, conformance.Err, "", "other"} {
		r.Checks[i].Outcome = o
		r.Checks[i].Exchanges = make([]conformance.Exchange, 3)
	}
	r.Responses = make([]conformance.ResponseResult, 2)
	return r
}
