package checks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// obstacleCheck stands for an operation to which no valid request can be made.
func obstacleCheck(b *builder) {
	status := b.op.SuccessStatus()
	if status == "" {
		status = trial.StatusHTTP
	}
	b.addUnjudged(status, "minimal", "a minimal valid request returns "+status, b.op.Pointer, b.op.Obstacle)
}

// parameterChecks vary the parameters beside the body: each optional one
// present, each freedom that its schema declares; each required one left out,
// each rule of its schema broken.
func parameterChecks(b *builder) {
	for i := range b.op.Parameters {
		p := &b.op.Parameters[i]
		plain, ok := p.Minimal()
		if p.Twin != "" {
			b.addUnjudged(trial.StatusHTTP, p.In+"-"+schema.IDWord(p.Name), "the parameter "+p.Name+" is read as documented", p.Pointer,
				fmt.Sprintf("the operation declares the %s parameter %s twice, on lines %d and %d", p.In, p.Name, b.clause(p.Twin).Line, b.clause(p.Pointer).Line))
			continue
		}
		if !ok {
			continue
		}
		parameterVariants(b, i, p, plain)
		parameterMutations(b, i, p, plain)
	}
	elsewhereCheck(b)
}

// elsewhereCheck asks for what a path may name and the target need not know, so
// that the documented 404 is seen too.
func elsewhereCheck(b *builder) {
	const status = "404"
	values := slices.Clone(b.op.MinimalValues)
	other := false
	for i := range b.op.Parameters {
		p := &b.op.Parameters[i]
		if p.In != "path" {
			continue
		}
		if found := p.Schema.MakeSeveral(2, false); len(found) == 2 {
			v := found[1]
			if schema.Equal(v, values[i]) {
				v = found[0]
			}
			values[i], other = v, p.Text(v) != ""
		}
	}
	if !other || !slices.Contains(b.op.Statuses, status) || b.op.SuccessStatus() == "" || !b.op.IsSafe() {
		return
	}
	request := func(r *wire.Request) *wire.Request { return r.WithParameters(values, wire.Fits) }
	if b.contract.Confirm(request(wire.MinimalRequest(b.op))) != nil {
		return
	}
	b.add(status, checkText{
		name: "other-resource", ground: contractSays, prod: conformance.Harmless,
		summary: "an unknown resource returns a documented response",
		sends:   "a valid request with a path value that the contract gives no example of",
		why:     "Clients ask for resources that no longer exist, and must recognise the response.",
	}, trial.StageAccept, func(t *trial.Trial) {
		statuses := []string{t.Op.SuccessStatus(), status}
		if t.Op.InvalidStatus() != "" {
			statuses = append(statuses, t.Op.InvalidStatus()) // what may stand in a path is seldom said in full
		}
		t.Expect(request(t.Request()), statuses...)
	})
}

func parameterVariants(b *builder, i int, p *contract.Parameter, plain any) {
	status := b.op.SuccessStatus()
	if status == "" {
		return
	}
	allowed := []string{status}
	if p.In == "path" {
		_, isList := plain.([]any)
		if _, isObject := plain.(schema.Object); !isList && !isObject {
			return // what a path names is there or not, whatever the schema allows
		}
		allowed = append(allowed, "404")
	}
	add := func(suffix, about, pointer string, hold schema.Firmness, v any) {
		if !p.CanCarry(v) || b.contract.Confirm(wire.MinimalRequest(b.op).WithParameter(i, v, wire.Fits)) != nil {
			return
		}
		c := b.add(status, checkText{
			name: p.In + "-" + schema.IDWord(p.Name) + "-" + suffix, ground: groundOf(hold), prod: conformance.Creates, pointer: pointer,
			summary: "a valid parameter is accepted: " + p.Name + " " + about,
			sends:   "an otherwise minimal request with the " + p.In + " parameter " + p.Name + " " + about,
			why:     "Clients send whatever the contract allows.",
		}, trial.StageAccept, func(t *trial.Trial) { t.Expect(t.Request().WithParameter(i, v, wire.Fits), allowed...) })
		if !b.op.IsSafe() {
			c.NewUsers = 1
		}
	}
	if !p.Required {
		add("present", "present", p.Pointer, schema.Firm, plain)
	}
	whole := schema.Spot{Body: plain, Label: p.Name, Required: true, Schema: p.Schema, Effective: p.Schema.BranchFor(plain), Value: plain}
	for _, f := range whole.Alternatives() {
		if f.Value == nil || p.Text(f.Value) == "" {
			continue // neither can be told from a parameter that is not there
		}
		add(f.Name, f.Description, f.Pointer, f.Firmness, f.Value)
	}
}

