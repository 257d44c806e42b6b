package mock_test

import (
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/control"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/store"
)

// observed serves a mock that the test can look into.
func observed(t testing.TB, config mock.Config) (*mocktest.Server, *mock.Mock) {
	t.Helper()
	s := mocktest.NewServer(t, mocktest.WithConfig(config))
	return s, s.Mock
}

// Each entry says why the answer was what it was.
func TestWhy(t *testing.T) {
	s, m := observed(t, mock.Config{ExplainErrors: true})
	for _, x := range []struct {
		name, method, path string
		header             http.Header
		body               string
		want               journal.Why
	}{
		{"created", "POST", clienttest.ConnectPath, clienttest.Good(s), `{"user_id":"u"}`, journal.Why{Rule: "created", Reason: "created"}},
		{"resolved", "POST", clienttest.ConnectPath, clienttest.Good(s), `{"user_id":"u"}`, journal.Why{Rule: "resolved", Reason: "resolved"}},
		{"type", "POST", clienttest.ConnectPath, clienttest.Good(s), `{"user_id":7}`,
			journal.Why{Rule: "schema.type", In: "body", Pointer: "/user_id", Got: "number", Expected: "string"}},
		{"missing", "POST", clienttest.ConnectPath, clienttest.Good(s), `{}`,
			journal.Why{Rule: "schema.required", In: "body", Pointer: "/user_id", Got: "nothing", Expected: "a value"}},
		{"duplicate", "POST", clienttest.ConnectPath, clienttest.Good(s), `{"user_id":"a","user_id":"b"}`,
			journal.Why{Rule: "json.duplicate", In: "body", Got: "twice", Expected: "once"}},
		{"media type", "POST", clienttest.ConnectPath, clienttest.Headers("x-api-key", s.APIKey, "Content-Type", "text/plain"), `{"user_id":"u"}`,
			journal.Why{Rule: "media-type", In: "header", Pointer: "Content-Type", Got: "text/plain", Expected: "application/json"}},
		{"no key", "POST", clienttest.ConnectPath, clienttest.Headers(), `{}`,
			journal.Why{Rule: "key.missing", In: "header", Pointer: "x-api-key", Got: "no key"}},
		{"not enabled", "POST", clienttest.ConnectPath, clienttest.Headers("x-api-key", s.DisabledAPIKey), `{}`,
			journal.Why{Rule: "manufacturer.not-enabled", In: "header", Pointer: "x-api-key"}},
		{"path", "POST", "/nowhere", clienttest.Headers(), ``, journal.Why{Rule: "path.unknown", In: "path"}},
		{"method", "PUT", clienttest.ConnectPath, clienttest.Headers(), ``, journal.Why{Rule: "method.unknown", In: "method", Expected: "POST"}},
		{"prefer", "POST", clienttest.ConnectPath, clienttest.Good(s, "Prefer", "code=500"), `{}`, journal.Why{Rule: "prefer"}},
		{"magic", "POST", clienttest.ConnectPath, clienttest.Good(s), `{"user_id":"nox-mock:500"}`, journal.Why{Rule: "magic"}},
	} {
		r := clienttest.Do(t, s, x.method, x.path, x.header, strings.NewReader(x.body))
		entries := m.Journal().List(journal.Query{}).Entries
		e := entries[len(entries)-1]
		got := e.Why
		if got.Rule != x.want.Rule || got.In != x.want.In || !strings.HasPrefix(got.Pointer, x.want.Pointer) ||
			x.want.Got != "" && got.Got != x.want.Got || x.want.Expected != "" && got.Expected != x.want.Expected {
			t.Errorf("%s: %+v, want %+v", x.name, got, x.want)
		}
		if e.Response.Status != r.Status || e.Response.Body != r.Body {
			t.Errorf("%s: the journal has %d %s, the client got %d %s", x.name, e.Response.Status, e.Response.Body, r.Status, r.Body)
		}
		explained := r.Header.Get(mock.ExplainHeader)
		if (r.Status >= 400) != strings.HasPrefix(explained, `rule="`+x.want.Rule+`"`) {
			t.Errorf("%s: status %d, header %q", x.name, r.Status, explained)
		}
	}
	plain, _ := observed(t, mock.Config{})
	if r := clienttest.Do(t, plain, "POST", clienttest.ConnectPath, clienttest.Headers(), nil); r.Header.Get(mock.ExplainHeader) != "" {
		t.Error("the header came without being asked for")
	}
}

