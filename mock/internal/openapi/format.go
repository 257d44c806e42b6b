package openapi

import (
	"errors"
	"regexp"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"nox.energy/contract/spec"
)

// base64Syntax takes either alphabet, with padding or without, in lines or not.
var base64Syntax = regexp.MustCompile(`^[A-Za-z0-9+/_\r\n-]*={0,2}[\r\n]*$`)

// formats assert the formats of texts that JSON Schema has, which the library that
// kin-openapi validates OpenAPI 3.1 with knows.
func formats() map[string]openapi3.StringFormatValidator {
	of := func(fits func(text string) bool) openapi3.StringFormatValidator {
		return openapi3.NewCallbackValidator(func(text string) error {
			if !fits(text) {
				return errors.New("it is written otherwise")
			}
			return nil
		})
	}
	out := map[string]openapi3.StringFormatValidator{"byte": of(base64Syntax.MatchString), "regex": of(func(text string) bool {
		_, err := spec.CompilePattern(text)
		return err == nil
	})}
	for _, name := range []string{
		"date", "date-time", "time", "duration", "uuid", "email", "hostname", "ipv4", "ipv6", "uri", "iri",
		"uri-reference", "iri-reference", "uri-template", "json-pointer", "relative-json-pointer",
	} {
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		if c.AddResource(name, map[string]any{"format": name}) != nil {
			continue
		}
		if format, err := c.Compile(name); err == nil {
			out[name] = of(func(text string) bool { return format.Validate(text) == nil })
		}
	}
	return out
}
