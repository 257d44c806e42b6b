package judge_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/pb33f/go-yaml"

	"nox.energy/contract/conformance/internal/judge"
	"nox.energy/contract/conformance/internal/wire"
	"nox.energy/contract/spec"
)

// operationCase is an operation of a small document, and messages that fit it or do not.
type operationCase struct {
	Name    string
	Version string `yaml:"v"`
	Doc     string // its paths, else made of what follows
	Path    string
	Method  string
	Params  string
	Body    string
	Schema  string // of the response
	Resp    string
	Comp    string // schemas
	Type    string // the content type of the messages
	Head    map[string][]string
	Status  int
	Ok, Bad []string
}

func readCases(t *testing.T, file string) []operationCase {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []operationCase
	if err := yaml.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// or is a text, or another where it is empty.
func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func (c operationCase) judge(t *testing.T) *judge.Judge {
	t.Helper()
	response := or(c.Resp, "{description: ok, content: {application/json: {schema: "+or(c.Schema, "{}")+"}}}")
	paths := fmt.Sprintf("paths: {'%s': {%s: {parameters: %s, responses: {'200': %s}", or(c.Path, "/a"), or(c.Method, "get"), or(c.Params, "[]"), response)
	if c.Body != "" {
		paths += ", requestBody: " + c.Body
	}
	text := "openapi: " + or(c.Version, "3.1.0") + "\ninfo: {title: t, version: '1'}\n" + or(c.Doc, paths+"}}}\n") + "components: {schemas: " + or(c.Comp, "{}") + "}\n"
	doc, err := spec.Parse("test", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	j, err := judge.Load(doc)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestResponses(t *testing.T) {
	t.Parallel()
	for _, c := range readCases(t, "testdata/responses.yaml") {
		t.Run(c.Name, func(t *testing.T) {
			j := c.judge(t)
			for i, body := range append(c.Ok, c.Bad...) {
				a := &wire.Response{
					Request: &wire.Request{Op: j.Contract.Operations[0], Method: http.MethodGet, Path: "/a"},
					Status:  max(c.Status, http.StatusOK), Header: http.Header{"Content-Type": {or(c.Type, "application/json")}}, Body: []byte(body),
				}
				for name, values := range c.Head {
					a.Header[http.CanonicalHeaderKey(name)] = values
				}
				j.Assess(a)
				if a.Failure != wire.NoFailure {
					t.Errorf("%s is not judged: %v", body, a.Err)
				} else if wanted := i < len(c.Ok); wanted != (len(a.Findings) == 0) {
					t.Errorf("%q fits: want %t, found %v", body, wanted, a.Findings)
				}
			}
		})
	}
}

// A response to HEAD may leave out what it would take a body to know (RFC 9110, section
// 9.3.2); what it has is judged.
func TestHeadMayLackItsMediaType(t *testing.T) {
	t.Parallel()
	j := (operationCase{Schema: "{type: object}"}).judge(t)
	for _, c := range []struct {
		mediaType string
		fits      bool
	}{{"", true}, {"application/json", true}, {"text/html", false}} {
		a := &wire.Response{Request: &wire.Request{Op: j.Contract.Operations[0], Method: http.MethodHead, Path: "/a"}, Status: http.StatusOK, Header: http.Header{}}
		if c.mediaType != "" {
			a.Header.Set("Content-Type", c.mediaType)
		}
		if j.Assess(a); c.fits != (len(a.Findings) == 0) {
			t.Errorf("the media type %q: found %v", c.mediaType, a.Findings)
		}
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	for _, c := range readCases(t, "testdata/requests.yaml") {
		t.Run(c.Name, func(t *testing.T) {
			j := c.judge(t)
			op := j.Contract.Operations[0]
			if len(c.Ok) == 0 && op.Obstacle != "" {
				t.Errorf("no request is made: %s", op.Obstacle)
			}
			for i, line := range append(c.Ok, c.Bad...) {
				parts := append(strings.SplitN(line, " | ", 3), "", "")
				path, query, _ := strings.Cut(parts[0], "?")
				r := &wire.Request{Op: op, Method: op.Method, Path: path, Query: query, Header: http.Header{}, Body: []byte(parts[2]), Intent: wire.Fits}
				if parts[2] != "" {
					r.Header.Set("Content-Type", or(c.Type, "application/json"))
				}
				for _, field := range strings.Split(parts[1], ";; ") {
					if name, value, ok := strings.Cut(field, ": "); ok {
						r.Header.Add(name, value)
					}
				}
				if err := j.Confirm(r); (err == nil) != (i < len(c.Ok)) {
					t.Errorf("%q fits: want %t, got %v", line, i < len(c.Ok), err)
				}
			}
		})
	}
}
