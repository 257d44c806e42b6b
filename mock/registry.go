package mock

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"slices"
	"sync/atomic"

	"nox.energy/contract/mock/store"
)

// registry knows the manufacturers, and their keys by digest. They are kept in
// the store; here is a copy of them, which readers see whole, before a change or
// after.
type registry struct {
	store   store.Store
	begin   func(context.Context) error // fills a store that nothing was ever kept in
	gone    func(name string)           // is told of manufacturers that are no more
	current atomic.Pointer[registered]
	hidden  atomic.Pointer[[]string] // what is secret beside the keys
}

// hide adds to what is secret beside the keys.
func (r *registry) hide(secret string) {
	all := append(slices.Clone(r.secrets()), secret)
	r.hidden.Store(&all)
	for {
		have := r.current.Load()
		made := *have
		made.needles = needles(append(slices.Clone(made.plain), all...))
		if r.current.CompareAndSwap(have, &made) {
			return
		}
	}
}

func (r *registry) secrets() []string {
	if all := r.hidden.Load(); all != nil {
		return *all
	}
	return nil
}

// registered is never changed once it is in place.
type registered struct {
	version       string
	manufacturers []store.Manufacturer // with digests and no keys
	keys          []registeredKey
	plain         []string                   // the keys that came as such; wherever they turn up, they are not stored
	open          map[string]string          // one of them for a manufacturer, if there is one
	unread        map[[sha256.Size]byte]bool // the other keys, of which only the digests are known
	needles       []string                   // see mayHoldKey
}

type registeredKey struct {
	digest       [sha256.Size]byte
	fingerprint  string
	manufacturer string
	enabled      bool
}

// newRegistered makes a copy of manufacturers, some of which may have keys.
// plain are keys that are known from before.
func newRegistered(version string, manufacturers []store.Manufacturer, plain []string) *registered {
	made := &registered{version: version, open: map[string]string{}, unread: map[[sha256.Size]byte]bool{}}
	known := map[[sha256.Size]byte]string{}
	for _, key := range plain {
		known[sha256.Sum256([]byte(key))] = key
	}
	for _, m := range manufacturers {
		for _, key := range m.Keys {
			known[sha256.Sum256([]byte(key))] = key
		}
		made.manufacturers = append(made.manufacturers, m.WithoutKeys())
		for _, digest := range m.KeySums() {
			made.keys = append(made.keys, registeredKey{digest, hex.EncodeToString(digest[:4]), m.Name, m.Enabled})
			if key, is := known[digest]; is {
				made.plain = append(made.plain, key)
				if made.open[m.Name] == "" {
					made.open[m.Name] = key
				}
			} else {
				made.unread[digest] = true
			}
		}
	}
	return made
}

// fresh returns the manufacturers as they are in the store now.
func (r *registry) fresh(ctx context.Context) (*registered, error) {
	for {
		have := r.current.Load()
		all, version, err := r.store.Manufacturers(ctx, have.version)
		switch {
		case err != nil:
			return nil, err
		case version == "": // it is new, or lost everything
			err := r.restore(ctx, have)
			if errors.Is(err, store.ErrChanged) { // somebody else began
				continue
			}
			return r.current.Load(), err
		case version == have.version:
			return have, nil
		}
		return r.take(newRegistered(version, all, have.plain)), nil
	}
}

// restore puts into an empty store what was known, and what all began with.
func (r *registry) restore(ctx context.Context, have *registered) error {
	if err := r.begin(ctx); err != nil {
		if _, version, failed := r.store.Manufacturers(ctx, ""); failed == nil && version != "" {
			return store.ErrChanged
		}
		return err
	}
	version, err := r.store.SetManufacturers(ctx, "", have.manufacturers)
	if err != nil {
		return err
	}
	r.take(newRegistered(version, have.manufacturers, have.plain))
	return nil
}

// take puts others in the place of the manufacturers.
func (r *registry) take(made *registered) *registered {
	made.needles = needles(append(slices.Clone(made.plain), r.secrets()...))
	before := r.current.Swap(made)
	for _, m := range before.manufacturers {
		if store.IndexManufacturer(made.manufacturers, m.Name) < 0 {
			r.gone(m.Name)
		}
	}
	return made
}

// latest is fresh where an old copy is better than none.
func (r *registry) latest(ctx context.Context) *registered {
	if made, err := r.fresh(ctx); err == nil {
		return made
	}
	return r.current.Load()
}

// change replaces the manufacturers by what edit makes of a copy of them. If
// edit fails, or they do not fit together, all stays as it was. It is called
// again if they are changed meanwhile by somebody else.
func (r *registry) change(ctx context.Context, edit func([]store.Manufacturer) ([]store.Manufacturer, error)) error {
	for {
		have, err := r.fresh(ctx)
		if err != nil {
			return err
		}
		changed, err := edit(slices.Clone(have.manufacturers))
		if err == nil {
			err = store.CheckManufacturers(changed)
			// Where it would stand among all says nothing to who asks for it.
			if wrong := (*store.ManufacturerError)(nil); errors.As(err, &wrong) {
				err = wrong.Err
			}
		}
		if err != nil {
			return err
		}
		made := newRegistered("", changed, have.plain)
		made.version, err = r.store.SetManufacturers(ctx, have.version, made.manufacturers)
		if err == nil {
			r.take(made)
			return nil
		}
		if !errors.Is(err, store.ErrChanged) || ctx.Err() != nil {
			return err
		}
	}
}

// all returns the manufacturers as they were when they were needed last; they
// may not be changed.
func (r *registry) all() []store.Manufacturer { return r.current.Load().manufacturers }

// find looks a key up in a time that does not depend on how much of it is
// right: digests are compared, whole, against every key.
func (r *registered) find(key string) (found registeredKey, ok bool) {
	digest := sha256.Sum256([]byte(key))
	at := -1
	for i := range r.keys {
		equal := subtle.ConstantTimeCompare(digest[:], r.keys[i].digest[:])
		at = subtle.ConstantTimeSelect(equal, i, at)
	}
	if at < 0 {
		return registeredKey{}, false
	}
	return r.keys[at], true
}

// named returns a manufacturer by name.
func (r *registered) named(name string) (store.Manufacturer, bool) {
	if at := store.IndexManufacturer(r.manufacturers, name); at >= 0 {
		return r.manufacturers[at], true
	}
	return store.Manufacturer{}, false
}
