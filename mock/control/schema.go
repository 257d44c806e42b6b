package control

import (
	"encoding/json"
	"fmt"

	"nox.energy/contract/mock/internal/openapi"
)

// FixtureSchema returns the JSON Schema of a fixture, which state files, export
// and import share.
func FixtureSchema() ([]byte, error) {
	data, err := openapi.JSON(documentYAML, true)
	if err != nil {
		return nil, err
	}
	var document struct {
		Components struct {
			Schemas map[string]map[string]any `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(data, &document); err != nil {
		return nil, err
	}
	schema := document.Components.Schemas["Fixture"]
	if schema == nil {
		return nil, fmt.Errorf("the control API does not describe a fixture")
	}
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "nox-mock fixture"
	if example, has := schema["example"]; has { // as OpenAPI 3.0 has it
		schema["examples"] = []any{example}
		delete(schema, "example")
	}
	return json.MarshalIndent(schema, "", "  ")
}
