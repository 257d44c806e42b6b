package control_test

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"

	"nox.energy/contract/mock/control"
	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/mocktest"
)

const live = `document.querySelector("#state")?.textContent === "Live"`

// hostileUser tries to be markup, script, and what a shell or a terminal obeys.
const hostileUser = "<img src=x onerror=window.pwned=1><script>window.pwned=1</script>'\"`$(touch pwned)`\u202egnp.exe\u200b\x00\x1b[31m{{7*7}}"

func hostileBody(t *testing.T) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"user_id": hostileUser})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// exchange is the row of an exchange in the list.
func exchangeRow(id int) string { return fmt.Sprintf(`#exchanges tr[data-id="%d"]`, id) }

// sound holds that nothing went wrong in a tab: no exception, no breach of the
// page's own policy, no script of a client, nothing asked for elsewhere.
func (p *tab) sound(origin string) {
	p.t.Helper()
	if problems := p.troubles(); len(problems) > 0 {
		p.t.Errorf("the browser complains:\n%s", strings.Join(problems, "\n"))
	}
	if p.eval("typeof window.pwned") != "undefined" {
		p.t.Error("a script of a client ran")
	}
	for _, url := range p.asked() {
		if !strings.HasPrefix(url, origin+"/") {
			p.t.Errorf("the page asked for %s", url)
		}
	}
}

