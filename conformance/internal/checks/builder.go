package checks

import (
	"slices"
	"strconv"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
	"nox.energy/contract/spec"
)

// ProvocationsOf returns the ways in which the configuration makes a target respond
// with a status, or with one of a range.
func ProvocationsOf(cfg *conformance.Config, status string) []conformance.Provocation {
	var out []conformance.Provocation
	for _, p := range cfg.Provoke {
		if p.Status == status || len(status) == 3 && strings.HasSuffix(status, "XX") && p.Status[:1] == status[:1] {
			out = append(out, p)
		}
	}
	return out
}

// checkText is what a check says of itself.
type checkText struct {
	name     string
	ground   ground // and so the level
	prod     conformance.ProductionClass
	summary  string
	sends    string
	why      string
	pointer  string   // of the clause
	formerly []string // names of checks that it has taken in

	needs              trial.Needs
	newUsers, requests int // see [trial.Check]
	runsAlone          bool
	isUniform          bool
	isForeign          bool
	takesMeasured      bool
	sendsNothing       bool
	onRequest          func(*conformance.Config) bool
}

// builder collects the checks of one operation.
type builder struct {
	contract *trial.Contract
	op       *contract.Operation
	checks   []*trial.Check
	ids      map[string]bool
}

// add makes a check of the operation at a status.
func (b *builder) add(status string, t checkText, st trial.Stage, run func(*trial.Trial)) *trial.Check {
	if b.op.IsSafe() && (t.prod == conformance.Creates || t.prod == conformance.LaxOnly) {
		t.prod = conformance.Harmless
	}
	c := &trial.Check{
		Check: conformance.Check{
			ID: b.id(status, t.name), Since: since(status, t.name),
			Operation: b.op.ID, Status: status, Level: t.ground.level(), Because: string(t.ground), Production: t.prod,
			Summary: t.summary, Sends: t.sends, Why: t.why, Passive: run == nil,
		},
		Stage: st, Run: run, Needs: t.needs, NewUsers: t.newUsers, Requests: t.requests, RunsAlone: t.runsAlone, IsUniform: t.isUniform,
		IsForeign: t.isForeign, TakesMeasured: t.takesMeasured, SendsNothing: t.sendsNothing, OnRequest: t.onRequest,
	}
	for _, name := range t.formerly {
		c.Aliases = append(c.Aliases, b.op.ID+"/"+status+"/"+name)
	}
	pointer := t.pointer
	if pointer == "" {
		pointer = b.op.Pointer + spec.Pointer("responses", status)
	}
	c.Clause = b.clause(pointer)
	b.checks = append(b.checks, c)
	return c
}

// addJudged makes a check that sends nothing: a rule judges every response to the
// operation, with around also those to other methods and unknown paths.
func (b *builder) addJudged(status string, t checkText, around bool, rule func(*wire.Response) (wire.Finding, bool)) *trial.Check {
	return b.addJudgement(status, t, func(s *trial.Session) trial.Verdict { return s.JudgeResponses(b.op, around, rule) })
}

// addJudgement makes a check that sends nothing and looks back on the whole run.
func (b *builder) addJudgement(status string, t checkText, judge func(*trial.Session) trial.Verdict) *trial.Check {
	t.prod = conformance.Harmless
	c := b.add(status, t, trial.StageLast, nil)
	c.JudgeRun = judge
	return c
}

// addUnjudged makes a check that only says what is not judged, and why.
func (b *builder) addUnjudged(status, name, summary, pointer, reason string) {
	b.add(status, checkText{
		name: name, ground: contractSays, prod: conformance.Harmless, pointer: pointer,
		summary: summary, sends: "nothing: " + reason, why: "What is not judged should be known.",
	}, trial.StageAccept, func(t *trial.Trial) { t.Skip("not judged: " + reason) })
}

// skippedAs gives the reason why a judgement finds nothing to judge.
func skippedAs(c *trial.Check, reason string) {
	judge := c.JudgeRun
	c.JudgeRun = func(s *trial.Session) trial.Verdict {
		v := judge(s)
		if v.Outcome == conformance.Skip {
			v.Reason = reason
		}
		return v
	}
}

// id makes the id of a check. Where properties are named so much alike that two
// would be the same, the later one has a number behind it.
func (b *builder) id(status, name string) string {
	id := b.op.ID + "/" + status + "/" + name
	for n := 2; b.ids[id]; n++ {
		id = b.op.ID + "/" + status + "/" + name + "-" + strconv.Itoa(n)
	}
	b.ids[id] = true
	return id
}

// clause finds the words behind a pointer. A response or an operation is best
// quoted by its description; what is not in the document is quoted by what is
// above it.
func (b *builder) clause(pointer string) spec.Clause {
	for pointer != "" {
		for _, detail := range []string{"/description", ""} {
			if detail != "" && !isDescribed(pointer) {
				continue
			}
			if c, err := b.contract.Document.Clause(pointer + detail); err == nil {
				return c
			}
		}
		pointer = pointer[:strings.LastIndex(pointer, "/")]
	}
	return spec.Clause{}
}

// memberPointer leads to a property of the body of a success.
func (b *builder) memberPointer(name string) string {
	return b.op.Pointer + "/responses/" + b.op.SuccessStatus() + "/content/application~1json/schema/properties/" + name
}

// isDescribed reports whether a pointer leads to an object that is quoted by its
// description rather than whole.
func isDescribed(pointer string) bool {
	tokens := strings.Split(pointer, "/")
	last := tokens[len(tokens)-1]
	parent := ""
	if len(tokens) > 1 {
		parent = tokens[len(tokens)-2]
	}
	return parent == "responses" || parent == "properties" || slices.Contains([]string{"get", "put", "post", "delete", "patch", "head", "options", "trace"}, last)
}

// isFirst reports whether the operation is the first of the contract.
func (b *builder) isFirst() bool { return b.op == b.contract.Operations[0] }

// confirmed reports whether the validator agrees with what a request is meant to
// be. Where it does not, no check is made of it: the schema is then one that is
// not understood here.
func (b *builder) confirmed(body any, how wire.Intent) bool {
	r := wire.MinimalRequest(b.op).WithBody(body, how)
	return r.Body != nil && b.contract.Confirm(r) == nil
}
