package defect_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const (
	acmeKey    = "acme-test-key-0f3a"
	globexKey  = "globex-test-key-77"
	initechKey = "initech-test-key-b" // not enabled
	path       = "/v2/manufacturer/device-connections"
)

// A request is what the client of these tests sends.
type request struct {
	method  string
	path    string
	header  http.Header
	body    string
	user    string // whom the body names; echoed if created
	fresh   bool   // on a connection of its own
	chunked bool
	raw     bool // written as it is, without Content-Length, the answer taken as it comes
}

// An experiment is a few requests in a row, named after the check whose
// question they are. or lists what a sound server may answer beside what the
// mock answers.
type experiment struct {
	id       string
	or       []int
	requests []request
	together bool // at one moment
}

func asked(user string) request {
	return saying(`{"user_id":`+quoted(user)+`}`, user)
}

func saying(body, user string) request {
	return request{method: "POST", path: path, body: body, user: user, header: http.Header{
		"X-Api-Key": {acmeKey}, "Content-Type": {"application/json"}, "Accept": {"application/json"},
	}}
}

func (r request) with(name string, values ...string) request {
	r.header = r.header.Clone()
	delete(r.header, http.CanonicalHeaderKey(name))
	if len(values) > 0 {
		r.header[name] = values
	}
	return r
}

func (r request) keys(keys ...string) request { return r.with("X-Api-Key", keys...) }

func (r request) by(method string) request {
	r.method = method
	return r
}

func (r request) to(path string) request {
	r.path = path
	return r
}

func (r request) onFreshConnection() request {
	r.fresh = true
	return r
}

func (r request) inChunks() request {
	r.chunked = true
	return r
}

func (r request) asItIs() request {
	r.raw = true
	return r
}

func quoted(s string) string {
	text, _ := json.Marshal(s) // a string never fails
	return string(text)
}

func times(n int, r request) []request {
	var all []request
	for range n {
		all = append(all, r)
	}
	return all
}

// beginning lets a server see the keys.
func beginning() experiment {
	return experiment{id: "201/minimal", requests: []request{asked("first"), asked("second"), asked("first").keys(globexKey).asItIs()}}
}

func experiments() []experiment {
	all := []experiment{beginning()}
	for _, some := range [][]experiment{validOnes(), identityOnes(), echoOnes(), invalidOnes(), malformedOnes(), oddOnes(), keyOnes(), otherOnes(), moreOnes()} {
		all = append(all, some...)
	}
	return all
}

func validOnes() []experiment {
	r := asked("plain")
	errorFirst := saying(`{}`, "")
	return []experiment{
		{id: "201/example", requests: []request{asked("manufacturer_user_id_123")}},
		{id: "201/repeat", requests: times(30, asked("again"))},
		{id: "201/media-type-charset", requests: []request{r.with("Content-Type", "application/json; charset=utf-8")}},
		{id: "201/media-type-case", requests: []request{r.with("Content-Type", "Application/JSON")}},
		{id: "201/header-name-case", requests: []request{r.keys().with("X-API-KEY", acmeKey)}},
		{id: "201/accept-any", requests: []request{r.with("Accept", "*/*")}},
		{id: "201/accept-none", requests: []request{r.with("Accept")}},
		{id: "201/accept-json", requests: []request{r.with("Accept", "application/json;q=0.9, */*;q=0.1"), r.with("Accept-Encoding", "gzip")}},
		{id: "201/unknown-headers", requests: []request{r.with("X-Of-No-Meaning", "1"), r.with("X-Datadog-Trace-Id", "1"), r.with("Cookie", "a=b").with("X-Correlation-Id", "1"), asked("another").with("Cookie", "a=b").with("X-Correlation-Id", "1")}},
		{id: "201/chunked", requests: []request{r.inChunks()}},
		{id: "201/expect-continue", requests: []request{r.with("Expect", "100-continue")}},
		{id: "201/open-object", requests: []request{saying(`{"user_id":"plain","more":[1,{"a":null}]}`, "plain")}},
		{id: "201/after-error", requests: []request{errorFirst, asked("after an error")}},
	}
}

