package checks

import (
	"encoding/json"
	"regexp"
	"strings"

	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// privateCheck looks for users of the run in answers about others.
func privateCheck(b *builder) {
	rules, status := b.op.Rules, b.op.SuccessStatus()
	if rules.Echo == "" || rules.Identity == "" {
		return
	}
	b.addJudgement(status, checkText{
		name: "no-other-user", ground: contractSays, pointer: b.op.Pointer + "/responses/" + status,
		summary: "no " + status + " contains the user id or the " + rules.Identity + " of another user",
		sends:   "nothing; it judges every " + status + " response of the run",
		why:     "A request for one user must reveal nothing about another.",
	}, func(s *trial.Session) trial.Verdict {
		mark := regexp.MustCompile(`(?i)` + regexp.QuoteMeta(s.UserPrefix) + `[0-9]+-[0-9]+`)
		owners := map[string]string{} // of each id
		for _, seen := range s.AllSeen() {
			if id, ok := seen.Response.Member(rules.Identity); ok && len(id) >= 8 && seen.Response.Succeeded() {
				owners[id] = seen.Response.Request.Subject
			}
		}
		return s.JudgeResponses(b.op, false, func(a *wire.Response) (wire.Finding, bool) {
			members, ok := a.Value.(map[string]any)
			if !ok || !a.Succeeded() {
				return wire.Finding{}, false
			}
			f := wire.Finding{Expected: "nothing about other users"}
			for name, value := range members {
				if name == rules.Echo || name == rules.Identity {
					continue
				}
				text, err := json.Marshal(value)
				if err != nil || len(text) < 8 {
					continue
				}
				if other := otherUser(string(text), a, mark, owners, rules.Identity); other != "" {
					f.Actual = "the property " + name + " in a response about another user contains " + other
				}
			}
			return f, true
		})
	})
}

// otherUser finds a user of the run in a text who is not the one that a
// response is about.
func otherUser(text string, a *wire.Response, mark *regexp.Regexp, owners map[string]string, identity string) string {
	own := strings.ToLower(string(a.Request.Body) + a.Request.Subject)
	for _, found := range mark.FindAllString(text, -1) {
		if !strings.Contains(own, strings.ToLower(found)) {
			return wire.Quote(found)
		}
	}
	ownID, _ := a.Member(identity)
	for id := range owners {
		if id != ownID && strings.Contains(text, id) && !strings.Contains(own, strings.ToLower(id)) { // some users are called so
			return "the id " + wire.Quote(id)
		}
	}
	return ""
}
