package conformance

import (
	"net/url"
	"strings"
)

// fillParameters gives every required parameter a value: its example, else a
// sample of its schema. Optional ones are left out.
func (r *request) fillParameters() {
	var query []string
	for _, p := range r.op.parameters {
		value := p.sample()
		switch p.in {
		case "path":
			r.path = strings.ReplaceAll(r.path, "{"+p.name+"}", url.PathEscape(value))
		case "query":
			if p.required {
				query = append(query, url.QueryEscape(p.name)+"="+url.QueryEscape(value))
			}
		case "header":
			if p.required {
				r.header[p.name] = []string{value}
			}
		case "cookie":
			if p.required {
				r.header.Add("Cookie", p.name+"="+url.QueryEscape(value))
			}
		}
	}
	r.query = strings.Join(query, "&")
}

func (p parameter) sample() string {
	v := p.example
	if v == nil {
		v = sample(p.schema, false)
	}
	if text, ok := v.(string); ok {
		return text
	}
	return string(encode(v))
}
