package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Manufacturer is a tenant of the mock. Its connections are its own.
type Manufacturer struct {
	Name    string   `json:"name"`
	Keys    []string `json:"keys,omitempty"` // any of them will do
	Enabled bool     `json:"enabled"`        // if not, its keys are answered with 401
	// KeyDigests are the SHA-256 digests of further keys, in hexadecimal: keys
	// that can be recognised but not read.
	KeyDigests []string `json:"key_sha256,omitempty"`
}

// maxName is how long the name of a manufacturer may be, in characters.
const maxName = 200

// ManufacturerError says what is wrong with a manufacturer of a list, and where
// it stands there.
type ManufacturerError struct {
	place string // as "manufacturers[1].keys[0]"
	Err   error
}

func (e *ManufacturerError) Error() string { return e.place + ": " + e.Err.Error() }

func (e *ManufacturerError) Unwrap() error { return e.Err }

// CheckManufacturers finds what would make a name or a key ambiguous or
// impossible to send. Any error is a *manufacturerError.
func CheckManufacturers(all []Manufacturer) error {
	names, owners := map[string]bool{}, map[[sha256.Size]byte]string{}
	for i, m := range all {
		at := fmt.Sprintf("manufacturers[%d]", i)
		wrong := func(place, format string, args ...any) error {
			return &ManufacturerError{at + place, fmt.Errorf(format, args...)}
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
		for j, digest := range m.KeySums() {
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
	case name == AllManufacturers:
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

// WithoutKeys has the digests of all keys, and no key.
func (m Manufacturer) WithoutKeys() Manufacturer {
	made := Manufacturer{Name: m.Name, Enabled: m.Enabled}
	for _, digest := range m.KeySums() {
		made.KeyDigests = append(made.KeyDigests, hex.EncodeToString(digest[:]))
	}
	return made
}

func IndexManufacturer(all []Manufacturer, name string) int {
	return slices.IndexFunc(all, func(m Manufacturer) bool { return m.Name == name })
}

// digests are those of all keys of m.
func (m Manufacturer) KeySums() [][sha256.Size]byte {
	var all [][sha256.Size]byte
	for _, key := range m.Keys {
		all = append(all, sha256.Sum256([]byte(key)))
	}
	for _, text := range m.KeyDigests {
		var digest [sha256.Size]byte
		if n, err := hex.Decode(digest[:], []byte(text)); err == nil && n == len(digest) && !slices.Contains(all, digest) {
			all = append(all, digest)
		}
	}
	return all
}

// Digests are the SHA-256 digests of all keys of m, in hexadecimal.
func (m Manufacturer) Digests() []string { return m.WithoutKeys().KeyDigests }

// Fingerprint names a key without giving it away: the start of its SHA-256
// digest, in hexadecimal.
func Fingerprint(key string) string {
	digest := sha256.Sum256([]byte(key))
	return hex.EncodeToString(digest[:4])
}

// AllManufacturers stands for all manufacturers where one must be named.
const AllManufacturers = "*"
