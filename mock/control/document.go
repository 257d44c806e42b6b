package control

import (
	_ "embed"

	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/spec"
)

//go:embed control.openapi.yaml
var documentYAML []byte

// newDocument returns the document of the control API as it is configured: where
// no token is needed, it does not say that one is.
func newDocument(config Config) (*spec.Document, error) {
	data, err := openapi.JSON(documentYAML, config.Token != "")
	if err != nil {
		return nil, err
	}
	return spec.Parse("control.openapi.json", data)
}
