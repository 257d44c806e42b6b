package conformance

// Failures of one kind that are so many among the checks of one status are
// taken to have one cause.
const (
	symptomEcho = "echo" // what comes back is not what was sent

	fewestAlike = 6
	shareAlike  = 0.4
)

// group gives failures that show the same symptom at the same status one
// cause: the first of them, in the order of the catalogue. So a report shows
// one failure with many under it, not many.
func (r *run) group() {
	type kind struct{ operation, status, symptom string }
	alike := map[kind][]int{}
	experiments := map[kind]int{}
	for i, c := range r.checks {
		if c.run == nil {
			continue
		}
		experiments[kind{c.Operation, c.Status, ""}]++
		if v := r.verdicts[i]; v.outcome == Fail && v.cause == "" && v.symptom != "" {
			k := kind{c.Operation, c.Status, v.symptom}
			if v.symptom == symptomEcho { // whatever status the check was about
				k.status = r.operation(c).success()
			}
			alike[k] = append(alike[k], i)
		}
	}
	for k, members := range alike {
		all := experiments[kind{k.operation, k.status, ""}]
		if len(members) < fewestAlike || float64(len(members)) < shareAlike*float64(all) {
			continue
		}
		for _, i := range members[1:] {
			r.verdicts[i].cause = r.checks[members[0]].ID
		}
	}
}
