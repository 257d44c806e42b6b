package mock

import "nox.energy/contract/mock/journal"

// recordLateBody completes the journal's entry of a request that was refused
// before its body was read: whoever looks for a user finds it. body is nil if it
// was not kept.
func (m *recorder) recordLateBody(x *exchange, body []byte) {
	if len(body) == 0 || x.operation == nil || triedOf(x.request.Context()) != nil {
		return
	}
	x.body = body
	hidden := newRedactor(m.registry, x.operation, x.request)
	request, userID := x.keptRequest(hidden), m.rule.userID(x.operation, body)
	if userID != nil {
		*userID = kept(hidden.text(*userID))
	}
	m.journal.Revise(x.entry.Manufacturer, x.entry.ID, func(e *journal.Entry) { e.Request, e.UserID = request, userID })
}
