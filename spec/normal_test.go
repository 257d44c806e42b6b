package spec_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"nox.energy/contract/spec"
)

// with is a document with one operation, whose fields are given, and components.
func with(version, operation, components string) string {
	return "openapi: " + version + "\ninfo: {title: t, version: 1.10}\npaths:\n  /a/{id}:\n    post: {" + operation + "}\n" + components
}

const anyResponse = "responses: {200: {description: d}}"

// body is an operation with a request body of a schema.
func body(schema string) string {
	return "requestBody: {content: {application/json: {schema: " + schema + "}}}, " + anyResponse
}

// What two libraries would read in two ways, or not at all, is one thing in the
// normal form, and the author is told.
func TestNormal(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		has   string // the normal form
		not   string
		warns string
	}{
		"an unquoted status":           {with("3.0.3", anyResponse, ""), `"200":{`, "", "written in quotes"},
		"a version that is no string":  {with("3.0.3", anyResponse, ""), `"version":"1.10"`, "", ""},
		"no server":                    {with("3.0.3", anyResponse, ""), `"servers":[{"url":"/"}]`, "", "names no server"},
		"no response":                  {with("3.1.0", "summary: s", ""), `"default":{"description":""}`, "", "documents no response"},
		"OpenAPI 3.2":                  {with("3.2.0", anyResponse, ""), `"openapi":"3.1.0"`, "", "read as 3.1"},
		"a variable without parameter": {with("3.0.3", anyResponse, ""), `"name":"id"`, "", "no parameter declares {id}"},
		"siblings of $ref in 3.0": {with("3.0.3", body("{$ref: '#/components/schemas/Q', maxLength: 3}"), "components: {schemas: {Q: {type: string}}}"),
			`"schema":{"$ref":"#/components/schemas/Q"}`, "maxLength", "ignored in OpenAPI 3.0"},
		"siblings of $ref in 3.1": {with("3.1.0", body("{$ref: '#/components/schemas/Q', maxLength: 3}"), "components: {schemas: {Q: {type: string}}}"),
			`"schema":{"maxLength":3,` + "\n" + `"allOf":[{"$ref":"#/components/schemas/Q"}]}`, "", ""},
		"a percent-encoded reference": {with("3.0.3", body("{$ref: '#/components/schemas/Page%20of%20Things'}"), "components: {schemas: {'Page of Things': {type: string}}}"),
			`{"$ref":"#/components/schemas/Page_of_Things"}`, "%20", ""},
		"a reference to a place that is no component": {with("3.0.3", body("{$ref: '#/x-common/1'}"), "x-common: [{}, {type: boolean}]"), `{"type":"boolean"}`, "x-common/", ""},
		"an $anchor":                            {with("3.1.0", body("{$ref: '#thing'}"), "components: {schemas: {Q: {$anchor: thing, type: integer}}}"), `{"type":"integer"}`, "anchor", ""},
		"a $ref as data":                        {with("3.0.3", body("{type: object, example: {$ref: hello}}"), ""), `"example":{"$ref":"hello"}`, "", ""},
		"an unused fault":                       {with("3.0.3", anyResponse, "components: {schemas: {Q: {$ref: '#/nowhere'}}}"), "", "nowhere", ""},
		"a yes that is text":                    {with("3.0.3", body("{type: string, enum: [yes, no, on, 2026-01-02, 12:30, 0o17, 1_000, 017]}"), ""), `["yes","no","on","2026-01-02","12:30",15,"1_000",17]`, "", ""},
		"null in a list of types":               {with("3.1.0", body("{type: [string, null]}"), ""), `"type":["string","null"]`, "", "in quotes"},
		"an exclusive limit of 3.1 in 3.0":      {with("3.0.3", body("{type: integer, exclusiveMinimum: 3}"), ""), `"minimum":3,` + "\n" + `"exclusiveMinimum":true`, "", "read as a limit of its own"},
		"an exclusive limit of 3.0 in 3.1":      {with("3.1.0", body("{type: integer, minimum: 3, exclusiveMinimum: true}"), ""), `"exclusiveMinimum":3`, `"minimum":3`, "read as exclusive"},
		"a text as a number":                    {with("3.0.3", body("{type: string, maxLength: '10'}"), ""), `"maxLength":10`, "", "is a text"},
		"a required of draft 3":                 {with("3.0.3", body("{type: string, required: true}"), ""), "", `"required":true,` + "\n" + `"type"`, "required is left out"},
		"PHP's empty list":                      {with("3.0.3", body("{type: object, properties: []}"), ""), `"properties":{}`, "", ""},
		"a header of the protocol":              {with("3.0.3", "parameters: [{name: authorization, in: header, required: true, schema: {type: string}}], "+anyResponse, ""), "", "authorization", "is ignored"},
		"an ECMA pattern":                       {with("3.0.3", body("{type: string, pattern: '^(?!00)[0-9]{4}$'}"), ""), `(?!00)`, "", ""},
		"a pattern of nobody":                   {with("3.0.3", body("{type: string, pattern: '('}"), ""), "", `"pattern"`, "cannot be read"},
		"an empty enum":                         {with("3.0.3", body("{type: string, enum: []}"), ""), `"schema":{"type":"string"}`, "", "no value fits; it is not judged"},
		"an empty enum of what may be left out": {with("3.0.3", body("{type: object, properties: {a: {enum: []}}}"), ""), `"not":{}`, "not judged", "no value fits"},
		"content of a 204":                      {with("3.0.3", "responses: {'204': {description: d, content: {application/json: {schema: {type: object}}}}}", ""), `"204":{"description":"d"}`, "", "has no content"},
		"a media type as people write it":       {with("3.0.3", "requestBody: {content: {'Application/JSON; charset=utf-8': {}}}, "+anyResponse, ""), `"content":{"application/json":{}}`, "", ""},
		"a parameter of Swagger 2":              {with("3.0.3", "parameters: [{name: q, in: query, type: integer, maximum: 3}], "+anyResponse, ""), `"schema":{"type":"integer",` + "\n" + `"maximum":3}`, "", "no field of a parameter"},
		"a name twice in JSON":                  {`{"openapi":"3.0.3","info":{"title":"a","title":"b","version":"1"},"paths":{"/a":{"get":{"responses":{}}}}}`, `"title":"b"`, "", "stands twice"},
		"a name twice in YAML":                  {"openapi: 3.0.3\ninfo: {title: a, title: b, version: '1'}\npaths: {/a: {get: {responses: {}}}}\n", `"title":"b"`, "", "stands twice"},
		"a surrogate pair":                      {`{"openapi":"3.0.3","info":{"title":"\ud83d\ude00","version":"1"},"paths":{"/a":{"get":{"responses":{}}}}}`, "😀", "", ""},
		"a directive":                           {"%YAML 1.1\n---\n" + with("3.0.3", anyResponse, ""), `"openapi":"3.0.3"`, "", ""},
		"a directive of YAML 1.2":               {"%YAML 1.2\n---\n" + with("3.0.3", anyResponse, ""), `"openapi":"3.0.3"`, "", ""},
		"a first document that is empty":        {"---\n# none\n---\n" + with("3.0.3", anyResponse, ""), `"openapi":"3.0.3"`, "", ""},
		"several documents":                     {with("3.0.3", anyResponse, "") + "---\na: b\n", `"openapi":"3.0.3"`, "", "further YAML documents"},
		"an end of a document":                  {with("3.0.3", anyResponse, "") + "...\n---\n", `"openapi":"3.0.3"`, "", ""},
		"infinity and no number":                {with("3.1.0", body("{examples: [.inf, -.INF, .NaN, 1]}"), ""), `"post":{`, "INF", "beyond what most readers keep"},
		"infinity as a limit":                   {with("3.0.3", body("{type: number, maximum: .inf}"), ""), `"type":"number"`, "maximum", "a number expected"},
		"tags":                                  {with("3.1.0", body("{enum: [!!str 5, !!int '5', !!float 5, !!str true, !own 6]}"), ""), `["5",5,5,"true",6]`, "", ""},
		"CRLF":                                  {strings.ReplaceAll(with("3.0.3", anyResponse, ""), "\n", "\r\n"), `"version":"1.10"`, "", ""},
		"a branch twice":                        {with("3.0.3", body("{oneOf: [{type: string}, {type: string}]}"), ""), `"oneOf":[{"type":"string"}]`, "", "no value fits exactly one"},
		"a branch twice, with two examples": {with("3.0.3", body("{oneOf: [{$ref: '#/components/schemas/A'}, {type: object, properties: {id: {type: string, example: b}}}]}"), "components: {schemas: {A: {type: object, description: one, properties: {id: {type: string, example: a}}}}}"),
			`"oneOf":[{"$ref":"#/components/schemas/A"}]`, "", "no value fits exactly one"},
		"properties that are called as annotations": {with("3.0.3", body("{oneOf: [{type: object, properties: {title: {type: string}}}, {type: object, properties: {title: {type: integer}}}]}"), ""), `{"title":{"type":"integer"}}`, "", ""},
		"branches alike with a discriminator": {with("3.0.3", body("{discriminator: {propertyName: k}, oneOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/B'}]}"), "components: {schemas: {A: {type: object}, B: {type: object}}}"),
			`"oneOf":[{"$ref":"#/components/schemas/A"},{"$ref":"#/components/schemas/B"}]`, "", ""},
		"nullable beside a reference":          {with("3.0.3", body("{nullable: true, oneOf: [{type: string}]}"), ""), `"allOf":[{"oneOf":[{"type":"string"}]}],` + "\n" + `"nullable":true`, "", "takes no null"},
		"a reference of an example to nowhere": {with("3.0.3", "responses: {200: {description: d, content: {application/json: {examples: {a: {$ref: '#/components/examples/A'}}}}}}", ""), `"examples":{}`, "", "\"#/components/examples/A\" leads nowhere; the example is left out"},
		"a reference of a link to nowhere":     {with("3.0.3", "responses: {200: {description: d, links: {a: {$ref: '#/components/links/A'}}}}", ""), `"links":{}`, "", "leads nowhere; the link is left out"},
		"bytes of Latin-1":                     {strings.Replace(with("3.0.3", anyResponse, ""), "title: t", "title: \xe4", 1), "", "", "c.yaml:2: not YAML or JSON: this line is not text in UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := spec.Parse("c.yaml", []byte(c.text))
			if err != nil {
				if c.warns == "" || !strings.Contains(err.Error(), c.warns) {
					t.Fatal(err)
				}
				return
			}
			normal := string(d.Normal())
			if !json.Valid(d.Normal()) {
				t.Fatalf("not JSON: %s", normal)
			}
			if !strings.Contains(normal, c.has) {
				t.Errorf("want %s in\n%s", c.has, normal)
			}
			if c.not != "" && strings.Contains(normal, c.not) {
				t.Errorf("want no %s in\n%s", c.not, normal)
			}
			if warnings := fmt.Sprint(d.Warnings()); !strings.Contains(warnings, c.warns) {
				t.Errorf("want a warning %q, got %s", c.warns, warnings)
			}
		})
	}
}

