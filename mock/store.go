package mock

import (
	"context"
	"fmt"
	"time"
)

// Connection is what the mock remembers of one user of one manufacturer.
type Connection struct {
	Manufacturer string    `json:"manufacturer"`
	UserID       string    `json:"user_id"`     // the manufacturer's own id of the user
	NoxUserID    string    `json:"nox_user_id"` // in a fixture, "" means made by the mock
	FirstAsked   time.Time `json:"first_asked,omitzero"`
	LastAsked    time.Time `json:"last_asked,omitzero"`
	TimesAsked   int       `json:"times_asked,omitempty"`
}

// Store keeps connections. It must be safe for concurrent use.
type Store interface {
	// Connect returns the connection of the manufacturer's user and counts the
	// request, made at the time at. If there is none it creates one with the id
	// noxUserID, and created is true. However many calls for one user run at
	// once, exactly one of them creates.
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
}

// ConflictError says which connection contradicts another.
type ConflictError struct {
	Index  int // in the list that was to be added
	Reason string
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("connections[%d]: %s", e.Index, e.Reason)
}
