package redisstore

import (
	"context"
	_ "embed"
	"encoding/json"

	"github.com/google/uuid"

	"nox.energy/contract/mock/store"
)

const manufacturersKey = space + "{manufacturers}"

//go:embed manufacturers.lua
var manufacturersScript string

//go:embed set_manufacturers.lua
var setManufacturersScript string

// Manufacturers implements [mock.Store].
func (s *Store) Manufacturers(ctx context.Context, known string) ([]store.Manufacturer, string, error) {
	reply, err := run(ctx, s.pipe, manufacturersScript, []string{manufacturersKey}, known)
	if err != nil {
		return nil, "", err
	}
	version := text(reply[0])
	if len(reply) < 2 {
		return nil, version, nil
	}
	all := []store.Manufacturer{}
	if err := json.Unmarshal([]byte(text(reply[1])), &all); err != nil {
		return nil, "", errDamaged
	}
	return all, version, nil
}

// SetManufacturers implements [mock.Store]. Versions are drawn at random.
func (s *Store) SetManufacturers(ctx context.Context, version string, all []store.Manufacturer) (string, error) {
	made, err := uuid.NewRandom()
	if err != nil {
		return "", err
	}
	list, err := json.Marshal(all)
	if err != nil {
		return "", err
	}
	reply, err := run(ctx, s.pipe, setManufacturersScript, []string{manufacturersKey}, version, made.String(), list)
	if err != nil {
		return "", err
	}
	if reply[0] != int64(1) {
		return "", store.ErrChanged
	}
	return made.String(), nil
}
