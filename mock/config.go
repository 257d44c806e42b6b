package mock

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"
	"unicode/utf8"

	"nox.energy/contract/mock/journal"
	"nox.energy/contract/spec"
)

// Config says what a [Mock] serves. The zero value serves the embedded contract
// to [DefaultManufacturers].
type Config struct {
	// Contract is the contract to serve; nil means the embedded one.
	Contract *spec.Document
	// Manufacturers may call the mock with their keys; nil means
	// [DefaultManufacturers].
	Manufacturers []Manufacturer
	// Connections exist to begin with. Their manufacturers must be known.
	Connections []Connection
	// Store keeps manufacturers and connections; nil means a new one in memory.
	// One that has manufacturers already keeps those that it has, and then
	// Manufacturers and Connections are what [Mock.Reset] and a store that lost
	// everything begin with again.
	Store Store
	// IDs says how the ids of NOX users are made; "" means [DerivedIDs].
	IDs IDs
	// NoOverrides switches off the header Prefer and the magic user_ids.
	NoOverrides bool
	// BodyTimeout bounds the wait for a request body; 0 means
	// [DefaultBodyTimeout].
	BodyTimeout time.Duration
	// Journal bounds what is remembered of the exchanges.
	Journal journal.Limits
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

// Manufacturer is a tenant of the mock. Its connections are its own.
type Manufacturer struct {
	Name    string   `json:"name"`
	Keys    []string `json:"keys,omitempty"` // any of them will do
	Enabled bool     `json:"enabled"`        // if not, its keys are answered with 401
	// KeyDigests are the SHA-256 digests of further keys, in hexadecimal: keys
	// that can be recognised but not read.
	KeyDigests []string `json:"key_sha256,omitempty"`
}

// DefaultManufacturers returns the manufacturers of a mock that was given
// none: two that are enabled and one that is not. Their keys are public and
// never change.
func DefaultManufacturers() []Manufacturer {
	return []Manufacturer{
		{Name: "acme", Keys: []string{"acme-test-key-5c1d0a"}, Enabled: true},
		{Name: "globex", Keys: []string{"globex-test-key-e83b27"}, Enabled: true},
		{Name: "initech", Keys: []string{"initech-test-key-94f6bd"}, Enabled: false},
	}
}

// maxName is how long the name of a manufacturer may be, in characters.
const maxName = 200

// manufacturerError says what is wrong with a manufacturer of a list, and where
// it stands there.
type manufacturerError struct {
	place string // as "manufacturers[1].keys[0]"
	err   error
}

func (e *manufacturerError) Error() string { return e.place + ": " + e.err.Error() }

func (e *manufacturerError) Unwrap() error { return e.err }

// checkManufacturers finds what would make a name or a key ambiguous or
// impossible to send. Any error is a *manufacturerError.
func checkManufacturers(all []Manufacturer) error {
	names, owners := map[string]bool{}, map[[sha256.Size]byte]string{}
	for i, m := range all {
		at := fmt.Sprintf("manufacturers[%d]", i)
		wrong := func(place, format string, args ...any) error {
			return &manufacturerError{at + place, fmt.Errorf(format, args...)}
		}
		switch err := checkName(m.Name); {
		case err != nil:
			return wrong("", "%w", err)
		case names[m.Name]:
			return wrong("", "the name %q is taken by another manufacturer", m.Name)
		case len(m.Keys) == 0 && len(m.KeyDigests) == 0:
			return wrong("", "manufacturer %q needs at least one key", m.Name)
		}
		names[m.Name] = true
		for j, key := range m.Keys {
			if err := checkKey(key); err != nil {
				return wrong(fmt.Sprintf(".keys[%d]", j), "%w", err)
			}
		}
		for j, text := range m.KeyDigests {
			if digest, err := hex.DecodeString(text); err != nil || len(digest) != sha256.Size {
				return wrong(fmt.Sprintf(".key_sha256[%d]", j), "a SHA-256 digest has 64 hexadecimal digits")
			}
		}
		for j, digest := range m.digests() {
			place := ""
			if j < len(m.Keys) {
				place = fmt.Sprintf(".keys[%d]", j)
			}
			switch owner, taken := owners[digest]; {
			case taken && owner == m.Name:
				return wrong(place, "this key of %q stands there twice", m.Name)
			case taken:
				return wrong(place, "this key of %q is also a key of %q: %w", m.Name, owner, ErrKeyTaken)
			}
			owners[digest] = m.Name
		}
	}
	return nil
}

// checkName tells whether name can be one of a manufacturer: it goes into JSON
// and into metrics, which are UTF-8, and is told from what stands for all.
func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("a manufacturer needs a name")
	case !utf8.ValidString(name):
		return errors.New("the name of a manufacturer must be UTF-8")
	case utf8.RuneCountInString(name) > maxName:
		return fmt.Errorf("the name of a manufacturer has at most %d characters, not %d", maxName, utf8.RuneCountInString(name))
	case name == everything:
		return fmt.Errorf("%q cannot be the name of a manufacturer, as it stands for all of them", name)
	}
	return nil
}

// checkKey tells whether key can travel as a header value and arrive unchanged
// (RFC 9110, section 5.5). It never repeats the key.
func checkKey(key string) error {
	if key == "" {
		return errors.New("a key may not be empty")
	}
	for _, c := range []byte(key) {
		if c <= ' ' || c > '~' {
			return errors.New("a key may hold visible ASCII characters only, without spaces")
		}
	}
	return nil
}
