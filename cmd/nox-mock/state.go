package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/store"
)

// resolveLink follows symbolic links, so that replacing the file keeps the link. The
// file need not exist.
func resolveLink(name string) string {
	for range 40 { // as many as Linux follows
		target, err := os.Readlink(name)
		if err != nil {
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(name), target)
		}
		name = target
	}
	return name
}

// openState opens the state file and puts what it holds into config; found is
// false if there is none yet. Whatever else is wrong with it is an error, so that
// it is never written over.
func openState(ctx context.Context, name string, config *mock.Config) (found bool, err error) {
	kept, fixture, err := store.OpenFile(name)
	if err != nil {
		if errors.Is(err, store.ErrMounted) {
			return false, badUsage("the state %s cannot be kept: %w", name, err)
		}
		if path := (*fs.PathError)(nil); errors.As(err, &path) {
			return false, badUsage("the state cannot be read: %w", err)
		}
		return false, badUsage("the state %s is invalid and was not changed: %w", name, err)
	}
	config.Store = kept
	all, version, err := kept.Manufacturers(ctx, "")
	switch {
	case err != nil:
		return false, err
	case fixture != nil && fixture.Manufacturers == nil: // {} or null, which no mock wrote
		return false, badUsage("the state %s contains no list of manufacturers and was not changed; to start fresh, remove the file", name)
	case fixture != nil:
		all, config.Connections = fixture.Manufacturers, fixture.Connections
	case version == "":
		return false, nil
	default:
		config.Connections = kept.Connections()
	}
	given := config.Manufacturers
	config.Manufacturers = slices.Clone(all)
	for _, m := range given { // flags take precedence
		config.Manufacturers = slices.DeleteFunc(config.Manufacturers, func(old store.Manufacturer) bool { return old.Name == m.Name })
		config.Manufacturers = append(config.Manufacturers, m)
	}
	restoreKeys(config.Manufacturers, mock.DefaultManufacturers()) // their keys are public
	if version != "" && len(given) > 0 {
		if err := store.CheckManufacturers(config.Manufacturers); err != nil {
			return false, badUsage("the state %s cannot be used: %w", name, err)
		}
		hidden := slices.Clone(config.Manufacturers)
		for i := range hidden {
			hidden[i] = hidden[i].WithoutKeys()
		}
		_, err = kept.SetManufacturers(ctx, version, hidden)
	}
	return true, err
}

// nameFile adds to a conflict between connections or manufacturers the file that
// contains them.
func nameFile(err error, settings settings) error {
	if conflict := (*store.ConflictError)(nil); !errors.As(err, &conflict) {
		return err
	}
	if settings.state != "" {
		if _, missing := os.Stat(settings.state); missing == nil {
			return fmt.Errorf("the state %s contradicts itself and was not changed: %w", settings.state, err)
		}
	}
	return fmt.Errorf("the fixture %s cannot be used: %w", settings.fixture, err)
}

// restoreKeys replaces digests by the keys of known manufacturers.
func restoreKeys(manufacturers, known []store.Manufacturer) {
	for i := range manufacturers {
		m := &manufacturers[i]
		for _, k := range known {
			if m.Name == k.Name && len(m.Keys) == 0 && slices.Equal(m.KeyDigests, k.Digests()) {
				m.Keys, m.KeyDigests = k.Keys, k.KeyDigests
			}
		}
	}
}

// lockState locks the state file, as another mock would overwrite it.
func lockState(name string) (unlock func(), err error) {
	unlock, err = lockFile(name+".lock", false)
	switch {
	case errors.Is(err, errLocked):
		return func() {}, fmt.Errorf("the state %s is in use by another nox-mock; give each mock its own file, or share a --store", name)
	case err != nil:
		return func() {}, fmt.Errorf("the state cannot be saved: %s: %w", name, cli.WithoutPath(err))
	}
	return unlock, nil
}

// startState begins to write the state, and logs when that fails, and when it works
// again.
func (s *instance) startState() error {
	if s.kept == nil {
		return nil
	}
	err := s.kept.Start(func(err error) {
		if err != nil {
			s.config.Logger.Error("the state cannot be saved; it is tried again with each change", "error", err.Error())
		} else {
			s.config.Logger.Info("the state is saved again")
		}
	})
	if err != nil {
		return fmt.Errorf("the state cannot be saved: %s: %w", s.state, cli.WithoutPath(err))
	}
	return nil
}

// exportState writes the state file as a fixture.
func exportState(ctx context.Context, settings settings, stdout io.Writer) error {
	var config mock.Config
	if settings.state == "" {
		return badUsage("name the state file: nox-mock export --state FILE")
	}
	name := resolveLink(settings.state)
	found, err := openState(ctx, name, &config)
	if err != nil {
		return err
	}
	if !found {
		return badUsage("there is no state in %s", name)
	}
	exported := store.Fixture{Manufacturers: []store.Manufacturer{}, Connections: config.Connections}
	for _, m := range config.Manufacturers {
		exported.Manufacturers = append(exported.Manufacturers, m.WithoutKeys())
	}
	if exported.Connections == nil {
		exported.Connections = []store.Connection{}
	}
	e := json.NewEncoder(stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(exported)
}

// writeData writes a file whole or not at all.
func writeData(name string, data []byte, mode os.FileMode) error {
	return cli.WriteFile(name, mode, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
