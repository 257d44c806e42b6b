package mock

import (
	"log/slog"
	"time"

	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/store"
	"nox.energy/contract/spec"
)

// Config says what a [Mock] serves. The zero value serves the embedded contract
// to [DefaultManufacturers].
type Config struct {
	// Contract is the contract to serve; nil means the embedded one.
	Contract *spec.Document
	// Manufacturers may call the mock with their keys; nil means
	// [DefaultManufacturers].
	Manufacturers []store.Manufacturer
	// Connections exist to begin with. Their manufacturers must be known.
	Connections []store.Connection
	// Store keeps manufacturers and connections; nil means a new one in memory.
	// One that has manufacturers already keeps those that it has, and then
	// Manufacturers and Connections are what [Mock.Reset] and a store that lost
	// everything begin with again.
	Store store.Store
	// IDs says how the ids of NOX users are made; "" means [DerivedIDs].
	IDs IDs
	// NoOverrides switches off the header Prefer and the magic user_ids.
	NoOverrides bool
	// BodyTimeout bounds the wait for a request body; 0 means
	// [DefaultBodyTimeout].
	BodyTimeout time.Duration
	// Journal bounds what is remembered of the exchanges.
	Journal journal.Limits
	// ScorecardPatience is how long a client may wait for a response before the
	// scorecard calls it a mistake; 0 means [scorecard.DefaultPatience].
	ScorecardPatience time.Duration
	// ExplainErrors adds the header [ExplainHeader] to every error.
	ExplainErrors bool
	// Logger gets one line a request; nil means none. No key is ever logged,
	// only its fingerprint.
	Logger *slog.Logger
}

// DefaultBodyTimeout is how long a request body may take to arrive.
const DefaultBodyTimeout = 10 * time.Second

// MaxBodyBytes is the size of the largest request body that is accepted.
const MaxBodyBytes = 1 << 20

// DefaultManufacturers returns the manufacturers of a mock that was given
// none: two that are enabled and one that is not. Their keys are public and
// never change.
func DefaultManufacturers() []store.Manufacturer {
	return []store.Manufacturer{
		{Name: "acme", Keys: []string{"acme-test-key-5c1d0a"}, Enabled: true},
		{Name: "globex", Keys: []string{"globex-test-key-e83b27"}, Enabled: true},
		{Name: "initech", Keys: []string{"initech-test-key-94f6bd"}, Enabled: false},
	}
}

func (c *Config) setDefaults() (err error) {
	if c.Contract == nil {
		if c.Contract, err = spec.Embedded(); err != nil {
			return err
		}
	}
	if c.Manufacturers == nil {
		c.Manufacturers = DefaultManufacturers()
	}
	if c.Store == nil {
		c.Store = store.NewMemory()
	}
	if c.IDs == "" {
		c.IDs = DerivedIDs
	}
	if _, err := ParseIDs(string(c.IDs)); err != nil {
		return err
	}
	if c.BodyTimeout <= 0 {
		c.BodyTimeout = DefaultBodyTimeout
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}