func identityOnes() []experiment {
	var many []request
	for _, c := range "abcdefgh" {
		many = append(many, asked("many-"+string(c)))
	}
	return []experiment{
		{id: "201/resolve-at-once", requests: times(8, asked("At once"))},
		{id: "201/resolve-later", requests: append(append([]request{asked("later"), asked("later").keys("bad"), asked("later").with("Prefer", "code=500")}, many...), asked("later"))},
		{id: "201/resolve-other-connection", requests: []request{asked("moving"), asked("moving").onFreshConnection(), asked("moving").onFreshConnection()}},
		{id: "201/resolve-key-order", requests: []request{saying(`{"more":1,"user_id":"ordered"}`, "ordered"), saying(`{"user_id":"ordered","more":1}`, "ordered")}},
		{id: "201/resolve-forms", requests: []request{asked("escaped"), saying(`{"user_id":"\u0065scaped"}`, "escaped")}},
		{id: "201/resolve-forms", requests: []request{asked("é😀"), saying(`{"user_id":"\u00e9\ud83d\ude00"}`, "é😀")}},
		{id: "201/create-lookalikes", or: []int{400}, requests: []request{asked("e"), asked("е"), asked("e\u200d"), asked("👍"), asked("👍🏽"), asked("e\ufe0f"), asked("a'"), asked("a’"), asked("a b"), asked("a\u00a0b")}},
		{id: "201/create-short-digest", requests: []request{asked("digest.860c7de06"), asked("digest.727260ea1b"), asked("digest.cab338c081"), asked("digest.de1b0946fd")}},
		{id: "201/resolve-forms", requests: []request{asked("spacious"), saying("\n{ \"user_id\" :\t\"spacious\" }\r\n", "spacious")}},
		{id: "201/create-distinct", requests: many},
		{id: "201/create-late-character", requests: []request{asked(strings.Repeat("x", 63) + "a"), asked(strings.Repeat("x", 63) + "b")}},
		{id: "201/create-signs", requests: []request{asked("sign-x"), asked("sign_x"), asked("sign x"), asked("sign%20x"), asked("sign@x"), asked("sign@y")}},
		{id: "201/create-beyond-ascii", requests: []request{asked("漢"), asked("字"), asked("😀"), asked("🚀")}},
		{id: "201/resolve-throughout", requests: []request{asked("known"), asked("known").with("Accept", "*/*"), asked("known").with("Content-Type", "application/json; charset=utf-8"), saying(`{"user_id":"known","more":1}`, "known"), asked("known").keys("bad"), asked("known").with("Prefer", "code=500"), asked("known"), asked("Known"), asked("Known")}},
		{id: "201/create-throughout", requests: []request{asked("counted"), asked("counted as well").keys(globexKey)}},
		{id: "201/create-case", requests: []request{asked("folded"), asked("FOLDED")}},
		{id: "201/create-outer-space", requests: []request{asked("spaced"), asked(" spaced"), asked("spaced ")}},
		{id: "201/create-normal-form", requests: []request{asked("form-\u00e9"), asked("form-e\u0301")}},
		{id: "201/simultaneous", requests: times(6, asked("at one moment").onFreshConnection()), together: true},
		{id: "201/tenants", requests: []request{asked("shared"), asked("shared").keys(globexKey), asked("shared")}},
	}
}

