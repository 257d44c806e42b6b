package scorecard

// Card is what was seen of the clients of one manufacturer, or of all.
type Card struct {
	Requests    int        `json:"requests"`
	Connections int        `json:"connections"` // of TCP
	Responses   []Response `json:"responses"`
	Mistakes    []Mistake  `json:"mistakes"`            // all that are looked for, made or not
	Truncated   bool       `json:"truncated,omitempty"` // there were too many requests to compare each with all before
}

// Response is a documented response, and how often it was given.
type Response struct {
	Operation string `json:"operation"`
	Status    string `json:"status"`
	Times     int    `json:"times"`
	Required  bool   `json:"required"`
}

// Mistake is one kind of mistake, and how often it was made.
type Mistake struct {
	Name    string  `json:"name"`
	Summary string  `json:"summary"`
	Advice  string  `json:"advice"`
	Times   int     `json:"times"`
	Entries []int64 `json:"entries"` // ids of the first few exchanges in the journal
}

// Met tells whether every required response was given.
func (c Card) Met() bool { return len(c.Unmet()) == 0 }

// Unmet are the required responses that were not given.
func (c Card) Unmet() []Response {
	var unmet []Response
	for _, r := range c.Responses {
		if r.Required && r.Times == 0 {
			unmet = append(unmet, r)
		}
	}
	return unmet
}

// The names of the mistakes.
const (
	wrongMediaType   = "wrong-media-type"
	keyElsewhere     = "key-in-wrong-place"
	noBackOff        = "retry-without-back-off"
	retryOf400       = "retry-of-400"
	retryOf401       = "retry-of-401"
	noRetry          = "no-retry-of-500"
	timedOut         = "time-out"
	idNotKept        = "id-not-kept"
	connectionsWaste = "connection-churn"
)

// catalogue lists every mistake that is looked for.
func catalogue() []Mistake {
	return []Mistake{
		{Name: wrongMediaType, Summary: "the body was sent as another media type, or as none", Advice: "send Content-Type: application/json"},
		{Name: keyElsewhere, Summary: "the key stood where the contract does not look for it", Advice: "send the key in the header that the contract names"},
		{Name: noBackOff, Summary: "a request that failed was sent again within 100 ms, or before its Retry-After", Advice: "wait longer after each failure, and as long as Retry-After says"},
		{Name: retryOf400, Summary: "a request that was not valid was sent again unchanged", Advice: "do not try again what cannot succeed"},
		{Name: retryOf401, Summary: "a key that was refused was tried again", Advice: "stop, and let somebody look at the key"},
		{Name: noRetry, Summary: "a request that failed on the server's side, or whose answer was lost, was never sent again", Advice: "try again after a 500, a 503 and a broken connection: the same user gets the same id"},
		{Name: timedOut, Summary: "the client left before the answer came", Advice: "allow an answer more time"},
		{Name: idNotKept, Summary: "a user was asked for again though the id had been given", Advice: "keep the nox_user_id"},
		{Name: connectionsWaste, Summary: "most requests came on a connection of their own", Advice: "use connections again: read answers to their end, and use one client"},
	}
}
