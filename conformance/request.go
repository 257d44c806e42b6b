package conformance

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"nox.energy/contract/conformance/internal/schema"
)

// intent is what a check says of the body it sends, or of the request around
// it. Before an answer is judged the validator confirms it.
type intent int

const (
	fits   intent = iota // the request fits the contract in all but its key
	breaks               // the contract, or the grammar of JSON, forbids it
	open                 // the contract leaves room; nothing to confirm
)

// request is one request that a check sends. The methods return a changed
// copy, so that checks read as a list of differences from a valid request.
type request struct {
	op     *operation
	method string
	path   string // beneath the base URL, as sent
	query  string // as sent
	header http.Header
	values []any // of the parameters, those in path, query and header
	keys   []credential
	body   []byte
	intent intent
	base   *url.URL // if set, sent there instead of to the target

	bodiless  bool     // neither body nor Content-Length
	raw       bool     // on a connection of its own, and what comes behind the answer is looked at
	chunked   bool     // Transfer-Encoding instead of Content-Length
	fresh     bool     // on a connection of its own
	single    bool     // on the connection that other single requests use
	expect100 bool     // Expect: 100-continue
	barrier   *barrier // if set, the body is held back until it opens
	mayClose  bool     // the target may close the connection instead of answering
	sequence  int      // among the requests of its check
	kind      int      // tells apart the requests of a check that sends several kinds of them
	keyName   string   // the header of the key, spelt otherwise than declared
	provoked  bool     // meant to bring a 5xx about
	provokes  string   // the status that it is meant to bring about
	hostile   bool     // what no honest client sends: a breakdown is only worth a warning
	excused   bool     // what parsers and stores trip over: a documented 5xx is only worth a warning
	attack    bool     // it holds what attackers send: a firewall's page is only worth a warning

	subject string // whom the body names, where the rules know
	check   string // the id of the check that sends it
}

// credential is a key as one request carries it.
type credential struct {
	value string
	in    place
	name  string // of the header, the part of the query or the cookie, "" for the scheme's
	label string // in words: "the key without its last character"
	shell string // how a shell makes it from the key, "" where it cannot
	good  bool   // one that the target must take
	spare string // the id of a security scheme that it is not sent under

	masked bool // a recording hides the key, so that nobody knows whose it is
}

func (r *request) clone() *request {
	c := *r
	c.header = r.header.Clone()
	c.keys = slices.Clone(r.keys)
	return &c
}

// withBody sends a value as JSON instead. The request is then about the user
// that the value names, if it names one in so many words.
func (r *request) withBody(v any, i intent) *request {
	c := r.withText(schema.Encode(v), i)
	if name := r.op.rules.subject; name != "" {
		o, _ := v.(schema.Object)
		switch user, _ := o.Get(name); user := user.(type) {
		case string:
			c.subject = user
		case schema.Literal: // the same user, written in another way
		default:
			c.subject = ""
		}
	}
	return c
}

// withText sends bytes instead, with the same media type.
func (r *request) withText(text []byte, i intent) *request {
	c := r.clone()
	c.body, c.intent = text, i
	return c
}

// withHeader sets a header, its name written as it is; no values remove it.
func (r *request) withHeader(name string, values ...string) *request {
	c := r.clone()
	for have := range c.header {
		if strings.EqualFold(have, name) {
			delete(c.header, have)
		}
	}
	if len(values) > 0 {
		c.header[name] = values
	}
	return c
}

// withKeys sends these keys instead; none sends no key.
func (r *request) withKeys(keys ...credential) *request {
	c := r.clone()
	c.keys = keys
	return c
}

// ordinary reports whether the request is one that every client sends: valid,
// with a good key.
func (r *request) ordinary() bool {
	for _, k := range r.keys {
		if !k.good || k.in != declared {
			return false
		}
	}
	return r.intent == fits && !r.provoked && !r.hostile && (len(r.op.security) == 0 || len(r.keys) == 1)
}

// isAround reports whether the request is not to the operation itself: by
// another method, or to a path that the contract does not declare.
func (r *request) isAround() bool {
	return r.method != r.op.Method || strings.Contains(r.path, unknownPath)
}

// on changes how the request travels.
func (r *request) on(change func(*request)) *request {
	c := r.clone()
	change(c)
	return c
}

