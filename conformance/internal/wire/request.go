package wire

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

	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/schema"
)

// Intent is what a check says of the body it sends, or of the request around
// it. Before a response is judged the validator confirms it.
type Intent int

const (
	Fits   Intent = iota // the request fits the contract in all but its key
	Breaks               // the contract, or the grammar of JSON, forbids it
	Either               // the contract leaves room; nothing to confirm
)

// Request is one request that a check sends. The methods in options.go and the
// With methods return a changed copy, so that a check reads as a list of
// differences from a valid request.
type Request struct {
	Op             *contract.Operation
	Method         string
	Path           string // relative to the base URL, as sent
	Query          string // as sent
	Header         http.Header
	values         []any // of the parameters in path, query and header
	Keys           []Credential
	Body           []byte
	Intent         Intent
	Subject        string // the user that the body names, if the rules say where
	ProvokedStatus string // the status that the request asks for, "" for an ordinary request

	Check    string // the id of the check that sends it
	Sequence int    // its number among the requests of the check
	Kind     int    // distinguishes the requests of a check that sends several kinds

	sendOptions

	simplePath string // the path with its variables in the style "simple", "" where that is Path
}

// Credential is a key as one request carries it.
type Credential struct {
	Value      string
	Place      contract.Place
	Name       string // of the header, the part of the query or the cookie, "" for the scheme's
	Label      string // in words: "the key without its last character"
	ShellWord  string // how a shell makes it from the key, "" where it cannot
	IsValid    bool   // one that the target must take
	OmitScheme string // the id of a security scheme that it is not sent under

	Alternative int               // the number of the other requirement that it is sent for, 0 for the first
	ByScheme    map[string]string // values of their own, by the ids of security schemes

	IsMasked bool // a recording hides the key, so that nobody knows whose it is
}

// Clone returns a copy whose header and keys can be changed.
func (r *Request) Clone() *Request {
	c := *r
	c.Header = r.Header.Clone()
	c.Keys = slices.Clone(r.Keys)
	return &c
}

// WithBody sends a value instead, as JSON or whatever the operation takes. The
// request is then about the user that the value names.
func (r *Request) WithBody(v any, i Intent) *Request {
	c := r.WithText(r.Op.Body.Encode(v), i)
	if name := r.Op.Rules.Subject; name != "" {
		o, _ := v.(schema.Object)
		switch user, _ := o.Get(name); user := user.(type) {
		case string:
			c.Subject = user
		case schema.Literal: // the same user, written in another way
		default:
			c.Subject = ""
		}
	}
	return c
}

// WithBodyIn sends a body in another media type of the operation.
func (r *Request) WithBodyIn(b *contract.RequestBody, v any, i Intent) *Request {
	return r.WithText(b.Encode(v), i).WithHeader("Content-Type", b.ContentType())
}

// WithText sends bytes instead, with the same media type.
func (r *Request) WithText(text []byte, i Intent) *Request {
	c := r.Clone()
	c.Body, c.Intent = text, i
	return c
}

// WithHeader sets a header, its name spelt as given. Without values it removes
// the header.
func (r *Request) WithHeader(name string, values ...string) *Request {
	c := r.Clone()
	for have := range c.Header {
		if strings.EqualFold(have, name) {
			delete(c.Header, have)
		}
	}
	if len(values) > 0 {
		c.Header[name] = values
	}
	return c
}

// WithKeys sends these keys instead, if any.
func (r *Request) WithKeys(keys ...Credential) *Request {
	c := r.Clone()
	c.Keys = keys
	return c
}

// ordinary reports whether the request is one that every client sends: valid,
// with a good key.
func (r *Request) ordinary() bool {
	for _, k := range r.Keys {
		if !k.IsValid || k.Place != contract.AsDeclared {
			return false
		}
	}
	return r.Intent == Fits && r.ProvokedStatus == "" && !r.hostile && (len(r.Op.Security) == 0 || len(r.Keys) == 1)
}