// A person's walk through the page, in Chromium.
func TestPageInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long; the shorter ones open the same page")
	}
	s := mocktest.NewServer(t)
	url := clienttest.Control(t, s, control.Config{BaseURL: s.URL})
	b := openBrowser(t)

	t.Run("traffic appears", func(t *testing.T) {
		p := b.open(t, url+"/", 1280, 800)
		p.until(live)
		p.until(`document.querySelector("#no-traffic").getClientRects().length`)
		clienttest.Connect(t, s, s.APIKey, "seen-live")
		p.until(`document.querySelector("#exchanges tr")`)
		for _, want := range []string{"201", "seen-live", "created", "acme"} {
			if row := p.text("#exchanges tr"); !strings.Contains(row, want) {
				t.Errorf("the row lacks %q: %q", want, row)
			}
		}
		p.until(`document.querySelector("#news").textContent === "1 new exchange"`)
		p.sound(url)
	})

	t.Run("quiet when nothing happens", func(t *testing.T) {
		p := b.open(t, url+"/", 1280, 800)
		p.until(live)
		clienttest.Connect(t, s, s.APIKey, "before-the-quiet")
		p.until(`document.querySelector("#news").textContent`)
		before := len(p.asked())
		changes := p.eval(`new Promise((done) => {
			let n = 0;
			new MutationObserver((all) => n += all.length).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
			setTimeout(() => done(n + document.getAnimations().length), 1500);
		})`)
		if changes != "0" || len(p.asked()) != before {
			t.Errorf("%s changes and %v while nothing happened", changes, p.asked()[before:])
		}
	})

	t.Run("filter", func(t *testing.T) {
		p := b.open(t, url+"/", 1280, 800)
		p.until(live)
		clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(`{"user_id":7}`))
		clienttest.Connect(t, s, s.APIKey, "looked-for")
		clienttest.Connect(t, s, s.OtherAPIKey, "of-globex")
		p.until(`document.querySelector("#exchanges").innerText.includes("of-globex")`)
		rows := func() string { return p.text("#exchanges") }
		p.choose("#by-outcome", "4")
		p.until(`!document.querySelector("#exchanges").innerText.includes("201")`)
		if text := rows(); !strings.Contains(text, "400") {
			t.Errorf("4xx: %s", text)
		}
		p.choose("#by-outcome", "")
		p.choose("#by-manufacturer", "globex")
		p.until(`!document.querySelector("#exchanges").innerText.includes("acme")`)
		if text := rows(); !strings.Contains(text, "of-globex") {
			t.Errorf("globex: %s", text)
		}
		clienttest.Connect(t, s, s.APIKey, "not-in-the-filter")
		clienttest.Connect(t, s, s.OtherAPIKey, "in-the-filter")
		p.until(`document.querySelector("#exchanges").innerText.includes("in-the-filter")`)
		if text := rows(); strings.Contains(text, "not-in-the-filter") {
			t.Errorf("what comes in passes the filter: %s", text)
		}
		p.choose("#by-manufacturer", "")
		p.write("#search", "LOOKED-for")
		p.until(`!document.querySelector("#exchanges").innerText.includes("globex")`)
		if text := rows(); !strings.Contains(text, "looked-for") {
			t.Errorf("search: %s", text)
		}
		if text := p.text("#traffic-count"); text != "1 exchange matches" {
			t.Errorf("the count says %q", text)
		}
		p.sound(url)
	})

	t.Run("pause", func(t *testing.T) {
		p := b.open(t, url+"/", 1280, 800)
		p.until(live)
		p.click("#pause")
		clienttest.Connect(t, s, s.APIKey, "while-paused")
		p.until(`document.querySelector("#traffic-count").innerText.includes("paused, 1 waiting")`)
		if text := p.text("#exchanges"); strings.Contains(text, "while-paused") {
			t.Error("the list goes on while it is paused")
		}
		p.click("#pause")
		p.until(`document.querySelector("#exchanges").innerText.includes("while-paused")`)
		p.sound(url)
	})

	t.Run("detail by link and by keyboard", func(t *testing.T) {
		clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(`{"user_id":[7]}`))
		list := s.Journal(journal.Query{Rule: "schema"})
		id := int(list[len(list)-1].ID)
		p := b.open(t, fmt.Sprintf("%s/#exchange=%d", url, id), 1280, 800)
		p.until(`document.querySelector("#detail-title")`)
		for _, want := range []string{"400 Bad Request", "schema.type", "body, /user_id", "Expected", "array", `{"user_id":[7]}`, "X-Content-Type-Options", "$NOX_API_KEY"} {
			if text := p.text("#detail"); !strings.Contains(text, want) {
				t.Errorf("the detail lacks %q:\n%s", want, text)
			}
		}
		if p.eval("document.activeElement.id") != "detail" {
			t.Error("the detail is not focused")
		}
		p.key("Escape")
		p.until(`document.querySelector("#detail").hidden && location.hash === "#traffic"`)
		if p.eval(fmt.Sprintf("document.activeElement === document.querySelector(%q)", exchangeRow(id)+" a")) != "true" {
			t.Error("the focus does not go back to the row")
		}
		p.key("Enter")
		p.until(fmt.Sprintf(`!document.querySelector("#detail").hidden && location.hash === "#exchange=%d"`, id))
		p.key("Escape")
		p.key("/")
		if p.eval("document.activeElement.id") != "search" || p.eval(`document.querySelector("#search").value`) != "" {
			t.Error("/ does not lead to the search")
		}
		p.eval("history.back()")
		p.until(`!document.querySelector("#detail").hidden`)
		p.eval(`location.hash = "exchange=999999"`)
		p.until(`document.querySelector("#detail").innerText.includes("does not contain this exchange")`)
		p.sound(url)
	})

	t.Run("every control has a name and is reached by Tab", func(t *testing.T) {
		p := b.open(t, url+"/", 1280, 800)
		p.until(live)
		for _, view := range []string{"traffic", "connections", "faults", "scorecard", "manufacturers", "try", "api"} {
			p.eval(fmt.Sprintf("location.hash = %q", view))
			p.until(fmt.Sprintf(`document.querySelector("#%s").getClientRects().length`, view))
			if view == "api" { // is read from the document first
				p.until(`document.querySelectorAll("#api summary").length > 10`)
			}
			if nameless := p.nameless(); len(nameless) > 0 {
				t.Errorf("%s: nameless %s", view, nameless)
			}
			want := p.eval(fmt.Sprintf(`[...document.querySelectorAll("#%s :is(a, input, select, button, textarea, summary)")].filter((e) => e.checkVisibility() && !(e.type === "radio" && !e.checked)).length`, view))
			p.eval(`document.querySelector("nav a:last-child").focus(); window.reached = new Set()`)
			for range 80 {
				p.key("Tab")
				if p.eval(fmt.Sprintf(`(() => { const e = document.activeElement, inside = e.closest("#%s"); if (inside) reached.add(e); return !inside })()`, view)) == "true" {
					break
				}
			}
			if got := p.eval(fmt.Sprintf(`[...reached].filter((e) => e.matches("#%s :is(a, input, select, button, textarea, summary)")).length`, view)); got != want && view != "traffic" {
				t.Errorf("%s: Tab reaches %s of %s controls", view, got, want)
			}
		}
		p.sound(url)
	})

	t.Run("faults", func(t *testing.T) {
		p := b.open(t, url+"/#faults", 1280, 800)
		p.until(live)
		p.until(`document.querySelector("#set-fault [name=manufacturer]").value === "acme"`)
		p.write("#set-fault [name=status]", "503")
		p.write("#set-fault [name=times]", "2")
		p.write("#set-fault [name=retry_after]", "2")
		p.click("#set-fault .primary")
		p.until(`document.querySelector("#fault-rows tr")`)
		if r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(clienttest.ValidBody)); r.Status != 503 || r.Header.Get("Retry-After") != "2" {
			t.Errorf("the next answer is %d %v", r.Status, r.Header)
		}
		p.until(`document.querySelector("#fault-rows tr").innerText.includes("1 of 2")`)
		if badge := p.text("#faults-badge"); badge != "1" {
			t.Errorf("the badge says %q", badge)
		}
		p.click("#fault-rows button")
		p.until(`!document.querySelector("#fault-rows tr")`)
		clienttest.Connect(t, s, s.APIKey, "after-the-fault")
		for _, kind := range []string{"lost", "delay"} {
			p.choose("#set-fault [name=kind]", kind)
			p.click("#set-fault .primary")
			p.until(fmt.Sprintf(`document.querySelector("#fault-rows").innerText.includes(%q)`, kind))
		}
		p.click("#clear-faults")
		p.until(`!document.querySelector("#fault-rows tr")`)
		if left := s.Mock.Faults(nil); len(left) > 0 {
			t.Errorf("still in force: %v", left)
		}
		p.sound(url)
	})

	t.Run("try it", func(t *testing.T) {
		p := b.open(t, url+"/#try", 1280, 800)
		p.until(live)
		p.until(`document.querySelector("#try-form [name=manufacturer]").value === "acme"`)
		p.write("#try-form [name=user_id]", hostileUser[:20])
		p.click("#try-form .primary")
		p.until(`document.querySelector("#tried").innerText.includes("201 Created")`)
		p.choose("#try-form [name=key]", "wrong")
		p.click("#try-form .primary")
		p.until(`document.querySelector("#tried").innerText.includes("unknown key")`)
		p.choose("#try-form [name=key]", "own")
		p.click("#try-form summary")
		p.write("#try-form [name=prefer]", "code=500")
		p.click("#try-form .primary")
		p.until(`document.querySelector("#tried").innerText.includes("500 Internal Server Error")`)
		p.eval(`document.querySelector("#try-form [name=prefer]").value = ""`)
		p.click("#try-form [value=body]")
		p.write("#try-form [name=body]", "{")
		p.click("#try-form .primary")
		p.until(`document.querySelector("#tried").innerText.includes("400 Bad Request")`)
		clienttest.SetFault(t, s, fault.Fault{Kind: fault.Reset, Times: 1})
		p.click("#try-form .primary")
		p.until(`document.querySelector("#tried").innerText.includes("No response")`)
		p.sound(url)
	})

	t.Run("connections, manufacturers, scorecard", func(t *testing.T) {
		clienttest.Connect(t, s, s.OtherAPIKey, "to-be-forgotten")
		clienttest.Connect(t, s, s.OtherAPIKey, "to-be-found")
		p := b.open(t, url+"/#connections", 1280, 800)
		p.until(live)
		p.choose("#connections-of", "globex")
		p.until(`document.querySelector("#connection-rows").innerText.includes("to-be-forgotten")`)
		p.write("#connections-search", "BE-fou")
		p.until(`!document.querySelector("#connection-rows").innerText.includes("to-be-forgotten") && document.querySelector("#connection-rows").innerText.includes("to-be-found")`)
		p.write("#connections-search", " ")
		p.click("#reset")
		p.until(`document.querySelector("#connections-message").innerText.includes("Reset ")`)
		if page, _, err := s.Mock.Connections(t.Context(), "globex", "", "", 10); err != nil || len(page) > 0 {
			t.Errorf("after the reset there are %v (%v)", page, err)
		}
		p.click(`nav a[href="#manufacturers"]`)
		p.click(`#manufacturer-rows tr[data-id="globex"] td.script button`)
		p.until(`document.querySelector("#manufacturers-message").innerText.includes("globex is no longer enabled")`)
		h := clienttest.Good(s)
		h.Set("x-api-key", s.OtherAPIKey)
		if r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, h, strings.NewReader(clienttest.ValidBody)); r.Status != 401 {
			t.Errorf("globex gets %d", r.Status)
		}
		p.click(`#manufacturer-rows tr[data-id="globex"] td.script button`)
		p.until(`document.querySelector("#manufacturers-message").innerText.includes("globex is enabled")`)
		p.click(`nav a[href="#scorecard"]`)
		for range 2 {
			clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(`{"again":1}`))
		}
		p.until(`document.querySelector("#card-mistakes").innerText.includes("retry-of-400")`)
		clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(`{"user_id":"nox-mock:500"}`))
		p.until(`/no-retry-of-500 1 time, until \d+:\d+:\d+ at the latest/.test(document.querySelector("#card-pending").innerText)`)
		p.sound(url)
	})

	t.Run("hostile traffic", func(t *testing.T) {
		h := clienttest.Good(s, "X-Note", "<script>window.pwned=1</script>'\"", "Origin", "javascript:window.pwned=1")
		r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, h, strings.NewReader(hostileBody(t)))
		if r.Status != 201 {
			t.Fatalf("%d %s", r.Status, r.Body)
		}
		clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader("{\"user_id\":\"\xff\xfe\"}"))
		clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(`{"user_id":"`+strings.Repeat("m", 1<<20-100)+`"}`))
		entries := s.Journal(journal.Query{})
		last := int(entries[len(entries)-1].ID)
		p := b.open(t, url+"/", 1280, 800)
		p.until(live)
		p.until(`document.querySelector("` + "#exchanges tr[data-id='" + fmt.Sprint(last) + `']")`)
		for id, wants := range map[int][]string{
			last - 2: {"<img src=x onerror=window.pwned=1>", "U+202E", "U+200B", "U+0000", "U+001B", "{{7*7}}", "javascript:window.pwned=1"},
			last - 1: {`{"user_id":"\xff\xfe"}`, "Not all of them are UTF-8"},
			last:     {"The first 16,384 of 1,048,490 bytes", "Show all that was kept"},
		} {
			p.eval(fmt.Sprintf("location.hash = 'exchange=%d'", id))
			p.until(fmt.Sprintf(`document.querySelector("#detail-title")?.textContent === "Exchange %d"`, id))
			for _, want := range wants {
				if text := p.text("#detail"); !strings.Contains(text, want) {
					t.Errorf("exchange %d lacks %q:\n%.2000s", id, want, text)
				}
			}
		}
		for _, view := range []string{"connections", "scorecard"} {
			p.eval("location.hash = '" + view + "'")
			p.until(fmt.Sprintf(`document.querySelector("#%s tbody tr")`, view))
		}
		if raw := p.eval("document.documentElement.innerHTML"); strings.ContainsAny(raw, "\u202e\u200b\x00\x1b") || strings.Contains(raw, s.APIKey) {
			t.Error("there is a bidi or control character, or a key, in the document")
		}
		p.sound(url)
	})

	t.Run("narrow", func(t *testing.T) {
		p := b.open(t, url+"/", 360, 740)
		p.until(live)
		clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(hostileBody(t)))
		last := s.Journal(journal.Query{})
		for _, view := range []string{"traffic", fmt.Sprintf("exchange=%d", last[len(last)-1].ID), "connections", "faults", "scorecard", "manufacturers", "try", "api"} {
			p.eval("location.hash = '" + view + "'")
			p.until("document.querySelector('nav [aria-current]')")
			for _, width := range []int{360, 320, 768, 1280} {
				p.resize(width, 740)
				if p.eval("document.documentElement.scrollWidth <= document.documentElement.clientWidth") != "true" {
					t.Errorf("%s at %d pixels is %s wide", view, width, p.eval("document.documentElement.scrollWidth"))
				}
			}
			p.resize(360, 740)
			if view == "traffic" && !p.hasRole("row") {
				t.Error("a row of a table is none any more")
			}
		}
		p.sound(url)
	})
}