func archive(t testing.TB, entries []journal.Entry) string {
	t.Helper()
	var b strings.Builder
	if err := journal.HAR(&b, entries, "test"); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// However a key is sent, and wherever, neither journal nor log holds it.
func TestNoKeyIsKept(t *testing.T) {
	var log syncBuffer
	s, m := observed(t, mock.Config{ExplainErrors: true, Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	const foreign = "canary-key-of-elsewhere-1f2e3d"
	for _, key := range []string{s.APIKey, foreign} {
		escaped := `\u00` + "61" + key[1:]
		if key == foreign {
			escaped = `\u00` + "63" + key[1:]
		}
		for _, x := range []struct {
			path   string
			header http.Header
			body   string
		}{
			{clienttest.ConnectPath, clienttest.Headers("x-api-key", key, "Content-Type", "application/json"), `{"user_id":"` + key + `"}`},
			{clienttest.ConnectPath, clienttest.Headers("x-api-key", key, "Content-Type", "application/json"), `{"user_id":"before ` + escaped + ` after"}`},
			{clienttest.ConnectPath, clienttest.Headers("x-api-key", key, "Content-Type", key), `{}`},
			{clienttest.ConnectPath, clienttest.Headers("x-api-key", key, "Content-Type", "application/json"), `{"user_id":"x","` + key + `":1,"user_id":""}`},
			{clienttest.ConnectPath, clienttest.Headers("Authorization", "Bearer "+key), `{}`},
			{clienttest.ConnectPath, clienttest.Headers("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("u:"+key))), `{}`},
			{clienttest.ConnectPath, clienttest.Headers("Cookie", "api="+key), `{}`},
			{clienttest.ConnectPath + "?api_key=" + key, clienttest.Headers(), `{}`},
			{clienttest.ConnectPath + "?x-api-key=" + url.QueryEscape(key[:3]) + "%" + "2d" + key[3:], clienttest.Headers(), ``},
			{clienttest.ConnectPath, clienttest.Headers("X-Other-Key", key), `{}`},
			{clienttest.ConnectPath, clienttest.Headers("x-api-key", key, "X-Forwarded", "k="+key, "Content-Type", "text/plain"), `{}`},
		} {
			clienttest.Do(t, s, "POST", x.path, x.header, strings.NewReader(x.body))
		}
	}
	// Those can only be told for a key that the mock knows.
	clienttest.Do(t, s, "POST", "/"+s.APIKey+"/x", clienttest.Headers(), nil)
	clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s, "x-api-key", "other", "x-trace", s.APIKey), strings.NewReader(`{"user_id":"u","api_key":"`+s.OtherAPIKey+`"}`))
	entries := m.Journal().List(journal.Query{}).Entries
	for _, kept := range []any{entries, archive(t, entries), log.String()} {
		data, err := json.Marshal(kept)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{s.APIKey, s.OtherAPIKey, foreign, base64.StdEncoding.EncodeToString([]byte("u:" + s.APIKey))} {
			if at := strings.Index(string(data), key); at >= 0 {
				t.Errorf("%T holds the key %s: …%s…", kept, key, data[max(0, at-200):at+50])
			}
		}
	}
	if e := entries[0]; e.Request.Headers["X-Api-Key"][0] != "sha256:"+store.Fingerprint(s.APIKey) || e.Key != store.Fingerprint(s.APIKey) {
		t.Errorf("no fingerprint: %v", e.Request.Headers)
	}
}

// A key that is known by its digest only is not kept either, whatever stands
// around it.
func TestNoKeyKnownByDigestIsKept(t *testing.T) {
	for _, key := range []string{"canary-key-1f2e3d", "c4n4ry+key/1f2e3d=="} {
		var log syncBuffer
		all := mock.DefaultManufacturers()
		all[0].KeyDigests = store.Manufacturer{Keys: []string{key}}.Digests()
		s, m := observed(t, mock.Config{Manufacturers: all, ExplainErrors: true, Logger: slog.New(slog.NewJSONHandler(&log, nil))})
		for _, around := range []string{" %s ", ",%s,", ";%s;", "=%s=", "&%s&", "?%s?", "'%s'", ":%s:", "(%s)", "<%s>", "[%s]", "{%s}", "|%s|", "@%s@", "é%sé", "%s", "\t%s\t"} {
			text := strings.ReplaceAll(around, "%s", key)
			body, err := json.Marshal(map[string]string{"user_id": text, "note": "a\"" + text + "\\"})
			if err != nil {
				t.Fatal(err)
			}
			clienttest.Do(t, s, "POST", clienttest.ConnectPath+"?q="+url.QueryEscape(text)+"&"+url.QueryEscape(text), clienttest.Good(s, "X-Trace", text), strings.NewReader(string(body)))
			clienttest.Do(t, s, "POST", "/x/"+url.PathEscape(text)+"/y", clienttest.Good(s, "Content-Type", text), strings.NewReader(text))
		}
		control := clienttest.Control(t, s, control.Config{})
		entries := m.Journal().List(journal.Query{}).Entries
		for _, kept := range []any{
			entries, archive(t, entries), log.String(),
			clienttest.Ask(t, "GET", control+"/connections?manufacturer=acme", "", nil).Body, clienttest.Ask(t, "GET", control+"/", "", nil).Body,
		} {
			data, err := json.Marshal(kept)
			if err != nil {
				t.Fatal(err)
			}
			for _, written := range []string{key, url.QueryEscape(key), url.PathEscape(key)} {
				if at := strings.Index(string(data), written); at >= 0 {
					t.Errorf("%T holds the key: …%s…", kept, data[max(0, at-200):at+50])
				}
			}
		}
		if e := entries[0]; *e.UserID != " sha256:"+store.Fingerprint(key)+" " {
			t.Errorf("user_id %q", *e.UserID)
		}
	}
}

// A key that was sent as a user_id comes back, and is exported, but not shown.
func TestKeyAsUserID(t *testing.T) {
	s := mocktest.NewServer(t)
	url := clienttest.Control(t, s, control.Config{})
	if echo, _ := clienttest.Connect(t, s, s.APIKey, s.APIKey); echo != s.APIKey {
		t.Errorf("it comes back as %q", echo)
	}
	for _, path := range []string{"/connections?manufacturer=acme", "/", "/journal", "/journal.har"} {
		if r := clienttest.Ask(t, "GET", url+path, "", nil); r.Status != 200 || strings.Contains(r.Body, s.APIKey) || !strings.Contains(r.Body, "sha256:"+store.Fingerprint(s.APIKey)) {
			t.Errorf("%s: %s", path, r.Body)
		}
	}
	if r := clienttest.Ask(t, "GET", url+"/export", "", nil); !strings.Contains(r.Body, s.APIKey) {
		t.Errorf("the export lacks it: %s", r.Body)
	}
}

// A key in the wrong place is told.
func TestKeyElsewhere(t *testing.T) {
	s, m := observed(t, mock.Config{})
	for _, x := range []struct {
		path   string
		header http.Header
		want   string
	}{
		{clienttest.ConnectPath, clienttest.Headers("Authorization", "Bearer "+s.APIKey), "authorization"},
		{clienttest.ConnectPath + "?key=" + s.APIKey, clienttest.Headers(), "query"},
		{clienttest.ConnectPath, clienttest.Headers("Cookie", "k="+s.APIKey), "cookie"},
		{clienttest.ConnectPath, clienttest.Headers("api-key", s.APIKey), "api-key"},
		{clienttest.ConnectPath, clienttest.Headers(), ""},
		{clienttest.ConnectPath, clienttest.Good(s), ""},
	} {
		clienttest.Do(t, s, "POST", x.path, x.header, strings.NewReader(clienttest.ValidBody))
		entries := m.Journal().List(journal.Query{}).Entries
		if got := entries[len(entries)-1].KeyElsewhere; got != x.want {
			t.Errorf("%v: %q, want %q", x.header, got, x.want)
		}
	}
}

// The journal keeps a little of a large body, and nothing of one that was not
// read.
func TestLargeBodyInJournal(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector takes twenty times as long over it, and nothing in it is concurrent")
	}
	s, m := observed(t, mock.Config{})
	long := `{"user_id":"` + strings.Repeat("é", 20_000) + `"}`
	clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(long))
	// A secret that the cut goes through leaves nothing either.
	for _, pad := range []int{16<<10 - 25, 16<<10 - 5, 20<<10 - 25, 20<<10 - 40} {
		for _, body := range []string{
			`{"user_id":"` + strings.Repeat("x", pad) + s.APIKey + `","y":"` + strings.Repeat("y", 9000) + `"}`,
			`{"user_id":"` + s.APIKey + strings.Repeat(" "+s.APIKey, pad/20) + `"}`,
			`{"x":"` + strings.Repeat("x", pad-20) + `","password":"` + strings.Repeat("acme-test", 3000) + `"}`,
		} {
			clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(body))
			if got := clienttest.Latest(s).Request.Body; strings.Contains(got, "acme-tes") {
				t.Errorf("after %d bytes the journal holds a part of a key: …%s", pad, got[max(0, len(got)-60):])
			}
		}
	}
	e := m.Journal().List(journal.Query{}).Entries[0]
	if len(e.Request.Body) > 16<<10 || !e.Request.Cut || e.Request.BodyBytes != len(long) {
		t.Errorf("%d bytes kept of %d, cut %t", len(e.Request.Body), e.Request.BodyBytes, e.Request.Cut)
	}
	if e.UserID == nil || len(*e.UserID) > 16<<10 || len(*e.UserID) < 16<<10-4 {
		t.Error("the user_id is not cut as the body is")
	}
	if !strings.HasPrefix(long, e.Request.Body) {
		t.Error("what is kept is not the start of it")
	}
}

// The user of a request that was refused before its body was read is found all
// the same, once the rest of it has come.
func TestUserOfARefusedRequest(t *testing.T) {
	s := mocktest.NewServer(t)
	for _, x := range []struct {
		name   string
		header http.Header
		status int
	}{
		{"no key", clienttest.Headers("Content-Type", "application/json"), 401},
		{"wrong media type", clienttest.Headers("Content-Type", "text/plain", "x-api-key", s.APIKey), 400},
		{"asked for", clienttest.Good(s, "Prefer", "code=500"), 500},
	} {
		user := "user of " + x.name
		if r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, x.header, strings.NewReader(`{"user_id":"`+user+`"}`)); r.Status != x.status {
			t.Errorf("%s: %d", x.name, r.Status)
		}
		// The connection is used again only once the body was read.
		clienttest.Connect(t, s, s.APIKey, "next")
		found := s.Journal(journal.Query{UserID: &user})
		if len(found) != 1 || found[0].Response.Status != x.status || !strings.Contains(found[0].Request.Body, user) {
			t.Errorf("%s: %+v", x.name, found)
		}
	}
}
