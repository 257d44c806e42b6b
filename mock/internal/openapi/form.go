package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// Media types whose text gets its types from the schema.
const (
	formType  = "application/x-www-form-urlencoded"
	partsType = "multipart/form-data"
	textType  = "text/plain"
	bytesType = "application/octet-stream"
)

// maxBrackets bounds how deep the brackets of a form's name nest: a[b][c].
const maxBrackets = 16

// unjudged is the value of a body that its schema cannot be about.
type unjudged struct{}

// readText reads a body in text by its schema: a number where the schema has one,
// and so on. is reports whether the media type is one that it reads; of the others
// the library makes values itself.
func readText(contentType string, media *openapi3.MediaType, body []byte) (value any, is bool, err error) {
	if media == nil || media.Schema == nil || media.Schema.Value == nil {
		return nil, false, nil
	}
	schema := joined(media.Schema.Value, 0)
	switch essence(contentType) {
	case bytesType:
		value = typed(string(body), media.Schema)
		if _, isText := value.(string); isText && !schema.Type.IsEmpty() && !schema.Type.Includes("string") {
			return unjudged{}, true, nil // as one of Google's uploads, which describes what describes the bytes
		}
		return value, true, nil
	case textType:
		return typed(string(body), media.Schema), true, nil
	case formType, partsType:
		if !schema.Type.IsEmpty() && !schema.Type.Includes("object") {
			return unjudged{}, true, nil // whose parts or pairs nothing is said of
		}
		root := &formNode{}
		at := func(name string) *formNode {
			if schema.Properties[name] != nil {
				return root.at([]string{name})
			}
			return root.at(brackets(name))
		}
		if essence(contentType) == partsType {
			err = readParts(contentType, body, media.Encoding, at)
		} else {
			err = readPairs(body, at)
		}
		if err != nil {
			return nil, true, &openapi3filter.ParseError{Kind: openapi3filter.KindInvalidFormat, Cause: err}
		}
		return root.object(schema, media.Encoding), true, nil
	}
	return nil, false, nil
}

func readPairs(body []byte, at func(name string) *formNode) error {
	pairs, err := url.ParseQuery(string(body))
	for name, texts := range pairs {
		n := at(name)
		n.texts = append(n.texts, texts...)
	}
	return err
}

// readParts reads a form in parts: files and texts as texts, JSON as what it is.
func readParts(contentType string, body []byte, encodings map[string]*openapi3.Encoding, at func(name string) *formNode) error {
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return err
	}
	parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		if err := fitsEncoding(part.Header, encodings[part.FormName()]); err != nil {
			return err
		}
		n := at(part.FormName())
		if !isJSON(part.Header.Get("Content-Type")) || part.FileName() != "" {
			n.texts = append(n.texts, string(data))
			continue
		}
		var made any
		if err := json.Unmarshal(data, &made); err != nil {
			return err
		}
		n.made = append(n.made, made)
	}
}

// fitsEncoding judges the headers of a part. One that does not say its type is of any.
func fitsEncoding(header textproto.MIMEHeader, encoding *openapi3.Encoding) error {
	if encoding == nil {
		return nil
	}
	sent := essence(header.Get("Content-Type"))
	matches := func(declared string) bool {
		declared = essence(declared)
		kind, isRange := strings.CutSuffix(declared, "*")
		return declared == sent || declared == "*/*" || isRange && strings.HasPrefix(sent, kind)
	}
	if sent != "" && encoding.ContentType != "" && !slices.ContainsFunc(strings.Split(encoding.ContentType, ","), matches) {
		return errors.New("a part is of another media type")
	}
	for name, ref := range encoding.Headers {
		switch text := header.Values(name); {
		case ref.Value == nil || strings.EqualFold(name, "Content-Type"):
		case len(text) == 0 && ref.Value.Required:
			return errors.New("a part has no header " + name)
		case len(text) > 0 && ref.Value.Schema != nil && ref.Value.Schema.Value != nil:
			if err := ref.Value.Schema.Value.VisitJSON(typed(text[0], ref.Value.Schema), openapi3.SetSchemaRegexCompiler(compilePattern)); err != nil {
				return err
			}
		}
	}
	return nil
}

// formNode is what stands in a form under one name, or the names in brackets behind
// it.
type formNode struct {
	texts []string
	made  []any // of parts in JSON
	named map[string]*formNode
}

func (n *formNode) at(path []string) *formNode {
	if len(path) == 0 {
		return n
	}
	if n.named == nil {
		n.named = map[string]*formNode{}
	}
	if n.named[path[0]] == nil {
		n.named[path[0]] = &formNode{}
	}
	return n.named[path[0]].at(path[1:])
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
		rest := *s
		rest.AnyOf, rest.OneOf = nil, nil
		var made any
		for _, branch := range branches {
			both := joined(&openapi3.Schema{AllOf: openapi3.SchemaRefs{{Value: &rest}, branch}}, 0)
			if made = n.value(openapi3.NewSchemaRef("", both), encoding); both.VisitJSON(made, openapi3.FailFast(), openapi3.SetSchemaRegexCompiler(compilePattern)) == nil {
				break
			}
		}
		return made
	}
	if len(n.made) > 0 {
		if _, isList := n.made[0].([]any); s.Type.Includes("array") && (len(n.made) > 1 || !isList) {
			return n.made
		}
		return n.made[0]
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
	if len(n.texts) == 0 {
		return nil
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
	s := joined(ref.Value, 0)
	types := s.Type
	if types.IsEmpty() && (s.Min != nil || s.Max != nil || s.MultipleOf != nil) { // who limits numbers means one
		types = &openapi3.Types{"number"}
	}
	if types.IsEmpty() || types.Includes("string") {
		return text
	}
	var value any
	if n, err := strconv.ParseFloat(text, 64); err == nil && !strings.ContainsAny(text, "xXiInN_pP") && permits(types, n) {
		return n
	}
	if text == strings.TrimSpace(text) && json.Unmarshal([]byte(text), &value) == nil && value != nil && permits(types, value) {
		return value
	}
	if types.Includes("boolean") {
		switch strings.ToLower(text) {
		case "true", "1", "on", "yes", "t", "y":
			return true
		case "false", "0", "off", "no", "f", "n", "":
			return false
		}
	}
	return text
}
