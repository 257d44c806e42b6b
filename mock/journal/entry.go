package journal

import "time"

// Entry is one exchange.
type Entry struct {
	ID            int64     `json:"id"` // counts up from 1, over all manufacturers
	Time          time.Time `json:"time"`
	Manufacturer  string    `json:"manufacturer"`         // "" where the key did not tell
	Key           string    `json:"key_sha256,omitempty"` // the fingerprint of the key that was presented
	Connection    int64     `json:"connection,omitempty"` // which one the request came on, counted from 1
	Operation     string    `json:"operation,omitempty"`  // operationId; "" for other paths and methods
	UserID        *string   `json:"user_id,omitempty"`    // nil where none could be read; cut as bodies are
	Request       Request   `json:"request"`
	Response      Response  `json:"response"`
	TookMS        float64   `json:"took_ms"` // until the answer was decided
	Outcome       Outcome   `json:"outcome"`
	Why           Why       `json:"why"`
	Fault         *Cause    `json:"fault,omitempty"`
	KeyElsewhere  string    `json:"key_elsewhere,omitempty"`  // where a key stood that does not belong there
	Asked         bool      `json:"asked,omitempty"`          // the request asked for its outcome, by a header or its user_id
	NotUnderstood string    `json:"not_understood,omitempty"` // what the request asked for in vain, and the nearest that can be had
	Revised       bool      `json:"revised,omitempty"`        // readers were told of it before, without the body
	Notes         []string  `json:"notes,omitempty"`
}

// Request is what was received.
type Request struct {
	Method    string              `json:"method"`
	Path      string              `json:"path"` // as sent, without the query
	Query     string              `json:"query,omitempty"`
	Protocol  string              `json:"protocol"`
	TLS       bool                `json:"tls,omitempty"`
	Headers   map[string][]string `json:"headers"`
	Body      string              `json:"body,omitempty"`
	Encoding  string              `json:"encoding,omitempty"` // "base64" where the body is not UTF-8
	BodyBytes int                 `json:"body_bytes"`         // as received; more than Body holds if it was cut
	Cut       bool                `json:"cut,omitempty"`      // the body was too long to be kept whole
}

// Response is what was answered.
type Response struct {
	Status  int                 `json:"status"` // 0 where nothing was answered
	Headers map[string][]string `json:"headers,omitempty"`
	Body    string              `json:"body,omitempty"`
}

// Outcome is how an exchange ended for the client.
type Outcome string

// The outcomes.
const (
	Answered Outcome = "answered"
	Dropped  Outcome = "dropped" // the connection ended before the whole answer was out, on purpose
	GaveUp   Outcome = "gave-up" // the client left before the answer came
)

// Why says why the answer was what it was.
type Why struct {
	Rule     string `json:"rule"`               // its name, as "schema.type" or "created"
	In       string `json:"in,omitempty"`       // the part of the request: "path", "method", "header", "query", "cookie", "body"
	Pointer  string `json:"pointer,omitempty"`  // the place there: a JSON pointer in a body, else a name
	Got      string `json:"got,omitempty"`      // what stood there, in kind
	Expected string `json:"expected,omitempty"` // what should have
	Reason   string `json:"reason,omitempty"`   // the same as a sentence
}

// Cause is the fault that shaped an answer.
type Cause struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
}
