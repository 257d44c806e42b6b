package mock_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/mocktest"
)

// shop is a contract of another shape: parameters, other security schemes,
// other error bodies, formats, limits, patterns, no state.
const shop = `
openapi: 3.0.3
info: {title: Shop, version: "1"}
servers: [{url: "https://shop.example/{v}", variables: {v: {default: api}}}]
security: [{query: []}]
paths:
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer, minimum: 10}}]
    get:
      operationId: getOrder
      parameters:
        - {name: expand, in: query, schema: {type: string, enum: [items, buyer]}}
        - {name: X-Trace, in: header, required: true, schema: {type: string, pattern: '^[0-9a-f]{8}-x+$'}}
      responses:
        '200':
          description: ok
          headers: {X-Page: {required: true, schema: {type: integer, minimum: 3}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}
        '404': {description: none, content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}}
        default: {description: other, content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}}
    delete:
      operationId: deleteOrder
      security: [{bearer: []}]
      responses: {'204': {description: gone}}
  /orders/special:
    get:
      operationId: special
      security: []
      responses: {'200': {description: ok, content: {text/plain: {schema: {type: string}, example: hello}}}}
  /orders:
    post:
      operationId: order
      security: [{cookie: []}, {basic: []}]
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
      responses:
        '201': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}, examples: {b: {value: {sku: "AB-999", count: 9, both: {x: a, y: true}}}, a: {value: {sku: "AB-123", count: 2, both: {x: a, y: true}}}}}}}
        '422': {description: bad, content: {application/json: {schema: {type: object, required: [code, error], properties: {code: {type: integer}, error: {type: object, required: [text], properties: {text: {type: string}}}}}, example: {code: 7, error: {text: "count is mandatory"}}}}}
components:
  securitySchemes:
    query: {type: apiKey, in: query, name: key}
    cookie: {type: apiKey, in: cookie, name: session}
    bearer: {type: http, scheme: bearer}
    basic: {type: http, scheme: basic}
  schemas:
    Problem: {type: object, required: [type, title], properties: {type: {type: string, format: uri}, title: {type: string, maxLength: 40}, status: {type: integer}}}
    Order:
      type: object
      required: [sku, count, both]
      properties:
        sku: {type: string, pattern: '^[A-Z]{2}-\d{3,}$'}
        count: {type: integer, minimum: 1, exclusiveMinimum: true, maximum: 10}
        price: {type: number, multipleOf: 0.5, minimum: 0.7}
        at: {type: string, format: date-time}
        link: {type: string, format: uri, nullable: true}
        tags: {type: array, minItems: 2, uniqueItems: true, items: {type: string, minLength: 3}}
        secret: {type: string, writeOnly: true}
        parent: {$ref: '#/components/schemas/Order'}
        kind: {oneOf: [{type: string, enum: [a]}, {type: integer}]}
        both: {allOf: [{type: object, required: [x], properties: {x: {type: string, maxLength: 2}}}, {type: object, properties: {y: {type: boolean}}}, {type: object, required: [x, y]}]}
`

func TestOtherContract(t *testing.T) {
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Contract: parse(t, shop)}))
	if !strings.HasSuffix(s.URL, "/api") {
		t.Fatalf("base URL %s", s.URL)
	}
	const trace = "0123abcd-x"
	key := "?key=" + s.APIKey
	order := `{"sku":"AB-123","count":2,"both":{"x":"a","y":true}}`
	for _, x := range []struct {
		name, method, path string
		header             []string
		body               string
		status             int
		mediaType, want    string
	}{
		{"get", "GET", "/orders/10" + key, []string{"X-Trace", trace}, "", 200, "application/json", `"sku":"AA-111"`},
		{"no key", "GET", "/orders/10", []string{"X-Trace", trace}, "", 401, "application/problem+json", `"title":"Unauthorized"`},
		{"key in the header", "GET", "/orders/10", []string{"X-Trace", trace, "key", s.APIKey}, "", 401, "application/problem+json", ""},
		{"path parameter too small", "GET", "/orders/9" + key, []string{"X-Trace", trace}, "", 400, "application/problem+json", `{"status":400,"title":"Bad Request","type":"https://example.com/"}`},
		{"path parameter no number", "GET", "/orders/x" + key, []string{"X-Trace", trace}, "", 400, "application/problem+json", `path parameter id`},
		{"header missing", "GET", "/orders/10" + key, nil, "", 400, "application/problem+json", `header parameter X-Trace is required`},
		{"query not in the enum", "GET", "/orders/10" + key + "&expand=x", []string{"X-Trace", trace}, "", 400, "application/problem+json", ""},
		{"Prefer by default", "GET", "/orders/10" + key, []string{"Prefer", "code=418"}, "", 418, "application/problem+json", "I'm a teapot"},
		{"Prefer 404", "GET", "/orders/10" + key, []string{"Prefer", "code=404"}, "", 404, "application/problem+json", "Not Found"},
		{"an example by name", "POST", "/orders", []string{"Cookie", "session=" + s.APIKey, "Content-Type", "application/json", "Prefer", "example=b"}, order, 201, "application/json", `"sku":"AB-999"`},
		{"dynamic", "POST", "/orders", []string{"Cookie", "session=" + s.APIKey, "Content-Type", "application/json", "Prefer", "dynamic=true"}, order, 201, "application/json", `"sku":"AA-111"`},
		{"concrete before templated", "GET", "/orders/special", nil, "", 200, "text/plain", "hello"},
		{"other method", "PUT", "/orders/10", nil, "", 405, "application/problem+json", "Method Not Allowed"},
		{"bearer", "DELETE", "/orders/10", []string{"Authorization", "bearer " + s.APIKey}, "", 204, "", ""},
		{"bearer, unknown", "DELETE", "/orders/10", []string{"Authorization", "Bearer x"}, "", 401, "application/problem+json", ""},
		{"cookie", "POST", "/orders", []string{"Cookie", "session=" + s.APIKey, "Content-Type", "application/json"}, order, 201, "application/json", `{"both":{"x":"a","y":true},"count":2,"sku":"AB-123"}`},
		{"basic instead", "POST", "/orders", []string{"Authorization", "Basic OmFjbWUtdGVzdC1rZXktNWMxZDBh", "Content-Type", "application/json"}, order, 201, "application/json", ""},
		{"two cookies", "POST", "/orders", []string{"Cookie", "session=a; session=b", "Content-Type", "application/json"}, order, 401, "application/json", "Unauthorized"},
		{"the example's words", "POST", "/orders", []string{"Cookie", "session=" + s.APIKey, "Content-Type", "application/json"}, `{"sku":"AB-123"}`, 422, "application/json", `{"code":7,"error":{"text":"count is mandatory"}}`},
		{"own words", "POST", "/orders", []string{"Cookie", "session=" + s.APIKey, "Content-Type", "application/json"}, `{"count":2}`, 422, "application/json", `{"code":7,"error":{"text":"sku is required"}}`},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := clienttest.Do(t, s, x.method, x.path, clienttest.Headers(x.header...), strings.NewReader(x.body))
			if r.Status != x.status || r.Header.Get("Content-Type") != x.mediaType || !strings.Contains(r.Body, x.want) {
				t.Errorf("status %d, Content-Type %q, body %s; want %d, %q, …%s…", r.Status, r.Header.Get("Content-Type"), r.Body, x.status, x.mediaType, x.want)
			}
			if generated := r.Header.Get("X-Nox-Mock") == "generated"; generated != (r.Status < 300) {
				t.Errorf("marked as generated: %t", generated)
			}
			if strings.Contains(r.Body, "secret") {
				t.Error("a property that is only written comes back")
			}
		})
	}
}

