package mock

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"sync"
	"sync/atomic"
)

// registry knows the manufacturers, and their keys by digest. Readers see it
// whole, before a change or after.
type registry struct {
	mu      sync.Mutex // held by writers
	current atomic.Pointer[registered]
}

// registered is never changed once it is in place.
type registered struct {
	manufacturers []Manufacturer
	keys          []registeredKey
	plain         []string // the keys that came as such; wherever they turn up, they are not stored
}

type registeredKey struct {
	digest       [sha256.Size]byte
	manufacturer string
	enabled      bool
}

func newRegistry(manufacturers []Manufacturer) *registry {
	r := &registry{}
	r.set(manufacturers)
	return r
}

// set replaces all manufacturers by others that were checked.
func (r *registry) set(manufacturers []Manufacturer) {
	made := &registered{manufacturers: manufacturers}
	for _, m := range manufacturers {
		for _, digest := range m.digests() {
			made.keys = append(made.keys, registeredKey{digest, m.Name, m.Enabled})
		}
		made.plain = append(made.plain, m.Keys...)
	}
	r.current.Store(made)
}

// change replaces the manufacturers by what edit makes of a copy of them. If
// edit fails, or they do not fit together, all stays as it was.
func (r *registry) change(edit func([]Manufacturer) ([]Manufacturer, error)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed, err := edit(slices.Clone(r.current.Load().manufacturers))
	if err == nil {
		err = checkManufacturers(changed)
	}
	if err == nil {
		r.set(changed)
	}
	return err
}

// all returns the manufacturers; they may not be changed.
func (r *registry) all() []Manufacturer { return r.current.Load().manufacturers }

// named returns a manufacturer by name.
func (r *registry) named(name string) (Manufacturer, bool) {
	for _, m := range r.all() {
		if m.Name == name {
			return m, true
		}
	}
	return Manufacturer{}, false
}

// find looks a key up in a time that does not depend on how much of it is
// right: digests are compared, whole, against every key.
func (r *registry) find(key string) (found registeredKey, ok bool) {
	keys := r.current.Load().keys
	digest := sha256.Sum256([]byte(key))
	at := -1
	for i := range keys {
		equal := subtle.ConstantTimeCompare(digest[:], keys[i].digest[:])
		at = subtle.ConstantTimeSelect(equal, i, at)
	}
	if at < 0 {
		return registeredKey{}, false
	}
	return keys[at], true
}

// digests are those of all keys of m.
func (m Manufacturer) digests() [][sha256.Size]byte {
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
func (m Manufacturer) Digests() []string { return m.withoutKeys().KeyDigests }

// Fingerprint names a key without giving it away: the start of its SHA-256
// digest, in hexadecimal.
func Fingerprint(key string) string {
	digest := sha256.Sum256([]byte(key))
	return hex.EncodeToString(digest[:4])
}
