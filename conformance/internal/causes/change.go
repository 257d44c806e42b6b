package causes

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"nox.energy/contract/conformance/internal/textchange"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// changedUser is the symptom of a user id that comes back changed.
const changedUser = "changed user"

// sharedChanges names, for each check that fails because a user id comes back changed,
// or because two users count as one, the change that it shares with others. A
// check that shows two changes, each of which another shows alone, has the first
// of them for its cause.
func (f *Causes) sharedChanges(suspects []suspect) map[int]string {
	users := map[string]bool{}
	for _, each := range f.session.AllSeen() {
		name, _ := each.Response.Request.NamedUser()
		users[name] = true
	}
	found := map[int][]string{}
	for _, s := range suspects {
		if f.verdicts[s.index].Symptom == trial.SymptomStatus || s.check.Run == nil {
			continue
		}
		for _, names := range changesShown(s, users) {
			for _, name := range names {
				if !slices.Contains(found[s.index], name) {
					found[s.index] = append(found[s.index], name)
				}
			}
		}
	}
	alone, others := map[string]bool{}, 0
	for _, names := range found {
		if len(names) == 1 {
			alone[names[0]] = true
		}
		if slices.Contains(names, textchange.OtherText) {
			others++
		}
	}
	out := map[int]string{}
	var literal []suspect // with replacements that no normalizer knows
	for _, s := range suspects {
		names := found[s.index]
		switch {
		case len(names) == 0:
		case slices.ContainsFunc(names, func(n string) bool { return n != textchange.OtherText && !textchange.IsNormalizer(n) }):
			if others < fewestAlike {
				literal = append(literal, s)
			} else {
				out[s.index] = textchange.OtherText
			}
		case !slices.ContainsFunc(names, func(n string) bool { return !alone[n] }):
			out[s.index] = names[0]
		default:
			out[s.index] = strings.Join(names, " and ")
		}
	}
	for _, s := range literal { // those that share a replacement, however far apart, are one
		reached, size := slices.Clone(found[s.index]), 0
		for size != len(reached) {
			size = len(reached)
			for _, other := range literal {
				if slices.ContainsFunc(found[other.index], func(n string) bool { return slices.Contains(reached, n) }) {
					reached = append(reached, found[other.index]...)
				}
			}
			slices.Sort(reached)
			reached = slices.Compact(reached)
		}
		out[s.index] = strings.Join(reached, ", ")
	}
	explainThroughout(suspects, users, found, out)
	return out
}

// explainThroughout gives a check over the whole run the change that others found,
// where such changes account for what it blames: most of that comes from the
// experiments of others. It is told by itself where they leave most echoes over, or
// any two users with one id, because nothing else tells it.
func explainThroughout(suspects []suspect, users map[string]bool, found map[int][]string, out map[int]string) {
	under := map[string]string{} // the name of a change → what it is told under
	owner := map[*wire.Response]string{}
	for _, s := range suspects {
		about := out[s.index]
		if about == "" {
			continue
		}
		for _, name := range found[s.index] {
			if len(found[s.index]) == 1 || under[name] == "" {
				under[name] = about
			}
		}
		for _, a := range s.blamed {
			if a.EchoesOtherUser() {
				owner[a] = about
			}
		}
	}
	explain := func(names []string) string {
		about := ""
		for _, name := range names {
			switch told := under[name]; {
			case told != "":
				about = cmp.Or(about, told)
			case textchange.IsNormalizer(name):
				return ""
			case under[textchange.OtherText] == textchange.OtherText:
				about = cmp.Or(about, textchange.OtherText)
			}
		}
		return about
	}
	for _, s := range suspects {
		if s.check.Run == nil && len(s.blamed) > 0 && len(under) > 0 {
			if about := s.explainedBy(users, owner, explain); about != "" {
				out[s.index] = about
			}
		}
	}
}

// explainedBy names what most of the blamed responses of a check over the whole
// run are told under, "" where nothing explains them.
func (s suspect) explainedBy(users map[string]bool, owner map[*wire.Response]string, explain func(names []string) string) string {
	rules := s.blamed[0].Request.Op.Rules
	judgesEcho := s.isAbout(rules.Echo)
	if !judgesEcho && (!s.isAbout(rules.Identity) || s.contradicts(isSameUser, false)) {
		return ""
	}
	counts, sameID := map[string]int{}, map[string][]*wire.Response{}
	for _, a := range s.blamed {
		if judgesEcho {
			about := owner[a]
			if about == "" {
				for _, names := range changesShown(suspect{blamed: []*wire.Response{a}}, users) {
					about = explain(names)
				}
			}
			counts[about]++
			continue
		}
		id, _ := a.Member(rules.Identity)
		for _, b := range sameID[id] {
			if a.Request.Subject == b.Request.Subject {
				continue
			}
			about := explain(textchange.Difference(a.Request.Subject, b.Request.Subject))
			if about == "" {
				return ""
			}
			counts[about]++
		}
		sameID[id] = append(sameID[id], a)
	}
	if 2*counts[""] > len(s.blamed) {
		return ""
	}
	delete(counts, "")
	most := ""
	for _, about := range slices.Sorted(maps.Keys(counts)) {
		if most == "" || counts[about] > counts[most] {
			most = about
		}
	}
	return most
}

// changesShown names the changes that the blamed responses show. users are the ids
// that the run asked for.
func changesShown(s suspect, users map[string]bool) [][]string {
	var out [][]string
	for i, a := range s.blamed {
		rules := a.Request.Op.Rules
		got, _ := a.Member(rules.Echo)
		if a.EchoesOtherUser() {
			sent, _ := a.Request.NamedUser()
			names := textchange.Changes(sent, got)
			if users[got] && got != "" && textchange.Difference(sent, got) == nil {
				names = []string{textchange.OtherText} // somebody else's
			}
			out = append(out, names)
			continue
		}
		id, ok := a.Member(rules.Identity)
		for _, b := range s.blamed[:i] {
			if other, _ := b.Member(rules.Identity); ok && other == id && id != "" && a.Request.Subject != b.Request.Subject {
				if names := textchange.Difference(a.Request.Subject, b.Request.Subject); names != nil {
					out = append(out, names)
				}
			}
		}
	}
	return out
}
