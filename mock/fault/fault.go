package fault

import "time"

// Fault is one deliberate failure. What its kind has no use for is ignored.
type Fault struct {
	ID           string  `json:"id"`                // given by [Set.Add]
	Manufacturer string  `json:"manufacturer"`      // whose requests fail
	UserID       *string `json:"user_id,omitempty"` // of these users only; * stands for any characters
	Kind         Kind    `json:"kind"`

	Status         int     `json:"status,omitempty"`           // of Status (500 by default), 200 to 599, and Gateway (502)
	RetryAfter     *int    `json:"retry_after,omitempty"`      // seconds, with Status and Gateway
	RetryAfterDate bool    `json:"retry_after_date,omitempty"` // Retry-After is sent as a date, not as seconds
	Body           *string `json:"body,omitempty"`             // of Status; by default one in the contract's shape
	MediaType      string  `json:"media_type,omitempty"`       // of Status with a body, and of MediaType
	PieceBytes     int     `json:"piece_bytes,omitempty"`      // of Dribble
	EveryMS        int     `json:"every_ms,omitempty"`         // of Dribble
	Delay          *Delay  `json:"delay,omitempty"`            // before the answer; of Slow a second by default; possible with all

	After     int       `json:"after,omitempty"`      // so many requests that fit pass first
	Times     int       `json:"times,omitempty"`      // fires so often, then no more; 0: as long as it lasts
	Share     float64   `json:"share,omitempty"`      // of the requests, above 0, at most 1; 0: all
	Seed      uint64    `json:"seed,omitempty"`       // of the share and of delays: the same seed, the same choices
	ExpiresIn int       `json:"expires_in,omitempty"` // seconds; 0: an hour
	Expires   time.Time `json:"expires,omitzero"`     // computed from ExpiresIn

	Fired  int  `json:"fired"`  // how often so far
	Active bool `json:"active"` // it may fire again
}

// Delay is how long an answer waits, in milliseconds.
type Delay struct {
	Distribution Distribution `json:"distribution,omitempty"` // "" means Fixed
	MS           int          `json:"ms,omitempty"`           // of Fixed
	MinMS        int          `json:"min_ms,omitempty"`       // of Uniform
	MaxMS        int          `json:"max_ms,omitempty"`       // of Uniform; of LogNormal, where to cut it off
	MedianMS     int          `json:"median_ms,omitempty"`    // of LogNormal
	Sigma        float64      `json:"sigma,omitempty"`        // of LogNormal: the standard deviation of the logarithm
}

// delayFields says which fields of a [Delay] go together.
const delayFields = "fixed has ms, uniform max_ms and perhaps min_ms, log-normal median_ms and perhaps sigma and max_ms; each above 0, and no others"

// Distribution is how delays are spread.
type Distribution string

// The distributions.
const (
	Fixed     Distribution = "fixed"
	Uniform   Distribution = "uniform"
	LogNormal Distribution = "log-normal" // a long tail, as networks have
)

// MaxDelay bounds every delay, and the time that a dribbled body takes.
const MaxDelay = time.Minute

// Limits of a fault.
const (
	DefaultExpiry = time.Hour
	MaxExpiry     = 7 * 24 * time.Hour
	MaxBodyBytes  = 256 << 10
)
