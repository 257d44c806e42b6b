package schema

// HasWriteOnly reports whether a property of the schema, or within one, is for
// requests alone.
func (s *Schema) HasWriteOnly() bool {
	for _, p := range s.Properties {
		if p.Schema.WriteOnly || p.Schema.HasWriteOnly() {
			return true
		}
	}
	return s.Items != nil && s.Items.HasWriteOnly()
}

// WriteOnlyIn names the properties of a decoded body that are for requests alone.
func (s *Schema) WriteOnlyIn(body any) []string {
	var out []string
	switch body := body.(type) {
	case map[string]any:
		for _, p := range s.Properties {
			v, there := body[p.Name]
			if there && p.Schema.WriteOnly {
				out = append(out, p.Name)
			}
			for _, name := range p.Schema.WriteOnlyIn(v) {
				out = append(out, p.Name+"."+name)
			}
		}
	case []any:
		if s.Items == nil || len(body) == 0 {
			return nil
		}
		for _, name := range s.Items.WriteOnlyIn(body[0]) {
			out = append(out, "0."+name)
		}
	}
	return out
}
