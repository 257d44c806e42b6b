package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Fixture is what a mock begins with, as it stands in a JSON file:
//
//	{
//	  "manufacturers": [{"name": "acme", "keys": ["secret"], "enabled": true}],
//	  "connections": [{"manufacturer": "acme", "user_id": "u-1", "nox_user_id": "n-1"}]
//	}
//
// Either list may be left out, and is nil then. A manufacturer without "enabled" is enabled, a
// connection without "nox_user_id" gets one from the mock. Instead of "keys", or
// beside them, "key_sha256" lists the digests of keys.
type Fixture struct {
	Manufacturers []Manufacturer `json:"manufacturers"`
	Connections   []Connection   `json:"connections"`
}

// maxFixture bounds a fixture, in bytes.
const maxFixture = 256 << 20

// ReadFixture reads a [Fixture]. An error names the line and the place in the
// file. Whether its parts fit together is for [New] to tell.
func ReadFixture(r io.Reader) (Fixture, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFixture+1))
	if err != nil {
		return Fixture{}, err
	}
	if len(data) > maxFixture {
		return Fixture{}, fmt.Errorf("larger than %d MiB", maxFixture>>20)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // which some editors write
	var f fixtureFile
	if err := json.Unmarshal(data, &f, json.RejectUnknownMembers(true)); err != nil {
		return Fixture{}, DescribeJSONError(data, err)
	}
	return f.fixture()
}

// The file's own types tell what is left out from what is empty.
type fixtureFile struct {
	Manufacturers []struct {
		Name       *string  `json:"name"`
		Keys       []string `json:"keys"`
		KeyDigests []string `json:"key_sha256"`
		Enabled    *bool    `json:"enabled"`
	} `json:"manufacturers"`
	Connections []struct {
		Connection
		UserID *string `json:"user_id"`
	} `json:"connections"`
}

func (f fixtureFile) fixture() (Fixture, error) {
	var made Fixture
	if f.Manufacturers != nil {
		made.Manufacturers = []Manufacturer{}
	}
	for i, m := range f.Manufacturers {
		if m.Name == nil {
			return Fixture{}, fmt.Errorf("manufacturers[%d]: \"name\" is missing", i)
		}
		made.Manufacturers = append(made.Manufacturers, Manufacturer{
			Name:       *m.Name,
			Keys:       m.Keys,
			KeyDigests: m.KeyDigests,
			Enabled:    m.Enabled == nil || *m.Enabled,
		})
	}
	for i, c := range f.Connections {
		if c.UserID == nil {
			return Fixture{}, fmt.Errorf("connections[%d]: \"user_id\" is missing", i)
		}
		if c.TimesAsked < 0 || c.TimesAsked > MaxTimesAsked {
			return Fixture{}, fmt.Errorf("connections[%d]: \"times_asked\" is 0 to %d, not %d", i, MaxTimesAsked, c.TimesAsked)
		}
		c.Connection.UserID = *c.UserID
		made.Connections = append(made.Connections, c.Connection)
	}
	return made, CheckManufacturers(made.Manufacturers)
}

// DescribeJSONError makes one sentence of an error of the JSON library, with the line.
func DescribeJSONError(data []byte, err error) error {
	var syntax *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.As(err, &syntax):
		reason := "not valid JSON"
		if errors.Is(err, jsontext.ErrDuplicateName) {
			reason = "a property stands twice"
		}
		return fmt.Errorf("line %d: %s%s", lineAt(data, syntax.ByteOffset), reason, under(syntax.JSONPointer))
	case errors.As(err, &semantic) && errors.Is(err, json.ErrUnknownName):
		return fmt.Errorf("line %d: unknown property%s", lineAt(data, semantic.ByteOffset), under(semantic.JSONPointer))
	case errors.As(err, &semantic):
		return fmt.Errorf("line %d: a value of another kind is needed%s", lineAt(data, semantic.ByteOffset), under(semantic.JSONPointer))
	}
	return err
}

func under(pointer jsontext.Pointer) string {
	if pointer == "" {
		return ""
	}
	return " at " + string(pointer)
}

// lineAt is the line of data that offset stands on, past any white space.
func lineAt(data []byte, offset int64) int {
	at := min(max(int(offset), 0), len(data))
	for at < len(data) && bytes.IndexByte([]byte(" \t\r\n,:"), data[at]) >= 0 {
		at++
	}
	return 1 + bytes.Count(data[:at], []byte("\n"))
}
