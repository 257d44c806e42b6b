package contract_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/spec"
)

// TestReadWhatWasWritten writes values as each style does and reads them back: among
// the readings is the value.
func TestReadWhatWasWritten(t *testing.T) {
	t.Parallel()
	const object = `{type: object, properties: {a: {type: integer}, b: {type: string}}}`
	const list = `{type: array, items: {type: %s}}`
	integers, texts := fmt.Sprintf(list, "integer"), fmt.Sprintf(list, "string")
	values := map[string][]string{
		`{type: string}`:  {`"plain"`, `"5"`, `"true"`, `"a b"`, `"a/b"`, `"a,b&c=d;e"`, `"ö€😀"`, `"100%"`, `"+"`, `"[x]"`},
		`{type: integer}`: {`5`, `-7`, `0`},
		`{type: number}`:  {`1.5`, `-0.25`, `1e3`},
		`{type: boolean}`: {`true`, `false`},
		`{anyOf: [{type: integer}, {type: string}]}`: {`5`, `"five"`},
		`{}`:     {`"text"`, `5`, `true`},
		integers: {`[1]`, `[1,2,3]`},
		texts:    {`["a"]`, `["a","b c","5"]`},
		object:   {`{"a":1,"b":"x"}`, `{"b":"5"}`},
	}
	styles := map[string][]string{
		"path": {"simple", "label", "matrix"}, "query": {"form", "spaceDelimited", "pipeDelimited", "deepObject"}, "header": {"simple"}, "cookie": {"form"},
	}
	tried := 0
	for in, all := range styles {
		for _, style := range all {
			for _, explode := range []bool{false, true} {
				for text, wanted := range values {
					p := parameterOf(t, in, style, explode, text)
					for _, want := range wanted {
						v, err := schema.Parse([]byte(want))
						if err != nil {
							t.Fatal(err)
						}
						sent, ok := written(p, style, explode, v)
						if !ok {
							continue
						}
						tried++
						if got := p.Read(sent); !slices.ContainsFunc(got, func(g any) bool { return schema.Equal(g, v) }) {
							t.Errorf("%s in a %s, style %s, explode %t: %s is read as %v from %v", text, in, style, explode, want, got, sent)
						}
					}
				}
			}
		}
	}
	if tried < 200 {
		t.Errorf("only %d values were written", tried)
	}
}

// written is a request that carries a value. ok is false where OpenAPI says nothing
// of the style for such a value, or where the style cannot tell it from another.
func written(p contract.Parameter, style string, explode bool, v any) (s contract.Sent, ok bool) {
	_, isObject := v.(schema.Object)
	_, isList := v.([]any)
	switch {
	case style == "deepObject" && !(isObject && explode), isObject && strings.HasSuffix(style, "Delimited"), isList && style == "spaceDelimited" && strings.Contains(p.Text(v), " "),
		isList && explode && strings.HasSuffix(style, "Delimited"):
		return s, false
	case p.In == "query":
		s.Query = strings.Join(p.QueryPairs(v), "&")
	case p.In == "path":
		s.Variables = map[string]string{p.Name: p.SimpleSegment(v)}
	case p.In == "header":
		s.Header = http.Header{"P": {p.Text(v)}}
	default:
		s.Header = http.Header{"Cookie": {"other=1; p=" + url.QueryEscape(p.Text(v))}}
	}
	text := p.Text(v)
	return s, p.In != "cookie" || !isObject || !explode && text != ""
}

func parameterOf(t *testing.T, in, style string, explode bool, schemaText string) contract.Parameter {
	t.Helper()
	path := "/things"
	if in == "path" {
		path += "/{p}"
	}
	doc, err := spec.Parse("test", fmt.Appendf(nil, `
openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  %s:
    get:
      parameters: [{name: p, in: %s, required: true, style: %s, explode: %t, schema: %s}]
      responses: {"200": {description: ok}}
`, path, in, style, explode, schemaText))
	if err != nil {
		t.Fatal(err)
	}
	c, err := contract.Read(doc)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Operations[0].Parameters) == 0 {
		return contract.Parameter{In: "none"} // a style that the schema cannot have
	}
	return c.Operations[0].Parameters[0]
}

func TestVariables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ template, path, want string }{
		{"/a/{x}", "/a/5", "map[x:5]"},
		{"/a/{x}", "/a/b%2Fc", "map[x:b%2Fc]"},
		{"/a/{x}", "/%61/5", "map[x:5]"},
		{"/a-b", "/a%2Db", "map[]"},
		{"/a/{x}", "/a/", "no match"},
		{"/a/{x}", "/a/5/", "no match"},
		{"/a/{x}", "/a/5/6", "no match"},
		{"/a/{x}.json", "/a/5.json", "map[x:5]"},
		{"/a/{x}.json", "/a/5xjson", "no match"},
		{"/{x}-{y}/z", "/1-2/z", "map[x:1 y:2]"},
		{"/a", "/A", "no match"},
	} {
		op := &contract.Operation{Operation: spec.Operation{Path: c.template}}
		got := "no match"
		if values, ok := op.Variables(c.path); ok {
			got = fmt.Sprint(values)
		}
		if got != c.want {
			t.Errorf("%s in %s: %s, want %s", c.path, c.template, got, c.want)
		}
	}
}

