package control_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nox.energy/contract/mock/control"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/mocktest"
)

// The line to copy sends what was sent, whatever it was, and runs nothing else.
func TestPageCurl(t *testing.T) {
	for _, name := range []string{"curl", "sh", "base64"} {
		if _, err := exec.LookPath(name); err != nil {
			missing(t, name+" is not installed")
		}
	}
	s := mocktest.NewServer(t)
	url := clienttest.Control(t, s, control.Config{BaseURL: s.URL})
	b := openBrowser(t)
	p := b.open(t, url+"/", 1280, 800)
	p.until(live)
	h := func(more ...string) http.Header { return clienttest.Good(s, more...) }
	bare := clienttest.Headers("x-api-key", s.APIKey)
	for i, x := range []struct {
		name, method, path string
		header             http.Header
		body               string
	}{
		{"plain", "POST", clienttest.ConnectPath, h(), clienttest.ValidBody},
		{"hostile", "POST", clienttest.ConnectPath, h("X-Note", `'; touch pwned; echo "$(touch pwned)`), hostileBody(t)},
		{"controls", "POST", clienttest.ConnectPath, h(), "{\"user_id\":\"\x1b[201~touch pwned\n\"}"},
		{"not UTF-8", "POST", clienttest.ConnectPath, h(), "{\"user_id\":\"\xff\xfe\"}"},
		{"lines", "POST", clienttest.ConnectPath, h(), "{\n\t\"user_id\": \"a\\nb '' \\\\ !! %s\"\n}\n"},
		{"no media type", "POST", clienttest.ConnectPath, bare, clienttest.ValidBody},
		{"no body", "POST", clienttest.ConnectPath, h(), ""},
		{"file", "POST", clienttest.ConnectPath, h(), "@/etc/passwd"},
		{"query and path", "GET", clienttest.ConnectPath + "/../{a,b}[1-3]/%24(touch%20pwned)?x='&y=$(touch+pwned)#z", bare, ""},
		{"another method", "DELETE", clienttest.ConnectPath, bare, ""},
		{"head", "HEAD", clienttest.ConnectPath, bare, ""},
		{"no key", "POST", clienttest.ConnectPath, clienttest.Headers("Content-Type", "application/json", "Prefer", "code=400"), clienttest.ValidBody},
	} {
		t.Run(x.name, func(t *testing.T) {
			p := p.in(t)
			sendAsIs(t, s, x.method, x.path, x.header, x.body)
			sent := lastWhole(s, x.body)
			p.eval(fmt.Sprintf("location.hash = 'exchange=%d'", sent.ID))
			p.until(fmt.Sprintf(`document.querySelector("#detail-title")?.textContent === "Exchange %d"`, sent.ID))
			if x.body != "" { // which the page may hear of after the rest
				p.until(`document.querySelector("#detail pre.line").textContent.includes("--data-")`)
			}
			line := p.eval(`document.querySelector("#detail pre.line").textContent`)
			dir := t.TempDir()
			cmd := exec.Command("sh", "-c", line)
			cmd.Dir = dir
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "NOX_API_KEY=" + s.APIKey, "NO_PROXY=*"}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s\n%v\n%s", line, err, out)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
				t.Errorf("%s made %v", line, left)
			}
			again := lastWhole(s, x.body)
			if again.ID != sent.ID+1 {
				t.Fatalf("%s sent %d requests", line, again.ID-sent.ID)
			}
			for what, pair := range map[string][2]string{
				"method": {sent.Request.Method, again.Request.Method}, "path": {sent.Request.Path, again.Request.Path},
				"query": {sent.Request.Query, again.Request.Query}, "body": {sent.Request.Body, again.Request.Body},
				"key": {sent.Key, again.Key}, "rule": {strings.Replace(sent.Why.Rule, "created", "resolved", 1), strings.Replace(again.Why.Rule, "created", "resolved", 1)},
				"Content-Type": {fmt.Sprint(sent.Request.Headers["Content-Type"]), fmt.Sprint(again.Request.Headers["Content-Type"])},
				"X-Note":       {fmt.Sprint(sent.Request.Headers["X-Note"]), fmt.Sprint(again.Request.Headers["X-Note"])},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s\n%s was %q and is %q", line, what, pair[0], pair[1])
				}
			}
			if i == 0 {
				p.do("Browser.grantPermissions", map[string]any{"permissions": []string{"clipboardReadWrite", "clipboardSanitizedWrite"}, "origin": url, "browserContextId": p.context})
				p.do("Page.bringToFront", nil)
				p.click("#detail .copy")
				p.until(`document.querySelector("#detail .copy").parentElement.innerText.includes("Copied")`)
				if got := p.eval("navigator.clipboard.readText()"); got != line {
					t.Errorf("copied is %q", got)
				}
			}
		})
	}
	p.sound(url)
}

// lastWhole is the last exchange, with its body: that of a refused request is
// recorded after its response.
func lastWhole(s *mocktest.Server, body string) journal.Entry {
	for tries := 0; ; tries++ {
		all := s.Journal(journal.Query{})
		if last := all[len(all)-1]; body == "" || last.Request.Body != "" || tries == 500 {
			return last
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// sendAsIs sends a request whose target net/http would change.
func sendAsIs(t *testing.T, s *mocktest.Server, method, path string, header http.Header, body string) {
	t.Helper()
	c, r := clienttest.Dial(t, s)
	var head strings.Builder
	host, base, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), "/")
	fmt.Fprintf(&head, "%s /%s%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method, base, path, host)
	if body != "" || method == "POST" {
		fmt.Fprintf(&head, "Content-Length: %d\r\n", len(body))
	}
	if err := header.Write(&head); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, head.String()+"\r\n"+body); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
}
