package runner_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/mocktest"
)

// recordedEntry is one exchange as a recorder writes it down; what is empty is
// what a sound exchange of one user has.
type recordedEntry struct {
	url, key, sent, got string
	status              int
	header              [2]string // one more of the response
	contentType         string
	change              func(request, response map[string]any) // of the entry's JSON
}

func (e recordedEntry) json() map[string]any {
	or := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	if e.status == 0 {
		e.status = 201
	}
	if e.got == "" && e.status == 201 {
		e.got = `{"manufacturer_user_id":"ann","nox_user_id":"n-1"}`
	}
	sent, got := or(e.sent, `{"user_id":"ann"}`), or(e.got, `{"error":"No."}`)
	kind := or(e.contentType, "application/json")
	pair := func(name, value string) any { return map[string]any{"name": name, "value": value} }
	request := map[string]any{
		"method": "POST", "url": or(e.url, "https://staging.example/v2/manufacturer/device-connections"),
		"headers":  []any{pair("x-api-key", or(e.key, "recorded-key-1")), pair("content-type", "application/json"), pair(":method", "POST")},
		"postData": map[string]any{"mimeType": "application/json", "text": sent}, "bodySize": len(sent),
	}
	response := map[string]any{
		"status": e.status, "headers": []any{pair("Content-Type", kind)},
		"content": map[string]any{"mimeType": kind, "text": got, "size": len(got)}, "bodySize": len(got),
	}
	if e.header[0] != "" {
		response["headers"] = append(response["headers"].([]any), pair(e.header[0], e.header[1]))
	}
	if e.change != nil {
		e.change(request, response)
	}
	return map[string]any{"startedDateTime": "2026-01-02T03:04:05.006Z", "time": 12.5, "request": request, "response": response}
}

func recordingOf(t testing.TB, all ...recordedEntry) *runner.Recording {
	t.Helper()
	list := []any{}
	for _, e := range all {
		list = append(list, e.json())
	}
	text, err := json.Marshal(map[string]any{"log": map[string]any{"version": "1.2", "entries": list}})
	if err != nil {
		t.Fatal(err)
	}
	return read(t, text)
}

