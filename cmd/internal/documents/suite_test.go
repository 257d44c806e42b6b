package documents_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/mock"
	"nox.energy/contract/spec"
)

// suiteFolder is where the cases of JSON-Schema-Test-Suite for draft 2020-12 are:
// in JSON_SCHEMA_TEST_SUITE, or beside the repository.
func suiteFolder(t *testing.T) string {
	t.Helper()
	root := os.Getenv("JSON_SCHEMA_TEST_SUITE")
	if root == "" {
		root = "../../../../JSON-Schema-Test-Suite"
	}
	folder := filepath.Join(root, "tests", "draft2020-12")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("JSON-Schema-Test-Suite is not there: clone it from github.com/json-schema-org beside this repository, or name its folder in JSON_SCHEMA_TEST_SUITE")
	}
	return folder
}

// notDecided are the files, groups and cases that a document of OpenAPI has no
// place for, or that this project does not claim to judge.
func notDecided() map[string]string {
	const (
		remote   = "references to other documents are not followed"
		asserted = "format is asserted, as users of OpenAPI expect"
		dynamic  = "a dynamic reference is read as the static one that it is by itself"
		nested   = "a reference relative to the $id of a schema above it: references are those of the document"
		asData   = "readers of OpenAPI take a member $ref for a reference wherever it stands: an enum with one is not judged, with a warning"
		dialect  = "a document of OpenAPI 3.1 chooses one dialect for all its schemas"
	)
	return map[string]string{
		"refRemote": remote, "dynamicRef": dynamic, "vocabulary": dialect,
		"defs": remote, "ref: remote ref, containing refs itself": remote,
		"anchor: same $anchor with different base uri":                                nested,
		"anchor: Location-independent identifier with base URI change in subschema":   nested,
		"ref: Recursive references between schemas":                                   nested,
		"ref: refs with relative uris and defs":                                       nested,
		"ref: relative refs with absolute uris and defs":                              nested,
		"ref: $id must be resolved against nearest parent, not just immediate parent": nested,
		"ref: order of evaluation: $id and $anchor and $ref":                          nested,
		"ref: order of evaluation: $id and $ref on nested schema":                     nested,
		"ref: URN base URI with URN and JSON pointer ref":                             nested,
		"ref: URN ref with nested pointer ref":                                        nested,
		"ref: ref with absolute-path-reference":                                       nested,
		"ref: naive replacement of $ref with its destination is not correct":          asData,
		annotated: asserted,
	}
}

// annotated is how the suite ends the names of cases by which a format decides
// about no value.
const annotated = " is only an annotation by default"

// suiteGroup is one schema of the suite with its cases.
type suiteGroup struct {
	Description string
	Schema      json.RawMessage
	Tests       []suiteCase
}

type suiteCase struct {
	Description string
	Data        json.RawMessage
	Valid       bool
}

// documentOf is a document whose one operation takes, and returns, what fits the
// schema.
func documentOf(schema []byte) ([]byte, error) {
	var parsed any
	if err := json.Unmarshal(schema, &parsed); err != nil {
		return nil, err
	}
	content := map[string]any{"required": true, "description": "", "content": map[string]any{"application/json": map[string]any{"schema": map[string]any{"$ref": "#/components/schemas/It"}}}}
	return json.Marshal(map[string]any{
		"openapi": "3.1.0", "info": map[string]any{"title": "suite", "version": "1"}, "servers": []any{map[string]any{"url": "/"}},
		"paths": map[string]any{"/it": map[string]any{
			"post": map[string]any{"requestBody": content, "responses": map[string]any{"200": map[string]any{"description": ""}, "400": map[string]any{"description": ""}}},
			"get":  map[string]any{"responses": map[string]any{"200": map[string]any{"description": "", "content": content["content"]}}},
		}},
		"components": map[string]any{"schemas": map[string]any{"It": withinComponent(parsed)}},
	})
}

