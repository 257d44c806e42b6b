package conformance

import (
	"strings"
)

// end is a value at, or one beyond, a limit of a schema.
type end struct {
	name    string // "at-max-length"
	about   string
	keyword string
	value   any
}

// ends are the values at the limits of a schema, which still fit it.
func (s *schema) ends(optional bool) []end { return s.limits(0, optional) }

// beyond are the values one past the limits of a schema, which break no other
// rule of it.
func (s *schema) beyond(optional bool) []end { return s.limits(1, optional) }

// limits lists the value at each limit of a schema (past 0), or the one past
// it (past 1).
func (s *schema) limits(past int64, optional bool) []end {
	word := [...]string{"at", "past"}[past]
	var out []end
	add := func(name, keyword string, v any, ok bool) {
		if ok && s.fits(v) == (past == 0) {
			out = append(out, end{word + "-" + name, word + " its " + keyword, keyword, v})
		}
	}
	if s.enum != nil {
		return nil
	}
	if s.is("string") {
		if n := s.maxLength; n != nil {
			v, ok := s.text(*n + past)
			add("max-length", "maxLength", v, ok)
		}
		if n := s.minLength; n != nil {
			v, ok := s.text(*n - past)
			add("min-length", "minLength", v, ok)
		}
	}
	if s.is("integer") || s.is("number") {
		s.numberLimits(past, add)
	}
	if s.is("array") {
		if n := s.maxItems; n != nil && *n < maxGeneratedList {
			v, ok := s.makeArray(int(*n+past), optional)
			add("max-items", "maxItems", v, ok)
		}
		if n := s.minItems; n != nil && *n >= past && *n < maxGeneratedList {
			v, ok := s.makeArray(int(*n-past), optional)
			add("min-items", "minItems", v, ok)
		}
	}
	if s.is("object") {
		s.sizeLimits(past, add)
	}
	return out
}

func (s *schema) numberLimits(past int64, add func(name, keyword string, v any, ok bool)) {
	if n := s.most(); n != nil {
		v := number(n.Add(n, scaled(s.grain(), int(past))))
		relaxed := *s
		relaxed.maximum = nil
		add("maximum", "maximum", v, relaxed.fits(v))
	}
	if n := s.least(); n != nil {
		v := number(n.Sub(n, scaled(s.grain(), int(past))))
		relaxed := *s
		relaxed.minimum = nil
		add("minimum", "minimum", v, relaxed.fits(v))
	}
}

// sizeLimits are about minProperties and maxProperties.
func (s *schema) sizeLimits(past int64, add func(name, keyword string, v any, ok bool)) {
	if n := s.maxProperties; n != nil && *n < maxGeneratedList {
		relaxed := *s
		relaxed.maxProperties = nil
		if full, ok := relaxed.makeObject(true); ok {
			v := relaxed.padded(full, int(*n+past))
			add("max-properties", "maxProperties", v, int64(len(v)) == *n+past && relaxed.fits(v))
		}
	}
	if n := s.minProperties; n != nil && *n >= past {
		relaxed, less := *s, *n-past
		relaxed.minProperties = &less
		if v, ok := relaxed.makeObject(false); ok {
			add("min-properties", "minProperties", v, int64(len(v)) == less)
		}
	}
}

// multibyte is a text at the greatest length, of letters that are two bytes
// each: length is counted in characters.
func (s *schema) multibyte() (string, bool) {
	if s.maxLength == nil || *s.maxLength < 1 || *s.maxLength > maxGenerated {
		return "", false
	}
	v := strings.Repeat("é", int(*s.maxLength))
	return v, s.format == "" && s.fits(v)
}
