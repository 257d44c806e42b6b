package mock

import (
	"log/slog"
	"strings"

	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/mock/internal/override"
	"nox.energy/contract/mock/journal"
)

// ExplainHeader tells, if asked for, why an answer is an error: a dictionary of
// strings (RFC 9651, section 3.2) with the members rule, in, pointer, got and
// expected. The body stays the contract's.
const ExplainHeader = "X-Nox-Mock-Explain"

// NotUnderstoodHeader names what a request asked for that this mock does not
// know, and the nearest that it does: without it, a client that was answered
// honestly would believe that it had tested a failure.
const NotUnderstoodHeader = "X-Nox-Mock-Not-Understood"

// MagicPrefix starts every user_id that asks for an outcome.
const MagicPrefix = override.MagicPrefix

// tellAsk lets the client, the journal and the log know what was asked for in vain.
func (m *Mock) tellAsk(x *exchange, ask override.Unmet) {
	if ask == "" || x.notUnderstood != "" {
		return
	}
	text := m.registry.redactor(m.registry.current.Load(), x.operation, x.request).Text(string(ask))
	x.notUnderstood = text
	x.logged = append(x.logged, slog.String("not_understood", text))
}

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
