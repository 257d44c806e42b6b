package conformance

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
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
		if (a.failure == notHTTP || a.failure == malformed || a.failure == untrusted) && first != nil { // which says more
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
	case first.came() && undecided(first):
		t.broke(first.says()+" to a valid request", first)
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

// undecided reports whether a response to a valid request says that the run
// cannot be done as it is set up, rather than that the contract is broken.
func undecided(a *answer) bool {
	return toLogin(a) || certificateWanted(a) || slices.Contains([]int{
		http.StatusUnauthorized, http.StatusForbidden, // the key is refused
		http.StatusNotFound, http.StatusMethodNotAllowed, // the base path is wrong
		http.StatusProxyAuthRequired,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, // nothing behind the gateway
		http.StatusTooManyRequests,
	}, a.status)
}

// loginWords are what the addresses of login pages are made of.
var loginWords = regexp.MustCompile(`(?i)(^|[^a-z])(log-?in|sign-?in|sso|saml2?|oauth2?|oidc|openid|authorize|authenticate|adfs|cas)([^a-z]|$)`)

// toLogin reports whether a response sends the client to a login page.
func toLogin(a *answer) bool {
	to := redirectTarget(a)
	return to != nil && loginWords.MatchString(to.Hostname()+" "+to.Path+" "+to.Fragment)
}

// redirectTarget is where a redirect leads, nil where there is none.
func redirectTarget(a *answer) *url.URL {
	from, err := url.Parse(a.sentURL)
	location := a.header.Get("Location")
	if err != nil || a.status/100 != 3 || location == "" {
		return nil
	}
	to, err := from.Parse(location)
	if err != nil {
		return nil
	}
	return to
}

// certificateWanted reports whether a server, or a proxy before it, asks for the
// client certificate that it did not get.
func certificateWanted(a *answer) bool {
	if a.came() {
		return a.status == http.StatusBadRequest && bodyKind(a) == bodyHTML && strings.Contains(string(a.body), "SSL certificate")
	}
	if a.err == nil {
		return false
	}
	text := a.err.Error()
	return strings.Contains(text, "tls: certificate required") || strings.Contains(text, "remote error: tls: bad certificate") || strings.Contains(text, "remote error: tls: handshake failure")
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
	proxy := proxyAdvice(a)
	switch {
	case a.failure == putOff || a.failure.isOurs():
		return "" // which says it
	case certificateWanted(a):
		return "the target asks for a client certificate that it accepts: name one with --client-cert and --client-key"
	case a.failure == unreachable && proxy != "":
		return proxy
	case a.failure == unreachable:
		return "is the server running, and is " + base + " its address? If it is still starting, --wait 1m waits for it"
	case a.failure == untrusted:
		return "if the server uses a certificate of its own authority, name that with --ca-cert"
	case a.failure == notHTTP && proxy != "":
		return proxy
	case a.failure == notHTTP && strings.HasPrefix(base, "https:"):
		return "the port may speak plain HTTP: try http:// instead of https://"
	case a.failure == notHTTP:
		return "the port may speak TLS, or another protocol than HTTP: try https://"
	case a.failure == timedOut:
		return "the target may be slow: allow it more time with --timeout"
	case a.status/100 == 3:
		return redirectAdvice(a)
	case a.status == http.StatusForbidden && bodyKind(a) == bodyHTML:
		return "an HTML page looks like a firewall or proxy, not the API: let the runner's requests through, or name the address behind it"
	case a.status == http.StatusBadRequest && strings.Contains(string(a.body), "plain HTTP request was sent to HTTPS port"):
		return "the port speaks TLS: try https://"
	}
	switch a.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "the key is refused: is NOX_API_KEY one of this target, and its manufacturer enabled?"
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return "the base path may be wrong: " + base + " must end as the contract's server URL does"
	case http.StatusProxyAuthRequired:
		return wordOr(proxy, "a proxy asks for credentials")
	case http.StatusServiceUnavailable:
		return "the server may still be starting: --wait 1m waits until it answers"
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		if proxy != "" {
			return proxy
		}
		return "a gateway answers, and nothing behind it: is the server itself running? If it is still starting, --wait 1m waits for it"
	}
	return ""
}

// redirectAdvice names the base URL, or the path, that a redirect leads to.
// Redirects are not followed, so that no key travels to another place.
func redirectAdvice(a *answer) string {
	to := redirectTarget(a)
	from, err := url.Parse(a.sentURL)
	switch {
	case to == nil || err != nil:
		return "redirects are not followed, so that no key travels to another place: name the final address"
	case toLogin(a):
		return "the target sends clients to a login page, " + to.Redacted() + ": something before the API wants a login; name the address behind it, or pass what it asks for with --header"
	}
	plain := *to
	plain.RawQuery, plain.Fragment, plain.User = "", "", nil
	path := a.request.path
	if base, ok := strings.CutSuffix(plain.String(), path); ok {
		return "redirects are not followed, so that no key travels to another place: this one leads to the base URL " + base + ", so name that"
	}
	if base, ok := strings.CutSuffix(plain.String(), path+"/"); ok {
		advice := "the server wants a slash at the end, at " + plain.EscapedPath() + ", and the contract's path has none: serve " + from.EscapedPath() + " without redirecting"
		if plain.Host != from.Host || plain.Scheme != from.Scheme {
			advice += ", and name the base URL " + base
		}
		return advice
	}
	return "redirects are not followed, so that no key travels to another place: this one leads to " + plain.String() + "; name the base URL under which " + path + " answers"
}

// proxyAdvice names the variable that sends requests through a proxy, "" where
// none does.
func proxyAdvice(a *answer) string {
	target, err := url.Parse(a.sentURL)
	if err != nil {
		return ""
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: target})
	if err != nil || proxy == nil {
		return ""
	}
	name := strings.ToUpper(target.Scheme) + "_PROXY"
	return fmt.Sprintf("requests go through the proxy %s://%s that %s or %s names, and it does not pass them on: is it running? Unset the variable, or list %s in NO_PROXY, to reach the target directly", proxy.Scheme, proxy.Host, name, strings.ToLower(name), target.Hostname())
}

func statusWords(status string) string { return want{status}.String() }
