package contract

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/spec"
)

// Contract is a document as the checks read it.
type Contract struct {
	Document   *spec.Document
	Operations []*Operation
}

// Operation is one operation of the contract with what is needed to call it.
type Operation struct {
	spec.Operation
	summary       string
	Parameters    []Parameter
	MinimalValues []any        // of the parameters in the plainest valid request
	FullValues    []any        // of the parameters, those that may be left out too
	Body          *RequestBody // nil where it takes none
	Responses     []*Response
	Security      []SecurityScheme   // all of one requirement; empty where no key is asked for
	Alternatives  [][]SecurityScheme // the same of the other requirements
	Rules         Rules
	Source        *Source // where the values of its path come from, nil where nothing says
	// Obstacle is why no valid request can be made, "" where one can: then the
	// operation is not judged.
	Obstacle string
}

// RequestBody is the body that an operation takes.
type RequestBody struct {
	Required   bool
	MediaType  string // the first JSON one, else the first
	Schema     *schema.Schema
	Minimal    any // the smallest value that fits
	Full       any // one with everything that is optional
	Example    any // the media type's own, where it has one
	HasExample bool
	Pointer    string         // of the media type
	Others     []*RequestBody // in its other media types
	documented
	hasSchema bool
	fields    map[string]field // of a form, those with an encoding of their own
}

// Response is a documented response.
type Response struct {
	Status string // as the contract writes it: "201", "4XX", "default"
	documented
	Schema  *schema.Schema // of the first JSON media type, nil where there is none
	Pointer string
	Headers []Parameter
	Links   []*Link
	Text    *RequestBody // its body in plain text or a form, where that has a schema
}

// documented is what a body may be.
type documented struct {
	MediaTypes []string          // or ranges, as "text/*"
	schemas    map[string]string // where their schemas stand, of those that have one
}

// SchemaOf returns where the schema of a body stands that has a media type, "" if
// there is none. ok is false if the contract does not have the media type.
func (d documented) SchemaOf(mediaType string) (pointer string, ok bool) {
	precision := -2
	for _, name := range d.MediaTypes {
		if !MatchesMediaRange(mediaType, name) {
			continue
		}
		if n := len(name) - 2*strings.Count(name, "*"); n > precision { // the most specific of them
			pointer, precision, ok = d.schemas[name], n, true
		}
	}
	return pointer, ok
}

// Unread are the media types of a response whose bodies are not read, and of which the
// schema says more than that they are bytes.
func (r *Response) Unread() (out []string) {
	for _, name := range r.MediaTypes {
		if _, has := r.schemas[name]; has && (name == "text/xml" || name == "application/xml" || strings.HasSuffix(name, "+xml")) {
			out = append(out, name)
		}
	}
	return out
}

// SecurityScheme is a way in which the contract wants a key to be sent.
type SecurityScheme struct {
	ID         string // its name in the contract
	Kind       string // apiKey, http, …
	In, Name   string // of an apiKey
	httpScheme string // bearer, basic
	Pointer    string // of the requirement
}

// IsJSON reports whether a media type is JSON by its name (RFC 6839, section 3.1).
func IsJSON(mediaType string) bool {
	name, _, err := mime.ParseMediaType(mediaType)
	return err == nil && (name == "application/json" || strings.HasSuffix(name, "+json"))
}

// MayBeJSON reports whether a documented media type or range includes JSON.
func MayBeJSON(documented string) bool {
	return IsJSON(documented) || MatchesMediaRange("application/json", documented)
}

// MatchesMediaRange reports whether a media type is in a range such as "text/*"
// (RFC 9110, section 12.5.1), or equals it.
func MatchesMediaRange(name, mediaRange string) bool {
	kind, sub, _ := strings.Cut(mediaRange, "/")
	return name == mediaRange || mediaRange == "*/*" || sub == "*" && strings.HasPrefix(name, kind+"/")
}

