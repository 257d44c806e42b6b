package checks

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// linkChecks follow the links of a success to what can be read without changing
// anything.
func linkChecks(b *builder) {
	for _, r := range b.op.Responses {
		if !strings.HasPrefix(r.Status, "2") {
			continue
		}
		for _, l := range r.Links {
			if !l.Target.IsSafe() || l.Target.Obstacle != "" || l.Target.SuccessStatus() == "" || len(l.Values) == 0 {
				continue
			}
			b.add(r.Status, checkText{
				name: "link-" + schema.IDWord(l.Name), ground: roomInContract, prod: conformance.NotInProduction, newUsers: 1, pointer: l.Pointer,
				summary: "the link " + l.Name + " leads to a success of " + l.Target.ID,
				sends:   "a valid request, then one to " + l.Target.ID + " with the values that the link takes from the first exchange",
				why:     "Clients follow documented links instead of building requests of their own.",
			}, trial.StageAccept, func(t *trial.Trial) { follow(t, r, l) })
		}
	}
}

func follow(t *trial.Trial, r *contract.Response, l *contract.Link) {
	from := t.ExpectSuccess(t.Request())
	if !from.HasStatus(r.Status) {
		t.Skip("not judged: the target returns " + from.Summary() + ", which has no such link")
	}
	next, ok := t.Session.ValidRequest(l.Target, "").Linked(from, l.Values)
	if !ok {
		expressions := slices.Sorted(maps.Values(l.Values))
		t.Fail("a value for each of "+strings.Join(expressions, ", "), "a response without it", from)
	}
	if err := t.Session.Contract.Confirm(next); err != nil {
		t.Fail("values that "+l.Target.ID+" accepts", err.Error(), from)
	}
	if a := t.Send(next); !a.Succeeded() {
		t.Fail(trial.DescribeStatus(l.Target.SuccessStatus()), a.Summary(), from, a)
	}
}

// removalChecks delete what the run itself has created, and nothing else.
func removalChecks(b *builder) {
	status := b.op.SuccessStatus()
	switch from := b.op.Source.From; {
	case status == "":
		b.addUnjudged(trial.StatusHTTP, "minimal", "deleting what exists succeeds", b.op.Pointer+"/responses",
			"the contract documents no success of the operation, only "+strings.Join(b.op.Statuses, ", "))
		return
	case from.Obstacle != "":
		b.addUnjudged(status, "minimal", "deleting what exists returns "+status, b.op.Pointer,
			"what it removes is created by "+from.ID+", which is not judged either: "+from.Obstacle)
		return
	}
	add := func(status, name string, g ground, summary, sends, why string, run func(*trial.Trial)) {
		b.add(status, checkText{name: name, ground: g, prod: conformance.NotInProduction, newUsers: 1, runsAlone: true, summary: summary, sends: sends, why: why}, trial.StageRemove, run)
	}
	if refusal := b.op.UnauthorizedStatus(); refusal != "" && len(b.op.Security) > 0 {
		for _, e := range []struct {
			name, what string
			keys       func(t *trial.Trial) []wire.Credential
		}{
			{"missing-key", "no key", func(*trial.Trial) []wire.Credential { return nil }},
			{"unknown-key", "an unknown key", func(t *trial.Trial) []wire.Credential { return []wire.Credential{unknownKey(t)} }},
		} {
			add(refusal, e.name, contractSays, "rejected: "+e.what, "a request with "+e.what+" to delete what the run has created",
				"Anyone who gets in without the right key can delete what others rely on.",
				func(t *trial.Trial) {
					r, _ := removal(t)
					t.Expect(r.WithKeys(e.keys(t)...), refusal)
				})
		}
	}
	add(status, "minimal", contractSays, "deleting what exists returns "+status,
		"a request to "+b.op.Source.From.ID+", then one to delete what it created",
		"Clients rely on it to clean up after themselves.",
		func(t *trial.Trial) {
			r, _ := removal(t)
			t.ExpectSuccess(r)
		})
	i := slices.IndexFunc(b.contract.Operations, func(op *contract.Operation) bool {
		return op.Path == b.op.Path && op.Method == http.MethodGet && op.Obstacle == "" && op.Source != nil && op.Source.From == b.op.Source.From
	})
	if i < 0 {
		return
	}
	read := b.contract.Operations[i]
	absent := slices.DeleteFunc([]string{"404", "410"}, func(s string) bool { return !slices.Contains(read.Statuses, s) })
	if len(absent) == 0 {
		return
	}
	add(status, "gone", goodPractice, "what was deleted can no longer be read",
		"a request to create something, one to delete it, then one to "+read.ID,
		"A client that sees it again takes the deletion for failed.",
		func(t *trial.Trial) {
			r, created := removal(t)
			gone := t.Expect(r, status)
			next, ok := t.Session.ValidRequest(read, "").Linked(created, read.Source.Values)
			if !ok {
				t.Skip("the path of " + read.ID + " is not known")
			}
			if a := t.Send(next); !contract.Statuses(absent).Contains(a.Status) {
				t.Fail(contract.Statuses(absent).String(), a.Summary(), gone, a)
			}
		})
}

// removal creates something and returns the request that deletes it, with the
// response that created it. What the run
// has not created for certain is left alone.
func removal(t *trial.Trial) (*wire.Request, *wire.Response) {
	a := t.Send(t.Session.ValidRequest(t.Op.Source.From, t.User()))
	if !a.Succeeded() {
		t.Skip("not tried: nothing could be created to be deleted: " + a.Summary())
	}
	r, ok := t.Request().Linked(a, t.Op.Source.Values)
	if !ok || t.Session.Contract.Confirm(r) != nil {
		t.Skip("not tried: the response that creates it does not say what to delete")
	}
	if a.Status != http.StatusCreated && t.Session.HasSeenBefore(a, t.Op.Source.Values) {
		t.Skip(fmt.Sprintf("not tried: the target returned what it had returned before, so it may be somebody else's; a new one has %s or another id", contract.StatusText(http.StatusCreated)))
	}
	return r, a
}
