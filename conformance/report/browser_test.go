package report_test

import (
	_ "embed"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
)

//go:embed testdata/harness.html
var harness []byte

// TestHTMLInABrowser has Chromium open a page full of hostile payloads, click
// everything there is, filter and follow deep links. The harness shows the page
// in a frame and writes what it found into its own text.
func TestHTMLInABrowser(t *testing.T) {
	chromium := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			chromium = path
			break
		}
	}
	if chromium == "" {
		missing(t, "Chromium is not installed")
	}
	page := write(t, "html", hostile(""))
	serve := func(body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Write(body)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/report.html", serve(page))
	mux.Handle("/", serve(harness))
	server := httptest.NewServer(mux)
	defer server.Close()

	out, err := exec.Command(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
		"--user-data-dir="+t.TempDir(), "--virtual-time-budget=20000", "--dump-dom", server.URL+"/").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, there := strings.Cut(string(out), `<pre id="found">`)
	text, _, _ := strings.Cut(rest, "</pre>")
	var found struct {
		Pwned, Styled, Scripted, Linked, Filtered, Restored, Revealed bool
		Clicked                                                       int
		Violations, Errors                                            []string
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(text)), &found); err != nil || !there {
		t.Fatalf("the harness found nothing (%v): %s", err, out)
	}
	if found.Pwned {
		t.Error("a script of the target ran")
	}
	if !found.Styled || !found.Scripted {
		t.Error("the page's own style or script did not pass its policy")
	}
	if !found.Filtered || !found.Restored {
		t.Error("the filter does not filter")
	}
	if !found.Linked || !found.Revealed {
		t.Error("a deep link does not show its check")
	}
	if found.Clicked < 20 || len(found.Violations) > 0 || len(found.Errors) > 0 {
		t.Errorf("%+v", found)
	}
}
