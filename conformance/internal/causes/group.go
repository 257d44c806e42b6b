package causes

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/checks"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/judge"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// What a failure looks like from outside, where a status is not all of it.
const (
	splitID     = "split"        // one user has two ids
	sharedID    = "shared"       // two users have one
	tenantID    = "tenants"      // one user of two manufacturers has one
	racyID      = "racy"         // ids go wrong where requests for a new user overlap
	silent      = "silent"       // the connection ended, or carried something else than HTTP
	breakdown   = "breakdown"    // 5xx
	redirected  = "redirected"   // 3xx
	blockedPage = "blocked page" // what stands before the API answered
	accepted    = "accepted"     // what must be refused was not
	refused     = "refused"      // what must be accepted was not
)

// Accepting what must be refused is a symptom that unrelated mistakes share. It
// is one cause where the same rule of the schema is broken, or most of the
// checks of a status fail by it.
const (
	fewestAlike = 6
	shareAlike  = 0.5
)

// symptom is what failures of one cause have in common. Responses of different
// statuses never have the same.
type symptom struct {
	operation string
	what      string
	status    int    // of the response, 0 where it is not what is wrong
	body      string // the kind of the body of such a response
	about     string // the documented status, the change of a user id, or the check where nothing else is known
	detail    string
}

// group is the failed checks of one cause. The others fall to its lead.
type group struct {
	symptom symptom
	members []suspect // in the order of the catalogue
	lead    suspect
	race    bool // it shows only where requests for a new user overlap
}

// suspect is a failed check with the responses that it fails for.
type suspect struct {
	index  int
	check  *trial.Check
	blamed []*wire.Response
}

// group finds the causes of the failures and warnings: checks that show the
// same symptom have one. It sets the cause of each check that falls to another,
// and takes back those that explain nothing.
func (f *Causes) group() []*group {
	failed := map[string]bool{}
	for i, c := range f.checks {
		failed[c.ID] = f.verdicts[i].Outcome == conformance.Fail
	}
	var suspects []suspect
	for i, c := range f.checks {
		v := &f.verdicts[i]
		if v.Outcome == conformance.Fail {
			suspects = append(suspects, suspect{i, c, v.BlamedResponses()})
		}
		if v.Outcome == conformance.Fail || !failed[v.Cause] {
			v.Cause = ""
		}
	}
	seen := f.session.AllSeen()
	contested := contestedUsers(seen)
	racy := func(s suspect) bool {
		return len(s.blamed) > 0 && !slices.ContainsFunc(s.blamed, func(a *wire.Response) bool { _, there := contested[userOf(a)]; return !there })
	}
	unstable := unstableID(seen, contested)
	changes := f.sharedChanges(suspects)
	symptoms := make([]symptom, len(suspects))
	for i, s := range suspects {
		symptoms[i] = f.symptomOf(s, changes)
		if !unstable && racy(s) && s.aboutIdentity(f) {
			symptoms[i] = symptom{operation: s.check.Operation, what: racyID}
		}
	}
	f.joinKeyless(suspects, symptoms)
	f.joinAccepted(suspects, symptoms)
	joinShared(suspects, symptoms)
	var out []*group
	at := map[symptom]*group{}
	for i, s := range suspects {
		g := at[symptoms[i]]
		if g == nil {
			g = &group{symptom: symptoms[i], race: true}
			at[g.symptom] = g
			out = append(out, g)
		}
		g.members = append(g.members, s)
		g.race = g.race && racy(s)
	}
	for _, g := range out {
		g.lead = f.leadOf(g)
		for _, s := range g.members {
			if s.index != g.lead.index {
				f.verdicts[s.index].Cause = g.lead.check.ID
			}
		}
	}
	return out
}

// leadOf chooses the check that tells the cause best: one that fails the run
// rather than one that warns; of a race, the check that is about races; the
// clause over all responses where several experiments broke it, and the one
// experiment where there is only one; one that stands under the clause that it is about.
func (f *Causes) leadOf(g *group) suspect {
	experiments := 0
	for _, s := range g.members {
		if s.check.Run != nil {
			experiments++
		}
	}
	rank := func(s suspect) int {
		n := 0
		if !f.counts(s) {
			n += 8
		}
		switch {
		case g.race && s.check.RunsAlone && !s.check.IsUniform && s.check.Run != nil:
		case s.check.Run == nil && s.check.Status == trial.StatusHTTP && experiments > 1:
			n++
		case s.check.Run == nil:
			n += 4
		case s.check.IsUniform:
			n += 3
		default:
			n += 2
		}
		return n
	}
	elsewhere := func(s suspect) int { // whether it stands under another clause than the one that the cause is about
		identity := f.session.Operation(s.check).Rules.Identity
		if s.check.Status == g.symptom.about || (g.symptom.what == splitID || g.symptom.what == sharedID) && s.isAbout(identity) {
			return 0
		}
		return 1
	}
	return slices.MinFunc(g.members, func(a, b suspect) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(elsewhere(a), elsewhere(b)))
	})
}

