package conformance

import (
	"time"

	"nox.energy/contract/spec"
)

// ReportFormat names the version of [Result] as JSON. Within a major version
// fields are added, never changed or removed.
const ReportFormat = "nox-conformance-report/1"

// Level says how much a check weighs.
type Level string

// The levels of a check.
const (
	Must   Level = "must"   // the contract or HTTP says so: failing it fails the run
	Should Level = "should" // good practice, or prose that leaves room: a warning
	May    Level = "may"    // information
)

// Outcome is what a check came to.
type Outcome string

// The outcomes of a check.
const (
	Pass Outcome = "pass"
	Fail Outcome = "fail"
	Warn Outcome = "warn"
	Skip Outcome = "skip"  // not tried, or not to be judged, for the reason given
	Err  Outcome = "error" // the experiment broke; the target did not get its say
)

// Verdict is what a run, or one documented response of it, came to.
type Verdict string

// The verdicts. NotExercised is of documented responses only, Inconclusive of
// runs only.
const (
	Conforms     Verdict = "conforms"
	Violates     Verdict = "violates"
	Inconclusive Verdict = "inconclusive"
	NotExercised Verdict = "not exercised"
)

// The exit codes that a [Result] asks for.
const (
	ExitConforms     = 0 // every check that counts passed
	ExitViolates     = 1 // some check counts as failed, or a known failure passed, as in a verdict that conforms
	ExitUsage        = 2 // usage, contract or configuration
	ExitInconclusive = 3 // the run could not be done or decided nothing
)

// Result is one run: what was judged, and how. It holds no secret: keys were
// replaced before anything was put in.
type Result struct {
	Format       string           `json:"format"`
	Tool         Tool             `json:"tool"`
	Contract     Contract         `json:"contract"`
	ContractPath string           `json:"contract_path,omitempty"` // of the contract in the user's repository, with slashes; empty where it is not there
	Target       string           `json:"target"`
	Profile      Profile          `json:"profile"`
	Strict       bool             `json:"strict,omitempty"` // should counted as must
	AsOf         string           `json:"as_of,omitempty"`  // checks that are younger than this version only warned
	RunID        string           `json:"run_id"`
	Seed         int64            `json:"seed"`
	Started      time.Time        `json:"started"`
	DurationMS   int64            `json:"duration_ms"`
	Verdict      Verdict          `json:"verdict"`
	ExitCode     int              `json:"exit_code"`
	Reason       string           `json:"reason,omitempty"`    // of a verdict that no single check explains: why the run is inconclusive
	Problems     []string         `json:"problems,omitempty"`  // of the list of known failures: if there is one, ExitCode is not 0, whatever the verdict
	Expiring     []string         `json:"expiring,omitempty"`  // known failures whose excuse has expired, or will within a week
	Unchecked    []string         `json:"unchecked,omitempty"` // what no check could judge for want of a key
	Notes        []string         `json:"notes,omitempty"`     // of a recording: what of it was not judged, and why; of a run: how long the target put it off, and where the contract contradicts itself
	Drift        []spec.Drift     `json:"drift,omitempty"`     // how the contract differs from others that clients may know
	Requests     int              `json:"requests"`            // sent, repetitions included
	Summary      Summary          `json:"summary"`
	Responses    []ResponseResult `json:"responses"`
	Checks       []CheckResult    `json:"checks"`
	Causes       []Cause          `json:"causes,omitempty"` // of the failures and warnings, known failures left out; failures first
	Users        []User           `json:"users,omitempty"`  // that the target may have created
}

// User is a user whom a run asked the target to create, or named in a request
// that the target should have refused and did not.
type User struct {
	Manufacturer string `json:"manufacturer"`        // whose key was sent, as exchanges name it
	Name         string `json:"user"`                // as sent; if none was sent, as the target calls it
	ID           string `json:"id,omitempty"`        // that the target gave, if the contract names one
	Check        string `json:"check"`               // id of the first check that sent the request
	Uncertain    bool   `json:"uncertain,omitempty"` // no response says whether the user exists
}

