package conformance

import (
	"net/http"
	"slices"
	"strings"
)

// gateAttempts are the valid requests that the gate sends before it stays shut:
// one odd answer is not the whole target.
const gateAttempts = 3

// gate is the experiment of the first check of each operation: one valid
// request. Only behind it can anything else be judged.
func gate(t *trial) {
	var first *answer
	for i := range gateAttempts {
		// net/http takes a greeting, as of a mail server, that comes before the
		// request for a connection that was closed, and does not show what came
		// instead of HTTP.
		raw := i == gateAttempts-1 && (first.failure == closed || first.failure == notHTTP)
		a := t.try(t.request().on(func(r *request) { r.raw = raw }))
		if (a.failure == notHTTP || a.failure == malformed) && first != nil {
			first = a
		}
		if a.came() && a.succeeded() {
			if first != nil {
				t.end(verdict{outcome: Fail, expected: statusWords(t.op.success()), actual: first.says(), failed: 1, tried: 2, evidence: []*answer{first}})
			}
			t.readable(a)
			return
		}
		if first == nil {
			first = a
		}
		if a.failure.decidesNothing() {
			break
		}
	}
	switch {
	case first.failure.decidesNothing():
		t.broke(failureWords(first), first)
	case first.failure == notHTTP && t.speaksHTTP(): // and so must answer this request by it
	case !first.came() && first.failure != closed && first.failure != malformed:
		t.broke(failureWords(first), first)
	case first.came() && t.op.depends(first.status):
		t.s.noteAbsent(t.op, first.status)
		t.skip(stateWords(first))
	case first.came() && undecided(first.status):
		t.broke(statusText(first.status)+" to a valid request", first)
	}
	if taken := t.takesFull(first); taken != nil {
		t.end(verdict{outcome: Fail, expected: statusWords(t.op.success()), actual: first.says(), reason: "the request is taken with everything that is optional in it, so the other checks send that", failed: gateAttempts, tried: gateAttempts, evidence: []*answer{first, taken}})
	}
	t.s.noteGate(t.op, orMinusOne(first.status))
	t.end(verdict{outcome: Fail, expected: statusWords(t.op.success()), actual: first.says(), reason: likelyCause(first), failed: gateAttempts, tried: gateAttempts, evidence: []*answer{first}})
}

// takesFull tries, where the plainest request is refused, the one with
// everything that is optional in it. If that is taken, all other checks are
// made with it.
func (t *trial) takesFull(refused *answer) *answer {
	if !refused.came() || !t.op.meaning(t.op.rejection()).has(refused.status) || t.s.cfg.Profile == Production {
		return nil
	}
	t.s.useFull(t.op, true)
	if a := t.try(t.request()); a.succeeded() {
		return a
	}
	t.s.useFull(t.op, false)
	return nil
}

func orMinusOne(status int) int {
	if status == 0 {
		return -1
	}
	return status
}

// speaksHTTP reports whether the target answers any request by HTTP.
func (t *trial) speaksHTTP() bool {
	elsewhere := t.request().on(func(r *request) { r.path, r.intent, r.subject = r.path+unknownPath, open, "" })
	for _, r := range []*request{elsewhere, t.request().withKeys(), t.request().withText([]byte("{"), open)} {
		if t.try(r.on(func(r *request) { r.mayClose = true })).came() {
			return true
		}
	}
	return false
}

// undecided statuses of a valid request say that the run cannot be done as it
// is set up, rather than that the contract is broken.
func undecided(status int) bool {
	return slices.Contains([]int{
		http.StatusUnauthorized, http.StatusForbidden, // the key is refused
		http.StatusNotFound, http.StatusMethodNotAllowed, // the base path is wrong
		http.StatusProxyAuthRequired,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, // nothing behind the gateway
		http.StatusTooManyRequests,
	}, status)
}

// stateWords say why an answer to a valid request decides nothing: it is
// documented for a state of the target, which the runner does not know.
func stateWords(a *answer) string {
	return "the target answers " + a.says() + ", which the contract documents for " + a.request.method + " " + a.request.path + ": an example in the contract that the target knows would help"
}

func (s *session) noteAbsent(op *operation, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.absent[op.ID] = status
}

// isAbsent tells whether no valid request gets further than to this status.
func (s *session) isAbsent(op *operation, status int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.absent[op.ID] == status
}

// shut tells whether nothing behind the gate of an operation can be judged: no
// valid request succeeds in any way.
func (s *session) shut(op *operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	status, wrong := s.gate[op.ID]
	return wrong && status/100 != 2
}

// closedGate returns why the run ends at the gate, "" where it goes on. It goes
// on where some operation takes valid requests.
func (r *run) closedGate() string {
	reason := ""
	for i, c := range r.checks {
		if c.stage != stageGate {
			continue
		}
		v := r.verdicts[i]
		switch {
		case v.outcome == Err && len(v.evidence) > 0:
			reason = "no valid request to " + c.Operation + " could be judged: " + v.reason
			if hint := likelyCause(v.evidence[0]); hint != "" {
				reason += "; " + hint
			}
			r.noteGate(r.operation(c), -1)
		case v.outcome == Err:
			return v.reason
		default:
			return ""
		}
	}
	return reason
}

// likelyCause says what to look at when a valid request is not answered as it
// should be.
func likelyCause(a *answer) string {
	base := strings.TrimSuffix(a.sentURL, a.request.path)
	switch {
	case a.failure == putOff || a.failure.isOurs():
		return "" // which says it
	case a.failure == unreachable:
		return "is the server running, and is " + base + " its address?"
	case a.failure == untrusted:
		return "if the server uses a certificate of its own authority, name that with --ca-cert"
	case a.failure == notHTTP && strings.HasPrefix(base, "https:"):
		return "the port may speak plain HTTP: try http:// instead of https://"
	case a.failure == notHTTP:
		return "the port may speak TLS, or another protocol than HTTP: try https://"
	case a.failure == timedOut:
		return "the target may be slow: allow it more with --timeout"
	}
	switch a.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "the key is refused: is NOX_API_KEY one of this target, and its manufacturer enabled?"
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return "the base path may be wrong: " + base + " must end as the contract's server URL does"
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect, http.StatusSeeOther:
		return "redirects are not followed, so that no key travels to another place: name the final address"
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return "a gateway answers, and nothing behind it: is the server itself running?"
	}
	return ""
}

func statusWords(status string) string { return want{status}.String() }
