package conformance

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

// contract is a document as the checks read it.
type contract struct {
	doc        *spec.Document
	operations []*operation
}

// operation is one operation of the contract with what is needed to call it.
type operation struct {
	spec.Operation
	summary    string
	parameters []parameter
	values     []any        // of the parameters in the plainest valid request
	fullValues []any        // of the parameters, those that may be left out too
	body       *requestBody // nil where it takes none
	responses  []*response
	security   []securityScheme // all of one requirement; empty where no key is asked for
	elsewhere  []string         // places where a key may stand under another requirement
	rules      rules
	// obstacle is why no valid request can be made, "" where one can: then the
	// operation is not judged.
	obstacle string
}

type requestBody struct {
	required   bool
	mediaType  string // the first JSON one, else the first
	schema     *schema.Schema
	plain      any // the smallest value that fits
	full       any // one with everything that is optional
	example    any // the media type's own, where it has one
	hasExample bool
	pointer    string
}

// response is a documented response.
type response struct {
	status     string // as the contract writes it: "201", "4XX", "default"
	mediaTypes []string
	schema     *schema.Schema // of the first JSON media type, nil where there is none
	pointer    string
	headers    bool // it declares some
}

type securityScheme struct {
	id         string // its name in the contract
	kind       string // apiKey, http, …
	in, name   string // of an apiKey
	httpScheme string // bearer, basic
	pointer    string // of the requirement
}

// isJSON tells whether a media type is JSON by its name (RFC 6839, section 3.1).
func isJSON(mediaType string) bool {
	name, _, err := mime.ParseMediaType(mediaType)
	return err == nil && (name == "application/json" || strings.HasSuffix(name, "+json"))
}

// mayBeJSON tells whether a documented media type, or range of them, takes JSON.
func mayBeJSON(documented string) bool {
	return isJSON(documented) || inRange("application/json", documented)
}

// inRange tells whether a media type is one of a range such as "text/*"
// (RFC 9110, section 12.5.1), or is that very type.
func inRange(name, mediaRange string) bool {
	kind, sub, _ := strings.Cut(mediaRange, "/")
	return name == mediaRange || mediaRange == "*/*" || sub == "*" && strings.HasPrefix(name, kind+"/")
}

// documented finds the documented response that governs a status: the very
// code, its range, or the default (OpenAPI 3.0.3, "Responses Object").
func (op *operation) documented(status int) *response {
	code := strconv.Itoa(status)
	for _, want := range []string{code, code[:1] + "XX", "default"} {
		for _, r := range op.responses {
			if strings.EqualFold(r.status, want) {
				return r
			}
		}
	}
	return nil
}

// success is the first documented 2xx status, "" where there is none. It names
// the checks of valid requests; see [operation.meaning].
func (op *operation) success() string {
	return op.first(func(s string) bool { return strings.HasPrefix(s, "2") })
}

// rejection is the status documented for a request that does not fit.
func (op *operation) rejection() string { return op.oneOf("400", "422", "4XX", "default") }

// refusal is the status documented for a key that is missing or wrong.
func (op *operation) refusal() string { return op.oneOf("401", "403", "4XX", "default") }

// breakdown is the status documented for an unexpected error of the server.
func (op *operation) breakdown() string {
	return op.first(func(s string) bool { return strings.HasPrefix(s, "5") })
}

func (op *operation) oneOf(statuses ...string) string {
	for _, want := range statuses {
		// A default beside no success may well stand for the success.
		if slices.Contains(op.Statuses, want) && (want != "default" || op.success() != "") {
			return want
		}
	}
	return ""
}

func (op *operation) first(match func(string) bool) string {
	if i := slices.IndexFunc(op.Statuses, match); i >= 0 {
		return op.Statuses[i]
	}
	return ""
}

// meaning lists the documented statuses that say the same as one of them: a
// contract that documents both 200 and 201, 400 and 422, or 401 and 403, leaves
// to the target which of the two it answers.
func (op *operation) meaning(status string) want {
	kinds := [][]string{{"400", "422"}, {"401", "403"}}
	if success := op.success(); status == success && success != "" {
		kinds = [][]string{slices.DeleteFunc(slices.Clone(op.Statuses), func(s string) bool { return !strings.HasPrefix(s, "2") })}
	}
	for _, kind := range kinds {
		if slices.Contains(kind, status) {
			return slices.DeleteFunc(slices.Clone(kind), func(s string) bool { return !slices.Contains(op.Statuses, s) && s != status })
		}
	}
	return want{status}
}

