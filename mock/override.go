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

// preferences lists what the header Prefer asks for (RFC 7240), names in lower
// case.
func preferences(r *http.Request) (all [][2]string) {
	for _, field := range r.Header.Values("Prefer") {
		for preference := range strings.SplitSeq(field, ",") {
			preference, _, _ = strings.Cut(preference, ";")
			name, value, _ := strings.Cut(preference, "=")
			all = append(all, [2]string{strings.ToLower(strings.TrimSpace(name)), strings.Trim(strings.TrimSpace(value), `"`)})
		}
	}
	return all
}

// preferred returns the status that the header Prefer asks for, 0 if it asks for
// none. Of several, the first one counts.
func preferred(r *http.Request) int {
	for _, p := range preferences(r) {
		if p[0] != "code" {
			continue
		}
		if status, err := strconv.Atoi(p[1]); err == nil && len(p[1]) == 3 && status >= 200 && status < 600 {
			return status
		}
		return 0
	}
	return 0
}

// preferredExample returns what the header Prefer says of generated responses:
// example=NAME, dynamic=true.
func preferredExample(r *http.Request) (e openapi.Example) {
	for _, p := range preferences(r) {
		switch p[0] {
		case "example":
			e.Name = p[1]
		case "dynamic":
			e.Dynamic = strings.EqualFold(p[1], "true")
		}
	}
	return e
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