// A tab that nobody sees rests, and catches up when it is seen again.
func TestPageHidden(t *testing.T) {
	s := mocktest.NewServer(t)
	url := clienttest.Control(t, s, control.Config{})
	p := openBrowser(t).open(t, url+"/", 1280, 800)
	p.until(live)
	hide := func(hidden bool) {
		p.eval(fmt.Sprintf(`Object.defineProperty(document, "hidden", {value: %v, configurable: true}); document.dispatchEvent(new Event("visibilitychange"))`, hidden))
	}
	hide(true)
	clienttest.Connect(t, s, s.APIKey, "while-hidden")
	hide(false)
	p.until(`document.querySelector("#exchanges").innerText.includes("while-hidden")`)
	clienttest.Connect(t, s, s.APIKey, "seen-again")
	p.until(`document.querySelector("#exchanges").innerText.includes("seen-again")`)
	if rows := p.eval(`document.querySelectorAll("#exchanges tr").length`); rows != "2" {
		t.Errorf("%s rows for two exchanges", rows)
	}
	p.sound(url)
}

// Of a long journal the newest come first, and the others when they are asked for.
func TestPageOfManyExchanges(t *testing.T) {
	s := mocktest.NewServer(t)
	url := clienttest.Control(t, s, control.Config{})
	for i := range 230 {
		clienttest.Connect(t, s, s.APIKey, fmt.Sprintf("user-%03d-", i))
	}
	p := openBrowser(t).open(t, url+"/", 1280, 800)
	p.until(live)
	rows := `document.querySelectorAll("#exchanges tr").length`
	if n, text := p.eval(rows), p.text("#exchanges"); n != "200" || !strings.Contains(text, "user-229-") || strings.Contains(text, "user-029-") {
		t.Errorf("%s rows: %.200s", n, text)
	}
	p.write("#search", "user-000-") // which is not among those
	p.until(rows + " === 1")
	p.write("#search", " ")
	p.until(rows + " === 200")
	p.click("#older")
	p.until(rows + " === 230")
	if text := p.text("#exchanges tr:last-child"); !strings.Contains(text, "user-000-") {
		t.Errorf("the last row is %q", text)
	}
	if text := p.text("#traffic-count"); text != "230 exchanges" {
		t.Errorf("the count says %q", text)
	}
	p.click("#clear-journal")
	p.until(rows + " === 0")
	clienttest.Connect(t, s, s.APIKey, "after-clearing")
	p.until(rows + " === 1")
	p.sound(url)
}

