package contract

import (
	"net/url"
	"slices"
	"strconv"
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
	Twin       string // where the operation declares it once more, "" where it does not

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

// CanCarry reports whether it is known how the style of the parameter writes a value:
// no style has lists or objects within others, but brackets for them are what users of
// deepObject mean.
func (p *Parameter) CanCarry(v any) bool {
	if p.style == "label" && p.explode && strings.Contains(p.Text(v), ".") {
		return false // which parts the items
	}
	switch v := v.(type) {
	case []any:
		return p.asJSON || !slices.ContainsFunc(v, func(item any) bool { return !isScalar(item) })
	case schema.Object:
		return p.asJSON || p.style == "deepObject" && fillsBrackets(v) || !slices.ContainsFunc(v, func(m schema.Member) bool { return !isScalar(m.Value) })
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

// CookiePairs returns a value of a cookie parameter as name=value pairs. Commas stay,
// as the style says, for who reads them splits there first.
func (p *Parameter) CookiePairs(v any) []string {
	if _, isText := v.(string); isText || p.asJSON {
		return []string{p.Name + "=" + url.PathEscape(p.Text(v))}
	}
	return p.QueryPairs(v)
}

// QueryPairs returns a value of a query parameter as name=value pairs.
func (p *Parameter) QueryPairs(v any) []string {
	name := queryEscape(p.Name)
	separator := map[string]string{"spaceDelimited": "%20", "pipeDelimited": "%7C"}[p.style]
	if separator == "" {
		separator = ","
	}
	members, isObject := v.(schema.Object)
	items, isList := v.([]any)
	var out []string
	switch {
	case p.asJSON:
	case (isObject || isList) && p.style == "deepObject":
		return inBrackets(name, v)
	case isObject && p.explode:
		for _, m := range members {
			out = append(out, queryEscape(m.Name)+"="+queryEscape(scalarText(m.Value)))
		}
		return out
	case isList && p.explode:
		for _, item := range items {
			out = append(out, name+"="+queryEscape(scalarText(item)))
		}
		return out
	}
	return []string{name + "=" + p.joined(v, separator, queryEscape)}
}

// inBrackets writes a value as name=value pairs, with the way to each part in brackets
// behind the name: a[b][0]=1.
func inBrackets(name string, v any) (out []string) {
	switch v := v.(type) {
	case schema.Object:
		for _, m := range v {
			out = append(out, inBrackets(name+"["+queryEscape(m.Name)+"]", m.Value)...)
		}
	case []any:
		for i, item := range v {
			out = append(out, inBrackets(name+"["+strconv.Itoa(i)+"]", item)...)
		}
	default:
		out = []string{name + "=" + queryEscape(scalarText(v))}
	}
	return out
}

// queryEscape encodes a text for a query, a space as %20: only readers of forms take a
// plus for one.
func queryEscape(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

// fillsBrackets reports whether each part of a value leaves something in brackets: an
// empty list or object, and null, do not.
func fillsBrackets(v any) bool {
	switch v := v.(type) {
	case schema.Object:
		return len(v) > 0 && !slices.ContainsFunc(v, func(m schema.Member) bool { return !fillsBrackets(m.Value) })
	case []any:
		return len(v) > 0 && !slices.ContainsFunc(v, func(item any) bool { return !fillsBrackets(item) })
	}
	return v != nil
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
