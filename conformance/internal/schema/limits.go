package schema

import "strings"

// end is a value at, or one beyond, a limit of a schema.
type end struct {
	name    string // "at-max-length"
	about   string
	keyword string
	value   any
}

// endsOf are the values at the limits of a schema, which still fit it.
func endsOf(s *Schema, optional bool) []end { return limitsOf(s, 0, optional) }

// beyondOf are the values one past the limits of a schema, which break no other
// rule of it.
func beyondOf(s *Schema, optional bool) []end { return limitsOf(s, 1, optional) }

// limitsOf lists the value at each limit of a schema (past 0), or the one past
// it (past 1).
func limitsOf(s *Schema, past int64, optional bool) []end {
	word := [...]string{"at", "past"}[past]
	var out []end
	add := func(name, keyword string, v any, ok bool) {
		if ok && fits(s, v) == (past == 0) {
			out = append(out, end{word + "-" + name, word + " its " + keyword, keyword, v})
		}
	}
	if s.Enum != nil {
		return nil
	}
	if s.HasType("string") {
		if n := s.MaxLength; n != nil {
			v, ok := s.text(*n + past)
			add("max-length", "maxLength", v, ok)
		}
		if n := s.MinLength; n != nil {
			v, ok := s.text(*n - past)
			add("min-length", "minLength", v, ok)
		}
	}
	if s.HasType("integer") || s.HasType("number") {
		numberLimits(s, past, add)
	}
	if s.HasType("array") {
		if n := s.MaxItems; n != nil && *n < maxGeneratedList {
			v, ok := s.makeArray(int(*n+past), optional)
			add("max-items", "maxItems", v, ok)
		}
		if n := s.MinItems; n != nil && *n >= past && *n < maxGeneratedList {
			v, ok := s.makeArray(int(*n-past), optional)
			add("min-items", "minItems", v, ok)
		}
	}
	if s.HasType("object") {
		sizeLimits(s, past, add)
	}
	return out
}

func numberLimits(s *Schema, past int64, add func(name, keyword string, v any, ok bool)) {
	if n := mostOf(s); n != nil {
		v := number(n.Add(n, scaled(grainOf(s), int(past))))
		relaxed := *s
		relaxed.Maximum = nil
		add("maximum", "maximum", v, fits(&relaxed, v))
	}
	if n := leastOf(s); n != nil {
		v := number(n.Sub(n, scaled(grainOf(s), int(past))))
		relaxed := *s
		relaxed.Minimum = nil
		add("minimum", "minimum", v, fits(&relaxed, v))
	}
}

// sizeLimits are about minProperties and maxProperties.
func sizeLimits(s *Schema, past int64, add func(name, keyword string, v any, ok bool)) {
	if n := s.MaxProperties; n != nil && *n < maxGeneratedList {
		relaxed := *s
		relaxed.MaxProperties = nil
		if full, ok := relaxed.makeObject(true); ok {
			v := relaxed.padded(full, int(*n+past))
			add("max-properties", "maxProperties", v, int64(len(v)) == *n+past && fits(&relaxed, v))
		}
	}
	if n := s.MinProperties; n != nil && *n >= past {
		relaxed, less := *s, *n-past
		relaxed.MinProperties = &less
		if v, ok := relaxed.makeObject(false); ok {
			add("min-properties", "minProperties", v, int64(len(v)) == less)
		}
	}
}

// multibyteText is a text at the greatest length, of letters that are two bytes
// each: length is counted in characters.
func multibyteText(s *Schema) (string, bool) {
	if s.MaxLength == nil || *s.MaxLength < 1 || *s.MaxLength > maxGenerated {
		return "", false
	}
	v := strings.Repeat("é", int(*s.MaxLength))
	return v, s.Format == "" && fits(s, v)
}