func echoOnes() []experiment {
	refused := []int{400}
	var all []experiment
	for _, e := range []struct {
		name, user string
		or         []int
	}{
		{"case", "MiXed-CaSe", nil}, {"digits", "7012345", nil}, {"leading-zeros", "0007012", nil},
		{"inner-space", "two  spaces inside", nil}, {"outer-space", " outer ", nil}, {"html", `<b onclick="x">bold</b>&amp;`, nil},
		{"apostrophe", "O'Brien-1", nil}, {"quotes", "\"double\" 'single' `back`", nil}, {"backslash", `C:\new\table\\`, nil}, {"percent", "100%25-%41-%zz", nil},
		{"plus", "user+tag@example.com", nil}, {"slash", "../a//b/", nil}, {"template", "{{7*7}}${7*7}<%= 7*7 %>", nil},
		{"boolean", "true", nil}, {"false", "false", nil}, {"not-a-number", "NaN", nil}, {"percent-encoded", "a%20b%41-%2F", nil}, {"punctuation", "~,?|=[](){0}//!#$^;:*", nil}, {"undefined", "undefined", nil}, {"exponent", "12e5", nil}, {"fraction", "1.50", nil}, {"hexadecimal", "0x1F", nil},
		{"signed", "+15", nil}, {"uuid", "A987FBC9-4BED-4078-8F07-123456789012", nil}, {"date", "2024-02-29T10:00:00.000+01:00", nil}, {"json", `{"id": "x"}`, nil},
		{"sql", "'; DROP TABLE users; -- ", nil}, {"proto", "__proto__", nil}, {"null", "null", nil}, {"null", "null-undefined", nil},
		{"multibyte", "Žluťoučký-ß-漢字", nil}, {"astral", "😀-𝒳", nil}, {"combining", "e\u0301a\u0308", nil}, {"precomposed", "\u00e9\u00e4", nil},
		{"right-to-left", "مستخدم-משתמש", nil}, {"length-1", "x", nil}, {"length-36", "6f1c1d4e-8d5b-4c59-9a55-0b7f3a9f3b1c", nil},
		{"length-64", strings.Repeat("4", 32) + strings.Repeat("d", 32), nil}, {"length-255", strings.Repeat("l", 255), refused},
		{"length-256", strings.Repeat("m", 256), refused}, {"length-1000", strings.Repeat("n", 1000), refused},
		{"control", "a\tb\nc\u0001\u007f", refused},
		{"empty", "", refused}, {"blank", "  ", refused}, {"invisible", "a\u200b\u00adb\u2028c", refused},
		{"noncharacter", "\ufffe\U0010ffff\ue000", refused}, // no check asks
	} {
		all = append(all, experiment{id: "201/echo-" + e.name, or: e.or, requests: []request{asked(e.user)}})
	}
	return all
}

func invalidOnes() []experiment {
	var all []experiment
	for name, body := range map[string]string{
		"user_id-missing": `{}`, "user_id-number": `{"user_id":12345}`, "user_id-boolean": `{"user_id":true}`, "user_id-null": `{"user_id":null}`,
		"user_id-zero": `{"user_id":0}`, "user_id-false": `{"user_id":false}`,
		"user_id-object": `{"user_id":{"key":"value"}}`, "user_id-empty-object": `{"user_id":{}}`, "user_id-array": `{"user_id":["value"]}`,
		"user_id-empty-array": `{"user_id":[]}`, "user_id-name-case": `{"User_Id":"u"}`, "user_id-name-space": `{"user_id ":"u"}`,
		"body-array": `[{"user_id":"u"}]`, "body-string": `"text"`, "body-number": `42`, "body-boolean": `true`, "body-null": `null`,
		"body-array-of-text": `["text"]`, "body-empty-array": `[]`,
		"body-empty": "", "body-blank": " \r\n\t ",
	} {
		all = append(all, experiment{id: "400/" + name, requests: []request{saying(body, "")}})
	}
	return append(all,
		experiment{id: "400/body-none", or: []int{411}, requests: []request{saying("", "").asItIs()}},
		experiment{id: "400/steady", requests: times(15, saying(`{}`, ""))},
		experiment{id: "400/nothing-kept", requests: []request{saying(`{"user_id":"kept"`, ""), asked("kept")}})
}

func malformedOnes() []experiment {
	var all []experiment
	for name, body := range map[string]string{
		"cut-short": `{"user_id":"cut`, "trailing-comma": `{"user_id":"u",}`, "single-quotes": `{'user_id':'u'}`, "comment": `{/* c */"user_id":"u"}`,
		"trailing-text": `{"user_id":"u"}xyz`, "two-texts": `{"user_id":"u"}{"user_id":"v"}`, "unquoted-key": `{user_id:"u"}`,
		"nan": `{"user_id":"u","more":NaN}`, "bare-word": `{"user_id":word}`, "control-character": "{\"user_id\":\"a\nb\"}",
		"unclosed": `{"user_id":"u"`, "leading-comma": `{,"user_id":"u"}`, "missing-comma": `{"user_id":"u" "more":"v"}`, "tab": "{\"user_id\":\"a\tb\"}",
		"line-comment": "{// c\n\"user_id\":\"u\"}", "extra-brace": `{"user_id":"u"}}`, "leading-zero": `{"user_id":"u","more":012}`,
		"invalid-utf8": "{\"user_id\":\"a\xff\xfeb\"}", "bad-escape": `{"user_id":"a\x41b"}`, "utf16": "\xff\xfe{\x00\"\x00u\x00s\x00e\x00r\x00_\x00i\x00d\x00\"\x00:\x00\"\x00u\x00\"\x00}\x00",
	} {
		all = append(all, experiment{id: "400/json-" + name, requests: []request{saying(body, "")}})
	}
	return all
}

