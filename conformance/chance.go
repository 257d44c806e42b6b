package conformance

import "slices"

// chance says of a failure whether it may be absent from another run, and
// which other checks it comes from.
type chance struct {
	intermittent bool
	origins      []string // ids
}

// chances tells intermittent failures from steady ones. A failure is
// intermittent if some of its tries passed, if the tries failed at different
// requests, or if the check sends requests that race. It is also intermittent
// if it rests on responses to another check that is, or has such a check for
// its cause.
func (r *run) chances() []chance {
	place := map[string]int{}
	for i, c := range r.checks {
		place[c.ID] = i
	}
	owner := map[*answer]int{}
	for _, s := range r.all() {
		if i, ok := place[s.check.ID]; ok {
			owner[s.answer] = i
		}
	}
	out := make([]chance, len(r.checks))
	for i, c := range r.checks {
		v := &r.verdicts[i]
		out[i].intermittent = v.outcome == Fail && (v.failed < v.tried || v.wandered || c.races())
	}
	for changed := true; changed; {
		changed = false
		for i, c := range r.checks {
			if r.verdicts[i].outcome != Fail {
				continue
			}
			next := out[i]
			next.derive(r, c, i, place, owner, out)
			if next.intermittent != out[i].intermittent || len(next.origins) != len(out[i].origins) {
				out[i], changed = next, true
			}
		}
	}
	return out
}

// derive adds what follows for check i from what is known of the others.
func (ch *chance) derive(r *run, c *check, i int, place map[string]int, owner map[*answer]int, all []chance) {
	v := &r.verdicts[i]
	foreign, fickle := 0, 0 // evidence from other checks, from intermittent ones
	for _, a := range v.evidence {
		j, ok := owner[a]
		if !ok || j == i {
			continue
		}
		foreign++
		if all[j].intermittent {
			fickle++
			ch.from(r.checks[j].ID, all[j].origins)
		}
	}
	// A check that judges the responses to others is steady if any of them is.
	if fickle > 0 && (c.run != nil || fickle == foreign) {
		ch.intermittent = true
	}
	if j, ok := place[v.cause]; ok && j != i {
		ch.from(v.cause, all[j].origins)
		steady := v.tried > 1 && v.failed == v.tried && !v.wandered
		ch.intermittent = ch.intermittent || all[j].intermittent && !steady
	}
}

func (ch *chance) from(id string, further []string) {
	for _, each := range append([]string{id}, further...) {
		if !slices.Contains(ch.origins, each) {
			ch.origins = append(ch.origins[:len(ch.origins):len(ch.origins)], each)
		}
	}
}

// races reports whether a check releases requests together, so that chance has
// a part in its outcome.
func (c *check) races() bool { return c.alone && !c.uniform }
