package runner_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
)

// replayEntry is one exchange of a client with a mock, in HAR. The mark is what
// the mock adds.
func replayEntry(key, user string, status int, body, mark string) string {
	quoted := func(text string) string {
		data, _ := json.Marshal(text)
		return string(data)
	}
	return fmt.Sprintf(`{"startedDateTime":"2030-01-01T12:00:00Z","time":1,
		"request":{"method":"POST","url":"http://127.0.0.1:4010/v2/manufacturer/device-connections","httpVersion":"HTTP/1.1","bodySize":-1,
			"headers":[{"name":"X-Api-Key","value":%s},{"name":"Content-Type","value":"application/json"},{"name":"Connection","value":"keep-alive"},{"name":"X-Client","value":"7"}],
			"postData":{"mimeType":"application/json","text":%s}},
		"response":{"status":%d,"httpVersion":"HTTP/1.1","headers":[{"name":"Content-Type","value":"application/json"}],"bodySize":-1,"content":{"size":-1,"mimeType":"application/json","text":%s}},
		"_nox_mock":{%s}}`, quoted(key), quoted(`{"user_id":"`+user+`"}`), status, quoted(body), mark)
}

func created(user, id string) string {
	return fmt.Sprintf(`{"manufacturer_user_id":%q,"nox_user_id":%q}`, user, id)
}