// oddOnes may be taken or refused, and which is not the mock's to say.
func oddOnes() []experiment {
	either := []int{201, 400, 413, 415}
	deep := strings.Repeat("[", 1000) + strings.Repeat("]", 1000)
	coded := asked("coded").with("Content-Encoding", "br")
	return []experiment{
		{"400/deep-nesting", either, []request{saying(`{"user_id":"deep","more":`+deep+`}`, "deep")}, false},
		{"400/long-number", either, []request{saying(`{"user_id":"long","more":1`+strings.Repeat("0", 999)+`}`, "long")}, false},
		{"400/huge-exponent", either, []request{saying(`{"user_id":"huge","more":1e400}`, "huge")}, false},
		{"400/user_id-nul", either, []request{saying(`{"user_id":"a\u0000b"}`, "a\x00b")}, false},
		{"400/user_id-lone-surrogate", either, []request{saying(`{"user_id":"a\ud800b"}`, "a\ufffdb")}, false},
		{"400/user_id-lone-surrogate", either, []request{saying(`{"user_id":"a\udc00b"}`, "a\ufffdb")}, false},
		{"400/duplicate-keys", either, []request{saying(`{"user_id":"one","user_id":"two"}`, "")}, false},
		{"400/byte-order-mark", either, []request{saying("\ufeff"+`{"user_id":"marked"}`, "marked")}, false},
		{"400/media-type-other", either, []request{asked("typed").with("Content-Type", "text/plain")}, false},
		{"400/media-type-none", either, []request{asked("typed").with("Content-Type")}, false},
		{"400/media-type-nonsense", either, []request{asked("typed").with("Content-Type", "nonsense")}, false},
		{"400/large-body", either, []request{saying(`{"user_id":"large","more":"`+strings.Repeat("x", 1<<20)+`"}`, "large")}, false},
		{"400/content-encoding", either, []request{coded}, false}, // no check asks
	}
}

func keyOnes() []experiment {
	r := asked("stranger")
	refusable := []int{400, 431}
	bare := r.keys()
	all := []experiment{
		{id: "401/missing-key", requests: []request{bare}},
		{id: "401/empty-key", requests: []request{r.keys("")}},
		{id: "401/blank-key", requests: []request{r.keys(" ")}},
		{id: "401/not-enabled", requests: []request{r.keys(initechKey)}},
		{id: "401/key-in-query", requests: []request{bare.to(path + "?x-api-key=" + acmeKey)}},
		{id: "401/key-as-bearer", requests: []request{bare.with("Authorization", "Bearer "+acmeKey)}},
		{id: "401/key-as-basic", requests: []request{bare.with("Authorization", "Basic YWNtZS10ZXN0LWtleS0wZjNhOg==")}},
		{id: "401/key-in-cookie", requests: []request{bare.with("Cookie", "x-api-key="+acmeKey)}},
		{id: "401/key-elsewhere", or: []int{400, 403, 404}, requests: []request{bare.to(path+"?api_key="+acmeKey).with("Authorization", acmeKey).with("X-Auth-Token", acmeKey)}},
		{id: "401/two-keys", requests: []request{r.keys(acmeKey, "bad"), r.keys("bad", acmeKey)}},
		{id: "401/long-key", or: refusable, requests: []request{r.keys(strings.Repeat("k", 4000))}},
		{id: "401/non-ascii-key", or: refusable, requests: []request{r.keys("schlüssel")}},
		{id: "401/before-400", requests: []request{saying(`{}`, "").keys("bad"), saying(`{`, "").keys("bad")}},
		{id: "401/same-shape", requests: []request{bare, r.keys("bad")}},
		{id: "401/www-authenticate", requests: []request{bare}},
		{id: "401/no-lock-out", requests: append(times(8, r.keys("bad")), asked("locked out?"))},
		{id: "401/steady", requests: append(times(15, r.keys("bad")), asked("known to it"), asked("known to it").keys("bad"))},
	}
	for name, key := range map[string]string{
		"unknown-key": "qwer-zyxw-pon-9b7c", "key-short-start": acmeKey[1:], "key-short-end": acmeKey[:len(acmeKey)-1], "key-longer": acmeKey + "x",
		"key-changed": strings.Replace(acmeKey, "t-k", "t_k", 1), "key-half": acmeKey[:len(acmeKey)/2], "key-doubled": acmeKey + acmeKey,
		"key-changed-start": "b" + acmeKey[1:], "key-changed-end": acmeKey[:len(acmeKey)-1] + "b", "key-with-scheme": "Bearer " + acmeKey,
		"key-quoted": `"` + acmeKey + `"`, "key-case": strings.ToUpper(acmeKey), "key-punctuation": strings.ReplaceAll(acmeKey, "-", "_"),
	} {
		all = append(all, experiment{id: "401/" + name, requests: []request{r.keys(key)}})
	}
	var words []request
	for _, word := range []string{"null", "undefined", "true", "0", "*", "%", "' OR '1'='1", "constructor", "__proto__"} {
		words = append(words, r.keys(word))
	}
	return append(all, experiment{id: "401/key-words", requests: words})
}

