package conformance

import (
	"cmp"
	"slices"
)

// users lists whom the target may know since the run, each once, in the order
// of the catalogue. A request that failed without a refusal may have created
// its user as well.
func (r *run) users() []User {
	var out []User
	place := map[[2]string]int{}
	for _, s := range r.inOrder(slices.Concat(r.all(), r.asides)) {
		a := s.answer
		if a.recorded {
			continue
		}
		created := a.came() && a.status/100 == 2
		if !a.request.mayCreate() || !created && (a.request.subject == "" || !a.leavesOpen()) {
			continue
		}
		u := User{Manufacturer: "no key", Name: a.request.created(a), Check: s.check.ID, Uncertain: !created}
		if len(a.request.keys) > 0 {
			u.Manufacturer = labelOf(a.request.keys[0])
		}
		if created {
			u.ID, _ = a.member(a.request.op.rules.identity)
		}
		key := [2]string{u.Manufacturer, u.Name}
		i, seen := place[key]
		if !seen {
			place[key] = len(out)
			out = append(out, u)
			continue
		}
		have := &out[i]
		have.ID = cmp.Or(have.ID, u.ID)
		have.Uncertain = have.Uncertain && u.Uncertain
	}
	for i := range out {
		out[i].Name, out[i].ID = r.redactor.Redact(out[i].Name), r.redactor.Redact(out[i].ID)
	}
	return out
}
