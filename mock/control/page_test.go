package control_test

import (
	"regexp"
	"strings"
	"testing"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/control"
	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/store"
)

// The page is readable as it comes, without its script.
func TestPageWithoutScript(t *testing.T) {
	s := mocktest.NewServer(t)
	url := clienttest.Control(t, s, control.Config{BaseURL: s.URL})
	clienttest.Connect(t, s, s.APIKey, "first-user")
	clienttest.Connect(t, s, s.APIKey, hostileUser)
	clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(`{}`))
	clienttest.SetFault(t, s, fault.Fault{Kind: fault.Dribble, Times: 3})
	r := clienttest.Ask(t, "GET", url+"/", "", nil)
	if r.Status != 200 || r.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %v", r.Status, r.Header)
	}
	for _, want := range []string{
		"NOX Authenticator API", s.URL, "first-user", "POST /manufacturer/device-connections",
		"user_id is required", "dribble", "3 of 3", "initech", "not enabled", "not met",
		">3 requests</span> on", `href="/contract"`,
		"&lt;img src=x", `<span class="code">U&#43;202E</span>`, `<span class="code">U&#43;0000</span>`,
	} {
		if !strings.Contains(r.Body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, never := range []string{"<img src=x", "<script>", "\u202e", "\x00", "\x1b", s.APIKey, s.OtherAPIKey, s.DisabledAPIKey, "style="} {
		if strings.Contains(r.Body, never) {
			t.Errorf("the page has %q", never)
		}
	}
	if handlers := regexp.MustCompile(`<[a-z]+[^>]* on[a-z]+=`).FindString(r.Body); handlers != "" {
		t.Errorf("the page has a script in %q", handlers)
	}
}

func TestPageGuard(t *testing.T) {
	s := mocktest.NewServer(t)
	url := clienttest.Control(t, s, control.Config{})
	for _, x := range []struct {
		method, path string
		header       []string
		want         int
	}{
		{"GET", "/", nil, 200},
		{"HEAD", "/", nil, 200},
		{"POST", "/", nil, 405},
		{"GET", "/?x=1", nil, 200},
		{"GET", "/page/page.js", nil, 200},
		{"GET", "/page/page.css", nil, 200},
		{"GET", "/page/icon.svg", nil, 200},
		{"GET", "/page/page.html.tmpl", nil, 404},
		{"GET", "/page/", nil, 404},
		{"GET", "/page/../control.go", nil, 404},
		{"DELETE", "/page/page.js", nil, 405},
		{"GET", "/", []string{"Host", "evil.example"}, 403},
		{"GET", "/page/page.js", []string{"Host", "evil.example"}, 403},
		{"GET", "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 200},
		{"GET", "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, 403},
		{"GET", "/page/page.js", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, 403},
		{"POST", "/try", []string{"Origin", "http://evil.example"}, 403},
	} {
		r := clienttest.Ask(t, x.method, url+x.path, "", clienttest.Headers(x.header...))
		if r.Status != x.want {
			t.Errorf("%s %s %v: %d, want %d", x.method, x.path, x.header, r.Status, x.want)
		}
		if r.Status != 200 {
			continue
		}
		policy := r.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "connect-src 'self';", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s %s: the policy %q lacks %s", x.method, x.path, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") || r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s %s: %v", x.method, x.path, r.Header)
		}
	}
}

func TestTry(t *testing.T) {
	s := mocktest.NewServer(t)
	url := clienttest.Control(t, s, control.Config{BaseURL: s.URL, Version: "test"})
	about := clienttest.Ask(t, "GET", url+"/about", "", nil)
	for _, want := range []string{`"version":"test"`, `"base_url":"` + s.URL + `"`, `"id":"createManufacturerDeviceConnection"`, `"path":"/v2/manufacturer/device-connections"`, `"user_property":"user_id"`} {
		if !strings.Contains(about.Body, want) {
			t.Errorf("about lacks %s: %s", want, about.Body)
		}
	}
	for _, x := range []struct {
		body   string
		status int
		has    string
	}{
		{`{"manufacturer":"acme","user_id":"tried"}`, 200, `"status":201`},
		{`{"manufacturer":"acme"}`, 200, `"rule":"created"`},
		{`{"manufacturer":"acme","user_id":""}`, 200, `"user_id":""`},
		{`{"manufacturer":"acme","key":"none"}`, 200, `"rule":"key.missing"`},
		{`{"manufacturer":"acme","key":"wrong"}`, 200, `"rule":"key.unknown"`},
		{`{"manufacturer":"initech"}`, 200, `"rule":"manufacturer.not-enabled"`},
		{`{"manufacturer":"acme","body":""}`, 200, `"status":400`},
		{`{"manufacturer":"acme","body":"{}","user_id":"ignored"}`, 200, `"rule":"schema.required"`},
		{`{"manufacturer":"acme","content_type":""}`, 200, `"rule":"media-type"`},
		{`{"manufacturer":"acme","prefer":"code=500"}`, 200, `"status":500`},
		{`{"manufacturer":"acme","method":"PUT"}`, 200, `"status":405`},
		{`{"manufacturer":"acme","user_id":"nox-mock:lost"}`, 200, `"outcome":"dropped"`},
		{`{"manufacturer":"nobody"}`, 404, "nobody"},
		{`{"manufacturer":"acme","operation":"nonsense"}`, 400, "no such operation"},
		{`{"manufacturer":"acme","key":"acme-test-key-5c1d0a"}`, 400, "key"},
		{`{"manufacturer":"acme","method":"P T"}`, 400, "method"},
		{`{"manufacturer":"acme","prefer":"a\nb"}`, 400, "prefer"},
		{`{}`, 400, "manufacturer"},
	} {
		r := clienttest.Ask(t, "POST", url+"/try", x.body, nil)
		if r.Status != x.status || !strings.Contains(r.Body, x.has) || strings.Contains(r.Body, s.APIKey) {
			t.Errorf("%s: %d %s", x.body, r.Status, r.Body)
		}
	}
	// Every kind of fault ends as an exchange, never as a broken control API.
	for _, k := range fault.Kinds() {
		f := fault.Fault{Kind: fault.Kind(k.Kind), Times: 1, EveryMS: 1}
		if f.Kind == fault.Slow {
			f.Delay = &fault.Delay{MS: 1}
		}
		clienttest.SetFault(t, s, f)
		if r := clienttest.Ask(t, "POST", url+"/try", `{"manufacturer":"acme"}`, nil); r.Status != 200 || !strings.Contains(r.Body, `"rule":"fault.`+k.Kind) || strings.Contains(r.Body, "gave-up") {
			t.Errorf("%s: %d %s", k.Kind, r.Status, r.Body)
		}
	}
	if card := s.Mock.Scorecard(nil, nil, true); card.Requests != 0 {
		t.Errorf("the scorecard counts %d requests that no client sent", card.Requests)
	}
	journal := clienttest.Ask(t, "GET", url+"/journal?limit=1&newest=true", "", nil)
	if !strings.Contains(journal.Body, "tried from the control API") || strings.Contains(journal.Body, `"next"`) {
		t.Errorf("the journal has %s", journal.Body)
	}
	// A key that is known by its digest only cannot be presented.
	digests := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Manufacturers: []store.Manufacturer{{Name: "acme", KeyDigests: mock.DefaultManufacturers()[0].Digests(), Enabled: true}}}))
	if r := clienttest.Ask(t, "POST", clienttest.Control(t, digests, control.Config{})+"/try", `{"manufacturer":"acme"}`, nil); r.Status != 409 || !strings.Contains(r.Body, "digests") {
		t.Errorf("%d %s", r.Status, r.Body)
	}
}

// Newest and before lead through a journal backwards.
func TestJournalBackwards(t *testing.T) {
	s := mocktest.NewServer(t)
	url := clienttest.Control(t, s, control.Config{})
	for _, userID := range strings.Split("a b c d e", " ") {
		key := s.APIKey
		if userID == "c" {
			key = s.OtherAPIKey
		}
		clienttest.Connect(t, s, key, userID)
	}
	for query, want := range map[string]string{
		"newest=true&limit=2":                            "d e",
		"newest=true&limit=2&before=4":                   "b c",
		"newest=true&limit=9&before=2":                   "a",
		"newest=false&limit=2":                           "a b",
		"after=1&before=3":                               "b",
		"newest=true&limit=2&manufacturer=":              "",
		"newest=true&limit=2&manufacturer=acme&before=5": "b d",
	} {
		var got []string
		for _, part := range strings.Split(clienttest.Ask(t, "GET", url+"/journal?"+query, "", nil).Body, `"user_id":"`)[1:] {
			userID, _, _ := strings.Cut(part, `"`)
			got = append(got, userID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", query, got, want)
		}
	}
}