// ResponseFor returns the documented response that applies to a status: the
// exact code, its range, or the default (OpenAPI 3.0.3, "Responses Object").
func (op *Operation) ResponseFor(status int) *Response {
	code := strconv.Itoa(status)
	for _, want := range []string{code, code[:1] + "XX", "default"} {
		for _, r := range op.Responses {
			if strings.EqualFold(r.Status, want) {
				return r
			}
		}
	}
	return nil
}

// SuccessStatus is the first documented 2xx status, "" where there is none. It names
// the checks of valid requests; see [Operation.EquivalentStatuses]. A default that
// stands alone, or beside nothing but errors, is the success as well: any 2xx.
func (op *Operation) SuccessStatus() string {
	success := op.first(func(s string) bool { return strings.HasPrefix(s, "2") })
	if success == "" && slices.Contains(op.Statuses, "default") && op.first(func(s string) bool { return strings.HasPrefix(s, "3") }) == "" {
		return "2XX"
	}
	return success
}

// InvalidStatus returns the status documented for an invalid request, "" if
// there is none.
func (op *Operation) InvalidStatus() string { return op.oneOf("400", "422", "4XX", "default") }

// UnauthorizedStatus returns the status documented for a missing or wrong key,
// "" if there is none.
func (op *Operation) UnauthorizedStatus() string { return op.oneOf("401", "403", "4XX", "default") }

// ErrorStatus returns the status documented for an unexpected error of the
// server, "" if there is none.
func (op *Operation) ErrorStatus() string {
	return op.first(func(s string) bool { return strings.HasPrefix(s, "5") })
}

func (op *Operation) oneOf(statuses ...string) string {
	for _, want := range statuses {
		// A default beside no success stands for the success.
		if slices.Contains(op.Statuses, want) && (want != "default" || slices.Contains(op.Statuses, op.SuccessStatus())) {
			return want
		}
	}
	return ""
}

func (op *Operation) first(match func(string) bool) string {
	if i := slices.IndexFunc(op.Statuses, match); i >= 0 {
		return op.Statuses[i]
	}
	return ""
}

// EquivalentStatuses returns the documented statuses that mean the same as one
// of them. A contract that documents both 200 and 201, 400 and 422, or 401 and
// 403 leaves the choice to the target.
func (op *Operation) EquivalentStatuses(status string) Statuses {
	kinds := [][]string{{"400", "422"}, {"401", "403"}}
	if success := op.SuccessStatus(); status == success && success != "" {
		kinds = [][]string{slices.DeleteFunc(slices.Clone(op.Statuses), func(s string) bool { return !strings.HasPrefix(s, "2") })}
	}
	for _, kind := range kinds {
		if slices.Contains(kind, status) {
			return slices.DeleteFunc(slices.Clone(kind), func(s string) bool { return s != status && op.ResponseFor(statusNumber(s)) == nil })
		}
	}
	return Statuses{status}
}

// IsSafe reports whether the method changes nothing (RFC 9110, section 9.2.1).
func (op *Operation) IsSafe() bool { return IsSafeMethod(op.Method) }

// IsSafeMethod reports whether a method changes nothing (RFC 9110, section 9.2.1).
func IsSafeMethod(method string) bool {
	return slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace}, method)
}

// DependsOnState reports whether the contract documents the status for a state
// of the target, not for the request: not found, conflict.
func (op *Operation) DependsOnState(status int) bool {
	return slices.Contains([]int{
		http.StatusPaymentRequired, http.StatusNotFound, http.StatusConflict, http.StatusGone,
		http.StatusPreconditionFailed, http.StatusLocked, http.StatusFailedDependency,
		http.StatusTooEarly, http.StatusPreconditionRequired, http.StatusUnavailableForLegalReasons,
	}, status) && slices.Contains(op.Statuses, strconv.Itoa(status))
}

// InNormalForm returns where something of the operation stands in the document's
// normal form, where its path begins with a slash whatever the author wrote.
func (op *Operation) InNormalForm(pointer string) string {
	if rest, ok := strings.CutPrefix(pointer, op.Pointer); ok {
		return spec.Pointer("paths", op.Path, strings.ToLower(op.Method)) + rest
	}
	return pointer
}

