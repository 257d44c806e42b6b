package contract

// Rules are what the prose of the contract says of an operation and its
// schemas cannot. Property names stand here and nowhere else in this package.
type Rules struct {
	// Subject is the request property that names whom the operation is about.
	// "The manufacturer's internal user ID to register a device connection
	// for."
	Subject string
	// Echo is the response property that returns subject as it was sent.
	// "The manufacturer's user ID that was provided."
	Echo string
	// Identity is the response property with the id that belongs to subject:
	// one subject, one id; another subject, another id; for each manufacturer
	// apart. "The NOX subscriber ID (resolved or newly created)."
	Identity string
}

// proseRules returns the rules for an operation; the zero value, which states
// nothing, for one that has none.
func proseRules(operationID string) Rules {
	if operationID == "createManufacturerDeviceConnection" {
		return Rules{Subject: "user_id", Echo: "manufacturer_user_id", Identity: "nox_user_id"}
	}
	return Rules{}
}