// counts reports whether a failure fails the run.
func (f *Causes) counts(s suspect) bool {
	_, counts := checks.Weigh(f.session.Config, s.check, &f.verdicts[s.index])
	return counts
}

// symptomOf reads from the responses what is wrong.
func (f *Causes) symptomOf(s suspect, changes map[int]string) symptom {
	v := &f.verdicts[s.index]
	k := symptom{operation: s.check.Operation, about: s.check.ID}
	if len(s.blamed) == 0 {
		return k
	}
	a := s.blamed[0]
	judgesStatus := v.Symptom == trial.SymptomStatus || s.check.Stage == trial.StageGate
	if s.check.Run == nil && s.check.Status == trial.StatusHTTP { // the clauses over every response
		judgesStatus = !a.Arrived() || a.Status/100 == 3 || a.Status/100 == 5
	}
	switch {
	case changes[s.index] != "":
		k.what, k.about = changedUser, changes[s.index]
	case !a.Arrived() && a.IsBroken():
		k.what, k.about = silent, ""
	case a.Arrived() && judgesStatus:
		return f.statusSymptom(s, a)
	case s.check.Run == nil && s.isAbout(a.Request.Op.Rules.Echo):
	case s.check.Run != nil && !s.aboutIdentity(f):
	case s.contradicts(isSameUser, false):
		k.what, k.about = splitID, ""
	case s.contradicts(isOtherName, true):
		k.what, k.about = sharedID, ""
	case s.contradicts(isOtherTenant, true):
		k.what, k.about = tenantID, ""
	}
	return k
}

// statusSymptom is the symptom of a wrong status: the status, the kind of the
// body, and the clause that it breaks.
func (f *Causes) statusSymptom(s suspect, a *wire.Response) symptom {
	op := a.Request.Op
	k := symptom{operation: op.ID, status: a.Status, body: trial.BodyKind(a), about: s.check.Status}
	wanted := f.verdicts[s.index].WantedStatuses
	switch owed := op.SuccessStatus(); {
	case owed != "" && slices.Contains(wanted, owed) && (a.Status/100 == 2 || !slices.Contains(wanted, k.about)):
		k.about = owed // what this request was owed, whatever status its check stands under
	case k.about == op.SuccessStatus() || !slices.Contains(wanted, k.about):
		for _, status := range []string{op.InvalidStatus(), op.UnauthorizedStatus()} { // a refusal that would do, in place of this one
			if status != "" && slices.Contains(wanted, status) {
				k.about = status
			}
		}
	}
	switch {
	case a.Status/100 == 3 && op.ResponseFor(a.Status) == nil:
		k.what, k.body, k.about = redirected, "", ""
	case a.Request.ProvokedStatus != "":
	case f.fromBefore(a):
		k.what, k.about = blockedPage, ""
	case a.Status/100 == 5:
		k.what, k.about = breakdown, ""
	case a.Succeeded() && k.about != op.SuccessStatus():
		k.what, k.detail = accepted, s.check.ID
		if k.about == op.UnauthorizedStatus() {
			k.detail = declaredKey(a.Request)
		}
		// One rule of the schema, or one lenient reader of JSON.
		if k.about == op.InvalidStatus() && (strings.Contains(s.check.Clause.Pointer, "/schema") || !f.counts(s)) {
			k.detail = s.check.Clause.Pointer
		}
	case k.about == op.SuccessStatus():
		k.what, k.detail = refused, messageOf(a)
	}
	return k
}

// declaredKey names the key that stands where the contract says.
func declaredKey(r *wire.Request) string {
	for _, k := range r.Keys {
		if k.Place != contract.AsDeclared {
			continue
		}
		if slices.ContainsFunc(checks.WrongKeys()[1:], func(w checks.WrongKey) bool { return strings.HasSuffix(k.Label, w.Description) }) {
			return "a key that is nearly right" // the same careless comparison
		}
		return wire.LabelOf(k)
	}
	return "no key"
}

