package contract

import "nox.energy/contract/conformance/internal/schema"

// Rules are what the prose of the contract says of an operation and its
// schemas cannot.
type Rules struct {
	// Subject is the request property that names whom the operation is about.
	Subject string
	// Echo is the response property that returns subject as it was sent.
	Echo string
	// Identity is the response property with the id that belongs to subject:
	// one subject, one id; another subject, another id; for each manufacturer
	// apart.
	Identity string
	// AdmitsDisabled says that the key of a manufacturer that is not enabled is taken.
	AdmitsDisabled bool
}

// RequestProperty returns the schema of a property of the request body, nil where it
// declares none that JSON would hold.
func (op *Operation) RequestProperty(name string) *schema.Schema {
	if !op.TakesJSON() {
		return nil
	}
	if p := op.Body.Schema.Property(name); p != nil {
		return p.Schema
	}
	return nil
}

// SuccessProperty is the same of the response that a valid request is owed.
func (op *Operation) SuccessProperty(name string) *schema.Schema {
	for _, r := range op.Responses {
		if r.Status == op.SuccessStatus() && r.Schema != nil {
			if p := r.Schema.Property(name); p != nil {
				return p.Schema
			}
		}
	}
	return nil
}
