package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/redisstore"
	"nox.energy/contract/mock/store"
)

// newMock makes the mock, with a shared store if --store asks for one.
func (s *instance) newMock(ctx context.Context, settings settings) (err error) {
	if settings.store != "" {
		if err := s.openStore(ctx, settings.store); err != nil {
			return err
		}
	}
	s.mock, err = cli.Interruptible(ctx, func() (*mock.Mock, error) { return mock.New(s.config) })
	if errors.Is(err, cli.ErrInterrupted) {
		return err
	}
	if err == nil && s.store != nil {
		err = s.syncManufacturers(ctx, settings.manufacturers)
	}
	switch {
	case errors.Is(err, store.ErrUnavailable):
		return fmt.Errorf("--store: %w", err)
	case err != nil:
		return usageError{nameFile(err, settings)}
	}
	return nil
}

func (s *instance) openStore(ctx context.Context, address string) (err error) {
	s.store, err = redisstore.Open(ctx, address)
	switch {
	case errors.Is(err, store.ErrUnavailable):
		return fmt.Errorf("--store: %w", err)
	case err != nil:
		return badUsage("--store: %w", err)
	}
	s.config.Store = s.store
	if s.store.Evicts(ctx) {
		s.config.Logger.Warn("the store evicts data when its memory runs short, and users would then get new ids; set its maxmemory-policy to noeviction")
	}
	return nil
}

// syncManufacturers writes the given keys to the shared store and reads its
// manufacturers. The store decides which of them are enabled.
func (s *instance) syncManufacturers(ctx context.Context, given []store.Manufacturer) error {
	all, err := s.mock.Manufacturers(ctx)
	if err != nil {
		return err
	}
	for _, m := range given {
		at := slices.IndexFunc(all, func(kept store.Manufacturer) bool { return kept.Name == m.Name })
		if at >= 0 {
			m.Enabled = all[at].Enabled
			if slices.Equal(m.Digests(), all[at].KeyDigests) {
				continue
			}
		}
		if _, err := s.mock.SetManufacturer(ctx, m); err != nil {
			return err
		}
	}
	if all, err = s.mock.Manufacturers(ctx); err != nil {
		return err
	}
	restoreKeys(all, append(mock.DefaultManufacturers(), s.config.Manufacturers...))
	s.config.Manufacturers = all
	return nil
}
