package openapi

import (
	"errors"
	"math"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"nox.energy/contract/spec"
)

// makeNumber makes a number within the limits of the schema, if it can.
func makeNumber(s *openapi3.Schema, integer bool) any {
	step := 1.0
	if s.MultipleOf != nil && *s.MultipleOf > 0 {
		step = *s.MultipleOf
	}
	low, high := math.Inf(-1), math.Inf(1)
	if s.Min != nil {
		low = *s.Min
	}
	if s.Max != nil {
		high = *s.Max
	}
	openLow, openHigh := s.ExclusiveMin.IsTrue(), s.ExclusiveMax.IsTrue()
	if v := s.ExclusiveMin.Value; v != nil && *v >= low {
		low, openLow = *v, true
	}
	if v := s.ExclusiveMax.Value; v != nil && *v <= high {
		high, openHigh = *v, true
	}
	inside := func(n float64) bool {
		return n > low && n < high || n == low && !openLow || n == high && !openHigh
	}
	candidates := []float64{step, 0, math.Ceil(low/step) * step, (math.Floor(low/step) + 1) * step, math.Floor(high/step) * step}
	if !integer && s.MultipleOf == nil {
		candidates = append(candidates, (low+high)/2)
	}
	for _, n := range candidates {
		if !math.IsInf(n, 0) && !math.IsNaN(n) && inside(n) {
			return n
		}
	}
	return step
}

// usualString is a valid value of a format in common use.
func usualString(format string) string {
	switch format {
	case "date-time":
		return "2026-01-02T03:04:05Z"
	case "date":
		return "2026-01-02"
	case "time":
		return "03:04:05Z"
	case "duration":
		return "PT1H"
	case "uuid":
		return "0b7f3c52-6a1e-4d0c-9f3a-2b8e5d417c60"
	case "email", "idn-email":
		return "user@example.com"
	case "uri", "url", "iri", "uri-reference":
		return "https://example.com/"
	case "hostname", "idn-hostname":
		return "example.com"
	case "ipv4":
		return "192.0.2.1"
	case "ipv6":
		return "2001:db8::1"
	case "byte":
		return "bm94"
	case "json-pointer":
		return "/a"
	case "relative-json-pointer":
		return "1"
	}
	return "string"
}

func makeString(s *openapi3.Schema) (any, error) {
	made := usualString(s.Format)
	if short := int(s.MinLength) - len(made); short > maxText {
		return nil, errors.New("minLength is too large")
	} else if short > 0 {
		made = longer(s.Format, made, short)
	}
	if s.MaxLength != nil && uint64(len(made)) > *s.MaxLength {
		made = made[:*s.MaxLength]
		if short := "a@b.cd"; strings.HasSuffix(s.Format, "email") && uint64(len(short)) <= *s.MaxLength {
			made = short
		}
	}
	if s.Pattern == "" {
		return made, nil
	}
	if p, err := spec.CompilePattern(s.Pattern); s.Format != "" && err == nil && p.MatchString(made) {
		return made, nil
	}
	return matching(s.Pattern, s.MinLength)
}

// longer is a text of a format with short more characters, where the format has room
// for them.
func longer(format, text string, short int) string {
	switch format {
	case "date-time", "time": // a fraction of a second
		return strings.TrimSuffix(text, "Z") + "." + strings.Repeat("0", max(short-1, 1)) + "Z"
	case "byte":
		return text + strings.Repeat("bm94", (short+3)/4)
	}
	return text + strings.Repeat("x", short)
}
