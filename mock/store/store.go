// Package store keeps what a mock remembers: manufacturers, and the connections
// that belong to them. [Store] is what the mock asks of whoever keeps them,
// [NewMemory] the one that forgets with the process, and a [Fixture] the form in
// which people read and write them.
package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Connection is what the mock remembers of one user of one manufacturer.
type Connection struct {
	Manufacturer string    `json:"manufacturer"`
	UserID       string    `json:"user_id"`     // the manufacturer's own id of the user
	NoxUserID    string    `json:"nox_user_id"` // in a fixture, "" means made by the mock
	FirstAsked   time.Time `json:"first_asked,omitzero"`
	LastAsked    time.Time `json:"last_asked,omitzero"`
	TimesAsked   int64     `json:"times_asked,omitempty"`
}

// Matches reports whether a text, in lower case, stands in either id, in any case.
func (c Connection) Matches(search string) bool {
	return strings.Contains(strings.ToLower(c.UserID), search) || strings.Contains(strings.ToLower(c.NoxUserID), search)
}

// MaxTimesAsked is where the count of requests stands still: up to it, all who
// read JSON agree on a number (RFC 8259, section 6).
const MaxTimesAsked int64 = 1 << 53

// Store keeps connections, and the manufacturers that they belong to. It must be
// safe for concurrent use. Several mocks may share one: then each sees at once
// what the others did. An error that wraps [ErrUnavailable] says that the store
// cannot be used for now.
type Store interface {
	// Connect returns the connection of the manufacturer's user and counts the
	// request, made at the time at. If there is none it creates one with the id
	// noxUserID, and created is true. However many calls for one user run at
	// once, exactly one of them creates. If that id is another user's of this
	// manufacturer already, nothing is created, and the error is a
	// [ConflictError] that says so.
	Connect(ctx context.Context, manufacturer, userID, noxUserID string, at time.Time) (c Connection, created bool, err error)
	// Put adds connections as they are. One whose user is known with the same
	// NOX id replaces what was known; with another, or one whose NOX id is
	// taken by another user, it is a [ConflictError], and then none is added.
	Put(ctx context.Context, connections ...Connection) error
	// List returns connections of a manufacturer in the order in which they
	// were made, at most limit after the cursor, and the cursor of the next
	// page, "" if there is none. The first page is after "". If search is not
	// "", only those with it in either id, in any case. A cursor that it did
	// not give out is an error.
	List(ctx context.Context, manufacturer, search, cursor string, limit int) (page []Connection, next string, err error)
	// Count is how many connections a manufacturer has.
	Count(ctx context.Context, manufacturer string) (int, error)
	// Clear removes the connections of a manufacturer and returns how many
	// there were.
	Clear(ctx context.Context, manufacturer string) (int, error)
	// Manufacturers returns what was kept last, and its version, which is ""
	// as long as nothing was. If that is the version known, all is nil.
	Manufacturers(ctx context.Context, known string) (all []Manufacturer, version string, err error)
	// SetManufacturers keeps all, which have digests and no keys, in the place
	// of those of a version. It is [ErrChanged] if that is not the version of
	// what was kept last. A version never comes again, even in a store that
	// lost everything.
	SetManufacturers(ctx context.Context, version string, all []Manufacturer) (newVersion string, err error)
}

// Errors of stores.
var (
	ErrUnavailable = errors.New("the store is not available")
	ErrChanged     = errors.New("the manufacturers were changed meanwhile")
	ErrKeyTaken    = errors.New("a key belongs to one manufacturer")
	ErrCursor      = errors.New("the cursor is not one of a page that was listed")
)

// ConflictError says which connection contradicts another.
type ConflictError struct {
	Index  int // in the list that was to be added
	Reason string
	Taken  bool // it is that the NOX id belongs to another user
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("connections[%d]: %s", e.Index, e.Reason)
}

// TwiceError is the [ConflictError] of a list in which a user stands twice, at
// index for the second time.
func TwiceError(index int, c Connection) error {
	return &ConflictError{Index: index, Reason: fmt.Sprintf("user_id %q of %q stands twice", c.UserID, c.Manufacturer)}
}

// KnownError is the [ConflictError] of a user who has another NOX id already.
func KnownError(index int, c Connection, noxUserID string) error {
	return &ConflictError{Index: index, Reason: fmt.Sprintf("user_id %q of %q has the nox_user_id %q already", c.UserID, c.Manufacturer, noxUserID)}
}

// TakenError is the [ConflictError] of a NOX id that is another user's already.
func TakenError(index int, c Connection, owner string) error {
	return &ConflictError{Index: index, Taken: true, Reason: fmt.Sprintf("nox_user_id %q belongs to user_id %q of %q already", c.NoxUserID, owner, c.Manufacturer)}
}