// DocumentedMethods lists the methods that the contract declares on a path.
func (c *Contract) DocumentedMethods(path string) []string {
	var methods []string
	for _, op := range c.Operations {
		if op.Path == path {
			methods = append(methods, op.Method)
		}
	}
	return methods
}

// StatusText returns a status with its reason phrase: "404 Not Found".
func StatusText(status int) string {
	if text := http.StatusText(status); text != "" {
		return strconv.Itoa(status) + " " + text
	}
	return strconv.Itoa(status)
}

// Place is where a request carries a key.
type Place string

const (
	AsDeclared Place = ""      // where the security scheme says
	InQuery    Place = "query" // …
	AsBearer   Place = "bearer"
	AsBasic    Place = "basic"
	InCookie   Place = "cookie"
	InHeader   Place = "header"
)

// ResolvePlace returns where a request carries a credential, given the declared
// scheme.
func ResolvePlace(p Place, scheme SecurityScheme) (in, name string) {
	name = scheme.Name
	if name == "" {
		name = "api_key"
	}
	switch {
	case p != AsDeclared:
		return string(p), name
	case scheme.Kind == "apiKey":
		return scheme.In, name
	case scheme.Kind == "http" && scheme.httpScheme == "basic":
		return "basic", name
	}
	return "bearer", name
}

// Field returns where a request carries a key of the scheme: in a header, query
// or cookie, and its name.
func (s SecurityScheme) Field() (in, name string) {
	in, name = ResolvePlace(AsDeclared, s)
	if in == string(AsBearer) || in == string(AsBasic) {
		return string(InHeader), "Authorization"
	}
	return in, name
}

// isPlaceOf reports whether a parameter is declared where a request carries a key of the
// scheme, so that it is the key.
func (s SecurityScheme) isPlaceOf(p Parameter) bool {
	in, name := s.Field()
	return p.In == in && (p.Name == name || in == string(InHeader) && strings.EqualFold(p.Name, name))
}

// isWrittenAs reports whether a request carries the keys of both schemes alike.
func (s SecurityScheme) isWrittenAs(other SecurityScheme) bool {
	one, _ := ResolvePlace(AsDeclared, s)
	two, _ := ResolvePlace(AsDeclared, other)
	return one == two
}

// OtherKeyPlaces are the places where a key may stand under another requirement.
func (op *Operation) OtherKeyPlaces() []string {
	var out []string
	for _, schemes := range op.Alternatives {
		for _, s := range schemes {
			in, _ := ResolvePlace(AsDeclared, s)
			out = append(out, in)
		}
	}
	return out
}

// AcceptsKeyIn reports whether the contract accepts a key in that place.
func (op *Operation) AcceptsKeyIn(p Place) bool {
	for _, s := range op.Security {
		if in, _ := ResolvePlace(AsDeclared, s); in == string(p) {
			return true
		}
	}
	return slices.Contains(op.OtherKeyPlaces(), string(p))
}

// TakesBearerFor reports whether one of these schemes wants a key alone in the header
// Authorization, in which another takes it as a bearer token.
func (op *Operation) TakesBearerFor(schemes []SecurityScheme) bool {
	return op.AcceptsKeyIn(AsBearer) && slices.ContainsFunc(schemes, func(s SecurityScheme) bool {
		_, name := s.Field()
		return s.Kind == "apiKey" && strings.EqualFold(name, "Authorization")
	})
}

// SchemesFor returns the security schemes under which a request carries a
// credential: all of the operation's, or of its n-th alternative, or the first for a
// credential in a place of its own.
func (op *Operation) SchemesFor(in Place, spare string, alternative int) []SecurityScheme {
	switch {
	case alternative > 0 && alternative <= len(op.Alternatives):
		return op.Alternatives[alternative-1]
	case len(op.Security) == 0:
		return []SecurityScheme{{Kind: "apiKey", In: "header", Name: "x-api-key"}}
	case in != AsDeclared:
		return op.Security[:1]
	}
	var out []SecurityScheme
	for _, s := range op.Security {
		if s.ID != spare || spare == "" {
			out = append(out, s)
		}
	}
	return out
}

