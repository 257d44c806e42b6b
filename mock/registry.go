package mock

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/mock/internal/redact"
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

	changing sync.Mutex // what is current
	hidden   []string   // what is secret beside the keys
}

// hide adds to what is secret beside the keys.
func (r *registry) hide(secret string) {
	r.changing.Lock()
	defer r.changing.Unlock()
	r.hidden = append(slices.Clone(r.hidden), secret)
	made := *r.current.Load()
	made.keys = made.keys.Hiding(r.hidden)
	r.current.Store(&made)
}

// redactor prepares to take the keys out of a request of op, which is nil if it
// is for none, that came while then was known.
func (r *registry) redactor(then *registered, op *openapi.Operation, req *http.Request) *redact.Redactor {
	var presented []string
	if op != nil {
		for _, all := range op.Security {
			for _, scheme := range all {
				presented = append(presented, scheme.Credentials(req)...)
			}
		}
	}
	return redact.New(then.keys, r.current.Load().keys, presented, req)
}

// registered is never changed once it is in place.
type registered struct {
	version       string
	manufacturers []store.Manufacturer // with digests and no keys
	keys          *redact.Keys
	owners        []owner           // of the keys, each in its place
	open          map[string]string // a key for a manufacturer, if one is known as such
}

// owner is whose a key is.
type owner struct {
	fingerprint  string
	manufacturer string
	enabled      bool
}

// newRegistered makes a copy of manufacturers, some of which may have keys.
// plain are keys that are known from before.
func newRegistered(version string, manufacturers []store.Manufacturer, plain []string) *registered {
	made := &registered{version: version, open: map[string]string{}}
	var sums [][sha256.Size]byte
	var read []string
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
			sums = append(sums, digest)
			made.owners = append(made.owners, owner{hex.EncodeToString(digest[:4]), m.Name, m.Enabled})
			if key, is := known[digest]; is {
				read = append(read, key)
				if made.open[m.Name] == "" {
					made.open[m.Name] = key
				}
			}
		}
	}
	made.keys = redact.NewKeys(sums, read)
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
		return r.take(newRegistered(version, all, have.keys.Plain())), nil
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
	r.take(newRegistered(version, have.manufacturers, have.keys.Plain()))
	return nil
}

// take puts others in the place of the manufacturers.
func (r *registry) take(made *registered) *registered {
	r.changing.Lock()
	made.keys = made.keys.Hiding(r.hidden)
	before := r.current.Swap(made)
	r.changing.Unlock()
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
		made := newRegistered("", changed, have.keys.Plain())
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

// names returns the names of all.
func (r *registry) names() (names []string) {
	for _, each := range r.all() {
		names = append(names, each.Name)
	}
	return names
}

// find looks a key up, in a time that does not depend on how much of it is right.
func (r *registered) find(key string) (found owner, ok bool) {
	at, ok := r.keys.Find(key)
	if !ok {
		return owner{}, false
	}
	return r.owners[at], true
}

// named returns a manufacturer by name.
func (r *registered) named(name string) (store.Manufacturer, bool) {
	if at := store.IndexManufacturer(r.manufacturers, name); at >= 0 {
		return r.manufacturers[at], true
	}
	return store.Manufacturer{}, false
}