// IsElsewhere reports whether the request is for another method or path than
// the operation's.
func (r *Request) IsElsewhere() bool {
	return r.Method != r.Op.Method || r.path || strings.Contains(r.Path, UnknownPathSuffix)
}

// setKeys puts the credentials into a header and query.
func (r *Request) setKeys(header http.Header) (query string) {
	query = r.Query
	for _, k := range r.Keys {
		for _, scheme := range k.SchemesOf(r.Op) {
			k := k
			k.Value = k.ValueFor(scheme)
			switch in, name := k.Resolve(scheme); in {
			case "header":
				if strings.EqualFold(r.keyName, name) {
					name = r.keyName
				}
				key := FindHeader(header, name)
				header[key] = append(header[key], k.Value)
			case "query":
				query = strings.TrimPrefix(query+"&"+url.QueryEscape(name)+"="+url.QueryEscape(k.Value), "&")
			case "cookie":
				// One header for all cookies (RFC 6265, section 5.4).
				header["Cookie"] = []string{strings.Join(append(header["Cookie"], name+"="+k.Value), "; ")}
			case "bearer":
				header.Add("Authorization", "Bearer "+k.Value)
			case "basic":
				header.Add("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(k.userAndPassword())))
			}
		}
	}
	return query
}

// SchemesOf returns the security schemes under which a request to an operation
// carries the credential.
func (k Credential) SchemesOf(op *contract.Operation) []contract.SecurityScheme {
	return op.SchemesFor(k.Place, k.OmitScheme, k.Alternative)
}

// ValueFor returns what is sent for a scheme.
func (k Credential) ValueFor(scheme contract.SecurityScheme) string {
	return cmp.Or(k.ByScheme[scheme.ID], k.Value)
}

// userAndPassword is a key as basic authentication wants it: a key with a colon
// in it is both, another is a user without a password.
func (k Credential) userAndPassword() string {
	if strings.Contains(k.Value, ":") {
		return k.Value
	}
	return k.Value + ":"
}

// Resolve returns where a request carries a credential.
func (k Credential) Resolve(scheme contract.SecurityScheme) (in, name string) {
	in, name = contract.ResolvePlace(k.Place, scheme)
	return in, cmp.Or(k.Name, name)
}

// FindHeader returns a name as the header already spells it, in whatever case.
func FindHeader(header http.Header, name string) string {
	for have := range header {
		if strings.EqualFold(have, name) {
			return have
		}
	}
	return name
}

// HTTPRequest returns what net/http sends to a base URL.
func (r *Request) HTTPRequest(base *url.URL, added http.Header) (*http.Request, error) {
	header := r.Header.Clone()
	query := r.setKeys(header)
	for name, values := range added {
		header[name] = append(header[name], values...)
	}
	target := strings.TrimRight(base.String(), "/") + r.Path
	if query != "" {
		target += "?" + query
	}
	req, err := http.NewRequest(r.Method, target, nil)
	if err != nil {
		return nil, err
	}
	req.Header = header
	if r.bodiless || r.Body == nil {
		return req, nil
	}
	req.Body = io.NopCloser(bytes.NewReader(r.Body))
	req.ContentLength = int64(len(r.Body))
	// HTTP/2 sends a request again, from here, that the server has told it never
	// reached it (RFC 9113, section 8.7).
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.Body)), nil }
	if len(r.Body) == 0 {
		req.Body, req.GetBody = http.NoBody, nil
	}
	if r.chunked {
		req.ContentLength = -1
	}
	if r.expectContinue {
		header.Set("Expect", "100-continue")
	}
	return req, nil
}

