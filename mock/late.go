package mock

// recordLateBody completes the journal's entry of a request that was refused
// before its body was read: whoever looks for a user finds it. body is nil if it
// was not kept.
func (m *recorder) recordLateBody(x *exchange, body []byte) {
	if len(body) == 0 || x.operation == nil || triedOf(x.request.Context()) != nil {
		return
	}
	late := *x.recorded
	late.body, late.bodyBytes, late.userID = body, len(body), m.rule.userID(x.operation, body)
	m.journal.Revise(x.caller.manufacturer, x.id, &late)
}
