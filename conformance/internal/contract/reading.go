package contract

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"nox.energy/contract/conformance/internal/schema"
)

// Sent is what a request says beside its body, as it is sent.
type Sent struct {
	Variables map[string]string // of the path, as [Operation.Variables] finds them
	Query     string
	Header    http.Header
	Taken     []string // the names of other parameters in the query
}

// Variables takes the variables out of a path that matches the operation's, each
// still percent-encoded. ok is false if it does not match.
func (op *Operation) Variables(path string) (values map[string]string, ok bool) {
	var pattern strings.Builder
	var names []string
	rest := op.Path
	for {
		literal, after, more := strings.Cut(rest, "{")
		pattern.WriteString(regexp.QuoteMeta(inOneSpelling(literal)))
		if !more {
			break
		}
		name, behind, _ := strings.Cut(after, "}")
		names, rest = append(names, name), behind
		pattern.WriteString("([^/]+)")
	}
	found := regexp.MustCompile("^" + pattern.String() + "$").FindStringSubmatch(inOneSpelling(path))
	if found == nil {
		return nil, false
	}
	values = map[string]string{}
	for i, name := range names {
		values[name] = found[i+1]
	}
	return values, true
}

// inOneSpelling encodes the same characters of a path whichever it has encoded (RFC
// 3986, section 6.2.2).
func inOneSpelling(path string) string {
	return betweenSeparators.ReplaceAllStringFunc(path, func(s string) string {
		if plain, err := url.PathUnescape(s); err == nil {
			return url.PathEscape(plain)
		}
		return s
	})
}

// betweenSeparators are the parts of a path between the characters that part it, or a
// list within it, unless they are encoded.
var betweenSeparators = regexp.MustCompile("[^/,]+")

// Read returns what a server may read a parameter of a request as, by the types that
// its schema has: a text "5" is a number to one schema and a string to another.
// There is nothing if the request does not have it. A path is read in the style
// "simple".
func (p *Parameter) Read(r Sent) []any {
	switch p.In {
	case "path":
		if raw, ok := r.Variables[p.Name]; ok {
			return p.readings(raw, ",", unescaper(url.PathUnescape))
		}
	case "header":
		if values := r.Header.Values(p.Name); len(values) > 0 {
			return p.HeaderReadings(strings.Join(values, ","))
		}
	case "cookie":
		for _, pair := range strings.Split(strings.Join(r.Header.Values("Cookie"), ";"), ";") {
			if name, raw, _ := strings.Cut(strings.TrimSpace(pair), "="); name == p.Name {
				return p.HeaderReadings(unescaper(url.QueryUnescape)(raw)) // the commas of a list are escaped as well
			}
		}
	case "query":
		return p.readQuery(r.Query, r.Taken)
	}
	return nil
}

// HeaderReadings returns what the value of a header may be read as.
func (p *Parameter) HeaderReadings(value string) []any {
	return p.readings(value, ",", strings.TrimSpace)
}

// unescaper takes what cannot be decoded as it is.
func unescaper(decode func(string) (string, error)) func(string) string {
	return func(raw string) string {
		if plain, err := decode(raw); err == nil {
			return plain
		}
		return raw
	}
}

