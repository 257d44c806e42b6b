package checks

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// gateAttempts are the valid requests that the gate sends before it stays shut:
// one odd response is not the whole target.
const gateAttempts = 3

// gate is the experiment of the first check of each operation: one valid
// request. Only behind it can anything else be judged.
func gate(t *trial.Trial) {
	if !t.Op.NamesExamples() && passesLocated(t) {
		return
	}
	var first *wire.Response
	for i := range gateAttempts {
		// net/http takes a greeting, as of a mail server, that comes before the
		// request for a connection that was closed, and does not show what came
		// instead of HTTP.
		raw := i == gateAttempts-1 && (first.Failure == wire.ConnectionClosed || first.Failure == wire.NotHTTP)
		r := t.Request()
		if raw {
			r = r.Raw()
		}
		a := t.Try(r)
		if (a.Failure == wire.NotHTTP || a.Failure == wire.Malformed || a.Failure == wire.Untrusted) && first != nil { // which says more
			first = a
		}
		if a.Arrived() && a.Succeeded() {
			if first != nil {
				t.End(trial.Verdict{Outcome: conformance.Fail, Expected: trial.DescribeStatus(t.Op.SuccessStatus()), Actual: first.Summary(), Failed: 1, Tried: 2, Evidence: []*wire.Response{first}})
			}
			t.RequireReadable(a)
			return
		}
		if first == nil {
			first = a
		}
		if a.Failure.IsInconclusive() {
			break
		}
	}
	switch {
	case first.Failure.IsInconclusive():
		t.Abort(trial.DescribeFailure(first), first)
	case first.Failure == wire.NotHTTP && speaksHTTP(t): // and so must answer this request by it
	case !first.Arrived() && first.Failure != wire.ConnectionClosed && first.Failure != wire.Malformed:
		t.Abort(trial.DescribeFailure(first), first)
	case first.Arrived() && t.Op.DependsOnState(first.Status) && t.Op.NamesExamples() && passesLocated(t):
		return
	case first.Arrived() && t.Op.DependsOnState(first.Status):
		t.Session.NoteAbsent(t.Op, first.Status)
		t.Skip(trial.DescribeState(first))
	case first.Arrived() && undecided(first):
		t.Abort(first.Summary()+" to a valid request", first)
	}
	if taken := takesFull(t, first); taken != nil {
		t.End(trial.Verdict{Outcome: conformance.Fail, Expected: trial.DescribeStatus(t.Op.SuccessStatus()), Actual: first.Summary(), Reason: "the target accepts the request only with its optional parts, so the other checks send those too", Failed: gateAttempts, Tried: gateAttempts, Evidence: []*wire.Response{first, taken}})
	}
	t.Session.NoteGate(t.Op, cmp.Or(first.Status, -1))
	t.End(trial.Verdict{Outcome: conformance.Fail, Expected: trial.DescribeStatus(t.Op.SuccessStatus()), Actual: first.Summary(), Reason: LikelyCause(first, t.Session.Contract.Document.BasePath()), Failed: gateAttempts, Tried: gateAttempts, Evidence: []*wire.Response{first}})
}

// passesLocated tries a request for what another operation has created or listed, and
// reports whether it succeeds. All other checks then do the same.
func passesLocated(t *trial.Trial) bool {
	if !t.Session.Locate(t.Op) {
		return false
	}
	if a := t.Try(t.Request()); a.Succeeded() {
		t.RequireReadable(a)
		return true
	}
	t.Session.Unlocate(t.Op)
	return false
}

// takesFull tries, where the plainest request is refused, the one with
// everything that is optional in it. If that is taken, all other checks are
// made with it.
func takesFull(t *trial.Trial, refused *wire.Response) *wire.Response {
	if !refused.Arrived() || !t.Op.EquivalentStatuses(t.Op.InvalidStatus()).Contains(refused.Status) || t.IsSparing() {
		return nil
	}
	t.Session.UseFull(t.Op, true)
	if a := t.Try(t.Request()); a.Succeeded() {
		return a
	}
	t.Session.UseFull(t.Op, false)
	return nil
}

// speaksHTTP reports whether the target answers any request by HTTP.
func speaksHTTP(t *trial.Trial) bool {
	for _, r := range []*wire.Request{t.Request().AtUnknownPath(""), t.Request().WithKeys(), t.Request().WithText([]byte("{"), wire.Either)} {
		if t.Try(r.MayClose()).Arrived() {
			return true
		}
	}
	return false
}

// undecided reports whether a response to a valid request says that the run
// cannot be done as it is set up, rather than that the contract is broken.
func undecided(a *wire.Response) bool {
	return toLogin(a) || certificateWanted(a) || speaksTLS(a) || slices.Contains([]int{
		http.StatusUnauthorized, http.StatusForbidden, // the key is refused
		http.StatusNotFound, http.StatusMethodNotAllowed, // the base path is wrong
		http.StatusProxyAuthRequired,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, // nothing behind the gateway
		http.StatusTooManyRequests,
	}, a.Status)
}

// loginWords are what the addresses of login pages are made of.
var loginWords = regexp.MustCompile(`(?i)(^|[^a-z])(log-?in|sign-?in|sso|saml2?|oauth2?|oidc|openid|authorize|authenticate|adfs|cas)([^a-z]|$)`)

// toLogin reports whether a response sends the client to a login page.
func toLogin(a *wire.Response) bool {
	to := redirectTarget(a)
	return to != nil && loginWords.MatchString(to.Hostname()+" "+to.Path+" "+to.Fragment)
}