func otherOnes() []experiment {
	around := []int{302, 401, 403, 404, 405, 426, 501}
	provoked := asked("provoked").with("Prefer", "code=500")
	var others []request
	for _, m := range []string{"GET", "HEAD", "TRACE", "DELETE"} {
		others = append(others, request{method: m, path: path, header: http.Header{"X-Api-Key": {acmeKey}}})
	}
	for _, m := range []string{"PUT", "PATCH"} {
		others = append(others, asked("otherwise").by(m))
	}
	others = append(others, request{method: "GET", path: path, header: http.Header{}})
	return []experiment{
		{id: "500/provoked", requests: times(2, provoked)},
		{id: "500/serves-on", requests: append(times(2, provoked), asked("afterwards"), asked("later on"))},
		{id: "http/other-methods", or: around, requests: others},
		{id: "http/allow", or: around, requests: others[:1]},
		{id: "http/options", or: []int{204, 401, 403, 404, 405, 426, 501}, requests: []request{{method: "OPTIONS", path: path, header: http.Header{}}}}, // no check asks
		{id: "http/nothing-behind", or: []int{429, 503}, requests: []request{asked("behind").asItIs(), saying("{", "").asItIs(), asked("behind").keys().asItIs()}},
		{id: "http/unknown-path", or: around, requests: []request{asked("lost").to("/v2/nowhere"), asked("lost").to(path + "/nowhere")}},
	}
}