// In OpenAPI 3.1 the schemas are judged by another validator; the answers to the
// contract's operation stay the same.
func TestContractInOpenAPI31(t *testing.T) {
	document := bytes.Replace(embedded(t).Bytes(), []byte("openapi: 3.0.3"), []byte("openapi: 3.1.0"), 1)
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Contract: parse(t, string(document))}))
	for _, x := range exchanges {
		if r := x.send(t, s); r.Status != x.status {
			t.Errorf("%s: status %d, want %d; body %.200s", x.name, r.Status, x.status, r.Body)
		} else if x.words != "" && clienttest.Words(t, r) != x.words {
			t.Errorf("%s: error %q, want %q", x.name, clienttest.Words(t, r), x.words)
		}
	}
	for body, want := range map[string]string{
		`{"user_id":"u"}`: "",
		`[]`:              "The request body is not valid: the value does not fit the schema",
	} {
		r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(body))
		if want == "" && r.Status != 201 || want != "" && clienttest.Words(t, r) != want {
			t.Errorf("%s: status %d, body %s", body, r.Status, r.Body)
		}
	}
}

// More that the response requires is made up, more that it allows is left out.
func TestContractThatGrew(t *testing.T) {
	document := string(embedded(t).Bytes())
	document = strings.Replace(document, "        - nox_user_id\n      properties:\n", "        - nox_user_id\n        - since\n      properties:\n        since: {type: string, format: date}\n        note: {type: string}\n", 1)
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Contract: parse(t, document)}))
	r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(`{"user_id":"u"}`))
	var got map[string]string
	if err := json.Unmarshal([]byte(r.Body), &got); err != nil || len(got) != 3 || got["since"] == "" || got["manufacturer_user_id"] != "u" {
		t.Errorf("status %d, body %s, %v", r.Status, r.Body, err)
	}
}

// Of a scheme that the mock does not know how to check, what follows its name must
// be a key: nobody gets in without one.
func TestSchemeThatNoKeyAnswers(t *testing.T) {
	document := strings.Replace(shop, "{type: http, scheme: bearer}", "{type: http, scheme: digest}", 1)
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Contract: parse(t, document)}))
	if r := clienttest.Do(t, s, "DELETE", "/orders/10", clienttest.Headers(), strings.NewReader("")); r.Status != 401 {
		t.Errorf("without a key: status %d, body %s", r.Status, r.Body)
	}
	if r := clienttest.Do(t, s, "DELETE", "/orders/10", clienttest.Headers("Authorization", "Digest "+s.APIKey), strings.NewReader("")); r.Status != 204 {
		t.Errorf("with a key: status %d, body %s", r.Status, r.Body)
	}
}

// The request that the start-up message shows is a good one, for any contract.
func TestExampleRequest(t *testing.T) {
	for name, contract := range map[string]string{"embedded": string(embedded(t).Bytes()), "shop": shop} {
		m, err := mock.New(mock.Config{Contract: parse(t, contract)})
		if err != nil {
			t.Fatal(err)
		}
		s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Contract: parse(t, contract)}))
		req, err := m.ExampleRequest("", s.URL, s.APIKey)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		resp, err := s.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(resp.Body); resp.StatusCode/100 != 2 {
			t.Errorf("%s: %s %s: status %d, %s", name, req.Method, req.URL, resp.StatusCode, body)
		}
		resp.Body.Close()
	}
}

var _ http.Handler = (*mock.Mock)(nil)