// setKeys puts the credentials into a header and query.
func (r *request) setKeys(header http.Header) (query string) {
	query = r.query
	for _, k := range r.keys {
		for _, scheme := range r.op.schemesOf(k.in, k.spare) {
			switch in, name := k.resolve(scheme); in {
			case "header":
				if r.keyName != "" {
					name = r.keyName
				}
				key := headerSpelling(header, name)
				header[key] = append(header[key], k.value)
			case "query":
				query = strings.TrimPrefix(query+"&"+url.QueryEscape(name)+"="+url.QueryEscape(k.value), "&")
			case "cookie":
				// One header for all cookies (RFC 6265, section 5.4).
				header["Cookie"] = []string{strings.Join(append(header["Cookie"], name+"="+k.value), "; ")}
			case "bearer":
				header.Add("Authorization", "Bearer "+k.value)
			case "basic":
				header.Add("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(k.userAndPassword())))
			}
		}
	}
	return query
}

// userAndPassword is a key as basic authentication wants it: a key with a colon
// in it is both, another is a user without a password.
func (k credential) userAndPassword() string {
	if strings.Contains(k.value, ":") {
		return k.value
	}
	return k.value + ":"
}

// resolve says where a credential goes.
func (k credential) resolve(scheme securityScheme) (in, name string) {
	in, name = resolvePlace(k.in, scheme)
	return in, cmp.Or(k.name, name)
}

// headerSpelling finds how a name is written already, in whatever case.
func headerSpelling(header http.Header, name string) string {
	for have := range header {
		if strings.EqualFold(have, name) {
			return have
		}
	}
	return name
}

// httpRequest makes what net/http sends, from the base URL of a target.
func (r *request) httpRequest(base *url.URL, added http.Header) (*http.Request, error) {
	header := r.header.Clone()
	query := r.setKeys(header)
	for name, values := range added {
		header[name] = append(header[name], values...)
	}
	target := strings.TrimRight(base.String(), "/") + r.path
	if query != "" {
		target += "?" + query
	}
	req, err := http.NewRequest(r.method, target, nil)
	if err != nil {
		return nil, err
	}
	req.Header = header
	if r.bodiless || r.body == nil {
		return req, nil
	}
	req.Body = io.NopCloser(bytes.NewReader(r.body))
	req.ContentLength = int64(len(r.body))
	// HTTP/2 sends a request again, from here, that the server has told it never
	// reached it (RFC 9113, section 8.7).
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.body)), nil }
	if len(r.body) == 0 {
		req.Body, req.GetBody = http.NoBody, nil
	}
	if r.chunked {
		req.ContentLength = -1
	}
	if r.expect100 {
		header.Set("Expect", "100-continue")
	}
	return req, nil
}

// setParameters writes the values of the operation's parameters into the
// request, in place of those that it had.
func (r *request) setParameters(values []any) {
	r.values = values
	path := r.op.Path
	var query, cookies []string
	for i, p := range r.op.parameters {
		v := values[i]
		if p.in == "header" {
			delete(r.header, http.CanonicalHeaderKey(p.name))
		}
		if _, isOut := v.(absent); isOut {
			continue
		}
		switch p.in {
		case "path":
			path = strings.ReplaceAll(path, "{"+p.name+"}", p.segment(v))
		case "query":
			query = append(query, p.pairs(v)...)
		case "header":
			r.header[http.CanonicalHeaderKey(p.name)] = []string{p.text(v)}
		case "cookie":
			cookies = append(cookies, p.name+"="+url.QueryEscape(p.text(v)))
		}
	}
	r.path, r.query = path, strings.Join(query, "&")
	if len(cookies) > 0 {
		r.header["Cookie"] = []string{strings.Join(cookies, "; ")}
	}
}

// withParameter sends another value for the i-th parameter.
func (r *request) withParameter(i int, v any, how intent) *request {
	c := r.clone()
	values := slices.Clone(r.values)
	values[i] = v
	c.setParameters(values)
	c.intent = how
	return c
}

// created returns the user whom a request is about: the one it names, or whom
// the target took it to name, or what stands in the place of the name.
func (r *request) created(a *answer) string {
	if name, ok := r.names(); ok {
		return name
	}
	if echo, ok := a.member(r.op.rules.echo); ok {
		return echo
	}
	var body map[string]json.RawMessage
	if json.Unmarshal(r.body, &body) == nil && body[r.op.rules.subject] != nil {
		return string(body[r.op.rules.subject])
	}
	return string(r.body)
}

// mayCreate reports whether a request was sent that could create a user.
func (r *request) mayCreate() bool {
	return r.op.rules.subject != "" && r.op.body != nil && !safeMethod(r.method)
}

// names returns the user id in a request, as the target should read it.
func (r *request) names() (string, bool) {
	if r.subject != "" {
		return r.subject, true
	}
	value, _ := decodeJSON(r.body)
	members, _ := value.(map[string]any)
	text, ok := members[r.op.rules.subject].(string)
	return text, ok
}

// note says in words what the request carries as a key.
func (r *request) note() string {
	if len(r.op.security) == 0 {
		return ""
	}
	if len(r.keys) == 0 {
		return "no key"
	}
	labels := make([]string, len(r.keys))
	for i, k := range r.keys {
		labels[i] = labelOf(k)
	}
	return strings.Join(labels, ", then ")
}

func labelOf(k credential) string {
	if k.label == "" {
		return "the key"
	}
	return k.label
}

// contents is all of a request that the contract has a say in, but for its key.
func (r *request) contents() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s?%s %t %t\n", r.method, r.path, r.query, r.bodiless, r.body == nil)
	for _, name := range slices.Sorted(maps.Keys(r.header)) {
		if name != "User-Agent" {
			fmt.Fprintf(&b, "%q: %q\n", name, r.header[name])
		}
	}
	b.Write(r.body)
	return b.String()
}

// unknownPath is what is put behind a path to make one that no contract
// declares.
const unknownPath = "/conformance-unknown-"
