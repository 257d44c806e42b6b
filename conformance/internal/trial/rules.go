package trial

import (
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/schema"
)

// Bind gives operations the rules that a file has for them. An error, which names
// the line, is a rule that the contract has no operation or no property for.
func (c *Contract) Bind(rules []conformance.Rule) error {
	for _, op := range c.Operations {
		op.Rules = contract.Rules{}
	}
	for i := range rules {
		r := &rules[i]
		bound := false
		for _, op := range c.Operations {
			problem := misfit(op, r)
			switch {
			case r.Operation == "" && problem == "", r.Operation != "" && schema.IDWord(r.Operation) == op.ID:
				bound = true
			default:
				continue
			}
			if problem != "" {
				return r.Errorf("%s %s", op.ID, problem)
			}
			op.Rules = contract.Rules{Subject: r.Subject, Echo: r.Echo, Identity: r.Identity, AdmitsDisabled: r.AdmitsDisabled}
		}
		if !bound && r.Operation == "" {
			return r.Errorf("no operation of the contract has these properties: %s", strings.Join(slices.DeleteFunc([]string{r.Subject, r.Echo, r.Identity}, func(s string) bool { return s == "" }), ", "))
		}
		if !bound {
			var ids []string
			for _, op := range c.Operations {
				ids = append(ids, op.ID)
			}
			return r.Errorf("the contract has no operation %q; the nearest is %s", r.Operation, conformance.Nearest(r.Operation, ids))
		}
	}
	return nil
}

// misfit says why a rule cannot hold for an operation, "" if it can.
func misfit(op *contract.Operation, r *conformance.Rule) string {
	if r.Subject == "" {
		return ""
	}
	s := op.RequestProperty(r.Subject)
	if s == nil || !s.AcceptsType("string") {
		return "takes no body in JSON with a text " + r.Subject
	}
	if !s.Fits(UserPrefixOf("0123abcd") + "000-1") {
		return "allows too little in " + r.Subject + ": nox-conformance-0123abcd-U000-1 does not match its schema"
	}
	for _, name := range []string{r.Echo, r.Identity} {
		if p := op.SuccessProperty(name); name != "" && (p == nil || !p.AcceptsType("string")) {
			return "returns no text " + name + " with its success"
		}
	}
	return ""
}

// bindShipped gives the operation that the embedded contract's rules name its rules,
// in whatever contract declares it, and those that are like it by their properties.
func (c *Contract) bindShipped() {
	rules, err := conformance.ReadRules(strings.NewReader(conformance.ShippedRules()), "rules.yaml")
	if err != nil {
		return // which a test would find
	}
	for _, r := range rules {
		for _, op := range c.Operations {
			if isNamed := schema.IDWord(r.Operation) == op.ID && op.RequestProperty(r.Subject) != nil; isNamed || misfit(op, &r) == "" {
				op.Rules = contract.Rules{Subject: r.Subject, Echo: r.Echo, Identity: r.Identity}
			}
		}
	}
}
