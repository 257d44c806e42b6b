package conformance

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	validerrors "github.com/pb33f/libopenapi-validator/errors"
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
	keys   []credential
	body   []byte
	intent intent

	bodiless  bool     // neither body nor Content-Length
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

	subject string // whom the body names, where the rules know
}

// place is where a key travels in a request.
type place string

const (
	declared place = ""      // where the security scheme says
	inQuery  place = "query" // …
	asBearer place = "bearer"
	asBasic  place = "basic"
	inCookie place = "cookie"
)

// credential is a key as one request carries it.
type credential struct {
	value string
	in    place
	label string // in words: "the key without its last character"
	shell string // how a shell makes it from the key, "" where it cannot
	good  bool   // one that the target must take
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
	c := r.withText(encode(v), i)
	if name := r.op.rules.subject; name != "" {
		o, _ := v.(object)
		switch user, _ := o.get(name); user := user.(type) {
		case string:
			c.subject = user
		case literal: // the same user, written in another way
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
		scheme := securityScheme{kind: "apiKey", in: "header", name: "x-api-key"}
		if len(r.op.security) > 0 {
			scheme = r.op.security[0]
		}
		switch in, name := resolvePlace(k.in, scheme); in {
		case "header":
			if r.keyName != "" {
				name = r.keyName
			}
			key := headerSpelling(header, name)
			header[key] = append(header[key], k.value)
		case "query":
			query = strings.TrimPrefix(query+"&"+url.QueryEscape(name)+"="+url.QueryEscape(k.value), "&")
		case "cookie":
			header.Add("Cookie", name+"="+k.value)
		case "bearer":
			header.Add("Authorization", "Bearer "+k.value)
		case "basic":
			header.Add("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(k.value+":")))
		}
	}
	return query
}

// resolvePlace says where a credential goes, given the declared scheme.
func resolvePlace(p place, scheme securityScheme) (in, name string) {
	name = scheme.name
	if name == "" {
		name = "api_key"
	}
	switch {
	case p != declared:
		return string(p), name
	case scheme.kind == "apiKey":
		return scheme.in, name
	case scheme.kind == "http" && scheme.httpScheme == "basic":
		return "basic", name
	}
	return "bearer", name
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

// confirm validates the request once more, as sent, against the contract. It
// returns what is wrong with the experiment, nil when it is what the check
// says it is.
func (r *request) confirm(c *contract) error {
	if r.intent == open {
		return nil
	}
	copied := r.clone()
	copied.barrier, copied.chunked, copied.expect100 = nil, false, false
	if len(copied.keys) == 0 || copied.keys[0].in != declared {
		copied.keys = append(copied.keys, credential{value: "any"}) // the key is not this clause's business
	}
	base, err := url.Parse(strings.TrimSuffix(c.canonicalURL(r.path, ""), r.path))
	if err != nil {
		return err
	}
	req, err := copied.httpRequest(base, nil)
	if err != nil {
		return err
	}
	problem := ""
	if ok, errs := c.validator.ValidateHttpRequestSync(req); !ok {
		problem = firstOf(errs)
	}
	if isJSON(req.Header.Get("Content-Type")) && len(r.body) > 0 {
		if p := jsonProblem(r.body); p != "" {
			problem = p
		}
	}
	switch {
	case r.intent == fits && problem != "":
		return fmt.Errorf("the request was meant to fit the contract and does not: %s", problem)
	case r.intent == breaks && problem == "":
		return fmt.Errorf("the request was meant to break the contract and fits it")
	}
	return nil
}

// firstOf puts the first problem that is not about the key into words.
func firstOf(errs []*validerrors.ValidationError) string {
	for _, e := range errs {
		if e.ValidationType == "security" {
			continue
		}
		for _, s := range e.SchemaValidationErrors {
			return strings.TrimSpace(s.FieldPath + " " + s.Reason)
		}
		return e.Message
	}
	return ""
}
