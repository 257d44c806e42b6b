package openapi

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// adapted is a document in normal form for the requests, or the responses, that the
// library is to judge. It says in other words what the library overlooks: that the
// value of a discriminator without a mapping may name no other branch than the one that
// fits, and in OpenAPI 3.1 that what is only read is not required of requests, and what
// is only written not of responses. isSame reports whether both ways are alike.
func adapted(normal []byte, is31, response bool) (document []byte, isSame bool) {
	flag := map[bool]string{false: `"readOnly"`, true: `"writeOnly"`}
	oneWay := is31 && (bytes.Contains(normal, []byte(flag[false])) || bytes.Contains(normal, []byte(flag[true])))
	if !oneWay && !bytes.Contains(normal, []byte(`"discriminator"`)) {
		return normal, true
	}
	d := json.NewDecoder(bytes.NewReader(normal))
	d.UseNumber()
	var root any
	if d.Decode(&root) != nil {
		return normal, true
	}
	a := adapter{root: root}
	if oneWay {
		a.keyword = strings.Trim(flag[response], `"`)
	}
	a.walk(root)
	if document, err := json.Marshal(root); err == nil {
		return document, !oneWay
	}
	return normal, true
}

type adapter struct {
	root    any
	keyword string // of properties that go the other way alone
}

func (a adapter) walk(v any) {
	switch v := v.(type) {
	case []any:
		for _, each := range v {
			a.walk(each)
		}
	case map[string]any:
		a.namesItsBranch(v)
		if required, is := v["required"].([]any); is && a.keyword != "" {
			v["required"] = slices.DeleteFunc(required, func(name any) bool {
				text, _ := name.(string)
				return a.isFlagged(v, text, 0)
			})
			if len(v["required"].([]any)) == 0 {
				delete(v, "required")
			}
		}
		for _, each := range v {
			a.walk(each)
		}
	}
}

// isFlagged reports whether a schema, or a part of it, declares a property as one that
// goes the other way alone.
func (a adapter) isFlagged(v any, property string, depth int) bool {
	schema := a.target(v)
	properties, _ := schema["properties"].(map[string]any)
	parts, _ := schema["allOf"].([]any)
	return depth < maxJoined && (a.has(properties[property], 0) ||
		slices.ContainsFunc(parts, func(part any) bool { return a.isFlagged(part, property, depth+1) }))
}

func (a adapter) has(v any, depth int) bool {
	schema := a.target(v)
	parts, _ := schema["allOf"].([]any)
	return depth < maxJoined && (schema[a.keyword] == true || slices.ContainsFunc(parts, func(part any) bool { return a.has(part, depth+1) }))
}

// target is a schema or the component that it refers to, which in normal form is none.
func (a adapter) target(v any) map[string]any {
	schema, _ := v.(map[string]any)
	ref, is := schema["$ref"].(string)
	if !is {
		return schema
	}
	var at any = a.root
	for _, name := range []string{"components", "schemas", lastName(ref)} {
		within, _ := at.(map[string]any)
		at = within[name]
	}
	found, _ := at.(map[string]any)
	return found
}

func lastName(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

// namesItsBranch forbids the values of a discriminator that name a branch which does not
// fit. A value that names none is left to the branches: documents are careless of names.
func (a adapter) namesItsBranch(schema map[string]any) {
	discriminator, _ := schema["discriminator"].(map[string]any)
	property, _ := discriminator["propertyName"].(string)
	branches, one := schema["oneOf"].([]any)
	if !one {
		branches, _ = schema["anyOf"].([]any)
	}
	if property == "" || discriminator["mapping"] != nil || schema["not"] != nil {
		return
	}
	var wrong []any
	for _, branch := range branches {
		if ref, is := branch.(map[string]any)["$ref"].(string); is {
			tag := map[string]any{"enum": []any{lastName(ref)}}
			wrong = append(wrong, map[string]any{
				"type": "object", "required": []any{property}, "properties": map[string]any{property: tag}, "not": branch,
			})
		}
	}
	if len(wrong) > 0 {
		schema["not"] = map[string]any{"anyOf": wrong, "description": property + " names another branch than the one that fits"}
	}
}