// isSafe tells whether the method changes nothing (RFC 9110, section 9.2.1).
func (op *operation) isSafe() bool { return safeMethod(op.Method) }

func safeMethod(method string) bool {
	return slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace}, method)
}

// depends tells whether a status is documented for what the state of the target
// brings about rather than the request: nothing there, a conflict.
func (op *operation) depends(status int) bool {
	return slices.Contains([]int{
		http.StatusPaymentRequired, http.StatusNotFound, http.StatusConflict, http.StatusGone,
		http.StatusPreconditionFailed, http.StatusLocked, http.StatusFailedDependency,
		http.StatusTooEarly, http.StatusPreconditionRequired, http.StatusUnavailableForLegalReasons,
	}, status) && slices.Contains(op.Statuses, strconv.Itoa(status))
}

// canonicalURL is an address of the operation under the contract's own server,
// by which the validator finds it.
func (c *contract) canonicalURL(path, query string) string {
	u := strings.TrimRight(c.doc.Servers()[0], "/") + path
	if !strings.Contains(u, "://") {
		u = "http://contract.invalid" + u
	}
	if query != "" {
		u += "?" + query
	}
	return u
}

// documentedMethods lists the methods that the contract declares on a path.
func (c *contract) documentedMethods(path string) []string {
	var methods []string
	for _, op := range c.operations {
		if op.Path == path {
			methods = append(methods, op.Method)
		}
	}
	return methods
}

func itoa(i int) string { return strconv.Itoa(i) }

func statusText(status int) string {
	if text := http.StatusText(status); text != "" {
		return strconv.Itoa(status) + " " + text
	}
	return strconv.Itoa(status)
}

// place is where a key travels in a request.
type place string

const (
	declared place = ""      // where the security scheme says
	inQuery  place = "query" // …
	asBearer place = "bearer"
	asBasic  place = "basic"
	inCookie place = "cookie"
	inHeader place = "header"
)

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

// field is where in an HTTP request a key of the scheme stands: in the header,
// query or cookie of that name.
func (s securityScheme) field() (in, name string) {
	in, name = resolvePlace(declared, s)
	if in == string(asBearer) || in == string(asBasic) {
		return string(inHeader), "Authorization"
	}
	return in, name
}

// takesKeyIn tells whether a place is one where the contract lets a key stand.
func (op *operation) takesKeyIn(p place) bool {
	for _, s := range op.security {
		if in, _ := resolvePlace(declared, s); in == string(p) {
			return true
		}
	}
	return slices.Contains(op.elsewhere, string(p))
}

// schemesOf are the security schemes that a request carries a credential
// under: all of the operation, or the first where the credential stands in a
// place of its own.
func (op *operation) schemesOf(in place, spare string) []securityScheme {
	switch {
	case len(op.security) == 0:
		return []securityScheme{{kind: "apiKey", in: "header", name: "x-api-key"}}
	case in != declared:
		return op.security[:1]
	}
	var out []securityScheme
	for _, s := range op.security {
		if s.id != spare || spare == "" {
			out = append(out, s)
		}
	}
	return out
}

// basePath is the path of the contract's first server.
func (c *contract) basePath() string {
	u, err := url.Parse(c.doc.Servers()[0])
	if err != nil {
		return ""
	}
	return strings.TrimRight(u.EscapedPath(), "/")
}

// find looks for the operation whose path template stands at the end of a path,
// and returns what stands before it. The template with the most literal
// segments wins; one that has none fits anything, and is found under the
// contract's own base path only.
func (c *contract) find(method, path string) (op *operation, base, rest string) {
	most := -1
	for _, candidate := range c.operations {
		before, literal, ok := splitPath(path, candidate.Path)
		if !ok || candidate.Method != method || literal <= most || literal == 0 && before != c.basePath() {
			continue
		}
		op, base, rest, most = candidate, before, path[len(before):], literal
	}
	return op, base, rest
}

// resembles reports whether an object has the required properties of a
// documented response.
func (d *response) resembles(members map[string]any) bool {
	if d.schema == nil {
		return false
	}
	required := 0
	for _, p := range d.schema.Properties {
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

// want is a list of acceptable statuses: "201", or "4XX" for a class.
type want []string

func (w want) has(status int) bool {
	code := strconv.Itoa(status)
	return slices.ContainsFunc(w, func(s string) bool {
		return s == code || strings.HasSuffix(s, "XX") && s[:1] == code[:1] || s == "default" && code[0] == '4'
	})
}

func (w want) String() string {
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
