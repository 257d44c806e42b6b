package mock

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/internal/openapi"
)

// MagicPrefix starts every user_id that asks for an outcome.
const MagicPrefix = "nox-mock:"

// MaxDelay bounds the delay that a magic user_id can ask for. A longer one is
// not magic.
const MaxDelay = fault.MaxDelay

// preferred returns the status that the header Prefer asks for (RFC 7240), 0 if
// it asks for none. Of several, the first one counts.
func preferred(r *http.Request) int {
	for _, field := range r.Header.Values("Prefer") {
		for preference := range strings.SplitSeq(field, ",") {
			preference, _, _ = strings.Cut(preference, ";")
			name, value, _ := strings.Cut(preference, "=")
			if !strings.EqualFold(strings.TrimSpace(name), "code") {
				continue
			}
			value = strings.Trim(strings.TrimSpace(value), `"`)
			if status, err := strconv.Atoi(value); err == nil && len(value) == 3 && status >= 200 && status < 600 {
				return status
			}
			return 0
		}
	}
	return 0
}

// magic is the outcome that a user_id asks for; the zero value asks for none.
type magic struct {
	status int
	delay  time.Duration
	lost   bool
}

// magicOf reads a user_id. One that starts with [MagicPrefix] but asks for
// nothing that can be had is an ordinary id.
func magicOf(op *openapi.Operation, userID string) magic {
	ask, is := strings.CutPrefix(userID, MagicPrefix)
	if !is {
		return magic{}
	}
	if ask == "lost" {
		return magic{lost: true}
	}
	if text, is := strings.CutPrefix(ask, "delay="); is {
		if d, err := time.ParseDuration(text); err == nil && d > 0 && d <= MaxDelay {
			return magic{delay: d}
		}
		return magic{}
	}
	status, err := strconv.Atoi(ask)
	if err == nil && len(ask) == 3 && status >= 400 && status < 600 && op.Documents(status) {
		return magic{status: status}
	}
	return magic{}
}