// nameless are the controls without a name for a screen reader.
func (p *tab) nameless() []string {
	p.t.Helper()
	var nameless []string
	for _, n := range p.tree() {
		switch role := fmt.Sprint(n.Role.Value); role {
		case "button", "link", "textbox", "searchbox", "combobox", "spinbutton", "radio", "table", "region", "form", "search":
			if !n.Ignored && role != "table" && strings.TrimSpace(fmt.Sprint(n.Name.Value)) == "" {
				nameless = append(nameless, role)
			}
		}
	}
	return nameless
}

type axNode struct {
	Ignored    bool
	Role, Name struct{ Value any }
}

// tree is what a screen reader is told.
func (p *tab) tree() []axNode {
	p.t.Helper()
	var all struct{ Nodes []axNode }
	p.call(p.session, "Accessibility.getFullAXTree", map[string]any{}, &all)
	return all.Nodes
}

func (p *tab) hasRole(role string) bool {
	p.t.Helper()
	for _, n := range p.tree() {
		if n.Role.Value == role && !n.Ignored {
			return true
		}
	}
	return false
}

// Behind a token the page is an empty shell until somebody signs in.
func TestPageSignIn(t *testing.T) {
	s := mocktest.NewServer(t)
	clienttest.Connect(t, s, s.APIKey, "private-user")
	url := clienttest.Control(t, s, control.Config{Token: "the-right-token", BaseURL: s.URL})
	if shell := clienttest.Ask(t, "GET", url+"/", "", nil); shell.Status != 200 || strings.Contains(shell.Body, "private-user") || strings.Contains(shell.Body, "acme") || strings.Contains(shell.Body, s.URL) {
		t.Errorf("the shell is %d %s", shell.Status, shell.Body)
	}
	b := openBrowser(t)
	p := b.open(t, url+"/#exchange=1", 1280, 800)
	p.until(`document.activeElement.id === "token"`)
	if text := p.eval("document.body.innerText"); strings.Contains(text, "Traffic") {
		t.Errorf("behind the form there is %s", text)
	}
	p.sound(url)
	p.write("#token", "wrong-token")
	p.key("Enter")
	p.until(`document.querySelector("#sign-in-error").innerText.includes("missing or wrong")`)
	p.write("#token", "the-right-token")
	p.key("Enter")
	p.until(live)
	p.until(`document.querySelector("#detail").innerText.includes("private-user")`)
	clienttest.Connect(t, s, s.APIKey, "after-signing-in")
	p.until(`document.querySelector("#exchanges").innerText.includes("after-signing-in")`)
	p.do("Page.navigate", map[string]any{"url": url + "/"}) // again
	p.until(live + ` && document.querySelector("#exchanges").innerText.includes("after-signing-in")`)
	for _, url := range append(p.asked(), p.eval("location.href"), p.eval("document.cookie")) {
		if strings.Contains(url, "right-token") {
			t.Errorf("the token stands in %s", url)
		}
	}
	if other := b.open(t, url+"/", 1280, 800); other.eval("sessionStorage.length") != "0" {
		t.Error("another tab is signed in")
	}
}

// The page says when the mock is gone, and begins again with another one.
func TestPageOutlivesTheMock(t *testing.T) {
	s := mocktest.NewServer(t)
	l := clienttest.Listen(t)
	address := l.Addr().String()
	url := "http://" + address
	_, stop := clienttest.ControlOn(t, s, control.Config{}, l)
	p := openBrowser(t).open(t, url+"/", 1280, 800)
	p.until(live)
	clienttest.Connect(t, s, s.APIKey, "of-the-first")
	clienttest.Connect(t, s, s.APIKey, "of-the-first-too")
	p.until(`document.querySelectorAll("#exchanges tr").length === 2`)
	stop()
	p.until(`document.querySelector("#state").textContent.includes("Waiting for it")`)
	second := mocktest.NewServer(t)
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	clienttest.ControlOn(t, second, control.Config{}, l)
	p.until(live)
	p.until(`document.querySelectorAll("#exchanges tr").length === 0`)
	clienttest.Connect(t, second, second.APIKey, "of-the-second")
	p.until(`document.querySelector("#exchanges").innerText.includes("of-the-second")`)
}