// readQuery reads a parameter in the style that it has in a query (OpenAPI 3.0.3,
// "Style Examples").
func (p *Parameter) readQuery(query string, taken []string) []any {
	unescape := unescaper(url.QueryUnescape)
	var raws []string
	var members schema.Object
	deep := bracketed{}
	for _, pair := range strings.Split(query, "&") {
		rawName, raw, _ := strings.Cut(pair, "=")
		name := unescape(rawName)
		if outer, _, isDeep := strings.Cut(name, "["); p.style == "deepObject" && isDeep && outer == p.Name {
			deep.add(name, unescape(raw))
		} else if name == p.Name {
			raws = append(raws, raw)
		} else if p.style == "form" && p.explode && (p.Schema.Property(name) != nil || p.Schema.Additional != nil && !slices.Contains(taken, name)) {
			members = append(members, schema.Member{Name: name, Value: unescape(raw)})
		}
	}
	if within, ok := deep[p.Name].(bracketed); ok {
		for name, v := range within {
			if _, isText := v.(string); isText {
				members = append(members, schema.Member{Name: name, Value: v})
			}
		}
		out := []any{read(within, p.Schema)}
		if len(members) == len(within) {
			out = append(out, p.objects(members)...)
		}
		return out
	}
	switch {
	case members != nil:
		return p.objects(members)
	case raws == nil, p.style == "deepObject": // whose members are named one by one
		return nil
	case p.explode && !p.asJSON && (len(raws) > 1 && p.Schema.AcceptsType("array") || p.Schema.HasType("array")): // else the first counts
		for i := range raws {
			raws[i] = unescape(raws[i])
		}
		return p.lists(raws)
	}
	separator := map[string]string{"spaceDelimited": " ", "pipeDelimited": "|"}[p.style]
	raw := raws[0]
	switch separator {
	case "":
		separator = ","
	case " ":
		raw = strings.NewReplacer("%20", " ", "+", " ").Replace(raw)
	case "|":
		raw = strings.NewReplacer("%7C", "|", "%7c", "|").Replace(raw)
	}
	return p.readings(raw, separator, unescape)
}

// readings reads one text. separator stands between the items of a list, or the
// names and values of an object.
func (p *Parameter) readings(raw, separator string, unescape func(string) string) []any {
	text := unescape(raw)
	if p.asJSON {
		if v, err := schema.Parse([]byte(text)); err == nil {
			return []any{v}
		}
		return []any{text}
	}
	out := []any{meant(text, p.Schema), literally(text), text}
	var parts []string
	if raw != "" {
		for _, part := range strings.Split(raw, separator) {
			parts = append(parts, unescape(part))
		}
	}
	if p.Schema.AcceptsType("array") {
		out = append(out, p.lists(parts)...)
		if decoded := strings.Split(text, separator); len(decoded) > len(parts) && raw != "" { // as servers read it that decode first
			out = append(out, p.lists(decoded)...)
		}
	}
	if p.Schema.AcceptsType("object") {
		var members schema.Object
		for i := 0; i < len(parts); i++ {
			name, value, exploded := strings.Cut(parts[i], "=")
			if !p.explode || !exploded && p.In == "path" { // which is read in the style "simple"
				if name, value = parts[i], ""; i+1 < len(parts) {
					i++
					value = parts[i]
				}
			}
			members = append(members, schema.Member{Name: name, Value: value})
		}
		out = append(out, p.objects(members)...)
	}
	return out
}

// literally reads a number, a truth value or null, and any other text as it is.
func literally(text string) any {
	switch {
	case text == "true", text == "false":
		return text == "true"
	case text == "null", text == "":
		return nil
	}
	if n, ok := number(text); ok {
		return n
	}
	return text
}

// number reads a number as most servers read one in a header or a query: with a sign
// or zeros in front, within the range of a float64.
func number(text string) (schema.Literal, bool) {
	f, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || strings.ContainsAny(text, "xXiInN_pP"):
		return "", false
	case schema.JSONNumber.MatchString(text):
		return schema.Literal(text), true
	}
	return schema.Literal(strconv.FormatFloat(f, 'g', -1, 64)), true
}

func (p *Parameter) lists(texts []string) []any {
	items := p.Schema.Items
	if items == nil {
		items = &schema.Schema{}
	}
	byPlace := func(i int) *schema.Schema {
		if i < len(p.Schema.Prefix) {
			return p.Schema.Prefix[i]
		}
		return items
	}
	readings := [3][]any{{}, {}, {}}
	for i, text := range texts {
		readings[0] = append(readings[0], meant(text, byPlace(i)))
		readings[1] = append(readings[1], literally(text))
		readings[2] = append(readings[2], text)
	}
	return []any{readings[0], readings[1], readings[2]}
}

func (p *Parameter) objects(texts schema.Object) []any {
	readings := [3]schema.Object{{}, {}, {}}
	for _, m := range texts {
		text, _ := m.Value.(string)
		for i, v := range []any{meant(text, partSchema{p.Schema}.propertySchema(m.Name)), literally(text), text} {
			readings[i] = append(readings[i], schema.Member{Name: m.Name, Value: v})
		}
	}
	return []any{readings[0], readings[1], readings[2]}
}
