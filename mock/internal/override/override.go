// Package override reads what a request asks for in place of what is due to it: by
// the header Prefer, or by a user_id.
package override

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"nox.energy/contract/mock/fault"
)

// MagicPrefix starts every user_id that asks for an outcome.
const MagicPrefix = "nox-mock:"

// Documented is an operation that documents some statuses.
type Documented interface{ Documents(status int) bool }

// Unmet is a sentence on what a request asked for in vain; "" if for nothing.
type Unmet string

// PreferPrefix starts a preference for an outcome.
const PreferPrefix = "Prefer: code="

// SwitchedOff says that what is asked for at a place, as "Prefer: code=", comes to
// nothing where overrides are off.
func SwitchedOff(place, what string) Unmet {
	return Unmet(fmt.Sprintf("%s%s is ignored: this mock was started with --no-overrides", place, shortened(what)))
}

// preferences lists what the header Prefer asks for (RFC 7240), names in lower
// case, then what the query does as users of Prism write it: __code=404.
func preferences(r *http.Request) (all [][2]string) {
	for _, field := range r.Header.Values("Prefer") {
		for _, preference := range strings.FieldsFunc(field, func(c rune) bool { return c == ',' || c == ';' }) {
			name, value, _ := strings.Cut(preference, "=")
			all = append(all, [2]string{strings.ToLower(strings.TrimSpace(name)), strings.Trim(strings.TrimSpace(value), `"`)})
		}
	}
	if strings.Contains(r.URL.RawQuery, "__") {
		for _, name := range []string{"code", "example", "dynamic"} {
			if values := r.URL.Query()["__"+name]; len(values) > 0 {
				all = append(all, [2]string{name, values[0]})
			}
		}
	}
	return all
}

// Preferred returns the status that the header Prefer asks for, 0 if it asks for
// none that can be had. Of several, the first one counts.
func Preferred(op Documented, r *http.Request) (status int, unmet Unmet) {
	for _, p := range preferences(r) {
		name, value := p[0], p[1]
		if name != "code" {
			if unmet == "" && meansCode(name, value) {
				unmet = notPreferred(op, "Prefer: "+name+"="+value, value)
			}
			continue
		}
		if status, ok := statusCode(value); ok && op.Documents(status) {
			return status, ""
		}
		return 0, notPreferred(op, PreferPrefix+value, value)
	}
	return 0, unmet
}

// statusCode reads a status that a server can answer with.
func statusCode(text string) (int, bool) {
	status, err := strconv.Atoi(text)
	return status, err == nil && len(text) == 3 && status >= 200 && status < 600
}

// meansCode reports whether a preference other than code asks for an outcome: a
// slip, or one with a status for a value. Those that are registered (RFC 7240,
// section 5), or known here, mean something else.
func meansCode(name, value string) bool {
	if slices.Contains([]string{"respond-async", "return", "wait", "handling", "example", "dynamic"}, name) {
		return false
	}
	_, isStatus := statusCode(value)
	return isStatus || levenshtein.ComputeDistance(name, "code") <= 1
}

// notPreferred says that a preference is not understood.
func notPreferred(op Documented, ask, value string) Unmet {
	wanted, err := strconv.Atoi(value)
	if err != nil {
		return Unmet(fmt.Sprintf("%s is not understood; the nearest that is: %s%d", shortened(ask), PreferPrefix, nearestStatus(op, http.StatusInternalServerError, 200)))
	}
	nearest := Unmet(fmt.Sprintf("%s is not understood; the nearest that is: %s%d", shortened(ask), PreferPrefix, nearestStatus(op, wanted, 200)))
	return nearest + byFault(op, wanted)
}

// byFault says how an undocumented status can be had.
func byFault(op Documented, status int) Unmet {
	if status < 200 || status > 599 || op.Documents(status) {
		return ""
	}
	return Unmet(fmt.Sprintf("; for a %d, which the contract does not document, set a fault: POST /faults {\"manufacturer\": ..., \"kind\": \"status\", \"status\": %[1]d}", status))
}

// nearestStatus returns the documented status from least on that is most like
// another one: of the same class, if there is one.
func nearestStatus(op Documented, wanted, least int) int {
	nearest, distance := 0, 0
	for status := least; status < 600; status++ {
		if !op.Documents(status) {
			continue
		}
		d := max(status-wanted, wanted-status)
		if status/100 != wanted/100 {
			d += 1000
		}
		if nearest == 0 || d < distance {
			nearest, distance = status, d
		}
	}
	return nearest
}

// Example returns what the header Prefer says of generated responses:
// example=NAME, dynamic=true.
func Example(r *http.Request) (name string, dynamic bool) {
	for _, p := range preferences(r) {
		switch p[0] {
		case "example":
			name = p[1]
		case "dynamic":
			dynamic = strings.EqualFold(p[1], "true")
		}
	}
	return name, dynamic
}

