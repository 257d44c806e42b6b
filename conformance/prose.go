package conformance

// rules are what the prose of the contract says of an operation and its
// schemas cannot. Property names stand here and nowhere else in this package.
type rules struct {
	// subject is the request property that names whom the operation is about.
	// "The manufacturer's internal user ID to register a device connection
	// for."
	subject string
	// echo is the response property that returns subject as it was sent.
	// "The manufacturer's user ID that was provided."
	echo string
	// identity is the response property with the id that belongs to subject:
	// one subject, one id; another subject, another id; for each manufacturer
	// apart. "The NOX subscriber ID (resolved or newly created)."
	identity string
}

// proseRules returns the rules for an operation; the zero value, which states
// nothing, for one that has none.
func proseRules(operationID string) rules {
	if operationID == "createManufacturerDeviceConnection" {
		return rules{subject: "user_id", echo: "manufacturer_user_id", identity: "nox_user_id"}
	}
	return rules{}
}