// BasePath returns the path of the contract's first server.
func (c *Contract) BasePath() string {
	u, err := url.Parse(c.Document.Servers()[0])
	if err != nil {
		return ""
	}
	return strings.TrimRight(u.EscapedPath(), "/")
}

// FindOperation returns the operation whose path template matches the end of a
// path, and what precedes it. The template with the most literal segments wins.
// A template without any matches everything, so it applies only under the
// contract's own base path.
func (c *Contract) FindOperation(method, path string) (op *Operation, base, rest string) {
	most := -1
	for _, candidate := range c.Operations {
		before, literal, ok := splitPath(path, candidate.Path)
		if !ok || candidate.Method != method || literal <= most || literal == 0 && before != c.BasePath() {
			continue
		}
		op, base, rest, most = candidate, before, path[len(before):], literal
	}
	return op, base, rest
}

// Declares reports whether a path, relative to the base URL, is one of an operation with
// that method, also by a variable in its place.
func (c *Contract) Declares(method, path string) bool {
	return slices.ContainsFunc(c.Operations, func(op *Operation) bool {
		if op.Method != method {
			return false
		}
		if strings.Contains(op.Path, "{+") || strings.Contains(op.Path, "{*") { // which may have slashes in it (RFC 6570, section 3.2.3)
			return strings.HasPrefix(path, op.Path[:strings.Index(op.Path, "{")]) && strings.HasSuffix(path, op.Path[strings.LastIndex(op.Path, "}")+1:])
		}
		base, _, ok := splitPath(path, op.Path)
		return ok && base == ""
	})
}

// Resembles reports whether an object has the required properties of a
// documented response.
func (d *Response) Resembles(members map[string]any) bool {
	if d.Schema == nil {
		return false
	}
	required := 0
	for _, p := range d.Schema.Properties {
		if !p.Required {
			continue
		}
		if _, there := members[p.Name]; !there {
			return false
		}
		required++
	}
	return required > 0
}

// Statuses is a list of acceptable statuses: "201", or "4XX" for a class.
type Statuses []string

// Contains reports whether a status is in the list.
func (w Statuses) Contains(status int) bool {
	code := strconv.Itoa(status)
	return slices.ContainsFunc(w, func(s string) bool {
		return s == code || strings.HasSuffix(s, "XX") && s[:1] == code[:1] || s == "default" && code[0] == '4'
	})
}

// String lists the statuses in words: "200 OK or 4xx".
func (w Statuses) String() string {
	words := make([]string, len(w))
	for i, s := range w {
		if n, err := strconv.Atoi(s); err == nil && http.StatusText(n) != "" {
			s += " " + http.StatusText(n)
		}
		words[i] = s
	}
	return strings.Join(words, " or ")
}

// splitPath takes a path template off the end of a path. literal counts the
// segments without a parameter.
func splitPath(path, template string) (base string, literal int, ok bool) {
	have, want := strings.Split(path, "/"), strings.Split(template, "/")[1:]
	if len(have) <= len(want) {
		return "", 0, false
	}
	tail := have[len(have)-len(want):]
	for i, w := range want {
		open, closing := strings.Index(w, "{"), strings.LastIndex(w, "}")
		switch {
		case open < 0 || closing < open:
			if tail[i] != w {
				return "", 0, false
			}
			literal++
		case len(tail[i]) <= len(w)-(closing-open+1) || !strings.HasPrefix(tail[i], w[:open]) || !strings.HasSuffix(tail[i], w[closing+1:]):
			return "", 0, false
		}
	}
	return strings.Join(have[:len(have)-len(want)], "/"), literal, true
}
