package control_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// missing skips a test for want of a program, unless all are required.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("NOX_REQUIRE") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// browser is a Chromium that is told what to do over a pipe, in the DevTools
// protocol.
type browser struct {
	t *testing.T // which fails if the browser does
	*pipe
}

// pipe leads to the browser and back.
type pipe struct {
	in *os.File

	mu      sync.Mutex
	last    int
	waiting map[int]chan message
	tabs    map[string]*seen // by session
	ended   chan struct{}
}

// message is a command, an answer or an event.
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *failure        `json:"error,omitempty"`
}

type failure struct {
	Message string `json:"message"`
}

// openBrowser starts Chromium; it ends with the test.
func openBrowser(t *testing.T) *browser {
	t.Helper()
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
	toBrowser, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, fromBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-pipe")
	cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser} // 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	toBrowser.Close()
	fromBrowser.Close()
	b := &browser{t, &pipe{in: in, waiting: map[int]chan message{}, tabs: map[string]*seen{}, ended: make(chan struct{})}}
	go b.listen(bufio.NewReaderSize(out, 1<<20))
	t.Cleanup(func() {
		b.send("", "Browser.close", nil)
		cmd.Wait()
		in.Close()
		out.Close()
	})
	return b
}

func (b *pipe) listen(r *bufio.Reader) {
	defer close(b.ended)
	for {
		data, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(data[:len(data)-1], &m) != nil {
			continue
		}
		b.mu.Lock()
		answer, tab := b.waiting[m.ID], b.tabs[m.Session]
		delete(b.waiting, m.ID)
		b.mu.Unlock()
		switch {
		case m.ID != 0 && answer != nil:
			answer <- m
		case m.ID == 0 && tab != nil:
			tab.event(b, m)
		}
	}
}

// send does not wait for the answer.
func (b *pipe) send(session, method string, params map[string]any) chan message {
	answer := make(chan message, 1)
	if params == nil {
		params = map[string]any{}
	}
	data, err := json.Marshal(params)
	if err != nil {
		answer <- message{Method: method, Error: &failure{err.Error()}}
		return answer
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	b.waiting[b.last] = answer
	line, err := json.Marshal(message{ID: b.last, Session: session, Method: method, Params: data})
	if err == nil {
		_, err = b.in.Write(append(line, 0))
	}
	if err != nil {
		answer <- message{Error: &failure{err.Error()}}
	}
	return answer
}

func (b *browser) call(session, method string, params map[string]any, result any) {
	b.t.Helper()
	select {
	case m := <-b.send(session, method, params):
		if m.Error != nil {
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatal(err)
			}
		}
	case <-b.ended:
		b.t.Fatal("the browser has ended")
	}
}

// tab is a page of the browser, with a context of its own.
type tab struct {
	*browser
	*seen
	session, context string
}

// in is the tab in another test.
func (p *tab) in(t *testing.T) *tab { return &tab{&browser{t, p.pipe}, p.seen, p.session, p.context} }

// seen is what happened in a tab.
type seen struct {
	mu       sync.Mutex
	problems []string // what the console was told, and exceptions
	requests []string // what was asked for
}

// open shows a URL in a new tab of that size, in CSS pixels, and waits until it
// is loaded.
func (b *browser) open(t *testing.T, url string, width, height int) *tab {
	t.Helper()
	b = &browser{t, b.pipe}
	var context struct {
		BrowserContextID string `json:"browserContextId"`
	}
	b.call("", "Target.createBrowserContext", nil, &context)
	var target struct {
		TargetID string `json:"targetId"`
	}
	b.call("", "Target.createTarget", map[string]any{"url": "about:blank", "browserContextId": context.BrowserContextID}, &target)
	var attached struct {
		SessionID string `json:"sessionId"`
	}
	b.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	p := &tab{b, &seen{}, attached.SessionID, context.BrowserContextID}
	b.pipe.mu.Lock()
	b.tabs[p.session] = p.seen
	b.pipe.mu.Unlock()
	for _, domain := range []string{"Page", "Runtime", "Log", "Network", "Accessibility"} {
		p.do(domain+".enable", nil)
	}
	p.resize(width, height)
	p.do("Page.navigate", map[string]any{"url": url})
	p.until(`document.readyState === "complete" && location.href !== "about:blank"`)
	return p
}

