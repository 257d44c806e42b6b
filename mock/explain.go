package mock

import (
	"strings"

	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/mock/journal"
)

// ExplainHeader tells, if asked for, why an answer is an error: a dictionary of
// strings (RFC 9651, section 3.2) with the members rule, in, pointer, got and
// expected. The body stays the contract's.
const ExplainHeader = "X-Nox-Mock-Explain"

func explanation(why journal.Why) string {
	var members []string
	for _, m := range []struct{ name, value string }{
		{"rule", why.Rule}, {"in", why.In}, {"pointer", why.Pointer}, {"got", why.Got}, {"expected", why.Expected},
	} {
		if m.value != "" {
			members = append(members, m.name+"="+openapi.QuotedString(visible(m.value)))
		}
	}
	return strings.Join(members, ", ")
}

// visible keeps to the characters that a string of a structured field may hold
// (RFC 9651, section 3.3.3).
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}
