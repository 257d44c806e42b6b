package conformance

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"time"

	"nox.energy/contract/spec"
)

// Config says what to judge and how. Only Target and Keys.Key are needed.
type Config struct {
	KeyFor       func(variable string) string // the key for one security scheme by its variable, NOX_API_KEY_<SCHEME>; nil, or "": that of Keys
	Contract     *spec.Document               // nil: the embedded one
	Rules        []Rule                       // what schemas cannot say; nil: those of the embedded contract, where they apply
	ContractPath string                       // of the contract in the user's repository, for the reports; may be empty
	Target       string                       // base URL, with the base path: "https://auth.nox.energy/v2"
	Keys         Keys

	Run     []string      // patterns of check ids to run, empty: all
	Skip    []string      // patterns of check ids to leave out
	Strict  bool          // should counts as must
	AsOf    string        // a version of the program: checks that came later only warn, empty: none does
	Provoke []Provocation // how the target is made to answer what no honest request brings about
	Known   []Known       // failures that are excused, and must fail
	Require []string      // statuses that must have been exercised, as the contract writes them

	// NoForeignIDs leaves out what names users without the mark of the run, as
	// "17" or "NO": on a target that is shared they may be somebody's.
	NoForeignIDs bool

	Profile  Profile       // empty: Full
	Rate     float64       // requests a second, 0: as fast as the target answers (Production: 5)
	Parallel int           // requests at one time, 0: 16 (Production: 1)
	Timeout  time.Duration // of one request, 0: 10 s
	Deadline time.Duration // of the whole run, 0: 10 min, or longer if Rate or Wait needs it
	Thorough Thorough      // how long random sequences are played, zero: not at all
	Wait     time.Duration // how long to wait for a target that does not answer yet
	Patience time.Duration // how long to obey Retry-After while no request gets on, 0: 1 min

	RunID string // marks every user that the run creates, empty: random
	Seed  int64  // of what is random, 0: random

	TLS       *tls.Config  // nil: the system's roots
	Header    http.Header  // added to every request, as a gateway in between may ask
	UserAgent string       // empty: "nox-conformance"
	Version   string       // of the program, for the report
	Evidence  bool         // keep the exchanges of passing checks too
	Drift     []spec.Drift // passed on to the result; it decides nothing

	// Record, if set, is called with each exchange of the run when it ends, and
	// with the id of its check, "" for a probe that belongs to none: also
	// exchanges that no check shows, and those that are repeated. Bodies are cut
	// and secrets removed as in the result; Curl is empty. It is called from one
	// goroutine at a time.
	Record func(check string, x Exchange)

	// Published says how the contract that clients are shown differs from
	// Contract: without changes if it does not, nil if they were not compared.
	// If it breaks clients, the run fails.
	Published *spec.Drift

	// Progress, if set, is called after each finished check, and in between
	// as long as requests are sent, from one goroutine at a time.
	Progress func(Progress)
}

// Thorough bounds the random sequences of a run: by time, by the number of their
// requests, or by both. With a number alone they are the same in each run of a
// seed.
type Thorough struct {
	Time     time.Duration
	Requests int
}

// Keys are the secrets of a run. They appear in no result.
type Keys struct {
	Key      string // of an enabled manufacturer
	Other    string // of another enabled manufacturer, for isolation; may be empty
	Disabled string // of one that is not enabled; may be empty
}

// Progress tells how far a run has come.
type Progress struct {
	Done, Total int // checks
	Requests    int // sent so far
	Failed      int // checks failed so far

	Waiting    time.Duration // until requests are sent again, because the target asked for it …
	WaitingFor string        // … with this answer: "503 Service Unavailable with Retry-After: 30"
}

// Provocation is a way to make a target answer a status: a header that is
// added to a valid request, or a body sent instead of it.
type Provocation struct {
	Status string
	Header string // "Prefer: code=500"
	Body   string // `{"user_id":"nox-mock:500"}`
}

// UsageError is a [Config] that cannot be run. Its text says what to change.
type UsageError struct{ Problem string }

func (e *UsageError) Error() string { return e.Problem }

// UsageErrorf returns a [*UsageError] with a formatted text.
func UsageErrorf(format string, args ...any) error {
	return &UsageError{fmt.Sprintf(format, args...)}
}