// joinKeyless lets a check that looks at more than the status fall to those whose
// same key, or lack of one, was taken. By itself it says more of what it did.
func (f *Causes) joinKeyless(suspects []suspect, symptoms []symptom) {
	for i, s := range suspects {
		if symptoms[i].what != "" || symptoms[i].status != 0 || s.check.Run == nil || len(s.blamed) == 0 {
			continue
		}
		a := s.blamed[0]
		refusal := a.Request.Op.UnauthorizedStatus()
		if refusal == "" || !a.Succeeded() || slices.ContainsFunc(a.Request.Keys, func(k wire.Credential) bool { return k.IsValid }) {
			continue
		}
		k := f.statusSymptom(s, a)
		k.what, k.about, k.detail = accepted, refusal, declaredKey(a.Request)
		if slices.Contains(symptoms, k) {
			symptoms[i] = k
		}
	}
}

// joinAccepted gives one symptom to the checks of a status that most of them
// show: nothing is validated there, or no key is looked at. Checks that ask the same
// under another status fall to one of that status.
func (f *Causes) joinAccepted(suspects []suspect, symptoms []symptom) {
	same := func(k symptom) symptom { k.detail = ""; return k }
	alike, experiments := map[symptom]int{}, map[string]int{}
	for _, c := range f.checks {
		if c.Run != nil {
			experiments[c.Operation+c.Status]++
		}
	}
	for _, k := range symptoms {
		if k.what == accepted {
			alike[same(k)]++
		}
	}
	for i, k := range symptoms {
		n := alike[same(k)]
		if k.what == accepted && n >= fewestAlike && float64(n) >= shareAlike*float64(experiments[k.operation+k.about]) {
			symptoms[i] = same(k)
		}
	}
	for i, k := range symptoms { // what stands under another status repeats what others ask
		if k.what != accepted || suspects[i].check.Status == k.about {
			continue
		}
		for j, other := range symptoms {
			if suspects[j].check.Status == k.about && same(other) == same(k) {
				symptoms[i] = other
				break
			}
		}
	}
}

// joinShared gives one symptom to all checks whose users share an id, where that
// is so of users who have nothing in common. If a change in what comes back
// explains some of them, they stay with that.
func joinShared(suspects []suspect, symptoms []symptom) {
	i := slices.IndexFunc(symptoms, func(k symptom) bool { return k.what == sharedID })
	if i < 0 {
		return
	}
	echoed := map[symptom]bool{}
	for j, s := range suspects {
		if !s.contradicts(isOtherName, true) {
			echoed[symptoms[j]] = true
		}
	}
	for j, k := range symptoms {
		if k.what == changedUser && !echoed[k] {
			symptoms[j] = symptoms[i]
		}
	}
}

// aboutIdentity reports whether all that a check blames are successes, and the
// id in them is not the right one.
func (s suspect) aboutIdentity(f *Causes) bool {
	if len(s.blamed) == 0 || slices.ContainsFunc(s.blamed, func(a *wire.Response) bool { return !a.Succeeded() }) {
		return false
	}
	identity := s.blamed[0].Request.Op.Rules.Identity
	return identity != "" && (s.isAbout(identity) || differentIDs(s.blamed) ||
		strings.Contains(f.verdicts[s.index].Expected, "a different "+identity)) // an experiment on something else, which compares ids as well
}

// isAbout reports whether a check stands under the clause on a property.
func (s suspect) isAbout(property string) bool {
	return property != "" && strings.HasSuffix(strings.TrimSuffix(s.check.Clause.Pointer, "/description"), "/"+property)
}

// differentIDs reports whether responses name several ids for each of their
// users.
func differentIDs(answers []*wire.Response) bool {
	ids := map[user]map[string]bool{}
	for _, a := range answers {
		id, ok := a.Member(a.Request.Op.Rules.Identity)
		if !ok || !a.Succeeded() {
			return false
		}
		u := userOf(a)
		if ids[u] == nil {
			ids[u] = map[string]bool{}
		}
		ids[u][id] = true
	}
	for _, of := range ids {
		if len(of) < 2 {
			return false
		}
	}
	return len(ids) > 0
}

// contradicts reports whether two blamed responses about such users name the
// same id, or different ones.
func (s suspect) contradicts(such func(u, v user) bool, same bool) bool {
	for i, a := range s.blamed {
		for _, b := range s.blamed[:i] {
			x, ok := a.Member(a.Request.Op.Rules.Identity)
			y, also := b.Member(b.Request.Op.Rules.Identity)
			if ok && also && such(userOf(a), userOf(b)) && (x == y) == same {
				return true
			}
		}
	}
	return false
}

