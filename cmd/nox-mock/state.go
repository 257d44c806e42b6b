package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/store"
)

// savePause is how long changes are gathered before they are written: well
// under the second within which they must be.
const savePause = 300 * time.Millisecond

// linked is the file that name leads to where it is a symbolic link, so that the
// link stays one when the file is replaced. There need be no such file yet.
func linked(name string) string {
	for range 40 { // as many as a kernel follows
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

// loadState reads the state file into config; found is false if there is none
// yet. Whatever else is wrong with it is an error, so that it is never written
// over.
func loadState(name string, config *mock.Config) (found bool, err error) {
	data, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, badUsage("the state cannot be read: %w", err)
	}
	state, err := store.ReadFixture(bytes.NewReader(data))
	if err != nil {
		return false, badUsage("the state %s is damaged and was left as it is: %w", name, err)
	}
	if state.Manufacturers == nil { // as in {} or null, which no mock wrote
		return false, badUsage("the state %s holds no list of manufacturers and was left as it is; it may be another file, and one that is to be begun anew must not be there", name)
	}
	given := config.Manufacturers
	config.Manufacturers, config.Connections = state.Manufacturers, state.Connections
	for _, m := range given { // by flags, which come before the file
		config.Manufacturers = slices.DeleteFunc(config.Manufacturers, func(old store.Manufacturer) bool { return old.Name == m.Name })
		config.Manufacturers = append(config.Manufacturers, m)
	}
	showKeys(config.Manufacturers, mock.DefaultManufacturers()) // which are public
	return true, nil
}

// inFile says in which file connections stand that contradict each other, or the
// manufacturers. Other errors are left alone.
func inFile(err error, settings settings) error {
	if conflict := (*store.ConflictError)(nil); !errors.As(err, &conflict) {
		return err
	}
	if settings.state != "" {
		if _, missing := os.Stat(settings.state); missing == nil {
			return fmt.Errorf("the state %s contradicts itself and was left as it is: %w", settings.state, err)
		}
	}
	return fmt.Errorf("the fixture %s cannot be used: %w", settings.fixture, err)
}

// showKeys puts the keys of manufacturers that are known with them back in the
// place of their digests.
func showKeys(manufacturers, known []store.Manufacturer) {
	for i := range manufacturers {
		m := &manufacturers[i]
		for _, k := range known {
			if m.Name == k.Name && len(m.Keys) == 0 && slices.Equal(m.KeyDigests, k.Digests()) {
				m.Keys, m.KeyDigests = k.Keys, k.KeyDigests
			}
		}
	}
}

// lockState holds the state against other mocks, whose changes this one would
// write over.
func lockState(name string) (unlock func(), err error) {
	unlock, err = lockFile(name+".lock", false)
	switch {
	case errors.Is(err, errLocked):
		return func() {}, fmt.Errorf("the state %s is in use by another nox-mock; give each a file of its own, or let them share a --store", name)
	case err != nil:
		return func() {}, fmt.Errorf("the state cannot be saved: %s: %w", name, cli.WithoutPath(err))
	}
	return unlock, nil
}

// keepState writes the state after changes, until ctx ends, and then once
// more.
func keepState(ctx context.Context, m *mock.Mock, name string, log *slog.Logger) error {
	for {
		select {
		case <-ctx.Done():
			return saveState(context.WithoutCancel(ctx), m, name)
		case <-m.Changes():
		}
		select {
		case <-ctx.Done():
		case <-time.After(savePause):
		}
		if err := saveState(context.WithoutCancel(ctx), m, name); err != nil {
			log.Error("the state cannot be saved; it is tried again after the next change", "error", err.Error())
		}
	}
}

// saveState writes the state whole or not at all, for its owner only.
func saveState(ctx context.Context, m *mock.Mock, name string) error {
	fixture, err := m.Export(ctx, nil)
	if err != nil {
		return fmt.Errorf("the state cannot be saved: %w", err)
	}
	data, err := json.MarshalIndent(fixture, "", "  ")
	if err != nil {
		return fmt.Errorf("the state cannot be saved: %w", err)
	}
	if err := writeData(name, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("the state cannot be saved: %w", err)
	}
	return nil
}

// writeData writes a file whole or not at all.
func writeData(name string, data []byte, mode os.FileMode) error {
	return cli.WriteFile(name, mode, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
