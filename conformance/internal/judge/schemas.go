package judge

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/pb33f/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/spec"
)

// direction is the way that a value goes: some properties are only read, others
// only written.
type direction string

const (
	received direction = "response"
	sent     direction = "request"
)

// schemas compiles each schema of a document when it is first asked for, by its
// place in the document, which is prepared once.
type schemas struct {
	normal []byte
	is30   bool

	mu        sync.Mutex
	compilers map[direction]*jsonschema.Compiler
}

func newSchemas(doc *spec.Document) *schemas {
	return &schemas{
		normal: doc.Normal(), is30: bytes.HasPrefix(doc.Normal(), []byte(`{"openapi":"3.0`)),
		compilers: map[direction]*jsonschema.Compiler{},
	}
}

// failure is a rule of a schema that a value does not fit. at is where in the value
// it was found: "items[0].name".
type failure struct{ at, reason, keyword string }

func (f failure) String() string {
	if f.at == "" {
		return f.reason
	}
	return f.at + ": " + f.reason
}

// failures holds a JSON text to the schema at a pointer. An error is this program's:
// the schema cannot be compiled, or the text not be read.
func (s *schemas) failures(pointer string, text []byte, way direction) ([]failure, error) {
	s.mu.Lock()
	compiled, err := s.compiler(way).Compile(documentURL + "#" + (&url.URL{Fragment: pointer}).EscapedFragment())
	s.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("the schema at %s cannot be compiled: %w", pointer, err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	broken, ok := compiled.Validate(value).(*jsonschema.ValidationError)
	if !ok {
		return nil, nil
	}
	leaves := leavesOf(broken, nil)
	telling := slices.DeleteFunc(slices.Clone(leaves), func(f failure) bool {
		return slices.Contains([]string{"allOf", "anyOf", "oneOf"}, f.keyword) && !strings.Contains(f.reason, "subschemas") // says nothing of why
	})
	if len(telling) > 0 {
		return telling, nil
	}
	return leaves, nil
}

// leavesOf lists the errors that have no cause of their own.
func leavesOf(e *jsonschema.ValidationError, out []failure) []failure {
	for _, cause := range e.Causes {
		out = leavesOf(cause, out)
	}
	if len(e.Causes) > 0 {
		return out
	}
	keyword := ""
	if path := e.ErrorKind.KeywordPath(); len(path) > 0 {
		keyword = path[0]
	}
	return append(out, failure{placeOf(e.InstanceLocation), e.ErrorKind.LocalizedString(message.NewPrinter(language.Tag{})), keyword})
}

// placeOf writes a place in a value as programmers do.
func placeOf(steps []string) string {
	var b strings.Builder
	for _, step := range steps {
		switch {
		case arrayIndex.MatchString(step):
			b.WriteString("[" + step + "]")
		case plainName.MatchString(step):
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(step)
		default:
			b.WriteString("['" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(step) + "']")
		}
	}
	return b.String()
}

var (
	arrayIndex = regexp.MustCompile(`^[0-9]+$`)
	plainName  = regexp.MustCompile(`^[\pL_][\pL\p{Nd}_]*$`)
)

// base64Syntax takes either alphabet, with padding or without, in lines or not.
var base64Syntax = regexp.MustCompile(`^[A-Za-z0-9+/_\r\n-]*={0,2}[\r\n]*$`)

const documentURL = "https://contract.invalid/document.json"

// compiler is one for requests, or for responses.
func (s *schemas) compiler(way direction) *jsonschema.Compiler {
	if c := s.compilers[way]; c != nil {
		return c
	}
	c := jsonschema.NewCompiler()
	c.UseRegexpEngine(func(pattern string) (jsonschema.Regexp, error) { return spec.CompilePattern(pattern) })
	c.AssertFormat()
	for _, name := range []string{"int32", "int64"} {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			if n, ok := schema.ParseNumber(v); ok && !(n.IsInt() && schema.InIntegerFormat(name, n)) {
				return errors.New("it is no number of that format")
			}
			return nil
		}})
	}
	c.RegisterFormat(&jsonschema.Format{Name: "byte", Validate: func(v any) error {
		if text, ok := v.(string); ok && !base64Syntax.MatchString(text) {
			return errors.New("it is no base64")
		}
		return nil
	}})
	for _, name := range []string{"period", "semver"} { // which OpenAPI has not, and documents mean something else by
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(any) error { return nil }})
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.normal))
	if err == nil {
		(&rewriter{is30: s.is30, way: way, document: document}).rewrite()
		err = c.AddResource(documentURL, document)
	}
	if err != nil { // cannot be: it is the document that was read
		c.UseLoader(jsonschema.SchemeURLLoader{})
	}
	s.compilers[way] = c
	return c
}
