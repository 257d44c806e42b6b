package openapi

import (
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// jsonContent picks the media type to answer in, JSON where there is a choice.
func jsonContent(content openapi3.Content) (mediaType string, media *openapi3.MediaType) {
	names := make([]string, 0, len(content))
	for name := range content {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if isJSON(a) != isJSON(b) {
			if isJSON(a) {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	if len(names) == 0 {
		return "", nil
	}
	return names[0], content[names[0]]
}

// isJSON tells whether a media type is JSON or built on it (RFC 6839,
// section 3.1).
func isJSON(mediaType string) bool {
	mediaType = essence(mediaType)
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

// essence is a media type without its parameters, in lower case.
func essence(mediaType string) string {
	mediaType, _, _ = strings.Cut(mediaType, ";")
	return strings.ToLower(strings.TrimSpace(mediaType))
}

// concrete makes a media type of a range: JSON of "*/*", and so on.
func concrete(mediaType string) string {
	switch mediaType {
	case "*/*", "application/*":
		return "application/json"
	case "text/*":
		return "text/plain"
	}
	return mediaType
}