// NoExample says that none of the named examples that there are has the name that is
// asked for.
func NoExample(name string, names []string) Unmet {
	if name == "" || slices.Contains(names, name) {
		return ""
	}
	if len(names) == 0 {
		return Unmet(fmt.Sprintf("Prefer: example=%s is not understood: this response has no example with a name", shortened(name)))
	}
	nearest := slices.MinFunc(names, func(a, b string) int {
		name := name[:min(len(name), 100)]
		return levenshtein.ComputeDistance(name, a) - levenshtein.ComputeDistance(name, b)
	})
	return Unmet(fmt.Sprintf("Prefer: example=%s is not understood; the nearest that is: Prefer: example=%s", shortened(name), nearest))
}

// Outcome is what a user_id asks for; the zero value asks for nothing.
type Outcome struct {
	Status int
	Delay  time.Duration
	Lost   bool
}

// AsksFor reports whether a user_id asks for an outcome that can be had.
func AsksFor(op Documented, userID string) bool {
	asked, _ := Magic(op, userID)
	return asked != Outcome{}
}

// Magic reads a user_id. One that starts with [MagicPrefix], or nearly so, but
// asks for nothing that can be had is an ordinary id, and ask says so.
func Magic(op Documented, userID string) (asked Outcome, unmet Unmet) {
	text, is := strings.CutPrefix(userID, MagicPrefix)
	if !is {
		return Outcome{}, mistypedMagic(op, userID)
	}
	if text == "lost" {
		return Outcome{Lost: true}, ""
	}
	if text, is := strings.CutPrefix(text, "delay="); is {
		if d, err := time.ParseDuration(text); err == nil && d > 0 && d <= fault.MaxDelay {
			return Outcome{Delay: d}, ""
		}
	}
	status, err := strconv.Atoi(text)
	if err == nil && len(text) == 3 && status >= 400 && status < 600 && op.Documents(status) {
		return Outcome{Status: status}, ""
	}
	return Outcome{}, notMagic(op, userID, text)
}

// looksMagic reports whether a user_id may have been meant to be magic. It is
// quick, as it is asked for each request.
func looksMagic(userID string) bool {
	const longest = 40 // of a user_id that asks for something
	if strings.HasPrefix(userID, MagicPrefix) {
		return true
	}
	if len(userID) > longest || len(userID) < 4 {
		return false
	}
	return strings.EqualFold(userID[:3], "nox") || strings.Contains(strings.ToLower(userID), "mock")
}

// mistypedMagic finds out whether a user_id was meant to be magic: what follows
// a slip in the prefix must then be magic.
func mistypedMagic(op Documented, userID string) Unmet {
	if !looksMagic(userID) {
		return ""
	}
	at := strings.LastIndexAny(userID, ":-_/ ")
	if at := strings.Index(strings.ToLower(userID), "delay="); at > 0 {
		return mistypedAt(op, userID, at)
	}
	if at < 0 {
		return ""
	}
	return mistypedAt(op, userID, at+1)
}

func mistypedAt(op Documented, userID string, at int) Unmet {
	prefix, text := strings.ToLower(strings.TrimSpace(userID[:at])), strings.ToLower(strings.TrimSpace(userID[at:]))
	// Two slips leave a third of the prefix as it was.
	if !strings.Contains(prefix, "nox") && !strings.Contains(prefix, "-mo") && !strings.Contains(prefix, "ck:") {
		return ""
	}
	if levenshtein.ComputeDistance(prefix, MagicPrefix) > 2 || !AsksFor(op, MagicPrefix+text) {
		return ""
	}
	return Unmet(fmt.Sprintf("user_id %s is not understood; the nearest that is: %s%s", shortened(userID), MagicPrefix, text))
}

// notMagic says what a user_id may have meant.
func notMagic(op Documented, userID, text string) Unmet {
	sentence := func(nearest string) Unmet {
		return Unmet(fmt.Sprintf("user_id %s is not understood; the nearest that is: %s%s", shortened(userID), MagicPrefix, nearest))
	}
	text = strings.ToLower(text)
	if status, err := strconv.Atoi(text); err == nil {
		return sentence(strconv.Itoa(nearestStatus(op, status, 400))) + byFault(op, status)
	}
	if value, is := strings.CutPrefix(text, "delay"); is {
		value = strings.TrimLeft(value, "=: ")
		d, err := time.ParseDuration(value)
		if _, noUnit := time.ParseDuration(value + "s"); err != nil && noUnit == nil {
			d, err = time.ParseDuration(value + "s")
		}
		switch {
		case err != nil || d <= 0:
			return sentence("delay=2s")
		case d > fault.MaxDelay:
			return sentence("delay=" + strconv.Itoa(int(fault.MaxDelay.Seconds())) + "s")
		}
		return sentence("delay=" + d.String())
	}
	nearest, least := "", 0
	for _, candidate := range []string{"lost", "delay=2s", strconv.Itoa(nearestStatus(op, 500, 400))} {
		if n := levenshtein.ComputeDistance(text[:min(len(text), 100)], candidate); nearest == "" || n < least {
			nearest, least = candidate, n
		}
	}
	return sentence(nearest)
}

// shortened quotes what was asked, or the start of it.
func shortened(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "..."
	}
	return strconv.QuoteToASCII(text)
}