// TestNestedParameters writes and reads values within values, which deepObject has and
// no other style.
func TestNestedParameters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ style, schema, want string }{
		{"deepObject", "{type: object, required: [a], properties: {a: {type: integer}, b: {type: array}}}", "p[a]=1"},
		{"deepObject", "{type: object, required: [a], properties: {a: {type: array, minItems: 2, items: {type: integer}}}}", "p[a][0]=1&p[a][1]=2"},
		{"deepObject", "{type: object, required: [a], properties: {a: {type: array, items: {type: object, required: [b], properties: {b: {type: boolean}}}}}}", "p[a][0][b]=true"},
		{"deepObject", "{type: object, required: [a], properties: {a: {type: object, required: [b], properties: {b: {}}}}}", "p[a][b]=sample"},
		{"deepObject", "{type: object, required: [a], properties: {a: {anyOf: [{type: array, items: {type: integer}}, {type: string, enum: ['']}]}}}", "p[a][0]=1"},
		{"deepObject", "{type: object, required: [a], properties: {a: {type: object}}}", ""},
		{"deepObject", "{type: object, required: [a], properties: {a: {type: integer}}, example: {a: 1, b: [2]}}", "p[a]=1&p[b][0]=2"},
		{"form", "{type: object, required: [a], properties: {a: {type: array, items: {type: integer}}}}", ""},
	} {
		p := parameterOf(t, "query", c.style, true, c.schema)
		v, ok := p.Minimal()
		got := ""
		if ok {
			got = strings.Join(p.QueryPairs(v), "&")
		}
		if got != c.want {
			t.Errorf("%s: wrote %q, want %q", c.schema, got, c.want)
		}
		if ok && !p.Schema.Fits(p.Read(contract.Sent{Query: got})[0]) {
			t.Errorf("%s: %s was read as %v", c.schema, got, p.Read(contract.Sent{Query: got})[0])
		}
	}
}

// TestStyles writes the values of the table of styles (OpenAPI 3.0.3, "Style Examples").
func TestStyles(t *testing.T) {
	t.Parallel()
	const list, object = `["blue","black","brown"]`, `{"R":100,"G":200,"B":150}`
	for _, c := range []struct {
		in, style    string
		explode      bool
		value, write string
	}{
		{"path", "matrix", false, `"blue"`, ";p=blue"},
		{"path", "matrix", false, list, ";p=blue,black,brown"},
		{"path", "matrix", true, list, ";p=blue;p=black;p=brown"},
		{"path", "matrix", false, object, ";p=R,100,G,200,B,150"},
		{"path", "matrix", true, object, ";R=100;G=200;B=150"},
		{"path", "label", false, `"blue"`, ".blue"},
		{"path", "label", false, list, ".blue,black,brown"}, // as RFC 6570 has it
		{"path", "label", true, list, ".blue.black.brown"},
		{"path", "label", false, object, ".R,100,G,200,B,150"},
		{"path", "label", true, object, ".R=100.G=200.B=150"},
		{"path", "simple", false, list, "blue,black,brown"},
		{"path", "simple", true, object, "R=100,G=200,B=150"},
		{"query", "form", true, list, "p=blue&p=black&p=brown"},
		{"query", "form", false, list, "p=blue,black,brown"},
		{"query", "form", true, object, "R=100&G=200&B=150"},
		{"query", "form", false, object, "p=R,100,G,200,B,150"},
		{"query", "spaceDelimited", false, list, "p=blue%20black%20brown"},
		{"query", "pipeDelimited", false, list, "p=blue%7Cblack%7Cbrown"},
		{"query", "deepObject", true, object, "p[R]=100&p[G]=200&p[B]=150"},
	} {
		v, err := schema.Parse([]byte(c.value))
		if err != nil {
			t.Fatal(err)
		}
		p := parameterOf(t, c.in, c.style, c.explode, "{}")
		got := p.PathSegment(v)
		if c.in == "query" {
			got = strings.Join(p.QueryPairs(v), "&")
		}
		if got != c.write {
			t.Errorf("%s in a %s, style %s, explode %t: %s, want %s", c.value, c.in, c.style, c.explode, got, c.write)
		}
	}
}

// TestSources finds where an operation's path comes from by the shape of what creates it.
func TestSources(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, variable, created, want string }{
		{"/things", "thing_id", "{id: {type: string}}", "/id"},
		{"/things", "thingId", "{thing: {type: object, properties: {id: {type: string}}}}", "/thing/id"},
		{"/categories", "id", "{owner: {type: object, properties: {id: {type: string}}}, category: {type: object, properties: {id: {type: string}}}}", "/category/id"},
		{"/things", "thingUuid", "{data: {type: object, properties: {uuid: {type: string}}}}", "/data/uuid"},
		{"/tokens", "tokenName", "{id: {type: string}, name: {type: string}}", "/name"},
		{"/things", "id", "{owner: {type: object, properties: {id: {type: string}}}}", ""},
		{"/things", "thing", "{id: {type: string}}", "/id"},
		{"/things", "owner", "{id: {type: string}}", ""},
	} {
		doc, err := spec.Parse("test", fmt.Appendf(nil, `
openapi: 3.0.3
info: {title: t, version: "1"}
paths:
  %[1]s:
    post: {responses: {"201": {description: ok, content: {application/json: {schema: {type: object, properties: %[3]s}}}}}}
  %[1]s/{%[2]s}:
    delete:
      parameters: [{name: %[2]s, in: path, required: true, schema: {type: string}}]
      responses: {"204": {description: ok}}
`, c.path, c.variable, c.created))
		if err != nil {
			t.Fatal(err)
		}
		read, err := contract.Read(doc)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if s := read.Operations[1].Source; s.Creates() {
			got = strings.TrimPrefix(s.Values[0], "$response.body#")
		}
		if got != c.want {
			t.Errorf("%s/{%s} of %s: %q, want %q", c.path, c.variable, c.created, got, c.want)
		}
	}
}