func (p *seen) event(b *pipe, m message) {
	var params struct {
		Type  string `json:"type"`
		Entry struct {
			Level, Text, URL string
		} `json:"entry"`
		ExceptionDetails struct {
			Text      string
			Exception struct{ Description string }
		} `json:"exceptionDetails"`
		Args    []struct{ Value any } `json:"args"`
		Request struct{ URL string }  `json:"request"`
	}
	_ = json.Unmarshal(m.Params, &params)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch m.Method {
	case "Log.entryAdded":
		p.problems = append(p.problems, params.Entry.Level+": "+params.Entry.Text+" "+params.Entry.URL)
	case "Runtime.exceptionThrown":
		p.problems = append(p.problems, params.ExceptionDetails.Text+" "+params.ExceptionDetails.Exception.Description)
	case "Runtime.consoleAPICalled":
		p.problems = append(p.problems, fmt.Sprint(params.Type, params.Args))
	case "Network.requestWillBeSent":
		p.requests = append(p.requests, params.Request.URL)
	case "Page.javascriptDialogOpening":
		b.send(m.Session, "Page.handleJavaScriptDialog", map[string]any{"accept": true})
	}
}

// troubles are what went wrong in the tab so far.
func (p *seen) troubles() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.problems...)
}

// asked are the URLs that the tab asked for so far.
func (p *seen) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.requests...)
}

func (p *tab) do(method string, params map[string]any) {
	p.t.Helper()
	p.call(p.session, method, params, nil)
}

func (p *tab) resize(width, height int) {
	p.t.Helper()
	p.do("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false})
}

// eval is the value of an expression, or of its promise, as text; that of a
// string is the string.
func (p *tab) eval(expression string) string {
	p.t.Helper()
	var r struct {
		Result struct {
			Value any `json:"value"`
		} `json:"result"`
		ExceptionDetails *struct {
			Exception struct{ Description string } `json:"exception"`
		} `json:"exceptionDetails"`
	}
	p.call(p.session, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true}, &r)
	if r.ExceptionDetails != nil {
		p.t.Fatalf("%s: %s", expression, r.ExceptionDetails.Exception.Description)
	}
	return fmt.Sprint(r.Result.Value)
}

// until waits for an expression to become true.
func (p *tab) until(expression string) {
	p.t.Helper()
	for end := time.Now().Add(30 * time.Second); p.eval("!!("+expression+")") != "true"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("it never came about that %s\n%s\n%s", expression, strings.Join(p.troubles(), "\n"), p.eval("document.body.innerText"))
		}
	}
}

// text is what a person reads in the element.
func (p *tab) text(selector string) string {
	p.t.Helper()
	return p.eval(fmt.Sprintf("document.querySelector(%q)?.innerText ?? '(no such element)'", selector))
}

// click clicks an element with the mouse, where it stands.
func (p *tab) click(selector string) {
	p.t.Helper()
	var at struct{ X, Y float64 }
	p.until(fmt.Sprintf("document.querySelector(%q)?.getClientRects().length", selector))
	place := p.eval(fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({block: "center"}); const r = e.getBoundingClientRect();
		return JSON.stringify({X: r.x + r.width / 2, Y: r.y + r.height / 2}) })()`, selector))
	if err := json.Unmarshal([]byte(place), &at); err != nil {
		p.t.Fatal(err)
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		p.do("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1})
	}
}

// key presses a key: a character, or "Escape", "Enter", "Tab" and their like.
func (p *tab) key(name string) {
	p.t.Helper()
	codes := map[string]int{"Escape": 27, "Enter": 13, "Tab": 9, " ": 32}
	down := map[string]any{"type": "keyDown", "key": name, "windowsVirtualKeyCode": codes[name]}
	switch {
	case name == "Enter":
		down["text"] = "\r"
	case len(name) == 1:
		down["text"] = name
	}
	p.do("Input.dispatchKeyEvent", down)
	p.do("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": name, "windowsVirtualKeyCode": codes[name]})
}

// write puts text into a field as if it were pasted there.
func (p *tab) write(selector, text string) {
	p.t.Helper()
	p.eval(fmt.Sprintf("(() => { const e = document.querySelector(%q); e.focus(); e.select?.() })()", selector))
	p.do("Input.insertText", map[string]any{"text": text})
}

// choose chooses an option of a select.
func (p *tab) choose(selector, value string) {
	p.t.Helper()
	got := p.eval(fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.value = %q; e.dispatchEvent(new Event("input", {bubbles: true})); return e.value })()`, selector, value))
	if got != value {
		p.t.Fatalf("%s has no option %q", selector, value)
	}
}