func parameterMutations(b *builder, i int, p *contract.Parameter, plain any) {
	status := b.op.InvalidStatus()
	if status == "" {
		return
	}
	allowed := []string{status}
	if p.In == "path" {
		allowed = append(allowed, "404") // there is nothing under such a name
	}
	add := func(m schema.Breach) {
		how := wire.Breaks
		if m.Firmness == schema.Annotated {
			how = wire.Either
		}
		if (p.In == "header" || p.In == "cookie") && strings.ContainsFunc(p.Text(m.Value), unicode.IsControl) {
			return // which no client can send
		}
		if !p.CanCarry(m.Value) || p.In == "path" && p.Text(m.Value) == "" || b.contract.Confirm(wire.MinimalRequest(b.op).WithParameter(i, m.Value, how)) != nil {
			return
		}
		if p.In == "path" && b.strays(wire.MinimalRequest(b.op).WithParameter(i, m.Value, how)) {
			return
		}
		b.add(status, checkText{
			name: p.In + "-" + schema.IDWord(p.Name) + "-" + m.Name, ground: groundOf(m.Firmness), prod: conformance.LaxOnly, pointer: m.Pointer,
			summary: "an invalid parameter is rejected: " + p.Name + " " + m.Description,
			sends:   "an otherwise valid request, with the " + p.In + " parameter " + p.Name + " " + m.Description,
			why:     "If the server ignores an invalid parameter, the client assumes that it took effect.",
		}, trial.StageReject, func(t *trial.Trial) { t.Expect(t.Request().WithParameter(i, m.Value, how), allowed...) })
	}
	if p.Required && p.In != "path" {
		add(schema.Breach{Name: "missing", Description: "left out", Pointer: p.Pointer + "/required", Firmness: p.Schema.FirmnessOfAbsence(), Value: contract.Absent{}})
	}
	schema.Visit(p.Schema, plain, b.maxDerived(), func(s schema.Spot) {
		for _, m := range slices.Concat(mistyped(s.Schema), s.Breaches()) {
			m.Name = strings.TrimPrefix(s.Label+"-"+m.Name, "-")
			m.Value = schema.Replace(s.Body, s.Path, m.Value)
			add(m)
		}
	})
}

var pathVariable = regexp.MustCompile(`\\\{[^/]*?\\\}`) // as QuoteMeta writes it

// strays reports whether a request fits the path of another operation, which the
// minimal one does not: /files/1.5 that of /files/{id}.{extension}.
func (b *builder) strays(r *wire.Request) bool {
	sent, _, _ := strings.Cut(r.Path, "?")
	minimal, _, _ := strings.Cut(wire.MinimalRequest(b.op).Path, "?")
	return slices.ContainsFunc(b.contract.Operations, func(other *contract.Operation) bool {
		if other.Method != b.op.Method || other.Path == b.op.Path {
			return false
		}
		fits, err := regexp.Compile("^" + pathVariable.ReplaceAllLiteralString(regexp.QuoteMeta(other.Path), "[^/]+") + "$")
		return err == nil && fits.MatchString(sent) && !fits.MatchString(minimal)
	})
}

// mistyped lists texts that stand for no value of a schema's type.
func mistyped(s *schema.Schema) []schema.Breach {
	var out []schema.Breach
	add := func(name, about, text string) {
		if !s.AcceptsType("string") {
			out = append(out, schema.Breach{Name: name, Description: about, Pointer: s.RulePointer("type"), Firmness: schema.Firm, Value: text})
		}
	}
	switch {
	case s.HasType("integer"), s.HasType("number"):
		add("string", "a word instead of a number", "abc")
	case s.HasType("boolean"):
		add("string", "a word instead of true or false", "maybe")
	}
	if s.HasType("integer") && !s.HasType("number") {
		add("fraction", "with a fraction", "1.5")
	}
	return out
}