// Cause is what one or more checks fail or warn for.
type Cause struct {
	Check   string   `json:"check"`         // id of the check that shows it best
	Summary string   `json:"summary"`       // what is wrong, in one sentence
	Fix     string   `json:"fix,omitempty"` // what to do about it
	Checks  []string `json:"checks"`        // ids of all checks that fail for it, the one that shows it best first
}

// Tool is the program that made a report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Contract is the contract that a run judged by.
type Contract struct {
	Title   string `json:"title"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
	Source  string `json:"source"`
}

// Summary counts checks by outcome. Known failures are counted under Known
// only, unless they passed.
type Summary struct {
	Pass  int `json:"pass"`
	Fail  int `json:"fail"`
	Warn  int `json:"warn"`
	Skip  int `json:"skip"`
	Error int `json:"error"`
	Known int `json:"known"`
}

// ResponseResult is the verdict on one documented response.
type ResponseResult struct {
	Operation string   `json:"operation"`
	Status    string   `json:"status"`
	Exchanges int      `json:"exchanges"` // answers of this status that were judged
	Verdict   Verdict  `json:"verdict"`
	Latency   *Latency `json:"latency,omitempty"` // nil where nothing was exchanged
}

// Latency is how long a target took to answer, from the first byte sent to the
// last one read, in milliseconds. Information, never a verdict.
type Latency struct {
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
}

// CheckResult is one check of a run.
type CheckResult struct {
	ID        string      `json:"id"`
	Aliases   []string    `json:"aliases,omitempty"` // ids of checks that this one has taken in
	Operation string      `json:"operation"`
	Status    string      `json:"status"`
	Level     Level       `json:"level"`
	Summary   string      `json:"summary"`
	Sends     string      `json:"sends,omitempty"` // what the check sends, in words
	Why       string      `json:"why,omitempty"`   // what goes wrong where it fails
	Clause    spec.Clause `json:"clause"`
	Outcome   Outcome     `json:"outcome"`
	Known     bool        `json:"known"`              // excused by the list of known failures; if it passed, needlessly
	Stack     string      `json:"stack,omitempty"`    // where nox-conformance itself failed over the check, if it did
	Reason    string      `json:"reason,omitempty"`   // why it was skipped or broke; for a failure, what follows from it or its likely cause
	Expected  string      `json:"expected,omitempty"` // of a failure or warning
	Actual    string      `json:"actual,omitempty"`   // of a failure or warning
	Cause     string      `json:"cause,omitempty"`    // id of the check whose failure this one fell to
	Failed    int         `json:"failed,omitempty"`   // of an intermittent failure: how many tries failed …
	Tried     int         `json:"tried,omitempty"`    // … of how many

	// Intermittent is set for a failure that may be absent from another run.
	Intermittent bool `json:"intermittent,omitempty"`

	DurationMS int64      `json:"duration_ms"`
	Exchanges  []Exchange `json:"exchanges"`        // those that show the outcome; of a passing check none unless asked for
	Script     bool       `json:"script,omitempty"` // Exchanges are a sequence of requests that shows the failure, in order
}

// Exchange is one request and its response, secrets removed.
type Exchange struct {
	Request    Request   `json:"request"`
	Response   *Response `json:"response"`        // nil where no answer came
	Error      string    `json:"error,omitempty"` // why no answer, or no whole one, came
	DurationMS float64   `json:"duration_ms"`
	Started    time.Time `json:"started"`
	Curl       string    `json:"curl"` // a command line that sends it again, with $NOX_API_KEY for the key
}

// Request is a request as sent.
type Request struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"` // several values of one name joined by ", "
	Body    string            `json:"body"`
	Base64  bool              `json:"base64,omitempty"` // Body is base64, for bytes that are not UTF-8
	Note    string            `json:"note,omitempty"`   // what stands in place of a secret, in words
	Size    int64             `json:"size,omitempty"`   // bytes of the body as sent, where Body holds fewer
}

// Response is a response as it came.
type Response struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Base64  bool              `json:"base64,omitempty"`
	Size    int64             `json:"size"` // bytes of the body as it came; Body may hold fewer

	HTTPVersion string `json:"http_version,omitempty"` // "HTTP/1.1", "HTTP/2"
}

// IDs returns the id of the check and its aliases.
func (c *CheckResult) IDs() []string { return append([]string{c.ID}, c.Aliases...) }
