package judge

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/pb33f/jsonschema/v6"
	"github.com/pb33f/libopenapi-validator/openapi_vocabulary"
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
	compiled, err := s.compiler(way).Compile(documentURL + "#" + pointer)
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
	version := openapi_vocabulary.Version31
	if s.is30 {
		version = openapi_vocabulary.Version30
	}
	c.RegisterVocabulary(openapi_vocabulary.NewOpenAPIVocabulary(version))
	c.AssertVocabs()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.normal))
	if err == nil {
		w := rewriter{is30: s.is30, way: way, document: document}
		w.object(document)
		err = c.AddResource(documentURL, document)
	}
	if err != nil { // cannot be: it is the document that was read
		c.UseLoader(jsonschema.SchemeURLLoader{})
	}
	s.compilers[way] = c
	return c
}

// rewriter makes JSON Schema 2020-12 of the schemas of a document, in one
// direction: what is only read is not required of requests, what is only
// written not of responses.
type rewriter struct {
	is30     bool
	way      direction
	document any
}

// object finds the schemas in an OpenAPI object.
func (w *rewriter) object(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, child := range v {
			switch name {
			case "example", "examples", "links":
			case "schema":
				w.schema(child)
			case "schemas":
				for _, s := range members(child) {
					w.schema(s)
				}
			default:
				w.object(child)
			}
		}
	case []any:
		for _, item := range v {
			w.object(item)
		}
	}
}

func members(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func items(v any) []any {
	list, _ := v.([]any)
	return list
}

func (w *rewriter) schema(v any) {
	s := members(v)
	if s == nil {
		return
	}
	for _, name := range []string{"example", "examples", "default", "description", "title"} {
		delete(s, name)
	}
	for _, name := range []string{"properties", "patternProperties", "dependentSchemas"} {
		for _, child := range members(s[name]) {
			w.schema(child)
		}
	}
	for _, name := range []string{"items", "contains", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "propertyNames", "not", "if", "then", "else"} {
		w.schema(s[name])
	}
	for _, name := range []string{"prefixItems", "allOf", "anyOf", "oneOf"} {
		for _, child := range items(s[name]) {
			w.schema(child)
		}
	}
	w.requirements(s)
	w.discriminate(s)
	if w.is30 {
		exclusive(s, "minimum", "exclusiveMinimum")
		exclusive(s, "maximum", "exclusiveMaximum")
		nullable(s)
	}
}

// requirements leaves out what is not required in this direction.
func (w *rewriter) requirements(s map[string]any) {
	keyword := map[direction]string{sent: "readOnly", received: "writeOnly"}[w.way]
	required, properties := items(s["required"]), members(s["properties"])
	if required == nil || properties == nil {
		return
	}
	left := slices.DeleteFunc(slices.Clone(required), func(name any) bool {
		text, _ := name.(string)
		return w.says(properties[text], keyword, 0)
	})
	if s["required"] = left; len(left) == 0 {
		delete(s, "required")
	}
}

// says reports whether a schema, or one that it is made of, has a keyword set.
func (w *rewriter) says(v any, keyword string, depth int) bool {
	s := members(v)
	if s == nil || depth > 8 {
		return false
	}
	if s[keyword] == true {
		return true
	}
	if ref, ok := s["$ref"].(string); ok && w.says(w.component(ref), keyword, depth+1) {
		return true
	}
	return slices.ContainsFunc(items(s["allOf"]), func(part any) bool { return w.says(part, keyword, depth+1) })
}

func (w *rewriter) component(ref string) any {
	return members(members(members(w.document)["components"])["schemas"])[lastToken(ref)]
}

func lastToken(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

// discriminate lets the value of a discriminator decide between the branches:
// the one that it names must fit, whatever else does.
func (w *rewriter) discriminate(s map[string]any) {
	d := members(s["discriminator"])
	property, _ := d["propertyName"].(string)
	branches := append(slices.Clone(items(s["oneOf"])), items(s["anyOf"])...)
	if property == "" || len(branches) == 0 || s["oneOf"] != nil && s["anyOf"] != nil {
		return
	}
	named := map[string]any{}
	for _, branch := range branches {
		ref, ok := members(branch)["$ref"].(string)
		if !ok {
			return // a branch without a name
		}
		named[lastToken(ref)] = branch
	}
	for name, ref := range members(d["mapping"]) {
		if text, ok := ref.(string); ok {
			named[name] = map[string]any{"$ref": text}
		}
	}
	conditions := slices.Clone(items(s["allOf"]))
	for name, branch := range named {
		conditions = append(conditions, map[string]any{
			"if":   map[string]any{"type": "object", "required": []any{property}, "properties": map[string]any{property: map[string]any{"enum": []any{name}}}},
			"then": branch,
		})
	}
	s["allOf"] = conditions
	if s["oneOf"] != nil {
		s["anyOf"] = s["oneOf"]
		delete(s, "oneOf")
	}
}

func exclusive(s map[string]any, limit, keyword string) {
	switch s[keyword] {
	case true:
		if s[limit] != nil {
			s[keyword] = s[limit]
			delete(s, limit)
			return
		}
		delete(s, keyword)
	case false:
		delete(s, keyword)
	}
}

// nullable adds null to the values that fit.
func nullable(s map[string]any) {
	may := s["nullable"] == true
	delete(s, "nullable")
	if !may {
		return
	}
	switch t := s["type"].(type) {
	case string:
		s["type"] = []any{t, "null"}
	case []any:
		if !slices.Contains(t, any("null")) {
			s["type"] = append(slices.Clone(t), "null")
		}
	}
	if enum := items(s["enum"]); enum != nil && !slices.Contains(enum, nil) {
		s["enum"] = append(slices.Clone(enum), nil)
	}
	if all := s["allOf"]; all != nil {
		delete(s, "allOf")
		s["oneOf"] = append(slices.Clone(items(s["oneOf"])), map[string]any{"allOf": all}, map[string]any{"type": "null"})
	}
}
