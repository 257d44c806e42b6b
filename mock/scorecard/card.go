package scorecard

import "time"

// Card is what was seen of the clients of one manufacturer, or of all.
type Card struct {
	Requests    int        `json:"requests"`
	Connections int        `json:"connections"` // of TCP
	Responses   []Response `json:"responses"`
	Mistakes    []Mistake  `json:"mistakes"`             // all that are looked for, made or not
	DecidedAt   *time.Time `json:"decided_at,omitempty"` // when nothing of what was seen is pending any more; nil if nothing is
	Truncated   bool       `json:"truncated,omitempty"`  // there were too many requests to compare each with all before
}

// Response is a documented response, and how often it was given.
type Response struct {
	Operation string `json:"operation"`
	Status    string `json:"status"`
	Times     int    `json:"times"`
	Required  bool   `json:"required"`
}

// State says what was seen of a mistake.
type State string

// The states. A mistake that a client had no occasion to make is not seen, which
// is no pass. One that the client may still make, or avoid, is pending.
const (
	Made    State = "made"
	Pending State = "pending"
	Avoided State = "avoided"
	NotSeen State = "not-seen"
)

// Mistake is one kind of mistake, and how often it was made.
type Mistake struct {
	Name     string    `json:"name"`
	State    State     `json:"state"`
	Summary  string    `json:"summary"`
	Advice   string    `json:"advice"`
	Occasion string    `json:"occasion"` // what must happen to a client before the mistake can be seen
	Times    int       `json:"times"`    // made
	Avoided  int       `json:"avoided"`  // could have been made, and was not
	Pending  int       `json:"pending"`  // of which nothing can be said yet
	Examples []Example `json:"examples"` // the first few times
}

// Example is one exchange in which a mistake was made.
type Example struct {
	Entry  int64     `json:"entry"` // its id in the journal
	Time   time.Time `json:"time"`
	UserID *string   `json:"user_id,omitempty"`
	Detail string    `json:"detail"`
	Link   string    `json:"link"` // to the exchange on the dashboard, relative to the control URL
}

// Met reports whether every required response was given.
func (c Card) Met() bool { return len(c.Unmet()) == 0 }

// Unmet returns the required responses that were not given.
func (c Card) Unmet() []Response {
	var unmet []Response
	for _, r := range c.Responses {
		if r.Required && r.Times == 0 {
			unmet = append(unmet, r)
		}
	}
	return unmet
}

// In returns the mistakes in a state.
func (c Card) In(state State) []Mistake {
	var all []Mistake
	for _, m := range c.Mistakes {
		if m.State == state {
			all = append(all, m)
		}
	}
	return all
}

// The names of the mistakes.
const (
	askInVain        = "ask-not-understood"
	wrongMediaType   = "wrong-media-type"
	keyElsewhere     = "key-in-wrong-place"
	noTimeout        = "no-timeout"
	gaveUpEarly      = "gave-up-early"
	noBackOff        = "retry-without-back-off"
	tooSoon          = "retry-before-retry-after"
	constantWaits    = "retry-at-constant-pace"
	noJitter         = "retry-without-jitter"
	endlessRetry     = "retry-without-limit"
	retryOf400       = "retry-of-400"
	retryOf401       = "retry-of-401"
	noRetry          = "no-retry-of-500"
	noRetryOfLost    = "no-retry-of-lost-response"
	idNotKept        = "id-not-kept"
	connectionsWaste = "connection-churn"
)

// catalogue lists every mistake that is looked for.
func catalogue() []Mistake {
	return []Mistake{
		{Name: askInVain, Summary: "a request asked for an outcome that this mock does not know, so the mock treated it like any other request",
			Advice: "ask as nox-mock scenarios lists it: nothing was tested", Occasion: "a header Prefer or a user_id that asks for an outcome"},
		{Name: wrongMediaType, Summary: "the body was sent as another media type, or as none",
			Advice: "send Content-Type: application/json", Occasion: "a request with a body"},
		{Name: keyElsewhere, Summary: "the key was sent where the contract does not look for it",
			Advice: "send the key in the header that the contract names", Occasion: "a request with a key"},
		{Name: noTimeout, Summary: "the client waited longer for a response than any user would",
			Advice: "set a timeout for the whole exchange, such as 10 seconds, and retry after it:\nthe same user gets the same nox_user_id", Occasion: "a response that comes later than the client's timeout: a fault of kind delay with \"delay\": \"40s\""},
		{Name: gaveUpEarly, Summary: "the client left in less than a second",
			Advice: "allow a response a few seconds: a slow one is not a failed one", Occasion: "a response that takes a second or more: user_id nox-mock:delay=2s"},
		{Name: noBackOff, Summary: "a request that failed was sent again within 100 ms",
			Advice: "wait 200 ms after the first failure and twice as long after each further one,\nwith a random part", Occasion: "a failure that the client retries: a fault of kind status with \"times\": 1"},
		{Name: tooSoon, Summary: "a request was sent again before its Retry-After",
			Advice: "wait at least as long as Retry-After says, which is a number of seconds or a date", Occasion: "a response with Retry-After: a fault of kind status with \"status\": 503, \"retry_after\": 2"},
		{Name: constantWaits, Summary: "a request that kept failing was retried at a constant pace",
			Advice: "double the wait after each failure, up to some seconds", Occasion: "four failures in a row: a fault of kind status with \"times\": 4"},
		{Name: noJitter, Summary: "different requests were retried after exactly the same wait",
			Advice: "add a random part to each wait, or clients that failed together return together", Occasion: "the first retry of five different users: a fault of kind status with \"times\": 1 for each"},
		{Name: endlessRetry, Summary: "a request was tried more than ten times within seconds of each other",
			Advice: "stop after about five tries and report the failure,\nor try again later from a queue", Occasion: "a failure that lasts: a fault of kind status without \"times\""},
		{Name: retryOf400, Summary: "a request that was invalid was sent again unchanged",
			Advice: "do not retry what cannot succeed: log the error of the response", Occasion: "a 400: user_id nox-mock:400"},
		{Name: retryOf401, Summary: "a key that was refused was tried again",
			Advice: "stop, and alert somebody who can look at the key", Occasion: "a 401: user_id nox-mock:401"},
		{Name: noRetry, Summary: "a request that the server failed to serve was never sent again",
			Advice: "retry after a 429 and a 5xx: the same user gets the same nox_user_id", Occasion: "a failure that passes: a fault of kind status with \"times\": 1"},
		{Name: noRetryOfLost, Summary: "a request whose response was lost was never sent again",
			Advice: "retry after a broken connection and a timeout: the user may be connected already,\nand gets the same nox_user_id", Occasion: "a lost response: a fault of kind lost or reset with \"times\": 1"},
		{Name: idNotKept, Summary: "a user was asked for again although the id had been given",
			Advice: "store the nox_user_id: it never changes", Occasion: "a 201"},
		{Name: connectionsWaste, Summary: "most requests came on a connection of their own",
			Advice: "reuse connections: read each response to its end, and share one client", Occasion: "ten requests or more"},
	}
}
