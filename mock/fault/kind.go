package fault

// Kind is what a fault does.
type Kind string

// The kinds of faults.
const (
	Status      Kind = "status"
	Gateway     Kind = "gateway"
	Reset       Kind = "reset"
	ResetDuring Kind = "reset-during"
	Empty       Kind = "empty"
	CutShort    Kind = "cut-short"
	Lost        Kind = "lost"
	Dribble     Kind = "dribble"
	MediaType   Kind = "media-type"
	Slow        Kind = "delay"
)

// kindRow describes a kind: what it does, which optional fields of a [Fault] it
// takes, and their defaults.
type kindRow struct {
	kind Kind
	does string

	status    int    // by default; 0: the kind has no status
	ownBody   bool   // takes a body
	mediaType string // by default; "": the kind has none, unless it has a body
	pieces    bool   // takes the size of pieces and the time between them
	delayMS   int    // by default; every kind takes a delay
}

// kinds is the only list of them. The control API's document repeats the names,
// and what a kind does to a response is up to the mock; tests compare both.
func kinds() []kindRow {
	return []kindRow{
		{kind: Status, does: "respond with \"status\" (500), documented or not (optional: \"retry_after\", \"body\", \"media_type\")", status: 500, ownBody: true},
		{kind: Gateway, does: "respond with HTML, as a gateway does (\"status\": 502)", status: 502},
		{kind: Reset, does: "reset the connection before the response"},
		{kind: ResetDuring, does: "reset the connection after half of the response"},
		{kind: Empty, does: "close the connection without sending a byte"},
		{kind: CutShort, does: "announce the whole body, send half of it, then close the connection"},
		{kind: Lost, does: "connect the user, then lose the response"},
		{kind: Dribble, does: "send the body in pieces (\"piece_bytes\": 1, \"every_ms\": 100)", pieces: true},
		{kind: MediaType, does: "send the right body as \"media_type\" (text/html)", mediaType: "text/html; charset=utf-8"},
		{kind: Slow, does: "respond after \"delay\" (1s); every other kind can have a delay, too", delayMS: 1000},
	}
}

// Kinds lists all kinds with what they do, for help texts.
func Kinds() []struct{ Kind, Does string } {
	var all []struct{ Kind, Does string }
	for _, row := range kinds() {
		all = append(all, struct{ Kind, Does string }{string(row.kind), row.does})
	}
	return all
}

// row returns the description of a kind; false if there is no such kind.
func (k Kind) row() (kindRow, bool) {
	for _, row := range kinds() {
		if row.kind == k {
			return row, true
		}
	}
	return kindRow{}, false
}
