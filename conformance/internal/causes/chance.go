package causes

import (
	"slices"
	"strconv"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// chance says of a failure whether it may be absent from another run, and
// which other failures it comes with.
type chance struct {
	intermittent bool
	origins      []string // ids of their checks
}

// chancesOf tells intermittent failures from steady ones. A failure is
// intermittent if some of its tries passed, if its tries failed at different
// requests, or if its check sends requests that race. It is also intermittent
// if it rests on the responses to a check that fails so, or if it has the same
// cause or symptom as one and was not shown to be steady.
func (f *Causes) chancesOf() []chance {
	d := &dice{Causes: f, place: map[string]int{}, owner: map[*wire.Response]int{}, out: make([]chance, len(f.checks))}
	for i, c := range f.checks {
		d.place[c.ID] = i
		v := &f.verdicts[i]
		d.out[i].intermittent = v.Outcome == conformance.Fail && (v.Failed < v.Tried || v.Varies || c.Races())
	}
	for _, s := range f.session.AllSeen() {
		if i, ok := d.place[s.Check.ID]; ok {
			d.owner[s.Response] = i
		}
	}
	d.kin = d.alike()
	for i, c := range f.checks {
		for j, other := range f.checks {
			if d.out[i].intermittent && j != i && c.Family() == other.Family() {
				d.link(&d.out[i], j) // which of them fails is chance
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for i := range f.checks {
			before := d.out[i]
			d.derive(i)
			changed = changed || before.intermittent != d.out[i].intermittent || len(before.origins) != len(d.out[i].origins)
		}
	}
	return d.out
}

// dice is what chances are derived from.
type dice struct {
	*Causes
	place map[string]int         // of a check, by its id
	owner map[*wire.Response]int // the check that a response was given to
	kin   map[int][]int          // failures with the same symptom
	out   []chance
}

// derive adds what follows for one failure from what is known of the others.
func (d *dice) derive(i int) {
	v, ch := &d.verdicts[i], &d.out[i]
	if v.Outcome != conformance.Fail {
		return
	}
	foreign, fickle := 0, 0 // evidence from other checks, from intermittent ones
	for _, a := range v.Evidence {
		j, ok := d.owner[a]
		if !ok || j == i {
			continue
		}
		foreign++
		if d.out[j].intermittent {
			fickle++
			d.link(ch, j)
		}
	}
	// A check that judges the responses to others is steady if any of them is.
	if fickle > 0 && (d.checks[i].Run != nil || fickle == foreign) {
		ch.intermittent = true
	}
	steady := v.Tried > 1 && v.Failed == v.Tried && !v.Varies && foreign == 0
	related := d.kin[i]
	if j, ok := d.place[v.Cause]; ok && j != i {
		related = append(related[:len(related):len(related)], j)
	}
	for _, j := range related {
		d.link(ch, j)
		ch.intermittent = ch.intermittent || d.out[j].intermittent && !steady
	}
}

func (d *dice) link(ch *chance, j int) {
	for _, id := range append([]string{d.checks[j].ID}, d.out[j].origins...) {
		if !slices.Contains(ch.origins, id) {
			ch.origins = append(ch.origins[:len(ch.origins):len(ch.origins)], id)
		}
	}
}

// alike finds for each failure the others with its symptom.
func (d *dice) alike() map[int][]int {
	by := map[string][]int{}
	for i := range d.checks {
		if d.verdicts[i].Outcome == conformance.Fail {
			s := d.symptom(i)
			by[s] = append(by[s], i)
		}
	}
	out := map[int][]int{}
	for _, all := range by {
		for _, i := range all {
			out[i] = slices.DeleteFunc(slices.Clone(all), func(j int) bool { return j == i })
		}
	}
	return out
}

// symptom is the same for failures that one fault shows itself by: the status
// that came instead of another, no response for the same reason, or, where the
// status is right, a clause that the response breaks.
func (d *dice) symptom(i int) string {
	c, v := d.checks[i], &d.verdicts[i]
	content := c.Family()
	if len(v.Evidence) == 0 {
		return content
	}
	switch a := v.Evidence[0]; {
	case v.Symptom != trial.SymptomStatus && c.Run != nil && a.EchoesOtherUser():
		return c.Operation + " " + changedUser
	case !a.Arrived():
		return c.Operation + " " + string(a.Failure)
	case a.Succeeded() && (v.Symptom == "" || a.HasStatus(c.Status)), v.Symptom == "" && a.HasStatus(c.Status):
		return content
	case a.Status/100 == 2: // what one check must not be let in with, another may
		return c.Operation + " " + c.Status + " " + strconv.Itoa(a.Status)
	default:
		return c.Operation + " " + strconv.Itoa(a.Status)
	}
}
