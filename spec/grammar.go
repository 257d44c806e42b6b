package spec

import "strings"

// grammar names the fields of each object of OpenAPI 3 that either half of the
// project makes use of, and what they hold: a kind of object, a list "[kind" or
// a map "{kind" of them, or one of
//
//	text, texts, bool, number, count   what JSON Schema calls so (count: an integer of at least 0)
//	data                               any value, which is taken as it is
//
// A map of an object's own, as of paths to path items, has the field "*". A
// field "-" is known and of no use here; what is not named at all is unknown.
func grammar() map[string]map[string]string {
	return map[string]map[string]string{
		"pathItem": fields("parameters [parameter; summary description servers -"),
		"operation": fields("operationId summary description text; parameters [parameter; requestBody requestBody; " +
			"responses responses; security [requirement; tags externalDocs callbacks deprecated servers -"),
		"parameter": fields("name in style text; required explode allowReserved allowEmptyValue bool; schema schema; " +
			"content {mediaType; example data; examples {example; description deprecated -"),
		"header": fields("style text; required explode bool; schema schema; content {mediaType; " +
			"description deprecated example examples allowEmptyValue allowReserved -"),
		"requestBody": fields("required bool; content {mediaType; description -"),
		"responses":   fields("* response"),
		"response":    fields("description text; headers {header; content {mediaType; links {link; summary -"),
		"link":        fields("operationId operationRef text; parameters requestBody data; description server -"),
		"mediaType":   fields("schema schema; example data; examples {example; encoding {encoding"),
		"encoding":    fields("contentType style text; explode allowReserved bool; headers {header"),
		"example":     fields("value data; summary description externalValue -"),
		"requirement": fields("* texts"),
		"securityScheme": fields("type name in scheme bearerFormat text; " +
			"description flows openIdConnectUrl oauth2MetadataUrl deprecated -"),
		"discriminator": fields("propertyName text; mapping data"),
		"schema": fields("title description format pattern text; const default example enum examples type data; " +
			"multipleOf maximum minimum number; exclusiveMaximum exclusiveMinimum data; " +
			"maxLength minLength maxItems minItems maxProperties minProperties count; " +
			"uniqueItems nullable readOnly writeOnly bool; required texts; properties {schema; " +
			"allOf oneOf anyOf [schema; not items schema; additionalProperties schemaOrBool; discriminator discriminator; " +
			"deprecated externalDocs xml -"),
		// of OpenAPI 3.1 alone
		"schema31": fields("if then else contains propertyNames unevaluatedItems schema; unevaluatedProperties schemaOrBool; " +
			"prefixItems [schema; patternProperties dependentSchemas {schema; dependentRequired {texts; " +
			"maxContains minContains count; contentEncoding contentMediaType text; " +
			"$defs $id $anchor $dynamicAnchor $comment $schema contentSchema -"),
	}
}

// isAnnotation reports whether a field of a schema object decides about no value.
func isAnnotation(name string) bool {
	switch name {
	case "title", "description", "summary", "deprecated", "externalDocs", "xml", "example", "examples", "default",
		"$comment", "$id", "$anchor", "$schema", "$defs", "$dynamicAnchor":
		return true
	}
	return false
}

// fields reads lines of "NAME NAME KIND; …".
func fields(text string) map[string]string {
	out := map[string]string{}
	for _, group := range strings.Split(text, ";") {
		words := strings.Fields(group)
		for _, name := range words[:len(words)-1] {
			out[name] = words[len(words)-1]
		}
	}
	return out
}
