package mock

import (
	"crypto/sha1"
	"fmt"
	"strconv"

	"github.com/google/uuid"
)

// IDs says how the mock makes the id of a NOX user. Either way it is a UUID
// (RFC 9562).
type IDs string

const (
	// DerivedIDs are computed from the manufacturer and its user (UUID version
	// 5), so that they are the same after a restart.
	DerivedIDs IDs = "derived"
	// RandomIDs are drawn at random (UUID version 4).
	RandomIDs IDs = "random"
)

// ParseIDs returns the [IDs] that text names: "derived" or "random".
func ParseIDs(text string) (IDs, error) {
	switch ids := IDs(text); ids {
	case DerivedIDs, RandomIDs:
		return ids, nil
	}
	return "", fmt.Errorf("ids must be %q or %q, not %q", DerivedIDs, RandomIDs, text)
}

// maxIDs is how many ids are made for a user until one is free. Whoever takes
// them all, by importing what would be derived, does so on purpose.
const maxIDs = 1000

// newID makes the id of a user that has none yet. number is above 0 where those
// before it belong to other users, as what was imported may.
func (ids IDs) newID(manufacturer, userID string, number int) (string, error) {
	if ids == RandomIDs {
		id, err := uuid.NewRandom()
		return id.String(), err
	}
	// The namespace was drawn once for this purpose; another one would change
	// every id.
	namespace := uuid.UUID{0x6f, 0x0e, 0x3b, 0x52, 0x9c, 0x1d, 0x4f, 0x7a, 0x8a, 0x44, 0x3d, 0x5b, 0x1c, 0x7e, 0x9f, 0x20}
	// The length in front keeps the pairs ("ab", "c") and ("a", "bc") apart.
	name := strconv.Itoa(len(manufacturer)) + ":" + manufacturer + userID
	if number > 0 {
		name = strconv.Itoa(number) + "#" + name
	}
	digest := sha1.Sum(append(namespace[:], name...)) // as uuid.NewSHA1, without its copies
	id := uuid.UUID(digest[:16])
	id[6], id[8] = id[6]&0x0f|0x50, id[8]&0x3f|0x80
	return id.String(), nil
}