// withinComponent lets the references of a schema lead to where it stands now.
func withinComponent(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = withinComponent(v[i])
		}
	case map[string]any:
		delete(v, "$schema")
		for name, each := range v {
			if ref, is := each.(string); is && name == "$ref" && (ref == "#" || strings.HasPrefix(ref, "#/")) {
				v[name] = "#/components/schemas/It" + ref[1:]
			} else if name != "enum" && name != "const" {
				v[name] = withinComponent(each)
			}
		}
	}
	return v
}

// Both halves decide every case of JSON-Schema-Test-Suite that a document of
// OpenAPI 3.1 has a place for: the mock by what it takes, the judge by what it
// says of a recorded response.
func TestSchemaSuite(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(suiteFolder(t), "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("the suite has no cases", err)
	}
	decided, left, exceptions := 0, map[string]int{}, notDecided()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var groups []suiteGroup
		if err := json.Unmarshal(text, &groups); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		for _, group := range groups {
			why := cmp.Or(exceptions[name], exceptions[name+": "+group.Description])
			if why != "" {
				left[why] += len(group.Tests)
				continue
			}
			all := len(group.Tests)
			group.Tests = slices.DeleteFunc(group.Tests, func(c suiteCase) bool { return strings.HasSuffix(c.Description, annotated) })
			left[exceptions[annotated]] += all - len(group.Tests)
			decided += len(group.Tests)
			group.decide(t, name)
		}
	}
	t.Logf("%d cases decided", decided)
	for why, n := range left {
		t.Logf("%d cases left: %s", n, why)
	}
}

func (g suiteGroup) decide(t *testing.T, file string) {
	text, err := documentOf(g.Schema)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := spec.Parse("suite", text)
	if err != nil {
		t.Errorf("%s: %s: %v", file, g.Description, err)
		return
	}
	m, err := mock.New(mock.Config{Contract: doc})
	if err != nil {
		t.Errorf("%s: %s: the mock: %v", file, g.Description, err)
		return
	}
	fails, err := g.judged(t, doc)
	if err != nil {
		t.Errorf("%s: %s: the judge: %v", file, g.Description, err)
		return
	}
	for i, each := range g.Tests {
		r := httptest.NewRequest("POST", "/it", bytes.NewReader(each.Data))
		r.Header.Set("Content-Type", "application/json")
		if status := answer(m, r).Code; (status != 400) != each.Valid {
			t.Errorf("%s: %s: %s: valid %t, and the mock answers %d", file, g.Description, each.Description, each.Valid, status)
		}
		if slices.Contains(fails, i) == each.Valid {
			t.Errorf("%s: %s: %s: valid %t, and the judge says otherwise", file, g.Description, each.Description, each.Valid)
		}
	}
}

// judged lists the cases that the judge finds wrong in a recorded response.
func (g suiteGroup) judged(t *testing.T, doc *spec.Document) ([]int, error) {
	var out []int
	for i, each := range g.Tests {
		recording, err := runner.ReadHAR(strings.NewReader(recorded(each.Data)), "suite")
		if err != nil {
			return nil, err
		}
		result, err := runner.JudgeHAR(t.Context(), conformance.Config{Contract: doc, RunID: "suite", Seed: 1}, recording)
		if err != nil {
			return nil, err
		}
		for _, c := range result.Checks {
			if strings.HasSuffix(c.ID, "/schema") && c.Outcome == conformance.Fail {
				out = append(out, i)
			}
		}
	}
	return out, nil
}

// recorded is a recording of one response with this body.
func recorded(body []byte) string {
	quoted, err := json.Marshal(string(body))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(`{"log":{"version":"1.2","entries":[{"startedDateTime":"2026-01-02T03:04:05.006Z","time":1,
		"request":{"method":"GET","url":"https://staging.example/it","headers":[],"bodySize":0},
		"response":{"status":200,"headers":[{"name":"Content-Type","value":"application/json"}],"content":{"mimeType":"application/json","text":%s,"size":%d},"bodySize":%d}}]}}`,
		quoted, len(body), len(body))
}
