package openapi

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// isOwn reports whether a parameter is one that the library cannot read: see readOwn.
func isOwn(p *openapi3.Parameter) bool {
	if p.Schema == nil || p.Schema.Value == nil {
		return p.In == openapi3.ParameterInCookie && len(p.Content) == 1 // the library refuses one that is not there
	}
	s := p.Schema.Value
	style, explode := styleOf(p)
	if p.In == openapi3.ParameterInHeader && (strings.EqualFold(p.Name, "Content-Length") || strings.EqualFold(p.Name, "Host")) {
		return true // which net/http keeps elsewhere
	}
	plain := style == "form" || style == "simple"
	switch {
	case s.Type.Is("array") && s.Items == nil:
		return true
	case p.In == openapi3.ParameterInCookie && explode && !isScalar(s, 0):
		return true
	case len(propertyNames(s, 0)) > 0:
		return !s.Type.Is("object") || isComposed(s) || p.In == openapi3.ParameterInQuery && style == "form" && explode
	}
	return (isComposed(s) || s.Type.Is("boolean")) && plain // of which it takes 1 and T for true
}

// styleOf is the style of a parameter, with the defaults of its place.
func styleOf(p *openapi3.Parameter) (style string, explode bool) {
	style = cmp.Or(p.Style, map[string]string{"query": "form", "cookie": "form"}[p.In], "simple")
	return style, p.Explode == nil && style == "form" || p.Explode != nil && *p.Explode
}

func isComposed(s *openapi3.Schema) bool {
	return len(s.AllOf)+len(s.OneOf)+len(s.AnyOf) > 0 || s.Not != nil
}

// isScalar reports whether no part of a schema takes a list or an object by its type.
func isScalar(s *openapi3.Schema, depth int) bool {
	if depth > maxJoined || s.Type.Includes("array") || s.Type.Includes("object") || s.Type.IsEmpty() && len(s.Properties) > 0 {
		return false
	}
	for _, ref := range slices.Concat(s.AllOf, s.OneOf, s.AnyOf) {
		if ref != nil && ref.Value != nil && !isScalar(ref.Value, depth+1) {
			return false
		}
	}
	return true
}

// propertyNames are the properties that a schema or any part of it declares.
func propertyNames(s *openapi3.Schema, depth int) (names []string) {
	if s.Type.IsEmpty() || s.Type.Includes("object") {
		names = slices.Collect(maps.Keys(s.Properties))
	}
	for _, ref := range slices.Concat(s.AllOf, s.OneOf, s.AnyOf) {
		if ref != nil && ref.Value != nil && depth <= maxJoined {
			names = append(names, propertyNames(ref.Value, depth+1)...)
		}
	}
	return names
}

// sentTexts are the texts that a request has for a parameter by its name.
func sentTexts(p *openapi3.Parameter, r *http.Request, path map[string]string) (texts []string) {
	switch p.In {
	case openapi3.ParameterInPath:
		if text, sent := path[p.Name]; sent {
			texts = append(texts, text)
		}
	case openapi3.ParameterInQuery:
		texts = r.URL.Query()[p.Name]
	case openapi3.ParameterInHeader:
		if texts = r.Header.Values(p.Name); strings.EqualFold(p.Name, "Content-Length") {
			texts = []string{strconv.FormatInt(max(r.ContentLength, 0), 10)}
		} else if strings.EqualFold(p.Name, "Host") {
			texts = []string{r.Host}
		}
	case openapi3.ParameterInCookie:
		for _, c := range r.CookiesNamed(p.Name) {
			texts = append(texts, c.Value)
		}
	}
	return texts
}

// readParameter reads a parameter by its schema and style, and returns the texts
// that it found, none if the parameter is not there.
func readParameter(p *openapi3.Parameter, texts []string, query url.Values) (value any, found []string) {
	style, explode := styleOf(p)
	names := propertyNames(p.Schema.Value, 0)
	if p.In == openapi3.ParameterInQuery && len(names) > 0 && (explode || style == "deepObject") {
		root := &formNode{}
		for name, each := range query {
			switch {
			case style == "deepObject" && strings.HasPrefix(name, p.Name+"["):
				root.at(brackets(name)[1:]).texts = each
			case style == "form" && slices.Contains(names, name):
				root.at([]string{name}).texts = each
			default:
				continue
			}
			found = append(found, each...)
		}
		if len(found) > 0 || len(texts) == 0 {
			return root.value(p.Schema, nil), found
		}
	}
	if len(texts) == 0 {
		return nil, nil
	}
	front := map[string]string{"label": ".", "matrix": ";"}[style]
	between := map[string]string{"spaceDelimited": " ", "pipeDelimited": "|"}[style]
	switch {
	case between != "":
	case explode && front != "":
		between = front
	default:
		between = ","
	}
	text := strings.TrimPrefix(strings.TrimPrefix(texts[0], front), p.Name+"=")
	if isScalar(p.Schema.Value, 0) || len(texts) > 1 || p.In == openapi3.ParameterInQuery && explode {
		return (&formNode{texts: append([]string{text}, texts[1:]...)}).value(p.Schema, nil), texts
	}
	parts := strings.Split(text, between)
	if len(names) == 0 {
		for i := range parts {
			parts[i] = strings.TrimPrefix(parts[i], p.Name+"=")
		}
		return (&formNode{texts: parts}).value(p.Schema, nil), texts
	}
	root := &formNode{}
	for i := 0; i < len(parts); i++ {
		name, each, _ := strings.Cut(parts[i], "=")
		if !explode && i+1 < len(parts) {
			i++
			each = parts[i]
		}
		root.at([]string{name}).texts = []string{each}
	}
	if value = root.value(p.Schema, nil); !p.Schema.Value.Type.Is("object") && p.Schema.Value.VisitJSON(value, openapi3.FailFast(), openapi3.SetSchemaRegexCompiler(compilePattern)) != nil {
		value = (&formNode{texts: parts}).value(p.Schema, nil) // by a branch that is no object
	}
	return value, texts
}

// decodeContent reads a parameter whose text is of a media type.
func decodeContent(p *openapi3.Parameter, texts []string) (any, *openapi3.Schema, error) {
	mediaType, media := jsonContent(p.Content)
	if media == nil || media.Schema == nil || media.Schema.Value == nil || len(texts) == 0 {
		return nil, &openapi3.Schema{}, nil
	}
	text := texts[0]
	if p.In == openapi3.ParameterInCookie {
		if plain, err := url.PathUnescape(text); err == nil {
			text = plain
		}
	}
	if !isJSON(mediaType) {
		return typed(text, media.Schema), media.Schema.Value, nil
	}
	var value any
	err := json.Unmarshal([]byte(text), &value)
	return value, media.Schema.Value, err
}