// redirectTarget is where a redirect leads, nil where there is none.
func redirectTarget(a *wire.Response) *url.URL {
	from, err := url.Parse(a.SentURL)
	location := a.Header.Get("Location")
	if err != nil || a.Status/100 != 3 || location == "" {
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
func certificateWanted(a *wire.Response) bool {
	if a.Arrived() {
		return a.Status == http.StatusBadRequest && trial.BodyKind(a) == trial.BodyHTML && strings.Contains(string(a.Body), "SSL certificate")
	}
	if a.Err == nil {
		return false
	}
	text := a.Err.Error()
	return strings.Contains(text, "tls: certificate required") || strings.Contains(text, "remote error: tls: bad certificate") || strings.Contains(text, "remote error: tls: handshake failure")
}

// speaksTLS reports whether a response is what servers say in plain HTTP on a port
// for TLS: those of Go, nginx and Apache.
func speaksTLS(a *wire.Response) bool {
	return a.Status == http.StatusBadRequest && slices.ContainsFunc([]string{
		"HTTP request to an HTTPS server", "plain HTTP request was sent to HTTPS port", "speaking plain HTTP to an SSL-enabled server port",
	}, func(words string) bool { return strings.Contains(string(a.Body), words) })
}

// LikelyCause says what to look at if a valid request fails. basePath is that
// of the contract's first server.
func LikelyCause(a *wire.Response, basePath string) string {
	base := strings.TrimSuffix(a.SentURL, a.Request.Path)
	proxy := proxyAdvice(a)
	switch {
	case a.Failure == wire.Postponed || a.Failure.IsOurs():
		return "" // which says it
	case certificateWanted(a):
		return "the target requires a client certificate: pass one with --client-cert and --client-key"
	case a.Failure == wire.Unreachable:
		return cmp.Or(proxy, "check that the server runs at "+base+"; if it is still starting, add --wait 1m")
	case a.Failure == wire.Untrusted:
		return "if a private CA signed the server's certificate, pass that CA with --ca-cert"
	case a.Failure == wire.NotHTTP && proxy != "":
		return proxy
	case a.Failure == wire.NotHTTP && strings.HasPrefix(base, "https:"):
		return "the port may speak plain HTTP: try http:// instead of https://"
	case a.Failure == wire.NotHTTP:
		return "the port may speak TLS or a protocol other than HTTP: try https://"
	case errors.Is(a.Err, wire.ErrNotConnected):
		return "nothing responds at " + base + ", not even with a refusal: check the address, and whether a firewall drops what is sent there"
	case a.Failure == wire.TimedOut:
		return "check that the server works at all; if it is merely slow, raise --timeout"
	case a.Status/100 == 3:
		return redirectAdvice(a)
	case a.Status == http.StatusForbidden && trial.BodyKind(a) == trial.BodyHTML:
		return "the HTML page comes from a firewall or proxy, not from the API: let the requests of nox-conformance through, or use the address of the API behind it"
	case speaksTLS(a):
		return "the port speaks HTTPS: use https" + strings.TrimPrefix(base, "http") + "; the key was sent to it unencrypted"
	}
	switch a.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "the target rejects the key: check that NOX_API_KEY belongs to this target and that its manufacturer is enabled"
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		if sent, err := url.Parse(base); err == nil && sent.Path != basePath {
			return "the base path may be wrong: did you mean " + sent.Scheme + "://" + sent.Host + basePath + "?"
		}
		return "the base path may be wrong: check the path of " + base
	case http.StatusProxyAuthRequired:
		return cmp.Or(proxy, "a proxy requires credentials")
	case http.StatusServiceUnavailable:
		return "if the server is still starting, add --wait 1m"
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return cmp.Or(proxy, "a gateway responds, but not the server behind it: check that the server runs; if it is still starting, add --wait 1m")
	}
	return ""
}

// redirectAdvice names the base URL, or the path, that a redirect leads to.
// Redirects are not followed, so that no key travels to another place.
func redirectAdvice(a *wire.Response) string {
	to := redirectTarget(a)
	from, err := url.Parse(a.SentURL)
	switch {
	case to == nil || err != nil:
		return "nox-conformance does not follow redirects, which would leak the key: use the final address"
	case toLogin(a):
		return "the target redirects to a login page, " + to.Redacted() + ": use the address of the API behind it, or pass the required credentials with --header"
	}
	plain := *to
	plain.RawQuery, plain.Fragment, plain.User = "", "", nil
	path := a.Request.Path
	if base, ok := strings.CutSuffix(plain.String(), path); ok {
		return "nox-conformance does not follow redirects, which would leak the key: use the base URL " + base
	}
	if base, ok := strings.CutSuffix(plain.String(), path+"/"); ok {
		advice := "the server redirects to " + plain.EscapedPath() + ", but the contract's path has no slash at the end: serve " + from.EscapedPath() + " without a redirect"
		if plain.Host != from.Host || plain.Scheme != from.Scheme {
			advice += ", and use the base URL " + base
		}
		return advice
	}
	return "nox-conformance does not follow redirects, which would leak the key: this one leads to " + plain.String() + "; use the base URL that serves " + path
}

// proxyAdvice names the variable that sends requests through a proxy, "" where
// none does.
func proxyAdvice(a *wire.Response) string {
	target, err := url.Parse(a.SentURL)
	if err != nil {
		return ""
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: target})
	if err != nil || proxy == nil {
		return ""
	}
	name := strings.ToUpper(target.Scheme) + "_PROXY"
	return fmt.Sprintf("the proxy %s://%s, set by %s or %s, does not forward the requests: check that it runs; to reach the target directly, unset the variable or add %s to NO_PROXY", proxy.Scheme, proxy.Host, name, strings.ToLower(name), target.Hostname())
}
