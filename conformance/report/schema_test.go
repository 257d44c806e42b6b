package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

// decodeJSON decodes data as a JSON Schema validator wants it.
func decodeJSON(t testing.TB, data []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("not JSON: %v", err)
	}
	return v
}

// closed forbids, in every object schema that lists properties, all others.
func closed(schema any) any {
	switch s := schema.(type) {
	case map[string]any:
		for _, v := range s {
			closed(v)
		}
		if _, lists := s["properties"].(map[string]any); lists {
			s["additionalProperties"] = false
		}
	case []any:
		for _, v := range s {
			closed(v)
		}
	}
	return schema
}

func reportSchema(t testing.TB, change func(any) any) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile("report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("report.json", change(decodeJSON(t, data))); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestJSONFitsItsSchema(t *testing.T) {
	schema := reportSchema(t, closed)
	for _, name := range []string{"conforming", "violating", "inconclusive", "hostile"} {
		if err := schema.Validate(decodeJSON(t, write(t, "json", results()[name]()))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A later report of the same major version may hold more.
func TestSchemaAllowsGrowth(t *testing.T) {
	schema := reportSchema(t, func(s any) any { return s })
	v := decodeJSON(t, write(t, "json", conforming())).(map[string]any)
	v["grown"] = true
	v["summary"].(map[string]any)["flaky"] = json.Number("1")
	if err := schema.Validate(v); err != nil {
		t.Error(err)
	}
	v["verdict"] = "maybe"
	if schema.Validate(v) == nil {
		t.Error("a verdict that is none was accepted")
	}
}

func TestJSONReadsBack(t *testing.T) {
	for _, name := range []string{"conforming", "violating", "inconclusive"} {
		first := write(t, "json", results()[name]())
		var back conformance.Result
		if err := json.Unmarshal(first, &back); err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		if err := report.JSON(&again, &back); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, again.Bytes()) {
			t.Errorf("%s: reading the report and writing it again changes it: %s", name, firstDifference(first, again.Bytes()))
		}
	}
}

// A reader in a typed language need not tell an absent list from an empty one.
func TestJSONHasNoNullButTheAbsentResponse(t *testing.T) {
	out := string(write(t, "json", bare())) + string(write(t, "json", &conformance.Result{}))
	if rest := strings.ReplaceAll(out, `"response": null`, ""); strings.Contains(rest, "null") {
		t.Error(out)
	}
}
