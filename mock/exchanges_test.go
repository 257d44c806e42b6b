package mock_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/mocktest"
)

const (
	wordsOf400 = "user_id is required and must be a string"
	wordsOf401 = "Invalid API key"
	wordsOf500 = "Internal server error"
)

// exchange is a request, which is a valid one but for what the row says, and
// the answer to it.
type exchange struct {
	name   string
	method string            // "" is POST
	path   string            // beneath the base path; "" is the operation's
	header map[string]string // "" removes the field
	key    []string          // values of x-api-key; nil is the good one
	body   string            // "" is a valid one
	nobody bool
	status int
	words  string // of the error body; "" is any
	wants  map[string]string
}

var exchanges = []exchange{
	{name: "valid", status: 201},
	{name: "unknown path", path: "/manufacturer/other", status: 404},
	{name: "base path alone", path: "", method: "POST", status: 201},
	{name: "trailing slash", path: clienttest.ConnectPath + "/", status: 404},
	{name: "doubled slash", path: "/manufacturer//device-connections", status: 404},
	{name: "dot segment", path: "/manufacturer/x/../device-connections", status: 404},
	{name: "encoded letter", path: "/manufacturer/device%2Dconnections", status: 201},
	{name: "encoded slash", path: "/manufacturer%2Fdevice-connections", status: 404},
	{name: "other case", path: "/Manufacturer/device-connections", status: 404},
	{name: "longer path", path: clienttest.ConnectPath + "/x", status: 404},
	{name: "query", path: clienttest.ConnectPath + "?x=1", status: 201},
	{name: "unknown path without key", path: "/x", key: []string{}, status: 404},
	{name: "GET", method: "GET", nobody: true, status: 405, wants: map[string]string{"Allow": "POST"}},
	{name: "HEAD", method: "HEAD", nobody: true, status: 405, wants: map[string]string{"Allow": "POST"}},
	{name: "OPTIONS", method: "OPTIONS", nobody: true, status: 405, wants: map[string]string{"Allow": "POST"}},
	{name: "PUT without key", method: "PUT", key: []string{}, status: 405, wants: map[string]string{"Allow": "POST"}},
	{name: "method in lower case", method: "post", status: 405},

	{name: "no key", key: []string{}, status: 401, words: wordsOf401, wants: map[string]string{"WWW-Authenticate": `ApiKey realm="/v2", in="header", name="x-api-key"`}},
	{name: "empty key", key: []string{""}, status: 401, words: wordsOf401},
	{name: "unknown key", key: []string{"nonsense"}, status: 401, words: wordsOf401},
	{name: "key in upper case", key: []string{"UPPER GOOD"}, status: 401},
	{name: "key cut short", key: []string{"SHORT GOOD"}, status: 401},
	{name: "key in quotes", key: []string{`QUOTED GOOD`}, status: 401},
	{name: "key twice", key: []string{"GOOD", "GOOD"}, status: 401},
	{name: "good and bad key", key: []string{"GOOD", "bad"}, status: 401},
	{name: "bad and good key", key: []string{"bad", "GOOD"}, status: 401},
	{name: "manufacturer not enabled", key: []string{"DISABLED"}, status: 401, words: wordsOf401},
	{name: "key as bearer token", key: []string{}, header: map[string]string{"Authorization": "Bearer GOOD"}, status: 401},
	{name: "no key and a bad body", key: []string{}, body: "{", status: 401},
	{name: "no key and another media type", key: []string{}, header: map[string]string{"Content-Type": "text/plain"}, status: 401},
	{name: "no key and Prefer", key: []string{}, header: map[string]string{"Prefer": "code=500"}, status: 401},

	{name: "Prefer 400", header: map[string]string{"Prefer": "code=400"}, status: 400, words: wordsOf400, wants: map[string]string{"Preference-Applied": "code=400"}},
	{name: "Prefer 401", header: map[string]string{"Prefer": "code=401"}, status: 401, words: wordsOf401},
	{name: "Prefer 500", header: map[string]string{"Prefer": "code=500"}, status: 500, words: wordsOf500},
	{name: "Prefer 500 among others", header: map[string]string{"Prefer": `respond-async, Code = "500"; x=y`}, status: 500},
	{name: "Prefer before the body is looked at", header: map[string]string{"Prefer": "code=500"}, body: "{", status: 500},
	{name: "Prefer before a magic id", header: map[string]string{"Prefer": "code=500"}, body: `{"user_id":"nox-mock:400"}`, status: 500},
	{name: "Prefer 201", header: map[string]string{"Prefer": "code=201"}, status: 201, wants: map[string]string{"Preference-Applied": "code=201"}},
	{name: "Prefer 201 over a magic id", header: map[string]string{"Prefer": "code=201"}, body: `{"user_id":"nox-mock:500"}`, status: 201},
	{name: "Prefer 201 for nothing valid", header: map[string]string{"Prefer": "code=201"}, body: `{}`, status: 400, wants: map[string]string{"Preference-Applied": ""}},
	{name: "Prefer undocumented", header: map[string]string{"Prefer": "code=418"}, status: 201, wants: map[string]string{"Preference-Applied": ""}},
	{name: "Prefer nonsense", header: map[string]string{"Prefer": "code=abc"}, status: 201},
	{name: "Prefer informational", header: map[string]string{"Prefer": "code=100"}, status: 201},

	{name: "no media type", header: map[string]string{"Content-Type": ""}, status: 400, words: "Content-Type must be application/json"},
	{name: "text/plain", header: map[string]string{"Content-Type": "text/plain"}, status: 400},
	{name: "form", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, status: 400},
	{name: "problem+json", header: map[string]string{"Content-Type": "application/problem+json"}, status: 400},
	{name: "media type in other case", header: map[string]string{"Content-Type": "Application/JSON"}, status: 201},
	{name: "charset", header: map[string]string{"Content-Type": "application/json; charset=utf-8"}, status: 201},
	{name: "gzip", header: map[string]string{"Content-Encoding": "gzip"}, status: 400, words: "Content-Encoding is not supported"},
	{name: "no body", nobody: true, status: 400},
	{name: "white space", body: " \n\t", status: 400},
	{name: "byte order mark", body: "\ufeff{\"user_id\":\"u\"}", status: 400, words: "The request body starts with a byte order mark"},
	{name: "cut short", body: `{"user_id":"u`, status: 400},
	{name: "trailing comma", body: `{"user_id":"u",}`, status: 400},
	{name: "single quotes", body: `{'user_id':'u'}`, status: 400},
	{name: "comment", body: `{"user_id":"u"/*c*/}`, status: 400},
	{name: "trailing bytes", body: `{"user_id":"u"}x`, status: 400},
	{name: "two texts", body: `{"user_id":"u"}{"user_id":"v"}`, status: 400},
	{name: "trailing white space", body: "{\"user_id\":\"u\"}\r\n ", status: 201},
	{name: "NaN", body: `{"user_id":NaN}`, status: 400},
	{name: "raw control character", body: "{\"user_id\":\"a\tb\"}", status: 400},
	{name: "bad escape", body: `{"user_id":"\x"}`, status: 400},
	{name: "invalid UTF-8", body: "{\"user_id\":\"\xff\"}", status: 400},
	{name: "invalid UTF-8 elsewhere", body: "{\"user_id\":\"u\",\"x\":[\"\xc0\xaf\"]}", status: 400},
	{name: "high surrogate alone", body: `{"user_id":"\ud800"}`, status: 400},
	{name: "low surrogate alone", body: `{"user_id":"a\udc00b"}`, status: 400},
	{name: "surrogate alone elsewhere", body: `{"user_id":"u","x":{"y":"\udfff"}}`, status: 400},
	{name: "property twice", body: `{"user_id":"u","user_id":"u"}`, status: 400, words: "The request body has a property twice"},
	{name: "property twice, escaped", body: `{"user_id":"u","user\u005fid":"u"}`, status: 400},
	{name: "property twice elsewhere", body: `{"user_id":"u","x":{"a":1,"a":1}}`, status: 400},
	{name: "array", body: `[]`, status: 400},
	{name: "string", body: `"u"`, status: 400},
	{name: "number", body: `1`, status: 400},
	{name: "null", body: `null`, status: 400},
	{name: "true", body: `true`, status: 400},
	{name: "empty object", body: `{}`, status: 400, words: wordsOf400},
	{name: "other property", body: `{"id":"u"}`, status: 400, words: wordsOf400},
	{name: "property in other case", body: `{"User_Id":"u"}`, status: 400, words: wordsOf400},
	{name: "property with a space", body: `{"user_id ":"u"}`, status: 400, words: wordsOf400},
	{name: "user_id null", body: `{"user_id":null}`, status: 400, words: wordsOf400},
	{name: "user_id number", body: `{"user_id":1}`, status: 400, words: wordsOf400},
	{name: "user_id boolean", body: `{"user_id":false}`, status: 400, words: wordsOf400},
	{name: "user_id array", body: `{"user_id":["u"]}`, status: 400, words: wordsOf400},
	{name: "user_id object", body: `{"user_id":{}}`, status: 400, words: wordsOf400},
	{name: "deep nesting", body: `{"user_id":"u","x":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`, status: 201},
	{name: "deepest nesting", body: `{"user_id":"u","x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, status: 400},
	{name: "huge number elsewhere", body: `{"user_id":"u","x":1e400,"y":` + strings.Repeat("9", 1000) + `}`, status: 201},
	{name: "largest body", body: `{"user_id":"` + strings.Repeat("u", 1<<20-14) + `"}`, status: 201},
	{name: "body one byte too large", body: `{"user_id":"` + strings.Repeat("u", 1<<20-13) + `"}`, status: 400},
	{name: "more properties", body: `{"user_id":"u","more":[1,{"a":null}]}`, status: 201},

	{name: "magic 400", body: `{"user_id":"nox-mock:400"}`, status: 400, words: wordsOf400},
	{name: "magic 401", body: `{"user_id":"nox-mock:401"}`, status: 401, words: wordsOf401},
	{name: "magic 500", body: `{"user_id":"nox-mock:500"}`, status: 500, words: wordsOf500},
	{name: "magic undocumented", body: `{"user_id":"nox-mock:418"}`, status: 201},
	{name: "magic unknown", body: `{"user_id":"nox-mock:whatever"}`, status: 201},
	{name: "magic delay", body: `{"user_id":"nox-mock:delay=1ms"}`, status: 201},
	{name: "magic delay too long", body: `{"user_id":"nox-mock:delay=100h"}`, status: 201},
	{name: "magic delay backwards", body: `{"user_id":"nox-mock:delay=-1s"}`, status: 201},
}

func TestExchanges(t *testing.T) {
	s := mocktest.NewServer(t)
	for _, x := range exchanges {
		t.Run(x.name, func(t *testing.T) {
			r := x.send(t, s)
			if r.Status != x.status {
				t.Fatalf("status %d, want %d; body %.200s", r.Status, x.status, r.Body)
			}
			checkEveryAnswer(t, x.method, r)
			if x.words != "" && clienttest.Words(t, r) != x.words {
				t.Errorf("error %q, want %q", clienttest.Words(t, r), x.words)
			}
			for name, want := range x.wants {
				if got := r.Header.Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

func (x exchange) send(t *testing.T, s *mocktest.Server) clienttest.Reply {
	t.Helper()
	h := clienttest.Good(s)
	for name, value := range x.header {
		if h.Del(name); value != "" {
			h.Set(name, strings.ReplaceAll(value, "GOOD", s.APIKey))
		}
	}
	if x.key != nil {
		h.Del("x-api-key")
		for _, key := range x.key {
			h.Add("x-api-key", keyFor(s, key))
		}
	}
	method, path := x.method, x.path
	if method == "" {
		method = "POST"
	}
	if path == "" {
		path = clienttest.ConnectPath
	}
	var body io.Reader
	switch {
	case x.nobody:
	case x.body == "":
		body = strings.NewReader(`{"user_id":"u"}`)
	default:
		body = strings.NewReader(x.body)
	}
	return clienttest.Do(t, s, method, path, h, body)
}

func keyFor(s *mocktest.Server, text string) string {
	switch text {
	case "GOOD":
		return s.APIKey
	case "DISABLED":
		return s.DisabledAPIKey
	case "UPPER GOOD":
		return strings.ToUpper(s.APIKey)
	case "SHORT GOOD":
		return s.APIKey[:len(s.APIKey)-1]
	case "QUOTED GOOD":
		return `"` + s.APIKey + `"`
	}
	return text
}

// checkEveryAnswer holds what is true of each answer of the mock.
func checkEveryAnswer(t testing.TB, method string, r clienttest.Reply) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type":           "application/json",
		"Cache-Control":          "no-store",
		"X-Content-Type-Options": "nosniff",
	} {
		if got := r.Header.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if r.Header.Get("X-Nox-Mock") != "" {
		t.Error("the answer is marked as generated")
	}
	if r.Status == http.StatusUnauthorized && r.Header.Get("Preference-Applied") == "" && r.Header.Get("WWW-Authenticate") == "" && !strings.Contains(t.Name(), "magic") {
		t.Error("a 401 without WWW-Authenticate")
	}
	if method != http.MethodHead && r.Status >= 400 {
		clienttest.Words(t, r)
	}
}