// The requests of a client are sent to a target, which is told from the mock
// where it answers otherwise.
func TestReplayHAR(t *testing.T) {
	recording := strings.Join([]string{
		replayEntry("sha256:11111111", "a", 201, created("a", "1"), `"rule":"created"`),
		replayEntry("sha256:11111111", "b", 201, created("b", "2"), `"rule":"created"`),
		replayEntry("sha256:11111111", "a", 201, created("a", "1"), `"rule":"resolved"`),
		replayEntry("sha256:22222222", "a", 201, created("a", "3"), `"rule":"created"`),
		replayEntry("sha256:33333333", "a", 401, `{"error":"Invalid API key"}`, `"rule":"key.unknown"`),
		replayEntry("sha256:44444444", "a", 401, `{"error":"Invalid API key"}`, `"rule":"manufacturer.not-enabled"`),
		replayEntry("sha256:11111111", "nox-mock:500", 500, `{"error":"Internal server error"}`, `"rule":"magic","asked":true`),
		replayEntry("sha256:11111111", "c", 404, `{"error":"Not Found"}`, `"rule":"fault.status","fault":"status"`),
		replayEntry("sha256:11111111", "d", 0, ``, `"rule":"fault.lost","fault":"lost"`),
	}, ",")
	// What the target makes of a user, if it is not what it should.
	type change func(key, user string) (status int, body string)
	for _, x := range []struct {
		name    string
		change  change
		verdict conformance.Verdict
		failed  []string
		has     string
	}{
		{"the same", nil, conformance.Conforms, nil, ""},
		{"more properties", func(_, user string) (int, string) {
			return 201, `{"manufacturer_user_id":"` + user + `","nox_user_id":"` + user + `-n","new":1}`
		}, conformance.Violates, []string{"201/replayed-identity"}, ""}, // one id for two manufacturers, as the key does not matter here
		{"another status", func(string, string) (int, string) { return 400, `{"error":"no"}` }, conformance.Violates, []string{"201/recorded-accepted", "http/replayed-status"}, "400 Bad Request"},
		{"a property is missing", func(_, user string) (int, string) { return 201, `{"manufacturer_user_id":"` + user + `"}` }, conformance.Violates, []string{"201/schema", "http/replayed-shape"}, "nox_user_id is missing"},
		{"another echo", func(key, user string) (int, string) { return 201, created(strings.ToUpper(user), key+user) }, conformance.Violates, []string{"201/recorded-echo", "http/replayed-echo"}, ""},
		{"one id for all", func(key, user string) (int, string) { return 201, created(user, "1") }, conformance.Violates, []string{"201/create-throughout", "201/replayed-identity"}, "a different nox_user_id for each of the two requests, as before"},
	} {
		t.Run(x.name, func(t *testing.T) {
			var sent []string
			target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var body struct {
					UserID string `json:"user_id"`
				}
				json.NewDecoder(r.Body).Decode(&body)
				key := r.Header.Get("x-api-key")
				sent = append(sent, key+" "+body.UserID)
				w.Header().Set("Content-Type", "application/json")
				if r.Header.Get("X-Client") != "7" {
					t.Error("a header of the client is not sent")
				}
				switch status, answer := 201, created(body.UserID, key+body.UserID); {
				case key != "staging-key-1" && key != "staging-key-2":
					w.Header().Set("WWW-Authenticate", "ApiKey")
					w.WriteHeader(401)
					w.Write([]byte(`{"error":"Invalid API key"}`))
				default:
					if x.change != nil {
						status, answer = x.change(key, body.UserID)
					}
					w.WriteHeader(status)
					w.Write([]byte(answer))
				}
			}))
			defer target.Close()
			rec, err := runner.ReadHAR(strings.NewReader(`{"log":{"creator":{"name":"nox-mock"},"entries":[`+recording+`]}}`), "client.har")
			if err != nil {
				t.Fatal(err)
			}
			result, err := runner.ReplayHAR(t.Context(), conformance.Config{
				Target: target.URL + "/v2",
				Keys:   conformance.Keys{Key: "staging-key-1", Other: "staging-key-2", Disabled: "staging-key-off"},
			}, rec)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"staging-key-1 a", "staging-key-1 b", "staging-key-1 a", "staging-key-2 a", "key-of-nobody-in-this-recording a", "staging-key-off a", "staging-key-1 c", "staging-key-1 d"}
			if !slices.Equal(sent, want) {
				t.Errorf("sent %q, want %q", sent, want)
			}
			if result.Verdict != x.verdict {
				t.Errorf("%s, %s", result.Verdict, result.Reason)
			}
			var failed []string
			all := ""
			for _, c := range result.Checks {
				if c.Outcome == conformance.Fail {
					failed = append(failed, strings.TrimPrefix(c.ID, "createManufacturerDeviceConnection/"))
					all += c.Expected + " " + c.Actual + "\n"
				}
			}
			for _, want := range x.failed {
				if !slices.Contains(failed, want) {
					t.Errorf("%s does not fail, only %q", want, failed)
				}
			}
			if x.failed == nil && failed != nil || !strings.Contains(all, x.has) {
				t.Errorf("failed: %q\n%s", failed, all)
			}
			data, _ := json.Marshal(result)
			if strings.Contains(string(data), "staging-key") {
				t.Error("a key is in the result")
			}
			if x.change == nil && !strings.Contains(strings.Join(result.Notes, "\n"), "1 of 9 entries asked a mock for its outcome and was not sent") {
				t.Errorf("%q", result.Notes)
			}
		})
	}
}

// A target that does not answer decides nothing, and a server of the contract is
// not for the full profile.
func TestReplayHARWithoutTarget(t *testing.T) {
	recording := `{"log":{"entries":[` + replayEntry("k", "a", 201, created("a", "1"), "") + `]}}`
	rec, err := runner.ReadHAR(strings.NewReader(recording), "client.har")
	if err != nil {
		t.Fatal(err)
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	cfg := conformance.Config{Target: gone.URL + "/v2", Keys: conformance.Keys{Key: "k1"}}
	result, err := runner.ReplayHAR(t.Context(), cfg, rec)
	if err != nil || result.Verdict != conformance.Inconclusive || !strings.Contains(result.Reason, "the target responded to no request") {
		t.Errorf("%s: %s, %v", result.Verdict, result.Reason, err)
	}
	cfg.Target = "https://auth.nox.energy/v2"
	if _, err := runner.ReplayHAR(t.Context(), cfg, rec); err == nil || !strings.Contains(err.Error(), "--profile production") {
		t.Error(err)
	}
	cfg.Keys.Key = ""
	cfg.Target = gone.URL + "/v2"
	if _, err := runner.ReplayHAR(t.Context(), cfg, rec); err == nil || !strings.Contains(err.Error(), "no API key") {
		t.Error(err)
	}
}