func read(t testing.TB, har []byte) *runner.Recording {
	t.Helper()
	rec, err := runner.ReadHAR(bytes.NewReader(har), "traffic.har")
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func judgeRecorded(t testing.TB, cfg conformance.Config, recordings ...*runner.Recording) *conformance.Result {
	t.Helper()
	r, err := runner.JudgeHAR(t.Context(), cfg, recordings...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRecordedSoundTrafficConforms(t *testing.T) {
	r := judgeRecorded(t, conformance.Config{Require: []string{"201", "400", "401", "500"}, Provoke: []conformance.Provocation{{Status: "500", Body: `{"user_id":"break"}`}}},
		recordingOf(t, recordedEntry{}, recordedEntry{status: 400, sent: `{}`}),
		recordingOf(t, recordedEntry{status: 401}, recordedEntry{status: 500, sent: `{"user_id":"break"}`}))
	if bad := outcomes(r, conformance.Fail, conformance.Warn, conformance.Err, conformance.Skip); len(bad) > 0 || r.Verdict != conformance.Conforms || len(r.Notes) > 0 {
		t.Errorf("%s, %q, not passed:\n%s", r.Verdict, r.Notes, strings.Join(bad, "\n"))
	}
	if r.Requests != 0 || r.Target != "https://staging.example/v2" {
		t.Errorf("%d requests, target %q", r.Requests, r.Target)
	}
}

// faultyRecordings breaks each clause that a recording is judged by, in an
// exchange or two. The operation's name is left out of the ids.
func faultyRecordings() map[string][]recordedEntry {
	ann := func(id string) string { return `{"manufacturer_user_id":"ann","nox_user_id":` + id + `}` }
	all := map[string][]recordedEntry{
		"201/resolve-throughout":   {{}, {got: ann(`"n-2"`)}},
		"201/create-throughout":    {{}, {sent: `{"user_id":"bob"}`, got: `{"manufacturer_user_id":"bob","nox_user_id":"n-1"}`}},
		"201/recorded-accepted":    {{status: 400}},
		"201/recorded-echo":        {{sent: `{"user_id":"Ann"}`}},
		"201/non-empty":            {{got: ann(`""`)}},
		"201/no-shared-cache":      {{header: [2]string{"Cache-Control", "public, max-age=3600"}}},
		"400/recorded-refused":     {{sent: `{"user_id":1}`}},
		"http/no-redirect":         {{status: 307, header: [2]string{"Location", "https://elsewhere.example/"}}},
		"http/no-server-error":     {{status: 500}},
		"http/recorded-documented": {{status: 418}},
	}
	for _, status := range []int{201, 400, 401, 500} {
		at := map[int]string{201: "201/", 400: "400/", 401: "401/", 500: "500/"}[status]
		got := ann(`"n-1"`)
		if status != 201 {
			got = `{"error":"No."}`
		}
		all[at+"content-type"] = []recordedEntry{{status: status, contentType: "text/html"}}
		all[at+"json"] = []recordedEntry{{status: status, got: got + "x"}}
		all[at+"unique-names"] = []recordedEntry{{status: status, got: `{"x":1,"x":2,` + got[1:]}}
		all[at+"schema"] = []recordedEntry{{status: status, got: `{"error":1}`}}
		all[at+"no-internals"] = []recordedEntry{{status: status, got: got, header: [2]string{"X-Trace", "at run (/srv/app/server.js:10:2)"}}}
		all[at+"no-key"] = []recordedEntry{{status: status, got: `{"key":"recorded-key-1",` + got[1:]}}
		if status != 201 {
			all[at+"non-empty"] = []recordedEntry{{status: status, got: `{"error":" "}`}}
		}
	}
	return all
}

func TestEveryRecordedCheckCanFail(t *testing.T) {
	catalogue, err := runner.RecordedCatalogue(nil)
	if err != nil {
		t.Fatal(err)
	}
	faulty := faultyRecordings()
	for _, c := range catalogue {
		name := strings.TrimPrefix(c.ID, c.Operation+"/")
		if name == "http/published" {
			continue // it judges no recording: see TestPublishedContractIsACheck
		}
		entries := faulty[name]
		if entries == nil {
			t.Errorf("no recording fails %s", name)
			continue
		}
		delete(faulty, name)
		r := judgeRecorded(t, conformance.Config{Strict: true}, recordingOf(t, entries...))
		i := slices.IndexFunc(r.Checks, func(got conformance.CheckResult) bool { return got.ID == c.ID })
		if got := r.Checks[i]; got.Outcome != conformance.Fail || got.Expected == "" || got.Actual == "" || len(got.Exchanges) == 0 {
			t.Errorf("%s: %s, expected %q, actual %q, %d exchanges", name, got.Outcome, got.Expected, got.Actual, len(got.Exchanges))
		}
		if r.ExitCode != conformance.ExitViolates {
			t.Errorf("%s: exit code %d", name, r.ExitCode)
		}
	}
	for name := range faulty {
		t.Errorf("%s is no check", name)
	}
}

// What the contract leaves open, or the recording does not tell, is nobody's
// fault.
func TestRecordedDoubtIsNoFailure(t *testing.T) {
	for name, e := range map[string]recordedEntry{
		"a key that is refused":              {status: 401},
		"a body that servers may refuse":     {status: 400, sent: `{"user_id":"` + strings.Repeat("x", 300) + `"}`},
		"one that they may refuse, accepted": {sent: `{"user_id":"ann","more":1}`},
		"a name that stands twice":           {sent: `{"user_id":1,"user_id":"ann"}`},
		"a hidden key":                       {status: 400, key: "[hidden]"},
		"another base path":                  {status: 404, url: "https://staging.example/v9/manufacturer/device-connections"},
		"told to slow down":                  {status: 429, header: [2]string{"Retry-After", "1"}},
		"a preference applied":               {status: 500, header: [2]string{"Preference-Applied", "code=500"}},
		"a request body that is missing": {status: 400, change: func(q, _ map[string]any) {
			delete(q, "postData")
		}},
		"a request body that is cut": {status: 201, sent: `{"user_id":"an`, change: func(q, _ map[string]any) { q["bodySize"] = 17 }},
		"an answer without a body":   {got: "x", change: func(_, p map[string]any) { p["content"] = map[string]any{"size": 50, "mimeType": "application/json"} }},
		"an answer that is cut":      {got: `{"manu`, change: func(_, p map[string]any) { p["content"].(map[string]any)["size"] = 50 }},
		"a compressed answer": {header: [2]string{"Content-Encoding", "gzip"}, change: func(_, p map[string]any) {
			p["bodySize"] = 71
		}},
		"base64": {change: func(q, p map[string]any) {
			for _, body := range []any{q["postData"], p["content"]} {
				b := body.(map[string]any)
				b["text"] = base64.StdEncoding.EncodeToString([]byte(b["text"].(string)))
			}
			q["postData"].(map[string]any)["_encoding"], p["content"].(map[string]any)["encoding"] = "base64", "base64"
		}},
		"no headers": {change: func(q, p map[string]any) { delete(q, "headers"); delete(p, "headers") }},
	} {
		t.Run(name, func(t *testing.T) {
			r := judgeRecorded(t, conformance.Config{Strict: true}, recordingOf(t, recordedEntry{sent: `{"user_id":"zoe"}`, got: `{"manufacturer_user_id":"zoe","nox_user_id":"z"}`}, e))
			if bad := outcomes(r, conformance.Fail, conformance.Err); len(bad) > 0 {
				t.Error(strings.Join(bad, "\n"))
			}
		})
	}
}

// A mask is no key: the same mask may hide the keys of two manufacturers. Two
// users with one id are one too many under any key.
func TestRecordedMasksAreNoKeys(t *testing.T) {
	second := recordedEntry{got: `{"manufacturer_user_id":"ann","nox_user_id":"n-2"}`}
	shared := recordedEntry{sent: `{"user_id":"zoe"}`, got: `{"manufacturer_user_id":"zoe","nox_user_id":"n-1"}`}
	for _, mask := range []string{
		"***", "*****5c1d", "acme-****", "[REDACTED]", "<redacted>", "REDACTED", "redacted by proxy", "xxxx", "XXXXXXXX", "••••••", "●●●", "█████", "…",
		"acme-…", "sk-...", "{{api_key}}", "${API_KEY}", "$API_KEY", "%API_KEY%", "<api-key>", "[Filtered]", "(hidden)", "-----", `"***"`, "__MASKED__",
	} {
		first := recordedEntry{key: mask}
		second.key, shared.key = mask, mask
		r := judgeRecorded(t, conformance.Config{}, recordingOf(t, first, second))
		if r.Verdict != conformance.Conforms || !slices.Contains(r.Notes, "2 of 2 entries have masked keys, so their manufacturers are unknown") {
			t.Errorf("%s: %s, notes %q, failed %q", mask, r.Verdict, r.Notes, outcomes(r, conformance.Fail))
		}
		if skipped := strings.Join(outcomes(r, conformance.Skip), "\n"); !strings.Contains(skipped, "201/resolve-throughout: the recording masks the keys") {
			t.Errorf("%s: skipped are %s", mask, skipped)
		}
		r = judgeRecorded(t, conformance.Config{}, recordingOf(t, first, shared))
		if failed := strings.Join(outcomes(r, conformance.Fail), "\n"); !strings.Contains(failed, "201/create-throughout") {
			t.Errorf("%s: two users with one id: %s, failed %s", mask, r.Verdict, failed)
		}
	}
	for _, key := range []string{"acme-test-key-5c1d0a", "sha256:12ab", "test", "xx-live-4711", "a.b.c", "secretary", "k*y"} {
		first := recordedEntry{key: key}
		second.key = key
		if r := judgeRecorded(t, conformance.Config{}, recordingOf(t, first, second)); r.Verdict != conformance.Violates {
			t.Errorf("%s, which is a key: %s", key, r.Verdict)
		}
	}
}

func TestRecordedEntriesThatAreNotJudgedAreNamed(t *testing.T) {
	other := "https://elsewhere.example/v2/manufacturer/device-connections"
	rec := recordingOf(t, recordedEntry{}, recordedEntry{url: other, status: 500}, recordedEntry{url: other, status: 500},
		recordedEntry{url: "https://staging.example/style.css"},
		recordedEntry{change: func(_, p map[string]any) { p["status"] = 0 }},
		recordedEntry{change: func(_, p map[string]any) { delete(p["content"].(map[string]any), "text") }})
	r := judgeRecorded(t, conformance.Config{Target: "https://staging.example/v2"}, rec)
	for _, want := range []string{
		"2 of 6 entries were judged", "2 of 6 entries belong to other hosts than staging.example",
		"1 of 6 entries matches no operation of the contract", "1 of 6 entries has no response",
		"1 of 2 entries lacks part of its response body, so only status and headers were judged",
	} {
		if !slices.Contains(r.Notes, want) {
			t.Errorf("no note %q in %q", want, r.Notes)
		}
	}
	if r.Verdict != conformance.Conforms {
		t.Errorf("%s: %v", r.Verdict, outcomes(r, conformance.Fail))
	}
	if r := judgeRecorded(t, conformance.Config{}, rec); r.Verdict != conformance.Violates || r.Target != "https://staging.example/v2, https://elsewhere.example/v2" {
		t.Errorf("at any host: %s, target %s", r.Verdict, r.Target)
	}
}

func TestNothingRecordedDecidesNothing(t *testing.T) {
	for want, rec := range map[string]*runner.Recording{
		"nothing was judged: the recording has no entries":                                          recordingOf(t),
		"nothing was judged: 1 of 1 entry matches no operation of the contract":                     recordingOf(t, recordedEntry{url: "https://staging.example/"}),
		"nothing was judged: 2 of 2 entries match no operation of the contract":                     recordingOf(t, recordedEntry{url: "data:,"}, recordedEntry{change: func(q, _ map[string]any) { q["method"] = "GET" }}),
		"createManufacturerDeviceConnection/201/schema: not exercised: no 201 was recorded with it": nil,
	} {
		if rec == nil {
			continue
		}
		if r := judgeRecorded(t, conformance.Config{}, rec); r.ExitCode != conformance.ExitInconclusive || r.Reason != want {
			t.Errorf("exit code %d, %q, want %q", r.ExitCode, r.Reason, want)
		}
	}
	r := judgeRecorded(t, conformance.Config{}, recordingOf(t, recordedEntry{change: func(_, p map[string]any) { delete(p["content"].(map[string]any), "text") }}))
	if skipped := strings.Join(outcomes(r, conformance.Skip), "\n"); !strings.Contains(skipped, "201/schema: not exercised: the recording contains no 201 with its body") {
		t.Error(skipped)
	}
}

func TestRecordedKeysAreKeptOut(t *testing.T) {
	const key, token = "recorded-secret-key-0815", "browser-token-4711-abcdef"
	rec := recordingOf(t, recordedEntry{key: key, status: 500, got: `{"error":"` + key + ` ` + token + `"}`, change: func(q, p map[string]any) {
		for _, h := range []string{"Cookie", "Authorization"} {
			q["headers"] = append(q["headers"].([]any), map[string]any{"name": h, "value": map[string]string{"Cookie": "session=" + token, "Authorization": "Bearer " + token}[h]})
		}
	}}, recordedEntry{url: "https://staging.example/" + key, key: key})
	r := judgeRecorded(t, conformance.Config{Evidence: true}, rec)
	for _, format := range report.Formats() {
		var out bytes.Buffer
		if err := report.Write(&out, format, r); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{key, token, base64.RawStdEncoding.EncodeToString([]byte(key))} {
			if strings.Contains(out.String(), secret) {
				t.Errorf("%s shows %s", format, secret)
			}
		}
		if format == "json" && !strings.Contains(out.String(), "[key 1 of the recording]") {
			t.Error("what stands in place of the key is not said")
		}
	}
}

func TestUnusableRecordingsAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "f.har:1: not an HTTP Archive: unexpected end of JSON input",
		"<html>":                          "f.har:1: not an HTTP Archive: invalid character '<' looking for beginning of value",
		"{\"log\":\n{\"entries\":\n[{]}}": "f.har:3: not an HTTP Archive: invalid character ']' looking for beginning of object key string",
		`{"log":{}}`:                      "f.har:1: not an HTTP Archive: it has no log.entries; export the traffic as HAR 1.2",
		`[]`:                              "f.har:1: not an HTTP Archive:  is a array",
		"{\"log\":{\n\"entries\":[\n5]}}": "f.har:3: not an HTTP Archive: log.entries is a number",
	} {
		_, err := runner.ReadHAR(strings.NewReader(text), "f.har")
		var usage *conformance.UsageError
		if !errors.As(err, &usage) || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := runner.ReadHAR(strings.NewReader("\ufeff"+`{"log":{"entries":[]}}`), "f.har"); err != nil {
		t.Errorf("a byte order mark: %v", err)
	}
}

// An entry with a body that cannot be read is left out, and the others are judged.
func TestRecordedEntryWithABrokenBodyIsNamed(t *testing.T) {
	r := judgeRecorded(t, conformance.Config{}, read(t, []byte("{\"log\":{\"entries\":[\n{},\n{\"response\":{\"content\":{\"text\":\"!\",\"encoding\":\"base64\"}}}]}}")))
	if !strings.Contains(r.Reason, ":3: entry 2 was left out: the response body is not valid base64: ") {
		t.Errorf("the reason is %q", r.Reason)
	}
}

// harOfRun is the har report of a run with everything in it.
func harOfRun(t *testing.T, s *mocktest.Server) []byte {
	cfg := configFor(s)
	cfg.Evidence = true
	var out bytes.Buffer
	if err := report.HAR(&out, judge(t, cfg)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestOwnReportAndJournalConform(t *testing.T) {
	takesRuns(t)
	t.Parallel()
	s := mocktest.NewServer(t)
	own := harOfRun(t, s)
	var kept bytes.Buffer
	if err := journal.HAR(&kept, s.Journal(journal.Query{}), "test"); err != nil {
		t.Fatal(err)
	}
	for name, har := range map[string][]byte{"report": own, "journal": kept.Bytes()} {
		r := judgeRecorded(t, conformance.Config{Require: []string{"201", "400", "401", "500"}}, read(t, har))
		if bad := outcomes(r, conformance.Fail, conformance.Warn, conformance.Err, conformance.Skip); len(bad) > 0 || r.Verdict != conformance.Conforms {
			t.Errorf("%s: %s %s %q\n%s", name, r.Verdict, r.Reason, r.Notes, strings.Join(bad, "\n"))
		}
	}
}
