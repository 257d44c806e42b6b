package conformance

import (
	"slices"
	"strings"

	"nox.energy/contract/conformance/internal/schema"
)

// obstacleCheck stands for an operation to which no valid request can be made.
func (b *builder) obstacleCheck() {
	status := b.op.success()
	if status == "" {
		status = statusHTTP
	}
	b.add(status, checkText{
		name: "minimal", ground: contractSays, prod: Harmless, pointer: b.op.Pointer,
		summary: "the plainest valid request is answered " + status,
		sends:   "nothing: " + b.op.obstacle,
		why:     "What is not judged should be known.",
	}, stageAccept, func(t *trial) { t.skip("not judged: " + t.op.obstacle) })
}

// parameterChecks vary the parameters beside the body: each optional one
// present, each freedom that its schema declares; each required one left out,
// each rule of its schema broken.
func (b *builder) parameterChecks() {
	for i := range b.op.parameters {
		p := &b.op.parameters[i]
		plain, ok := p.plain()
		if !ok {
			continue
		}
		if p.in != "path" { // what a path names is there or not, whatever the schema allows
			b.parameterVariants(i, p, plain)
		}
		b.parameterMutations(i, p, plain)
	}
	b.elsewhereCheck()
}

// elsewhereCheck asks for what a path may name and the target need not know, so
// that the documented 404 is seen too.
func (b *builder) elsewhereCheck() {
	const status = "404"
	values := slices.Clone(b.op.values)
	other := false
	for i := range b.op.parameters {
		p := &b.op.parameters[i]
		if p.in != "path" {
			continue
		}
		if found := p.schema.Several(2, false); len(found) == 2 {
			v := found[1]
			if schema.Equal(v, values[i]) {
				v = found[0]
			}
			values[i], other = v, p.text(v) != ""
		}
	}
	if !other || !slices.Contains(b.op.Statuses, status) || b.op.success() == "" || !b.op.isSafe() {
		return
	}
	request := func(r *request) *request {
		return r.on(func(r *request) { r.setParameters(values) })
	}
	if b.contract.confirm(request(plainRequest(b.op))) != nil {
		return
	}
	b.add(status, checkText{
		name: "other-resource", ground: contractSays, prod: Harmless,
		summary: "another address of the same form is answered, or not found as documented",
		sends:   "a valid request to an address of which the contract gives no example",
		why:     "Clients ask for what is no longer there, and must be able to tell.",
	}, stageAccept, func(t *trial) {
		statuses := []string{t.op.success(), status}
		if t.op.rejection() != "" {
			statuses = append(statuses, t.op.rejection()) // what may stand in a path is seldom said in full
		}
		t.expect(request(t.request()), statuses...)
	})
}

func (b *builder) parameterVariants(i int, p *parameter, plain any) {
	status := b.op.success()
	if status == "" {
		return
	}
	add := func(suffix, about, pointer string, hold schema.Firmness, v any) {
		if b.contract.confirm(plainRequest(b.op).withParameter(i, v, fits)) != nil {
			return
		}
		c := b.add(status, checkText{
			name: p.in + "-" + schema.Word(p.name) + "-" + suffix, ground: groundOf(hold), prod: Creates, pointer: pointer,
			summary: "a valid parameter is accepted: " + p.name + " " + about,
			sends:   "an otherwise plain request with the " + p.in + " parameter " + p.name + " " + about,
			why:     "What the contract allows, clients send.",
		}, stageAccept, func(t *trial) { t.expect(t.request().withParameter(i, v, fits), status) })
		if !b.op.isSafe() {
			c.newUsers = 1
		}
	}
	if !p.required {
		add("present", "present", p.pointer, schema.Firm, plain)
	}
	whole := schema.Spot{Body: plain, Label: p.name, Required: true, Schema: p.schema, View: p.schema.View(plain), Value: plain}
	for _, f := range whole.Freedoms() {
		if f.Value == nil || p.text(f.Value) == "" {
			continue // neither can be told from a parameter that is not there
		}
		add(f.Name, f.About, f.Pointer, f.Hold, f.Value)
	}
}

func (b *builder) parameterMutations(i int, p *parameter, plain any) {
	status := b.op.rejection()
	if status == "" {
		return
	}
	allowed := []string{status}
	if p.in == "path" {
		allowed = append(allowed, "404") // there is nothing under such a name
	}
	add := func(m schema.Breach) {
		how := breaks
		if m.Hold == schema.Annotated {
			how = open
		}
		if p.in == "path" && p.text(m.Value) == "" || b.contract.confirm(plainRequest(b.op).withParameter(i, m.Value, how)) != nil {
			return
		}
		b.add(status, checkText{
			name: p.in + "-" + schema.Word(p.name) + "-" + m.Name, ground: groundOf(m.Hold), prod: LaxOnly, pointer: m.Pointer,
			summary: "a parameter that breaks the contract is refused: " + p.name + " " + m.About,
			sends:   "an otherwise valid request, with the " + p.in + " parameter " + p.name + " " + m.About,
			why:     "What is passed over in silence, the client takes for understood.",
		}, stageReject, func(t *trial) { t.expect(t.request().withParameter(i, m.Value, how), allowed...) })
	}
	if p.required && p.in != "path" {
		add(schema.Breach{Name: "missing", About: "left out", Pointer: p.pointer + "/required", Hold: schema.Firm, Value: absent{}})
	}
	for _, m := range mistyped(p) {
		add(m)
	}
	schema.Visit(p.schema, plain, func(s schema.Spot) {
		for _, m := range s.Breaches() {
			m.Name = strings.TrimPrefix(s.Label+"-"+m.Name, "-")
			m.Value = schema.Replaced(s.Body, s.Path, m.Value)
			add(m)
		}
	})
}

// mistyped lists texts that stand for no value of the parameter's type.
func mistyped(p *parameter) []schema.Breach {
	var out []schema.Breach
	add := func(name, about, text string) {
		if !p.schema.Accepts("string") {
			out = append(out, schema.Breach{Name: name, About: about, Pointer: p.schema.Rule("type"), Hold: schema.Firm, Value: text})
		}
	}
	switch {
	case p.schema.Is("integer"), p.schema.Is("number"):
		add("string", "a word instead of a number", "abc")
	case p.schema.Is("boolean"):
		add("string", "a word instead of true or false", "maybe")
	}
	if p.schema.Is("integer") && !p.schema.Is("number") {
		add("fraction", "with a fraction", "1.5")
	}
	return out
}
