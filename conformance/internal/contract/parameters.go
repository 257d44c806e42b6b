package contract

import (
	"net/url"
	"slices"
	"strings"

	"nox.energy/contract/conformance/internal/schema"
)

// Parameter is a value that a request carries beside its body.
type Parameter struct {
	Name, In   string // in: path, query, header or cookie
	Required   bool
	Schema     *schema.Schema
	style      string
	explode    bool
	asJSON     bool // written as JSON text (its "content")
	example    any
	hasExample bool
	Pointer    string

	SchemaPointer string
}

// Absent is the value of a parameter that is not sent.
type Absent struct{}

// defaultStyle is how a parameter is written where it does not say (OpenAPI
// 3.0.3, "Parameter Object").
func defaultStyle(in string) string {
	if in == "query" || in == "cookie" {
		return "form"
	}
	return "simple"
}

// Minimal returns the value of a parameter in the plainest request: its
// example, else a value that fits. ok is false if none was found.
func (p *Parameter) Minimal() (v any, ok bool) {
	if p.hasExample && p.Schema.Fits(p.example) && p.CanCarry(p.example) {
		return p.example, true
	}
	v, ok = p.Schema.Make(false)
	if o, is := v.(schema.Object); is && len(o) == 0 && !p.asJSON {
		v, ok = p.Schema.Make(true) // of an empty object nothing would be sent
	}
	return v, ok && p.CanCarry(v) && !(p.In == "path" && p.Text(v) == "")
}

// CanCarry reports whether OpenAPI says how the style of the parameter writes a value:
// no style has lists or objects within others.
func (p *Parameter) CanCarry(v any) bool {
	switch v := v.(type) {
	case []any:
		return p.asJSON || !slices.ContainsFunc(v, func(item any) bool { return !isScalar(item) })
	case schema.Object:
		return p.asJSON || !slices.ContainsFunc(v, func(m schema.Member) bool { return !isScalar(m.Value) })
	}
	return true
}

// SimpleSegment writes a value of a path parameter as if its style were "simple".
func (p *Parameter) SimpleSegment(v any) string { return p.joined(v, ",", url.PathEscape) }

// PathSegment returns a value of a path parameter, escaped.
func (p *Parameter) PathSegment(v any) string {
	switch p.style {
	case "label":
		separator := ","
		if p.explode {
			separator = "."
		}
		return "." + p.joined(v, separator, url.PathEscape)
	case "matrix":
		items, isList := v.([]any)
		if isList && p.explode {
			var b strings.Builder
			for _, item := range items {
				b.WriteString(";" + p.Name + "=" + url.PathEscape(scalarText(item)))
			}
			return b.String()
		}
		if _, isObject := v.(schema.Object); isObject && p.explode {
			return ";" + p.joined(v, ";", url.PathEscape)
		}
		return ";" + p.Name + "=" + p.joined(v, ",", url.PathEscape)
	}
	return p.joined(v, ",", url.PathEscape)
}

// Text returns a value of a header or cookie parameter.
func (p *Parameter) Text(v any) string {
	return p.joined(v, ",", func(s string) string { return s })
}

// QueryPairs returns a value of a query parameter as name=value pairs.
func (p *Parameter) QueryPairs(v any) []string {
	name := url.QueryEscape(p.Name)
	separator := map[string]string{"spaceDelimited": "%20", "pipeDelimited": "|"}[p.style]
	if separator == "" {
		separator = ","
	}
	members, isObject := v.(schema.Object)
	items, isList := v.([]any)
	var out []string
	switch {
	case p.asJSON:
	case isObject && p.style == "deepObject":
		for _, m := range members {
			out = append(out, name+"["+url.QueryEscape(m.Name)+"]="+url.QueryEscape(scalarText(m.Value)))
		}
		return out
	case isObject && p.explode:
		for _, m := range members {
			out = append(out, url.QueryEscape(m.Name)+"="+url.QueryEscape(scalarText(m.Value)))
		}
		return out
	case isList && p.explode:
		for _, item := range items {
			out = append(out, name+"="+url.QueryEscape(scalarText(item)))
		}
		return out
	}
	return []string{name + "=" + p.joined(v, separator, url.QueryEscape)}
}

// joined writes a value as one text, the parts of a list or an object one
// behind the other.
func (p *Parameter) joined(v any, separator string, escape func(string) string) string {
	if p.asJSON {
		return escape(string(schema.Encode(v)))
	}
	var parts []string
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			parts = append(parts, escape(scalarText(item)))
		}
	case schema.Object:
		for _, m := range v {
			if p.explode {
				parts = append(parts, escape(m.Name)+"="+escape(scalarText(m.Value)))
			} else {
				parts = append(parts, escape(m.Name), escape(scalarText(m.Value)))
			}
		}
	default:
		return escape(scalarText(v))
	}
	return strings.Join(parts, separator)
}

func scalarText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return ""
	}
	return string(schema.Encode(v))
}
