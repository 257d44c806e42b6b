package judge_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/judge"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/wire"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/store"
	"nox.energy/contract/spec"
)

// The mock and the judge read a document with two libraries. TestHalves changes
// valid messages in one place each, asks both halves, and lists where they disagree:
// on the values of every schema of a body, and on the requests of every operation.
//
//	HALVES_DOCUMENTS=FOLDER   documents to read beside those of testdata/contracts
//	HALVES_RECORD=FILE        all verdicts, as JSON lines, for a third reader
//
// Where a disagreement stays, [staying] says why.
func TestHalves(t *testing.T) {
	var record *json.Encoder
	if name := os.Getenv("HALVES_RECORD"); name != "" {
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		record = json.NewEncoder(f)
	}
	folders := []string{"../../../testdata/contracts"}
	if more := os.Getenv("HALVES_DOCUMENTS"); more != "" {
		folders = append(folders, more)
	} else {
		t.Log("HALVES_DOCUMENTS names no folder: only the documents of testdata/contracts are read")
	}
	asked, left, documents := 0, map[string]int{}, 0
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !slices.Contains([]string{".json", ".yaml", ".yml"}, filepath.Ext(name)) {
				return err
			}
			if documents++; testing.Short() && documents%16 != 0 {
				return nil
			}
			doc, err := spec.Load(context.Background(), name, nil)
			if err != nil {
				return nil // refused by both
			}
			found := disagreements(doc)
			for _, c := range found {
				asked++
				if c.isDisagreement() {
					if why := c.staying(); why != "" {
						left[why]++
					} else {
						t.Errorf("%s: %s", name, c)
					}
				}
				if record != nil {
					if err := record.Encode(struct {
						File string
						comparison
					}{name, c}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d messages", asked)
	for why, n := range left {
		t.Logf("%d disagreements left: %s", n, why)
	}
}

// comparison is what the halves say of one message: "" where it fits, else why not.
type comparison struct {
	Place    []string // in the document: of a schema, or of an operation
	Mutation string
	Message  string
	Mock     string
	Sent     string `json:",omitempty"` // the judge of a request
	Received string `json:",omitempty"` // the judge of a response with the same schema
	IsValue  bool   // of a schema
}

func (c comparison) isDisagreement() bool {
	return (c.Mock == "") != (c.Sent == "") || c.IsValue && (c.Sent == "") != (c.Received == "")
}

// otherTruth are words that some readers take for true or false.
var otherTruth = regexp.MustCompile(`(?i): "?\\?"?(1|0|t|f|true|false)\\?"?"?$`)

// staying says why a disagreement stays, "" if nothing does.
func (c comparison) staying() string {
	mockRefuses := c.Mock != "" && c.Sent == ""
	switch {
	case mockRefuses && !c.IsValue && otherNumber.MatchString(c.Mutation):
		return "an integer of a parameter in another form than digits, or beyond 64 bits: kin-openapi takes none, other readers do; the runner sends none and blames nobody"
	case !c.IsValue && strings.HasSuffix(c.Mutation, ": no value") || mockRefuses && !c.IsValue && (strings.HasSuffix(c.Mutation, `: ""`) || strings.HasSuffix(c.Mutation, `: "\"\""`) || strings.HasSuffix(c.Mutation, `: "null"`)):
		return "a parameter without a value is false, null or absent to some readers; the runner sends none"
	case mockRefuses && !c.IsValue && otherTruth.MatchString(c.Mutation):
		return "true and false in other words, as 1: many servers take them, the mock does not; the runner sends none and blames nobody"
	case mockRefuses && strings.Contains(c.Mutation, "]=") && strings.HasSuffix(c.Mutation, "brackets"):
		return "objects within those of deepObject, of which the specification says nothing"
	case !c.IsValue && strings.Contains(c.Mutation, "twice") || strings.Contains(c.Mutation, ": two values"):
		return "a field that stands twice though it is no list: nothing says what that means; the runner sends none"
	case c.Mock == "" && (strings.Contains(c.Message, "9223372036854775808") || strings.Contains(c.Sent, "int64")):
		return "kin-openapi keeps an int64 as a float64 and converts that, so that numbers beyond it pass"
	case mockRefuses && !c.IsValue && strings.Contains(c.Message, "%2C"):
		return "a comma that is encoded separates items to some readers and belongs to one to others"
	case mockRefuses && !c.IsValue && (strings.HasSuffix(c.Mutation, "no body") || strings.HasSuffix(c.Mutation, "neither body nor media type")):
		return "no octets at all are a body to some readers and none to others; the runner sends none"
	case c.Mock == "" && strings.Contains(c.Sent, "multipleOf"):
		return "kin-openapi divides as float64"
	case mockRefuses && strings.Contains(c.Mock, `got="null"`) && c.IsValue:
		return "null where a schema of 3.1 has no type but other keywords: kin-openapi takes none unless a keyword of 3.1 alone stands beside"
	case c.Mock == "" && strings.HasSuffix(c.Mutation, `"1.5"`) && strings.Contains(c.Mutation, "path parameter"):
		return "the path is that of another operation, which has an extension"
	case mockRefuses && strings.Contains(c.Mock, "match the format"):
		return "a format that an example of the document does not have is judged by the mock alone"
	case c.Mock == "" && c.Received == "" && c.IsValue:
		return "the bytes of a format binary, whatever the media type: only a body that the runner sends is held to the type"
	}
	return ""
}

var otherNumber = regexp.MustCompile(`: "(\\")?[+-]?[0-9.]+(e[0-9]+)?(\\")?"$`)

func (c comparison) String() string {
	return fmt.Sprintf("%s: %s: %.300s\n\tmock: %s\n\tjudge: %s\n\tof a response: %s", strings.Join(c.Place, " "), c.Mutation, c.Message,
		cmp.Or(c.Mock, "fits"), cmp.Or(c.Sent, "fits"), cmp.Or(c.Received, "fits"))
}

// Bounds of what is tried for one document.
const (
	maxPlaces    = 12
	maxMutations = 60
)

func disagreements(doc *spec.Document) []comparison {
	var out []comparison
	places, bodies := bodiesOf(doc)
	h, err := newHalves(bodies)
	if err != nil {
		return []comparison{{Mutation: "load schemas", Mock: err.Error()}}
	}
	for _, op := range h.judge.Contract.Operations {
		out = append(out, h.values(op, places[op.Path])...)
	}
	if h, err = newHalves(doc); err != nil {
		return append(out, comparison{Mutation: "load", Mock: err.Error()})
	}
	for i, op := range h.judge.Contract.Operations {
		if op.Obstacle == "" && i%(len(h.judge.Contract.Operations)/maxPlaces+1) == 0 {
			out = append(out, h.requests(op)...)
		}
	}
	return out
}

const halvesKey = "acme-key"

type halves struct {
	mock    *mock.Mock
	judge   *judge.Judge
	root    map[string]any // of the normal form
	schemas map[string]any // the components
}

func newHalves(doc *spec.Document) (h *halves, err error) {
	h = &halves{}
	if h.mock, err = mock.New(mock.Config{
		Contract: doc, ExplainErrors: true, NoOverrides: true,
		Manufacturers: []store.Manufacturer{{Name: "acme", Keys: []string{halvesKey}, Enabled: true}},
	}); err != nil {
		return nil, err
	}
	if h.judge, err = judge.Load(doc); err != nil {
		return nil, err
	}
	h.root = parsed(doc.Normal()).(map[string]any)
	components, _ := h.root["components"].(map[string]any)
	h.schemas, _ = components["schemas"].(map[string]any)
	return h, nil
}

func parsed(text []byte) any {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

// bodiesOf makes a document of another, in which one operation each takes, and returns,
// what fits a schema of a body. It also returns where the schemas stand, by path. What is
// only read or only written is both there.
func bodiesOf(doc *spec.Document) (places map[string][]string, made *spec.Document) {
	root := parsed(doc.Normal()).(map[string]any)
	paths := map[string]any{}
	places = map[string][]string{}
	seen := map[string]bool{}
	add := func(content any, place ...string) {
		for _, name := range keys(object(content)["content"]) {
			media := object(object(object(content)["content"])[name])
			text, _ := json.Marshal(media["schema"])
			if !contract.IsJSON(name) || media["schema"] == nil || seen[string(text)] || len(paths) >= maxPlaces {
				continue
			}
			seen[string(text)] = true
			body := map[string]any{"description": "", "content": map[string]any{"application/json": map[string]any{"schema": media["schema"]}}}
			request := maps.Clone(body)
			delete(request, "description")
			request["required"] = true
			path := fmt.Sprintf("/s%03d", len(paths))
			places[path] = append(slices.Clone(place), name)
			paths[path] = map[string]any{"post": map[string]any{"requestBody": request, "responses": map[string]any{"200": body, "400": map[string]any{"description": ""}}}}
		}
	}
	for _, op := range doc.Operations() {
		declared := object(object(object(root["paths"])[op.Path])[strings.ToLower(op.Method)])
		add(declared["requestBody"], op.Path, strings.ToLower(op.Method), "request")
		for _, status := range keys(declared["responses"]) {
			add(object(declared["responses"])[status], op.Path, strings.ToLower(op.Method), status)
		}
	}
	if len(paths) == 0 {
		paths["/s"] = map[string]any{"get": map[string]any{"responses": map[string]any{"200": map[string]any{"description": ""}}}}
	}
	text, err := json.Marshal(bothWays(map[string]any{
		"openapi": root["openapi"], "info": map[string]any{"title": "bodies", "version": "1"}, "servers": []any{map[string]any{"url": "/"}}, "paths": paths,
		"components": map[string]any{"schemas": object(root["components"])["schemas"]},
	}))
	if err == nil {
		made, err = spec.Parse(doc.Source(), text)
	}
	if err != nil {
		panic(err) // it was read before
	}
	return places, made
}

func bothWays(v any) any {
	for _, name := range keys(v) {
		if _, flag := object(v)[name].(bool); flag && (name == "readOnly" || name == "writeOnly") {
			delete(object(v), name)
		}
		bothWays(object(v)[name])
	}
	for _, item := range list(v) {
		bothWays(item)
	}
	return v
}

func object(v any) map[string]any {
	o, _ := v.(map[string]any)
	return o
}

func list(v any) []any {
	items, _ := v.([]any)
	return items
}

func keys(v any) []string { return slices.Sorted(maps.Keys(object(v))) }

// values asks for values of the schema that an operation takes and returns.
func (h *halves) values(op *contract.Operation, place []string) []comparison {
	if op.Body == nil {
		return nil
	}
	declared := object(object(object(object(object(h.root["paths"])[op.Path])["post"])["requestBody"])["content"])["application/json"]
	s := object(declared)["schema"]
	var bases [][]byte
	for _, v := range []any{op.Body.Full, op.Body.Minimal} {
		bases = append(bases, schema.Encode(v))
	}
	sampled, _ := json.Marshal(h.sample(s, 0))
	bases = append(bases, sampled)
	var out []comparison
	seen := map[string]bool{}
	ask := func(name string, body []byte) {
		if seen[string(body)] || len(out) > 4*maxMutations {
			return
		}
		seen[string(body)] = true
		c := comparison{Place: place, Mutation: name, Message: string(body), IsValue: true}
		r := &wire.Request{Op: op, Method: op.Method, Path: op.Path, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
		var answer []byte
		c.Mock, answer = h.send(r)
		c.Sent, c.Received = h.confirm(r), h.assess(r, http.StatusOK, http.Header{"Content-Type": {"application/json"}}, body)
		out = append(out, c)
		if c.Mock == "" && !seen[string(answer)] && contract.IsJSON("application/json") {
			bases = append(bases, answer)
		}
	}
	for i := 0; i < len(bases) && i < 4; i++ {
		ask(fmt.Sprintf("base %d", i), bases[i])
		all := h.mutations(parsed(bases[i]), s)
		for j, m := range all {
			if j%(len(all)/maxMutations+1) == 0 {
				ask(m.name, m.body)
			}
		}
	}
	return out
}

// send asks the mock; it returns why it refuses a request, or the body of its answer.
func (h *halves) send(r *wire.Request) (refusal string, body []byte) {
	req, err := r.HTTPRequest(&url.URL{Scheme: "http", Host: "mock.invalid", Path: h.mock.BasePath()}, nil)
	if err != nil {
		return "it cannot be sent: " + err.Error(), nil
	}
	if req.Body == nil {
		req.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	h.mock.ServeHTTP(w, req)
	if why := w.Header().Get(mock.ExplainHeader); why != "" && !strings.HasPrefix(why, `rule="prefer"`) && w.Code != http.StatusInternalServerError { // then it could make no answer
		return fmt.Sprintf("%d: %s", w.Code, why), nil
	}
	return "", w.Body.Bytes()
}

func (h *halves) confirm(r *wire.Request) string {
	r = r.Clone()
	r.Intent = wire.Fits
	if err := h.judge.Confirm(r); err != nil {
		return strings.TrimPrefix(err.Error(), "the request should be valid but is not: ")
	}
	return ""
}

func (h *halves) assess(r *wire.Request, status int, header http.Header, body []byte) string {
	a := &wire.Response{Request: r, Status: status, Header: header, Body: body}
	h.judge.Assess(a)
	if a.Failure != wire.NoFailure {
		return fmt.Sprintf("not judged: %v", a.Err)
	}
	for _, f := range a.Findings {
		if slices.Contains([]string{wire.ClauseSchema, wire.ClauseJSON, wire.ClauseContentType, wire.ClauseHeaders, wire.ClauseUniqueNames}, f.Clause) {
			return f.Actual
		}
	}
	return ""
}

// parts are the schemas that say something of a value: this one, what it refers to, and
// what it is made of.
func (h *halves) parts(v any, depth int) []map[string]any {
	s := object(v)
	if s == nil || depth > 8 {
		return nil
	}
	if ref, ok := s["$ref"].(string); ok {
		return h.parts(h.schemas[ref[strings.LastIndex(ref, "/")+1:]], depth+1)
	}
	out := []map[string]any{s}
	for _, name := range []string{"allOf", "oneOf", "anyOf"} {
		for _, part := range list(s[name]) {
			out = append(out, h.parts(part, depth+1)...)
		}
	}
	for _, name := range []string{"if", "then", "else", "not"} {
		out = append(out, h.parts(s[name], depth+1)...)
	}
	return out
}

// sample makes a value that should fit, simply.
func (h *halves) sample(v any, depth int) any {
	const deepest = 20
	s := object(v)
	if depth > deepest {
		return nil
	}
	if ref, ok := s["$ref"].(string); ok {
		return h.sample(h.schemas[ref[strings.LastIndex(ref, "/")+1:]], depth+1)
	}
	if listed := list(s["enum"]); len(listed) > 0 {
		return listed[len(listed)-1]
	}
	if one, ok := s["const"]; ok {
		return one
	}
	var made any
	for _, part := range slices.Concat(list(s["allOf"]), first(list(s["oneOf"])), first(list(s["anyOf"]))) {
		if other := h.sample(part, depth+1); object(made) != nil && object(other) != nil {
			maps.Copy(object(made), object(other))
		} else if other != nil {
			made = other
		}
	}
	kind, _ := s["type"].(string)
	if kind == "" && s["properties"] != nil {
		kind = "object"
	}
	for _, each := range list(s["type"]) {
		if kind == "" || kind == "null" {
			kind, _ = each.(string)
		}
	}
	switch kind {
	case "object":
		o := map[string]any{}
		maps.Copy(o, object(made))
		for _, name := range keys(s["properties"]) {
			if depth < 5 || slices.Contains(list(s["required"]), any(name)) && depth < 12 {
				o[name] = h.sample(object(s["properties"])[name], depth+1)
			}
		}
		if additional := object(s["additionalProperties"]); additional != nil && depth < 5 {
			o["added"] = h.sample(additional, depth+1)
		}
		return o
	case "array":
		items := []any{}
		for _, item := range list(s["prefixItems"]) {
			items = append(items, h.sample(item, depth+1))
		}
		for least := cmp.Or(number(s["minItems"]), 1); len(items) < least && depth < 12; {
			items = append(items, h.sample(s["items"], depth+1))
		}
		return items
	case "string":
		format, _ := s["format"].(string)
		text := cmp.Or(first(formatted()[format])...)
		for len(text) < number(s["minLength"]) {
			text += "t"
		}
		return text
	case "integer", "number":
		return json.Number(cmp.Or(plain(s["minimum"]), plain(s["maximum"]), plain(s["multipleOf"]), "1"))
	case "boolean":
		return true
	}
	return made
}

func first[T any](all []T) []T { return all[:min(len(all), 1)] }

func number(v any) int {
	n, _ := v.(json.Number)
	i, _ := n.Int64()
	return int(min(i, 2000))
}

func plain(v any) string {
	n, _ := v.(json.Number)
	return n.String()
}

// formatted are texts for a format: the first is of it, the others are or nearly are.
func formatted() map[string][]string {
	return map[string][]string{
		"":              {"text"},
		"date-time":     {"2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456+01:00", "2026-01-02t03:04:05z", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05", "2026-01-02", "2026-13-02T03:04:05Z", "2026-01-02T24:00:00Z", "2026-12-31T23:59:60Z", "2026-01-02T03:04:05+0100"},
		"date":          {"2026-01-02", "2026-02-30", "2026-1-2", "20260102", "2026-01-02T00:00:00Z", "2024-02-29", "2023-02-29"},
		"time":          {"03:04:05Z", "03:04:05", "25:00:00Z"},
		"duration":      {"P1D", "PT1H", "1d", "P"},
		"uuid":          {"8b3d6a52-6f4e-4c69-9d2b-0d0c7f8a1e11", "8B3D6A52-6F4E-4C69-9D2B-0D0C7F8A1E11", "8b3d6a526f4e4c699d2b0d0c7f8a1e11", "{8b3d6a52-6f4e-4c69-9d2b-0d0c7f8a1e11}", "00000000-0000-0000-0000-000000000000"},
		"email":         {"a@example.com", "a", "a@b", "a b@example.com", "ä@example.com", "a@", "Joe <a@example.com>"},
		"uri":           {"https://example.com/a?b#c", "/a", "a b", "https://example.com/ä", "urn:a:b", "http://[::1]/", "https://example.com/%zz", "https://"},
		"url":           {"https://example.com/", "x"},
		"uri-reference": {"/a", "https://example.com/", "a b", `\\a`}, "iri": {"https://example.com/ä", "x"}, "uri-template": {"/a/{b}", "/a/{b"},
		"hostname": {"example.com", "a_b.example.com", "-a.com", "a..b", "ä.com", strings.Repeat("a", 64) + ".com"},
		"ipv4":     {"127.0.0.1", "256.0.0.1", "127.0.0.01", "1.2.3"}, "ipv6": {"::1", "::g", "1::2::3", "fe80::1%eth0", "::ffff:1.2.3.4"}, "ip": {"::1", "x"}, "cidr": {"10.0.0.0/8", "x"},
		"byte":   {"YQ==", "YQ", "a b", "-_8=", "%%"},
		"binary": {"a"}, "base64": {"YQ==", "%"}, "base64url": {"YQ", "%"}, "password": {"secret"}, "regex": {"^a$", "("}, "json-pointer": {"/a", "a"},
		"int64": {"1", "x", "99999999999999999999"}, "int32": {"1", "x", "3000000000"}, "decimal": {"1.5", "x"}, "double": {"1.5", "x"}, "float": {"1.5", "x"},
		"phone": {"+49 30 1", "x"}, "currency": {"EUR", "x"}, "timestamp": {"1", "x"}, "semver": {"1.0.0", "x"}, "period": {"P1D", "x"}, "html": {"<a>", "<"}, "unix-time": {"1", "x"},
	}
}

type mutation struct {
	name string
	body []byte
}

// mutations changes a value in one place each.
func (h *halves) mutations(whole, s any) []mutation {
	var out []mutation
	var visit func(at []string, v any, parts []map[string]any, put func(any) any)
	visit = func(at []string, v any, parts []map[string]any, put func(any) any) {
		if len(out) > 4000 {
			return
		}
		where := "/" + strings.Join(at, "/")
		add := func(name string, changed any) {
			text, err := json.Marshal(put(changed))
			if err == nil {
				out = append(out, mutation{where + " " + name, text})
			}
		}
		for i, each := range h.interesting(parts, v) {
			add(fmt.Sprintf("another value %d", i), each)
		}
		var children = func(name string, i int) (all []map[string]any) {
			for _, p := range parts {
				switch {
				case i < 0 && object(p["properties"])[name] != nil:
					all = append(all, h.parts(object(p["properties"])[name], 0)...)
				case i < 0:
					all = append(all, h.parts(p["additionalProperties"], 0)...)
					for _, pattern := range keys(p["patternProperties"]) {
						all = append(all, h.parts(object(p["patternProperties"])[pattern], 0)...)
					}
				case i < len(list(p["prefixItems"])):
					all = append(all, h.parts(list(p["prefixItems"])[i], 0)...)
				default:
					all = append(all, h.parts(p["items"], 0)...)
				}
			}
			return all
		}
		switch v := v.(type) {
		case map[string]any:
			with := func(name string, value any) map[string]any {
				o := maps.Clone(v)
				o[name] = value
				return o
			}
			add("an unknown member", with("zzUnknown", json.Number("1")))
			for _, p := range parts {
				for n := number(p["maxProperties"]); n > 0 && n < 50 && len(v) <= n; {
					o := maps.Clone(v)
					for i := 0; len(o) <= n; i++ {
						o[fmt.Sprintf("zz%d", i)] = "x"
					}
					add("too many members", o)
					break
				}
				property, _ := object(p["discriminator"])["propertyName"].(string)
				if property != "" {
					names := append(keys(object(p["discriminator"])["mapping"]), "zzNone", "")
					for _, branch := range slices.Concat(list(p["oneOf"]), list(p["anyOf"])) {
						if ref, ok := object(branch)["$ref"].(string); ok {
							names = append(names, ref[strings.LastIndex(ref, "/")+1:])
						}
					}
					for _, name := range names {
						add("discriminator "+name, with(property, name))
					}
				}
				for _, name := range keys(p["properties"]) {
					if _, has := v[name]; !has {
						add("with "+name, with(name, h.sample(object(p["properties"])[name], 3)))
					}
				}
			}
			for _, name := range slices.Sorted(maps.Keys(v)) {
				o := maps.Clone(v)
				delete(o, name)
				add("without "+name, o)
				visit(append(slices.Clip(at), name), v[name], children(name, -1), func(changed any) any { return put(with(name, changed)) })
			}
		case []any:
			add("an empty list", []any{})
			if len(v) > 0 {
				add("an item twice", append(slices.Clone(v), v[len(v)-1]))
				for _, p := range parts {
					for _, n := range []int{number(p["minItems"]) - 1, number(p["maxItems"]), number(p["maxItems"]) + 1} {
						if n < 0 || n > 300 {
							continue
						}
						items := slices.Clone(v)
						for len(items) < n {
							items = append(items, v[0])
						}
						add(fmt.Sprintf("%d items", n), items[:n])
					}
				}
			}
			for i, item := range v {
				if i < 2 {
					visit(append(slices.Clip(at), fmt.Sprint(i)), item, children("", i), func(changed any) any {
						items := slices.Clone(v)
						items[i] = changed
						return put(items)
					})
				}
			}
		}
	}
	visit(nil, whole, h.parts(s, 0), func(v any) any { return v })
	return out
}

// interesting are values that a schema may or may not take.
func (h *halves) interesting(parts []map[string]any, v any) []any {
	raw := func(text string) any { return json.RawMessage(text) }
	out := []any{nil, true, raw("0"), raw("1"), raw("-1"), raw("1.5"), raw("1.0"), raw("1e2"), raw("12345678901234567890"), "", "x", "1", "true", []any{}, map[string]any{}}
	for _, p := range parts {
		for _, each := range list(p["enum"]) {
			if out = append(out, each); len(out) > 60 {
				break
			}
			if text, ok := each.(string); ok {
				out = append(out, text+"x", strings.ToUpper(text), strings.ToLower(text))
			}
		}
		if one, ok := p["const"]; ok {
			out = append(out, one)
		}
		for _, name := range []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"} {
			if n, ok := p[name].(json.Number); ok {
				f, _ := n.Float64()
				out = append(out, n, f-1, f+1, f+0.5, f*2)
			}
		}
		for _, name := range []string{"minLength", "maxLength"} {
			if n := number(p[name]); p[name] != nil && n < 2000 {
				text, _ := v.(string)
				for _, length := range []int{max(0, n-1), n, n + 1} {
					for _, filling := range []string{"a", "é", "😀", "1"} {
						out = append(out, strings.Repeat(filling, length))
					}
					if text != "" {
						out = append(out, strings.Repeat(text, length/len(text)+1)[:length])
					}
				}
			}
		}
		if format, _ := p["format"].(string); format != "" {
			for _, text := range formatted()[format] {
				out = append(out, text)
			}
			if strings.HasPrefix(format, "int") {
				out = append(out, raw("2147483647"), raw("2147483648"), raw("9223372036854775807"), raw("9223372036854775808"))
			}
		}
		if text, ok := v.(string); ok && p["pattern"] != nil {
			out = append(out, text+"\n", text+" ", " "+text, strings.ToUpper(text), text+"é")
		}
	}
	return out
}

// requests asks for requests of an operation, changed outside of a body in JSON.
func (h *halves) requests(op *contract.Operation) []comparison {
	var out []comparison
	place := []string{op.Method, op.Path}
	ask := func(name string, r *wire.Request) string {
		c := comparison{Place: place, Mutation: name, Message: fmt.Sprintf("%s?%s %v %.200q", r.Path, r.Query, r.Header, r.Body)}
		c.Mock, _ = h.send(r)
		c.Sent = h.confirm(r)
		out = append(out, c)
		return c.Mock
	}
	key := wire.Credential{Value: halvesKey, IsValid: true}
	for i, r := range []*wire.Request{wire.MinimalRequest(op).WithKeys(key), wire.FullRequest(op).WithKeys(key)} {
		kind := []string{"minimal", "full"}[i]
		if mocks := ask(kind, r); strings.Contains(mocks, `rule="key.`) || strings.Contains(mocks, `rule="path.unknown`) {
			return out[:len(out)-1] // another matter
		}
		for j, p := range op.Parameters {
			parts := h.parts(h.at(op.InNormalForm(p.SchemaPointer)), 0)
			name := fmt.Sprintf("%s, %s parameter %s: ", kind, p.In, p.Name)
			if p.In != "path" {
				ask(name+"absent", r.WithParameter(j, contract.Absent{}, wire.Fits))
			}
			seen := map[string]bool{}
			for _, v := range append(h.interesting(parts, ""), "null", "01", "+1", " 1", "1e2", "TRUE", "a,b", "a,a", "1,2", "ä", "a b", "a|b", "a=b", "99999999999999999999") {
				if raw, ok := v.(json.RawMessage); ok {
					v = schema.Literal(raw)
				} else if _, isText := v.(string); !isText && v != nil {
					text, _ := json.Marshal(v)
					v, _ = schema.Parse(text)
				}
				changed := r.WithParameter(j, v, wire.Fits)
				if text := changed.Path + changed.Query + fmt.Sprint(changed.Header); !seen[text] && p.CanCarry(v) && (p.In != "path" || p.Text(v) != "" && p.Text(v) != "." && p.Text(v) != "..") &&
					(p.In != "header" || strings.TrimSpace(p.Text(v)) == p.Text(v)) { // which does not travel
					seen[text] = true
					ask(name+fmt.Sprintf("%.40q", schema.Encode(v)), changed)
				}
			}
		}
		pairs := strings.Split(r.Query, "&")
		for j, pair := range pairs {
			if pair == "" {
				continue
			}
			query := func(name string, to ...string) {
				c := r.Clone()
				c.Query = strings.Join(slices.Concat(pairs[:j], to, pairs[j+1:]), "&")
				ask(fmt.Sprintf("%s, %s: %s", kind, pair, name), c)
			}
			name, value, _ := strings.Cut(pair, "=")
			query("twice", pair, pair)
			query("two values", pair, name+"=zz")
			query("no value", name)
			query("brackets", name+"[]="+value)
			query("members in brackets", name+"[a]="+value)
			query("a name in other case", strings.ToUpper(name)+"="+value)
		}
		unknown := r.Clone()
		unknown.Query = strings.TrimPrefix(unknown.Query+"&zzUnknown=1", "&")
		ask(kind+", an unknown field of the query", unknown)
		out = append(out, h.bodies(op, kind, r, place)...)
	}
	return out
}

// at is what stands at a pointer into the normal form.
func (h *halves) at(pointer string) any {
	var v any = h.root
	for _, step := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		if items := list(v); items != nil {
			v = nil
			for i, item := range items {
				if fmt.Sprint(i) == step {
					v = item
				}
			}
			continue
		}
		v = object(v)[step]
	}
	return v
}

// bodies changes the media type of a body, and the fields of a form.
func (h *halves) bodies(op *contract.Operation, kind string, r *wire.Request, place []string) []comparison {
	if op.Body == nil {
		return nil
	}
	var out []comparison
	ask := func(name string, r *wire.Request) {
		c := comparison{Place: place, Mutation: kind + ", " + name, Message: fmt.Sprintf("%v %.300q", r.Header, r.Body)}
		c.Mock, _ = h.send(r)
		c.Sent = h.confirm(r)
		out = append(out, c)
	}
	ask("no body", r.WithText(nil, wire.Fits))
	ask("neither body nor media type", r.WithText(nil, wire.Fits).WithHeader("Content-Type"))
	ask("no media type", r.WithHeader("Content-Type"))
	for _, media := range []string{strings.ToUpper(op.Body.MediaType), op.Body.MediaType + "; charset=utf-8", op.Body.MediaType + ";x=y", "text/plain", "application/xml", "application/vnd.zz+json", "application/jsonx", "x", "application/json, application/json"} {
		if !strings.HasPrefix(op.Body.MediaType, "multipart/") {
			ask("as "+media, r.WithHeader("Content-Type", media))
		}
	}
	if op.TakesJSON() {
		for _, text := range []string{" ", "{", "nul", "{} x", "\ufeff{}"} {
			ask(fmt.Sprintf("text %q", text), r.WithText([]byte(text), wire.Fits))
		}
		return out
	}
	if strings.HasPrefix(op.Body.MediaType, "application/x-www-form-urlencoded") {
		pairs := strings.Split(string(r.Body), "&")
		s := h.parts(h.at(op.InNormalForm(op.Body.SchemaPointer())), 0)
		for j, pair := range pairs {
			name, _, ok := strings.Cut(pair, "=")
			if !ok {
				continue
			}
			form := func(what string, to ...string) {
				ask(fmt.Sprintf("field %s: %s", name, what), r.WithText([]byte(strings.Join(slices.Concat(pairs[:j], to, pairs[j+1:]), "&")), wire.Fits))
			}
			form("absent")
			form("twice", pair, pair)
			form("no value", name)
			plain, _ := url.QueryUnescape(name)
			var parts []map[string]any
			for _, part := range s {
				parts = append(parts, h.parts(object(part["properties"])[plain], 0)...)
			}
			for _, v := range append(h.interesting(parts, ""), "null", "01", " 1", "1e2", "TRUE", "on", "a,b") {
				text, _ := json.Marshal(v)
				var word string
				if json.Unmarshal(text, &word) != nil {
					word = string(text)
				}
				form(fmt.Sprintf("%.40q", word), name+"="+url.QueryEscape(word))
			}
		}
		ask("an unknown field", r.WithText(append(slices.Clone(r.Body), "&zzUnknown=1"...), wire.Fits))
	}
	return out
}
