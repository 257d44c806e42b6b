package judge

import (
	"maps"
	"slices"
	"strings"
)

// rewriter makes JSON Schema 2020-12 of the schemas of a document, in one
// direction: what is only read is not required of requests, what is only
// written not of responses.
type rewriter struct {
	is30         bool
	way          direction
	document     any
	requirements bool // they come first, while every schema is as it was written
}

// rewrite finds the schemas of the document: by the fields that hold one, since a
// header or a component may have any name.
func (w *rewriter) rewrite() {
	for _, w.requirements = range []bool{true, false} {
		w.pass()
	}
}

func (w *rewriter) pass() {
	root := members(w.document)
	for _, s := range members(members(root["components"])["schemas"]) {
		w.schema(s)
	}
	for _, item := range members(root["paths"]) {
		for name, part := range members(item) {
			if name == "parameters" {
				w.described(part)
				continue
			}
			op := members(part)
			w.described(op["parameters"])
			w.content(op["requestBody"])
			for _, response := range members(op["responses"]) {
				w.content(response)
				w.described(members(response)["headers"])
			}
		}
	}
}

// described rewrites the schemas of parameters, or of headers.
func (w *rewriter) described(all any) {
	for _, p := range append(slices.Collect(maps.Values(members(all))), items(all)...) {
		w.schema(members(p)["schema"])
		w.content(p)
	}
}

// content rewrites the schema of each media type.
func (w *rewriter) content(v any) {
	for _, media := range members(members(v)["content"]) {
		s := members(members(media)["schema"])
		if w.way == received && s["type"] == "string" && s["format"] == "binary" {
			members(media)["schema"] = map[string]any{} // the bytes as they are, whatever the media type
		}
		w.schema(s)
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

func (w *rewriter) schema(v any, within ...map[string]any) {
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
	for _, name := range []string{"items", "contains", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "propertyNames"} {
		w.schema(s[name])
	}
	// These are about the same value, whose properties may be declared here.
	within = append(slices.Clip(within), s)
	for _, name := range []string{"not", "if", "then", "else"} {
		w.schema(s[name], within...)
	}
	for _, name := range []string{"prefixItems", "allOf", "anyOf", "oneOf"} {
		for _, child := range items(s[name]) {
			if name == "prefixItems" {
				w.schema(child)
			} else {
				w.schema(child, within...)
			}
		}
	}
	if w.requirements {
		w.require(s, within)
		return
	}
	discriminate(s)
	if w.is30 {
		exclusive(s, "minimum", "exclusiveMinimum")
		exclusive(s, "maximum", "exclusiveMaximum")
		nullable(s)
	}
}

// require leaves out what is not required in this direction, wherever among the
// schemas of the same value the property is declared.
func (w *rewriter) require(s map[string]any, within []map[string]any) {
	keyword := map[direction]string{sent: "readOnly", received: "writeOnly"}[w.way]
	required := items(s["required"])
	if required == nil {
		return
	}
	left := slices.DeleteFunc(slices.Clone(required), func(name any) bool {
		text, _ := name.(string)
		return slices.ContainsFunc(within, func(outer map[string]any) bool {
			return w.anyPart(outer, map[string]bool{}, func(part map[string]any) bool {
				return w.anyPart(members(part["properties"])[text], map[string]bool{}, func(p map[string]any) bool { return p[keyword] == true })
			})
		})
	})
	if s["required"] = left; len(left) == 0 {
		delete(s, "required")
	}
}

// anyPart reports whether a schema, or one that it is made of, is as asked for.
func (w *rewriter) anyPart(v any, seen map[string]bool, is func(map[string]any) bool) bool {
	s := members(v)
	if s == nil {
		return false
	}
	if is(s) {
		return true
	}
	if ref, ok := s["$ref"].(string); ok && !seen[ref] {
		seen[ref] = true
		if w.anyPart(members(members(members(w.document)["components"])["schemas"])[lastToken(ref)], seen, is) {
			return true
		}
	}
	return slices.ContainsFunc(items(s["allOf"]), func(part any) bool { return w.anyPart(part, seen, is) })
}

func lastToken(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

// discriminate lets the value of a discriminator decide between the branches: the one
// that it names must fit, whatever else does. Where the mapping names every branch it
// must be one of its names, or of theirs; elsewhere documents are careless of names.
func discriminate(s map[string]any) {
	d := members(s["discriminator"])
	delete(s, "discriminator")
	property, _ := d["propertyName"].(string)
	branches := append(slices.Clone(items(s["oneOf"])), items(s["anyOf"])...)
	if property == "" || len(branches) == 0 {
		return
	}
	conditions := append(slices.Clone(items(s["allOf"])), map[string]any{"required": []any{property}}) // of an object
	defer func() { s["allOf"] = conditions }()
	named, mapped := map[string]any{}, slices.Collect(maps.Values(members(d["mapping"])))
	isComplete := true
	for _, branch := range branches {
		ref, ok := members(branch)["$ref"].(string)
		switch {
		case ok:
			named[lastToken(ref)] = branch
			isComplete = isComplete && slices.Contains(mapped, any(ref))
		case members(branch)["type"] != "null":
			return // a branch without a name
		}
	}
	if s["oneOf"] != nil && s["anyOf"] != nil {
		return
	}
	for name, ref := range members(d["mapping"]) {
		if text, ok := ref.(string); ok {
			named[name] = map[string]any{"$ref": text}
		}
	}
	var names []any
	is := func(values ...any) map[string]any {
		return map[string]any{property: map[string]any{"enum": values}}
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		names = append(names, name)
		conditions = append(conditions, map[string]any{
			"if":   map[string]any{"type": "object", "required": []any{property}, "properties": is(name)},
			"then": named[name],
		})
	}
	if isComplete {
		conditions = append(conditions, map[string]any{"properties": is(names...)})
	}
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
	// What a schema is made of would have to take null as well. Documents that say
	// nullable beside it mean that it need not.
	whole := map[string]any{}
	for _, name := range []string{"allOf", "anyOf", "oneOf"} {
		if s[name] != nil {
			whole[name] = s[name]
			delete(s, name)
		}
	}
	if len(whole) > 0 {
		s["anyOf"] = []any{whole, map[string]any{"type": "null"}}
	}
}