// setParameters writes the values of the operation's parameters into the
// request, in place of those that it had.
func (r *Request) setParameters(values []any) {
	r.values = values
	path, simple := r.Op.Path, r.Op.Path
	var query, cookies []string
	for i, p := range r.Op.Parameters {
		v := values[i]
		if p.In == "header" {
			delete(r.Header, http.CanonicalHeaderKey(p.Name))
		}
		if _, isOut := v.(contract.Absent); isOut {
			continue
		}
		switch p.In {
		case "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", p.PathSegment(v))
			simple = strings.ReplaceAll(simple, "{"+p.Name+"}", p.SimpleSegment(v))
		case "query":
			query = append(query, p.QueryPairs(v)...)
		case "header":
			r.Header[http.CanonicalHeaderKey(p.Name)] = []string{p.Text(v)}
		case "cookie":
			cookies = append(cookies, p.CookiePairs(v)...)
		}
	}
	r.Path, r.Query = path, strings.Join(query, "&")
	if r.simplePath = ""; simple != path {
		r.simplePath = simple
	}
	switch {
	case len(cookies) > 0:
		r.Header["Cookie"] = []string{strings.Join(cookies, "; ")}
	case slices.ContainsFunc(r.Op.Parameters, func(p contract.Parameter) bool { return p.In == "cookie" }):
		delete(r.Header, "Cookie") // all are left out
	}
}

// InSimpleStyle returns the request with the variables of its path written in the
// style "simple".
func (r *Request) InSimpleStyle() *Request {
	c := r.Clone()
	if c.simplePath != "" {
		c.Path = c.simplePath
	}
	return c
}

// WithParameters sends these values of the operation's parameters instead.
func (r *Request) WithParameters(values []any, how Intent) *Request {
	c := r.Clone()
	c.setParameters(values)
	c.Intent = how
	return c
}

// WithParameter sends another value for the i-th parameter.
func (r *Request) WithParameter(i int, v any, how Intent) *Request {
	values := slices.Clone(r.values)
	values[i] = v
	return r.WithParameters(values, how)
}

// CreatedUser returns the user that a request may have created: the one it
// names, else the one that the response names, else the value in its place.
func (r *Request) CreatedUser(a *Response) string {
	if name, ok := r.NamedUser(); ok {
		return name
	}
	if echo, ok := a.Member(r.Op.Rules.Echo); ok {
		return echo
	}
	var body map[string]json.RawMessage
	if json.Unmarshal(r.Body, &body) == nil && body[r.Op.Rules.Subject] != nil {
		return string(body[r.Op.Rules.Subject])
	}
	return string(r.Body)
}

// MayCreate reports whether the request could create a user.
func (r *Request) MayCreate() bool {
	return r.Op.Rules.Subject != "" && r.Op.Body != nil && !contract.IsSafeMethod(r.Method)
}

// NamedUser returns the user id in a request, as the target should read it.
func (r *Request) NamedUser() (string, bool) {
	if r.Subject != "" {
		return r.Subject, true
	}
	value, _ := DecodeJSON(r.Body)
	members, _ := value.(map[string]any)
	text, ok := members[r.Op.Rules.Subject].(string)
	return text, ok
}

// KeyNote says in words which key the request carries.
func (r *Request) KeyNote() string {
	if len(r.Op.Security) == 0 {
		return ""
	}
	if len(r.Keys) == 0 {
		return "no key"
	}
	labels := make([]string, len(r.Keys))
	for i, k := range r.Keys {
		labels[i] = LabelOf(k)
	}
	return strings.Join(labels, ", then ")
}

// LabelOf names a credential in words.
func LabelOf(k Credential) string {
	if k.Label == "" {
		return "the key"
	}
	return k.Label
}

// ContentKey returns all of a request that the contract covers, except its key.
func (r *Request) ContentKey() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s?%s %t %t\n", r.Method, r.Path, r.Query, r.bodiless, r.Body == nil)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if name != "User-Agent" {
			fmt.Fprintf(&b, "%q: %q\n", name, r.Header[name])
		}
	}
	b.Write(r.Body)
	return b.String()
}

// UnknownPathSuffix makes a path that no contract declares.
const UnknownPathSuffix = "/conformance-unknown-"
