package runner_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
)

const curlKey = "Kz7/Q-example.key+42"

// dash is a shell with nothing in it that POSIX does not have.
func dash(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("dash")
	if err != nil {
		t.Skip("dash is not installed")
	}
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	return path
}

// received is a request as a server got it.
type received struct {
	method, uri, contentType, key string
	body                          []byte
}

// recorder answers every request and hands out those that came since the last
// time.
func recorder(t *testing.T) (url string, take func() []received) {
	var mu sync.Mutex
	var got []received
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, received{r.Method, r.RequestURI, r.Header.Get("Content-Type"), strings.Join(r.Header["X-Api-Key"], ", "), body})
	}))
	t.Cleanup(srv.Close)
	return srv.URL, func() []received {
		mu.Lock()
		defer mu.Unlock()
		out := got
		got = nil
		return out
	}
}

// paste runs a command line as a user does who pastes it into sh.
func paste(t *testing.T, shell, line string) {
	t.Helper()
	cmd := exec.Command(shell, "-c", line)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "NOX_API_KEY=" + curlKey, "NOX_OTHER_API_KEY=second/" + curlKey[:8] + "x", "NOX_DISABLED_API_KEY=third/" + curlKey[:8] + "y", "LC_ALL=C.UTF-8"}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s\n%s", err, out, line)
	}
}

// TestCurlLinesWorkInPlainShells pastes the line of the first request of every
// check into dash: what arrives is what the run sends, byte for byte, though
// the line holds nothing that does not show.
func TestCurlLinesWorkInPlainShells(t *testing.T) {
	takesRuns(t)
	t.Parallel()
	shell := dash(t)
	base, take := recorder(t)
	r, err := runner.New(conformance.Config{
		Target: base + "/v2", RunID: "paste", Seed: 1,
		Keys:    conformance.Keys{Key: curlKey, Other: "second/" + curlKey[:8] + "x", Disabled: "third/" + curlKey[:8] + "y"},
		Provoke: []conformance.Provocation{{Status: "500", Header: "Prefer: code=500"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	nearly := map[string]string{
		"key-short-start": curlKey[1:], "key-short-end": curlKey[:len(curlKey)-1], "key-longer": curlKey + "x",
		"key-half": curlKey[:len(curlKey)/2], "key-doubled": curlKey + curlKey, "key-quoted": `"` + curlKey + `"`,
		"key-with-scheme": "Bearer " + curlKey, "minimal": curlKey, "not-enabled": "third/" + curlKey[:8] + "y", "empty-key": "", "missing-key": "",
	}
	changed := map[string]int{"key-changed": len(curlKey) / 2, "key-changed-start": 0, "key-changed-end": len(curlKey) - 1}
	seen := map[string]bool{}
	for p := range r.DryRun(t.Context()) {
		if seen[p.Check] || strings.Contains(p.Curl, "body.json") {
			continue
		}
		seen[p.Check] = true
		if i := strings.IndexFunc(p.Curl, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("%s: a character that does not show: %q", p.Check, p.Curl[i:min(len(p.Curl), i+20)])
		}
		paste(t, shell, p.Curl)
		all := take()
		name := p.Check[strings.LastIndex(p.Check, "/")+1:]
		if name == "simultaneous" {
			if len(all) != 40 || bytes.Equal(all[0].body, all[39].body) {
				t.Errorf("%s: %d requests, the first with %s", name, len(all), all[0].body)
			}
			continue
		}
		if len(all) != 1 {
			t.Errorf("%s: %d requests by %s", p.Check, len(all), p.Curl)
			continue
		}
		got, want := all[0], []byte(p.Request.Body)
		if p.Request.Base64 {
			if want, err = base64.StdEncoding.DecodeString(p.Request.Body); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.HasPrefix(got.body, want) || len(got.body) != len(want) && len(want) < 16<<10-4 {
			t.Errorf("%s: the body %.300q, want %.300q", p.Check, got.body, want)
		}
		if got.method != p.Request.Method || got.contentType != p.Request.Headers["Content-Type"] || !strings.HasSuffix(strings.Split(p.Request.URL, "?")[0], strings.Split(got.uri, "?")[0]) {
			t.Errorf("%s: %s %s %q by %s", p.Check, got.method, got.uri, got.contentType, p.Curl)
		}
		if key, known := nearly[name]; known && got.key != key {
			t.Errorf("%s: the key %q, want %q", p.Check, got.key, key)
		}
		if at, known := changed[name]; known && (len(got.key) != len(curlKey) || got.key[:at] != curlKey[:at] || got.key[at] == curlKey[at] || got.key[at+1:] != curlKey[at+1:]) {
			t.Errorf("%s: the key %q", p.Check, got.key)
		}
	}
	if len(seen) < 150 {
		t.Errorf("%d lines were pasted", len(seen))
	}
}

// TestCurlLoopShowsARace pastes the line of a failed race into dash: the server
// that lost it loses it again, over users that are new.
func TestCurlLoopShowsARace(t *testing.T) {
	t.Parallel()
	shell := dash(t)
	var mu sync.Mutex
	second := map[string]chan struct{}{} // closed when a second request for the user comes
	asked, split := map[string]int{}, map[string]bool{}
	cfg := configFor(around(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var body struct {
				User string `json:"user_id"`
			}
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				t.Error(err)
			}
			mu.Lock()
			asked[body.User]++
			n, other := asked[body.User], second[body.User]
			switch n {
			case 1:
				other = make(chan struct{})
				second[body.User] = other
			case 2:
				close(other)
			}
			mu.Unlock()
			id := "id"
			if n == 1 { // who is alone for a moment is right
				select {
				case <-other:
					mu.Lock()
					split[body.User] = true
					mu.Unlock()
					id = "other"
				case <-time.After(200 * time.Millisecond):
				}
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusCreated)
			json.NewEncoder(w).Encode(map[string]string{"manufacturer_user_id": body.User, "nox_user_id": id})
		})
	}))
	cfg.Run = []string{"**/201/simultaneous"}
	r := judge(t, cfg)
	if len(failing(r)) != 1 {
		t.Fatalf("causes: %+v", r.Causes)
	}
	races := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(split)
	}
	before := races()
	for _, c := range r.Checks {
		if c.Outcome == conformance.Fail {
			paste(t, shell, c.Exchanges[0].Curl)
		}
	}
	if n := races() - before; n != 5 {
		t.Errorf("the loop shows %d races in 5 rounds", n)
	}
}
