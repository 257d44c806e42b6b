package openapi

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// Media types whose text gets its types from the schema.
const (
	formType = "application/x-www-form-urlencoded"
	textType = "text/plain"
)

// maxBrackets bounds how deep the brackets of a form's name nest: a[b][c].
const maxBrackets = 16

// readText reads a body in text by its schema: a number where the schema has one,
// and so on. is reports whether the media type is one that it reads; of the others
// the library makes values itself.
func readText(contentType string, media *openapi3.MediaType, body []byte) (value any, is bool, err error) {
	if media == nil || media.Schema == nil || media.Schema.Value == nil {
		return nil, false, nil
	}
	switch essence(contentType) {
	case textType:
		return typed(string(body), media.Schema), true, nil
	case formType:
		pairs, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, true, &openapi3filter.ParseError{Kind: openapi3filter.KindInvalidFormat, Cause: err}
		}
		root := &formNode{}
		schema := joined(media.Schema.Value, 0)
		for name, texts := range pairs {
			path := []string{name}
			if schema.Properties[name] == nil {
				path = brackets(name)
			}
			root.add(path, texts)
		}
		return root.object(schema, media.Encoding), true, nil
	}
	return nil, false, nil
}

// formNode is what stands in a form under one name, or the names in brackets behind
// it.
type formNode struct {
	texts []string
	named map[string]*formNode
}

func (n *formNode) add(path, texts []string) {
	if len(path) == 0 {
		n.texts = append(n.texts, texts...)
		return
	}
	if n.named == nil {
		n.named = map[string]*formNode{}
	}
	if n.named[path[0]] == nil {
		n.named[path[0]] = &formNode{}
	}
	n.named[path[0]].add(path[1:], texts)
}

// brackets splits a name as a[b][0] into its parts.
func brackets(name string) []string {
	outer, rest, found := strings.Cut(name, "[")
	inner, closed := strings.CutSuffix(rest, "]")
	parts := strings.Split(inner, "][")
	if !found || !closed || outer == "" || len(parts) > maxBrackets {
		return []string{name}
	}
	return append([]string{outer}, parts...)
}

func (n *formNode) object(s *openapi3.Schema, encodings map[string]*openapi3.Encoding) map[string]any {
	out := make(map[string]any, len(n.named))
	for name, child := range n.named {
		ref := s.Properties[name]
		if ref == nil {
			ref = undeclared(s, name)
		}
		out[name] = child.value(ref, encodings[name])
	}
	return out
}

func (n *formNode) value(ref *openapi3.SchemaRef, encoding *openapi3.Encoding) any {
	if ref == nil || ref.Value == nil {
		ref = openapi3.NewSchemaRef("", &openapi3.Schema{})
	}
	s := joined(ref.Value, 0)
	if branches := slices.Concat(s.AnyOf, s.OneOf); len(branches) > 0 {
		var made any
		for _, branch := range branches {
			if made = n.value(branch, encoding); branch.Value != nil && branch.Value.VisitJSON(made, openapi3.FailFast(), openapi3.SetSchemaRegexCompiler(compilePattern)) == nil {
				break
			}
		}
		return made
	}
	if len(n.named) > 0 {
		if isList := s.Type.Includes("array") || s.Type.IsEmpty() && n.numbered(); !isList {
			return n.object(s, nil)
		}
		return n.list(s)
	}
	if s.Type.Includes("array") {
		return n.items(s, encoding)
	}
	if len(n.texts) > 1 {
		list := make([]any, len(n.texts))
		for i, text := range n.texts {
			list[i] = typed(text, ref)
		}
		return list
	}
	return typed(n.texts[0], ref)
}

// numbered reports whether all names in brackets are places of a list: a[] or a[0].
func (n *formNode) numbered() bool {
	for name := range n.named {
		if _, err := strconv.Atoi(name); err != nil && name != "" {
			return false
		}
	}
	return true
}

func (n *formNode) list(s *openapi3.Schema) any {
	if !n.numbered() {
		return n.object(s, nil)
	}
	out := []any{}
	names := make([]string, 0, len(n.named))
	for name := range n.named {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		x, _ := strconv.Atoi(a) // see numbered
		y, _ := strconv.Atoi(b)
		return x - y
	})
	for _, name := range names {
		child := n.named[name]
		for _, text := range child.texts {
			out = append(out, typed(text, s.Items))
		}
		if len(child.named) > 0 {
			out = append(out, child.value(s.Items, nil))
		}
	}
	return out
}

// items reads a list whose items have one name each, or share one text.
func (n *formNode) items(s *openapi3.Schema, encoding *openapi3.Encoding) any {
	texts := n.texts
	if len(texts) == 1 {
		var list []any
		if isJSONList(s, encoding) && json.Unmarshal([]byte(texts[0]), &list) == nil {
			return list
		}
		if encoding != nil && encoding.Explode != nil && !*encoding.Explode {
			separator := map[string]string{"spaceDelimited": " ", "pipeDelimited": "|"}[encoding.Style]
			if separator == "" {
				separator = ","
			}
			texts = strings.Split(texts[0], separator)
		}
	}
	out := make([]any, len(texts))
	for i, text := range texts {
		out[i] = typed(text, s.Items)
	}
	return out
}

// isJSONList reports whether a list may stand in one text as JSON: the contract says
// so, or its items are no texts.
func isJSONList(s *openapi3.Schema, encoding *openapi3.Encoding) bool {
	if encoding != nil && encoding.ContentType != "" {
		return isJSON(encoding.ContentType)
	}
	if s.Items == nil || s.Items.Value == nil {
		return false
	}
	types := joined(s.Items.Value, 0).Type
	return types.Includes("object") || types.Includes("array")
}

// typed reads a text as the type that the schema has for it. A text that is none of
// that type stays one, for the schema to refuse.
func typed(text string, ref *openapi3.SchemaRef) any {
	if ref == nil || ref.Value == nil {
		return text
	}
	types := joined(ref.Value, 0).Type
	if types.IsEmpty() || types.Includes("string") {
		return text
	}
	var value any
	if json.Unmarshal([]byte(text), &value) == nil && value != nil && permits(types, value) {
		return value
	}
	if types.Includes("boolean") {
		switch strings.ToLower(text) {
		case "1", "on", "yes", "t", "y":
			return true
		case "0", "off", "no", "f", "n", "":
			return false
		}
	}
	return text
}
