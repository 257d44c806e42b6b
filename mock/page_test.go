package mock_test

import (
	"regexp"
	"strings"
	"testing"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/control"
	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/store"
)

// The page is readable as it comes, without its script.
func TestPageWithoutScript(t *testing.T) {
	s := mocktest.NewServer(t)
	url := controlled(t, s, control.Config{BaseURL: s.URL})
	connect(t, s, s.APIKey, "first-user")
	connect(t, s, s.APIKey, hostileUser)
	do(t, s, "POST", connectPath, good(s), strings.NewReader(`{}`))
	set(t, s, fault.Fault{Kind: fault.Dribble, Times: 3})
	r := ask(t, "GET", url+"/", "", nil)
	if r.status != 200 || r.header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %v", r.status, r.header)
	}
	for _, want := range []string{
		"NOX Authenticator API", s.URL, "first-user", "POST /manufacturer/device-connections",
		"user_id is required", "dribble", "3 of 3", "initech", "not enabled", "not met",
		"&lt;img src=x", `<span class="code">U&#43;202E</span>`, `<span class="code">U&#43;0000</span>`,
	} {
		if !strings.Contains(r.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, never := range []string{"<img src=x", "<script>", "\u202e", "\x00", "\x1b", s.APIKey, s.OtherAPIKey, s.DisabledAPIKey, "style="} {
		if strings.Contains(r.body, never) {
			t.Errorf("the page has %q", never)
		}
	}
	if handlers := regexp.MustCompile(`<[a-z]+[^>]* on[a-z]+=`).FindString(r.body); handlers != "" {
		t.Errorf("the page has a script in %q", handlers)
	}
}

func TestPageGuard(t *testing.T) {
	s := mocktest.NewServer(t)
	url := controlled(t, s, control.Config{})
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
		r := ask(t, x.method, url+x.path, "", headers(x.header...))
		if r.status != x.want {
			t.Errorf("%s %s %v: %d, want %d", x.method, x.path, x.header, r.status, x.want)
		}
		if r.status != 200 {
			continue
		}
		policy := r.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "connect-src 'self';", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s %s: the policy %q lacks %s", x.method, x.path, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") || r.header.Get("X-Content-Type-Options") != "nosniff" || r.header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s %s: %v", x.method, x.path, r.header)
		}
	}
}

func TestTry(t *testing.T) {
	s := mocktest.NewServer(t)
	url := controlled(t, s, control.Config{BaseURL: s.URL, Version: "test"})
	about := ask(t, "GET", url+"/about", "", nil)
	for _, want := range []string{`"version":"test"`, `"base_url":"` + s.URL + `"`, `"id":"createManufacturerDeviceConnection"`, `"path":"/v2/manufacturer/device-connections"`, `"user_property":"user_id"`} {
		if !strings.Contains(about.body, want) {
			t.Errorf("about lacks %s: %s", want, about.body)
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
		r := ask(t, "POST", url+"/try", x.body, nil)
		if r.status != x.status || !strings.Contains(r.body, x.has) || strings.Contains(r.body, s.APIKey) {
			t.Errorf("%s: %d %s", x.body, r.status, r.body)
		}
	}
	// Every kind of fault ends as an exchange, never as a broken control API.
	for _, k := range fault.Kinds() {
		f := fault.Fault{Kind: fault.Kind(k.Kind), Times: 1, EveryMS: 1}
		if f.Kind == fault.Slow {
			f.Delay = &fault.Delay{MS: 1}
		}
		set(t, s, f)
		if r := ask(t, "POST", url+"/try", `{"manufacturer":"acme"}`, nil); r.status != 200 || !strings.Contains(r.body, `"rule":"fault.`+k.Kind) || strings.Contains(r.body, "gave-up") {
			t.Errorf("%s: %d %s", k.Kind, r.status, r.body)
		}
	}
	if card := s.Mock.Scorecard(nil, nil, true); card.Requests != 0 {
		t.Errorf("the scorecard counts %d requests that no client sent", card.Requests)
	}
	journal := ask(t, "GET", url+"/journal?limit=1&newest=true", "", nil)
	if !strings.Contains(journal.body, "tried from the control API") || strings.Contains(journal.body, `"next"`) {
		t.Errorf("the journal has %s", journal.body)
	}
	// A key that is known by its digest only cannot be presented.
	digests := mocktest.NewServer(t, configured(mock.Config{Manufacturers: []store.Manufacturer{{Name: "acme", KeyDigests: mock.DefaultManufacturers()[0].Digests(), Enabled: true}}}))
	if r := ask(t, "POST", controlled(t, digests, control.Config{})+"/try", `{"manufacturer":"acme"}`, nil); r.status != 409 || !strings.Contains(r.body, "digests") {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// Newest and before lead through a journal backwards.
func TestJournalBackwards(t *testing.T) {
	s := mocktest.NewServer(t)
	url := controlled(t, s, control.Config{})
	for _, userID := range strings.Split("a b c d e", " ") {
		key := s.APIKey
		if userID == "c" {
			key = s.OtherAPIKey
		}
		connect(t, s, key, userID)
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
		for _, part := range strings.Split(ask(t, "GET", url+"/journal?"+query, "", nil).body, `"user_id":"`)[1:] {
			userID, _, _ := strings.Cut(part, `"`)
			got = append(got, userID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", query, got, want)
		}
	}
}