// YAML and JSON that say the same are read as the same.
func TestMergeKeys(t *testing.T) {
	text := "openapi: 3.0.3\ninfo: {title: t, version: '1'}\nx-errors: &errors\n  '400': {description: bad}\n  '401': {description: key}\npaths:\n  /a:\n    get:\n      responses:\n        <<: *errors\n        '401': {description: mine}\n        '200': {description: ok}\n"
	d, err := spec.Parse("c.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(d.Operations()[0].Statuses, " "); got != "400 401 200" {
		t.Errorf("statuses %q", got)
	}
	if c, err := d.Clause("/paths/~1a/get/responses/401/description"); err != nil || c.Line != 11 || c.Quote != "description: mine" {
		t.Errorf("%+v %v", c, err)
	}
}

func TestServersOfPaths(t *testing.T) {
	d, err := spec.Parse("c.yaml", []byte("openapi: 3.0.3\ninfo: {title: t, version: '1'}\nservers: [{url: 'https://{region}.example.com/v2', variables: {region: {enum: [eu, us]}}}]\npaths:\n  /a: {servers: [{url: 'https://files.example.com/v3'}], get: {responses: {200: {description: d}}}}\n  /b: {get: {responses: {200: {description: d}}}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if ops := d.Operations(); ops[0].Server != "https://files.example.com/v3" || ops[1].Server != "" || d.Servers()[0] != "https://eu.example.com/v2" {
		t.Errorf("%+v %q", ops, d.Servers())
	}
}

// Patterns mean what ECMA 262 says.
func TestCompilePattern(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		matches       bool
	}{
		{"^a$", "a\n", false}, {"^(?!00)[0-9]{4}$", "0012", false}, {"^(?!00)[0-9]{4}$", "1200", true}, {"^(?!00)[0-9]{4}$", "1200\n", false},
		{`^(a|b)\1$`, "aa", true}, {`^(a|b)\1$`, "ab", false}, {`^\u0041$`, "A", true}, {`^\d$`, "٣", false}, {`^(?=.)\d$`, "٣", false},
		{`^\p{L}+$`, "é", true}, {`^(?<y>\d{4})$`, "2026", true}, {`^(?=x*)(x+x+)+y$`, strings.Repeat("x", 40), true},
	} {
		p, err := spec.CompilePattern(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if p.MatchString(c.text) != c.matches {
			t.Errorf("%s and %q: %v", c.pattern, c.text, !c.matches)
		}
	}
}
