package conformance

// Profile says what a run may send.
type Profile string

// The profiles.
const (
	Full       Profile = "full"       // everything
	Production Profile = "production" // only what cannot harm
)