// moreOnes show the defects of checks that try many things, and have no
// experiment of their own: a variety of users, each asked for twice, of bodies,
// keys, headers and paths.
func moreOnes() []experiment {
	either := []int{201, 400, 413, 415, 302, 401, 403, 404, 405, 426, 501}
	var all []experiment
	add := func(name string, requests ...request) {
		all = append(all, experiment{id: "more/" + name, or: either, requests: requests})
	}
	mail := "First.Last+known@Example.com"
	for _, user := range []string{
		"NO", "yes", "None", "nil", "NULL", "Infinity", `\N`, "[]", "{}", ".", "..", "%2e", "0", "-", "admin", "-17", "1e3", "017", "1,000", "1,5", "12:30", "2024-01-02",
		"+49 170 1234567", "4111111111111111", "12345678901234567890123", "192.168.1.17", "12e5", "1.50", "true", "null", "0007012", "[1,2]", "=1+1+a", "@a", "${a}", "*)(uid=a*", `"a"`, "https://example.com/a?x=1",
		"eyJhbGciOiJub25lIn0.eyJ.sig", "YWJjZGVmZw==", mail, "O'Brien", "a\u00a0b", "‘a’–b", "x²", "Ａ１", "ไทย", "हिन्दी", "Ёж", "€", "👍🏽", "👩\u200d🚀", "a\u200bb", "a\u00adb", "a\ufeffb", "a\u200fb", "a\ufe0fb",
		"a\u2028b", "a\u0085b", "a\r\nb", "a\n", "\uffff", "\ue000", "\ufffd", "\u1112\u1161\u11ab", "한국어", "٣٤", "a([{<b", " outer ", "é", "é", "e\u0301", "a  b", "<b>x</b>", "a+b", `"q'`, `C:\d`, "100%25", "A987FBC9-4BED-4078-8F07-123456789012",
		"2024-02-29T10:00:00.000+01:00", "a\tb", "😀", "{{7*7}}", "MiXed", strings.Repeat("漢", 64), strings.Repeat("k", 60), strings.Repeat("l", 70), strings.Repeat("m", 300), strings.Repeat("n", 1100), strings.Repeat("o", 4097),
	} {
		add(user[:min(len(user), 12)], asked(user), asked(user), asked(user))
	}
	add("spellings", asked("Spelt"), asked("SPELT"), asked("spelt "), asked("spelt"), asked("spélt"), asked("spe\u0301lt"), asked("spelt"))
	for _, value := range []string{
		"-1", "1", "1.5", "1e3", "9007199254740993", "123456789012345678901234567890", "[null]", `["a","b"]`, "[17]", `[["a"]]`, `[{"a":1}]`, `{"$ne":""}`, `{"user_id":"a"}`, `{"id":"a"}`, `{"toString":"a"}`, `{"length":1}`,
		"[" + strings.Repeat(`"a",`, 200) + `"a"]`,
	} {
		add(value[:min(len(value), 12)], saying(`{"user_id":`+value+`}`, ""))
	}
	for _, body := range []string{
		`{"user_id":}`, `{"user_id":"\u12"}`, "}", "[", `"`, `{"user_id"`, `{"user_id"}`, `{"user_id":"a\"}`, `{"user_id"::"a"}`, `{"user_id":"a"]`, "user_id=a", "<user_id>a</user_id>", "undefined", "\x1f\x8b\x08", strings.Repeat("[", 5000),
		"{\"user_id\":\"a\xc3\"}", `{"user_id":"a",,}`, `{}`, `{"user_id":17}`, `{"user_id":"cut`,
		`{"userId":"a"}`, `{"id":"a"}`, `{"manufacturer_user_id":"a"}`, `{"data":{"user_id":"a"}}`, "false", `"{\"user_id\":\"a\"}"`,
	} {
		add(body[:min(len(body), 12)], saying(body, ""))
	}
	for _, more := range []string{
		`"hasOwnProperty":"x"`, `"constructor":"x"`, `"__proto__":{}`, `"$where":"x"`, `"a.b":"x"`, `"":"x"`, `"length":"x"`, `"@type":"x"`, `"id":"x"`, `"user_id[]":"x"`, `"nox_user_id":"x"`, `"manufacturer_user_id":"x"`, `"manufacturer_id":"x"`, `"userId":"x"`,
		`"nested":{"user_id":"x"}`, `"n":null`, `"n":1.5e+3`, `"n":[1]`, `"n":true`, `"n":` + strings.Repeat("[", 400) + strings.Repeat("]", 400),
	} {
		add(more[:min(len(more), 20)], saying(`{"user_id":"more",`+more+`}`, "more"), saying(`{`+more+`,"user_id":"more"}`, "more"))
	}
	add("newly", saying(`{"user_id":"newly","nox_user_id":"x"}`, "newly"), asked("newly"))
	add("elsewhere", saying("{}", "").to(path+"?user_id=a"), saying("{}", "").with("X-User-Id", "a"), saying("{", "").with("Accept-Encoding", "gzip"))
	add("other ways in", asked("way").keys(initechKey), asked("way").keys(initechKey+"x"), asked("way").keys().by("PUT"), asked("way").keys().to(path[:strings.LastIndex(path, "/")]+"/x/.."+path[strings.LastIndex(path, "/"):]), asked("way").keys().with("Authorization", "Basic YTpi"), asked("way").keys().with("Cookie", "a=b"), asked("way").keys().with("Origin", "null"), asked("way").keys().with("User-Agent", "kube-probe/1"))
	many := `{"user_id":"many"`
	for i := range 250 {
		many += fmt.Sprintf(`,"p%d":1`, i)
	}
	add("many", saying(many+"}", "many"))
	add("large", saying(`{`+strings.Repeat(" ", 63<<10)+`"user_id":"large"}`, "large"))
	add("forms", saying(`{"user_id":"a\/b"}`, "a/b"), saying(`{"user_id":"\u00E9"}`, "é"), saying(`{"user_id":"\u00EA"}`, "ê"), saying(`{"\u0075ser_id":"a"}`, "a"), saying("\r\n {\"user_id\":\"a\"}", "a"))
	plain := asked("plain")
	for name, values := range map[string][]string{
		"Accept": {"application/json, text/plain, */*"}, "Accept-Language": {"de"}, "Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, "Cookie": {"a=b"}, "Cache-Control": {"no-cache"}, "Postman-Token": {"x"},
		"Accept-Encoding": {"gzip, deflate, br, zstd"}, "Origin": {"https://conformance.example"}, "X-Request-Id": {"1", "2"}, "Upgrade": {"h2c"}, "User-Agent": {""}, "Content-Type": {`application/json ; charset="UTF-8"`},
	} {
		add(name, plain.with(name, values...))
	}
	add("java", plain.with("Accept", "text/html, image/gif, image/jpeg, */*; q=0.2"))
	add("deflate", plain.with("Accept-Encoding", "deflate"))
	for _, agent := range []string{"axios/1", "python-requests/2", "Java/21", "PostmanRuntime/7", "okhttp/4", "Go-http-client/1.1", "curl/8"} {
		add(agent, plain.with("User-Agent", agent))
	}
	known, bare := asked(mail), asked(mail).keys()
	for _, key := range []string{
		acmeKey + ",bad", "bad," + acmeKey, acmeKey + " x", "Token " + acmeKey, acmeKey + ";x", acmeKey + ":x", "key=" + acmeKey, `["` + acmeKey + `"]`, acmeKey[:len(acmeKey)-1] + ".", acmeKey[:len(acmeKey)-1] + "_", acmeKey[:len(acmeKey)-1] + "?", acmeKey[:8] + ".*", acmeKey[:8] + "%", acmeKey[:8] + "*",
		".*", "{}", "00", "false", "test", base64.StdEncoding.EncodeToString([]byte(acmeKey)), hex.EncodeToString([]byte(acmeKey)), globexKey[:len(globexKey)-1] + "8", globexKey[:len(globexKey)-1], globexKey + "x", strings.ToUpper(globexKey), globexKey[:len(globexKey)/2],
	} {
		add(key, append([]request{asked("first"), asked("first").keys(globexKey)}, times(6, known.keys(key))...)...)
	}
	sum := sha256.Sum256([]byte(acmeKey))
	percent := ""
	for i := range len(acmeKey) {
		percent += fmt.Sprintf("%%%02X", acmeKey[i])
	}
	backwards := []rune(acmeKey)
	slices.Reverse(backwards)
	add("derived", known, known.keys(hex.EncodeToString(sum[:])), known.keys(percent), known.keys(string(backwards)), known.keys("bad", "worse"))
	for _, name := range []string{"X-Forwarded-User", "X-Remote-User", "X-Original-Url", "X-Internal", "X-Debug", "X-Consumer-Username", "X-Ssl-Client-Verify", "X-Http-Method-Override", "X-Manufacturer-Id", "Forwarded"} {
		add(name, bare.with(name, "x"))
	}
	for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "X-Client-Ip", "X-Forwarded-Host"} {
		add(name, bare.with(name, "127.0.0.1"))
	}
	for _, to := range []string{path + "/", strings.Replace(path, "/device", "//device", 1), strings.ToUpper(path), path + ".json", path + ";x=1", strings.Replace(path, "/device", "/./device", 1), path + "?x=1"} {
		add(to, asked("first"), bare.to(to))
	}
	add("connection", asked("first"), bare, known.keys("bad"))
	add("cookies", known, bare.with("Cookie", "session=4f1c"))
	add("after a 500", asked("failing").with("Prefer", "code=500"), bare, known.keys("bad"))
	add("after a 401", known, bare, known.keys("bad"), known, saying(`{"user_id":["`+mail+`"]}`, ""), saying(`{"user_id":"`+mail+`"`, ""), known, known)
	add("not enabled", known, known.keys(initechKey), known.keys(initechKey), known.keys(initechKey), saying(`{}`, "").keys(initechKey))
	other := func(r request) request { return r.keys(globexKey) }
	add("other manufacturer", asked("first"), asked(mail), other(asked(mail)), asked(mail), other(asked(" Spaced-é-ü ")), other(asked(" Spaced-é-ü ")), other(asked(strings.Repeat("v", 40))), other(saying(`{}`, "")), other(saying(`{"user_id":17}`, "")), other(saying(`{"user_id":"cut`, "")))
	add("between", request{method: "GET", path: path, header: http.Header{"X-Api-Key": {acmeKey}}}, known)
	return all
}
