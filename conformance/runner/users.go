package runner

import (
	"cmp"
	"slices"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/wire"
)

// createdUsers lists whom the target may know since the run, each once, in the order
// of the catalogue. A request that failed without a refusal may have created
// its user as well.
func createdUsers(r *run) []conformance.User {
	var out []conformance.User
	place := map[[2]string]int{}
	for _, s := range r.Sort(slices.Concat(r.AllSeen(), r.SeenElsewhere)) {
		a := s.Response
		if a.IsRecorded {
			continue
		}
		created := a.Arrived() && a.Status/100 == 2
		if !a.Request.MayCreate() || !created && (a.Request.Subject == "" || !a.IsOutcomeUnknown()) {
			continue
		}
		u := conformance.User{Manufacturer: "no key", Name: a.Request.CreatedUser(a), Check: s.Check.ID, Uncertain: !created}
		if len(a.Request.Keys) > 0 {
			u.Manufacturer = wire.LabelOf(a.Request.Keys[0])
		}
		if created {
			u.ID, _ = a.Member(a.Request.Op.Rules.Identity)
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
		out[i].Name, out[i].ID = r.Redactor.Redact(out[i].Name), r.Redactor.Redact(out[i].ID)
	}
	return out
}
