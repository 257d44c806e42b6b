package openapi

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
)

// router finds the operation that a request is for. Paths are compared as they
// were sent, but for escapes of what needs none: nothing is cleaned or redirected.
type router struct {
	base  string // the contract's base path
	paths []path // those that say most first
}

// path is a path template of the contract with its operations.
type path struct {
	base       string // what stands before it
	template   string
	expression *regexp.Regexp
	names      []string // of the parameters, in order
	literal    int      // how much of the template is no parameter
	operations map[string]*Operation
}

var pathParameter = regexp.MustCompile(`\{([^{}/]+)\}`)

func newRouter(base string, operations []*Operation) router {
	r := router{base: base}
	index := map[string]int{}
	for _, op := range operations {
		i, known := index[op.base+op.route.Path]
		if !known {
			i = len(r.paths)
			index[op.base+op.route.Path] = i
			r.paths = append(r.paths, newPath(op.base, op.route.Path))
		}
		r.paths[i].operations[op.route.Method] = op
	}
	// A concrete path comes before a templated one (OpenAPI 3.0.3, "Paths
	// Object"), and of the templated the one that says more: /{id}:cancel before
	// /{id}. Document order decides among the rest.
	slices.SortStableFunc(r.paths, func(a, b path) int { return b.literal - a.literal })
	return r
}

func newPath(base, template string) path {
	var expression strings.Builder
	p := path{base: canonical(base), template: template, operations: map[string]*Operation{}}
	rest := 0
	for _, at := range pathParameter.FindAllStringSubmatchIndex(template, -1) {
		name := template[at[2]:at[3]]
		text := "([^/]+)"
		if strings.ContainsAny(name[:1], "+*") { // which may have slashes in it (RFC 6570, section 3.2.3), as names at Google
			text = "(.+)"
		}
		expression.WriteString(regexp.QuoteMeta(canonical(template[rest:at[0]])) + text)
		p.names = append(p.names, name)
		rest = at[1]
	}
	expression.WriteString(regexp.QuoteMeta(canonical(template[rest:])))
	p.literal = len(pathParameter.ReplaceAllLiteralString(template, ""))
	p.expression = regexp.MustCompile("^" + expression.String() + "$")
	return p
}

// Find returns the operation and its path parameters. Without one, allowed
// holds the methods of the path, or is empty if there is no such path either.
func (r router) Find(req *http.Request) (op *Operation, parameters map[string]string, allowed []string) {
	whole := canonical(req.URL.EscapedPath())
	for _, p := range r.paths {
		sent, under := strings.CutPrefix(whole, p.base)
		if !under {
			continue
		}
		match := p.expression.FindStringSubmatch(sent)
		if match == nil {
			continue
		}
		if op := p.operations[req.Method]; op != nil {
			return op, p.parameters(match[1:]), nil
		}
		for method := range p.operations {
			if !slices.Contains(allowed, method) {
				allowed = append(allowed, method)
			}
		}
	}
	slices.Sort(allowed)
	return nil, nil, allowed
}

// nearest returns the path, under the base path, that is most like the one sent.
func (r router) nearest(sent string) string {
	sent = strings.ToLower(sent[:min(len(sent), maxCompared)])
	nearest, least := "", 0
	for _, p := range r.paths {
		full := r.base + p.template
		// Who leaves the base path out, or has another one, is as near.
		n := min(levenshtein.ComputeDistance(sent, strings.ToLower(full)), 1+levenshtein.ComputeDistance(sent, strings.ToLower(p.template)))
		if nearest == "" || n < least {
			nearest, least = full, n
		}
	}
	return nearest
}

// maxCompared is how much of a path is compared with others, in bytes.
const maxCompared = 200

var escape = regexp.MustCompile("%[0-9A-Fa-f]{2}|[^!-~]|[\"<>\\\\^`|]")

// canonical writes a path of a request or a contract in the one way that stands for
// all that mean the same (RFC 3986, section 6.2.2): characters that need no escape
// have none, those that need one have it, in upper case.
func canonical(path string) string {
	return escape.ReplaceAllStringFunc(path, func(text string) string {
		if len(text) != 3 || text[0] != '%' {
			return url.PathEscape(text)
		}
		c, _ := strconv.ParseUint(text[1:], 16, 8)
		switch r := rune(c); {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("-._~", r):
			return string(r)
		}
		return strings.ToUpper(text)
	})
}

func (p path) parameters(values []string) map[string]string {
	if len(values) == 0 {
		return nil
	}
	parameters := make(map[string]string, len(values))
	for i, value := range values {
		if decoded, err := url.PathUnescape(value); err == nil {
			value = decoded
		}
		parameters[p.names[i]] = value
	}
	return parameters
}

// Operation returns the operation with an id, nil if there is none.
func (r router) Operation(id string) *Operation {
	for _, op := range r.Operations() {
		if op.ID == id {
			return op
		}
	}
	return nil
}

// Operations returns all of them, in no order.
func (r router) Operations() (all []*Operation) {
	for _, p := range r.paths {
		all = slices.AppendSeq(all, maps.Values(p.operations))
	}
	return all
}

// BasePath is what all paths begin with, as "/v2".
func (r router) BasePath() string { return r.base }

// Fixed reports whether the path of the operation has no parameters, so that
// all requests for it have the same.
func (op *Operation) Fixed() bool { return !strings.Contains(op.route.Path, "{") }