// user is whom a request is about: a user of one manufacturer.
type user struct{ operation, tenant, name string }

func userOf(a *wire.Response) user {
	u := user{operation: a.Request.Op.ID}
	u.name, _ = a.Request.NamedUser()
	if len(a.Request.Keys) == 1 {
		u.tenant = a.Request.Keys[0].Label
	}
	return u
}

func isSameUser(u, v user) bool    { return u == v }
func isOtherTenant(u, v user) bool { return u.name == v.name && u.tenant != v.tenant }
func isOtherName(u, v user) bool   { return u.name != v.name }

// contestedUsers are those of whom a second request was sent before the first
// was answered: which of the two creates the user is open until the time given.
func contestedUsers(seen []trial.SeenResponse) map[user]time.Time {
	byUser := map[user][]*wire.Response{}
	for _, each := range seen {
		a := each.Response
		if _, known := a.Request.NamedUser(); known && len(a.Request.Keys) == 1 && a.Request.Keys[0].IsValid {
			byUser[userOf(a)] = append(byUser[userOf(a)], a)
		}
	}
	out := map[user]time.Time{}
	for u, answers := range byUser {
		first := slices.MinFunc(answers, func(a, b *wire.Response) int { return a.End().Compare(b.End()) })
		var settled time.Time
		overlapping := 0
		for _, a := range answers {
			if a.Started.Before(first.End()) {
				overlapping++
				if a.End().After(settled) {
					settled = a.End()
				}
			}
		}
		if overlapping > 1 {
			out[u] = settled
		}
	}
	return out
}

// unstableID reports whether some user has two ids in responses to the same
// request while nobody contests it. A race does not explain that.
func unstableID(seen []trial.SeenResponse, contested map[user]time.Time) bool {
	type asked struct {
		user user
		what string
	}
	ids := map[asked]string{}
	for _, each := range seen {
		a := each.Response
		id, ok := a.Member(a.Request.Op.Rules.Identity)
		u := userOf(a)
		if !ok || !a.Succeeded() || u.name == "" || len(a.Request.Keys) != 1 || !a.Request.Keys[0].IsValid || a.Started.Before(contested[u]) {
			continue
		}
		k := asked{u, a.Request.ContentKey()}
		if first, there := ids[k]; there && first != id {
			return true
		}
		ids[k] = id
	}
	return false
}

var (
	changing = regexp.MustCompile(`[0-9]+|"[^"]*"|'[^']*'`)
	// frontMarks are what the pages of proxies and firewalls say of themselves.
	frontMarks = regexp.MustCompile(`(?i)\b(nginx|openresty|cloudflare|akamai|incapsula|imperva|mod_security|modsecurity|haproxy|varnish|envoy|traefik|squid|big-?ip|fortinet|fortiweb|barracuda|sucuri|cloudfront|awselb|web application firewall)\b|support id|incident id|reference #|request (was )?(blocked|rejected)|the requested url was rejected`)
)

// messageOf is the message of a refusal without what differs from one request to
// the next: two rules of a server have two messages.
func messageOf(a *wire.Response) string {
	text := judge.RemoveSent(a, string(a.Body))
	return changing.ReplaceAllString(text[:min(len(text), 500)], "#")
}

// fromBefore reports whether a response looks as if a firewall or proxy gave it:
// a page of HTML under a status that those answer with, a page that names one,
// or a body that is not the contract's and the same for several requests with a
// good key.
func (f *Causes) fromBefore(a *wire.Response) bool {
	kind := trial.BodyKind(a)
	if kind == trial.BodyAsDocumented || kind == trial.BodyNone {
		return false
	}
	blocks := slices.Contains([]int{
		http.StatusForbidden, http.StatusNotAcceptable, http.StatusTooManyRequests, http.StatusUnavailableForLegalReasons,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, 493, 999,
	}, a.Status)
	if kind == trial.BodyHTML {
		return blocks || frontName(a) != ""
	}
	if !blocks || a.Status/100 == 5 {
		return false
	}
	same := map[string]bool{}
	for _, each := range f.session.AllSeen() {
		b := each.Response
		if b.Status == a.Status && trial.HasOwnKey(b.Request) && messageOf(b) == messageOf(a) {
			same[each.Check.ID] = true
		}
	}
	return len(same) > 1
}

// frontName is the name of a proxy or firewall in a page of HTML, "" where there
// is none.
func frontName(a *wire.Response) string {
	return frontMarks.FindString(string(a.Body[:min(len(a.Body), 64<<10)]))
}
