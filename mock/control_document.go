package mock

import (
	_ "embed"

	"github.com/getkin/kin-openapi/openapi3"

	"nox.energy/contract/spec"
)

//go:embed control.openapi.yaml
var controlYAML []byte

// controlDocument is the document of the control API as it is configured: where
// no token is needed, it does not say that one is.
func controlDocument(config ControlConfig) (*spec.Document, error) {
	doc, err := openapi3.NewLoader().LoadFromData(controlYAML)
	if err != nil {
		return nil, err
	}
	if config.Token == "" {
		doc.Security = nil
	}
	data, err := doc.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return spec.Parse("control.openapi.json", data)
}
