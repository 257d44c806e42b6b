package checks

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// httpChecks look at what is around the operation, and at what no response of
// any status may be.
func httpChecks(b *builder) {
	neverChecks(b)
	markupCheck(b)
	declared := b.contract.DocumentedMethods(b.op.Path)
	if declared[0] != b.op.Method {
		return // one set of checks for each path
	}
	undeclared := func(t *trial.Trial) []*wire.Request {
		var out []*wire.Request
		for _, m := range []string{"GET", "HEAD", "TRACE", "PUT", "PATCH", "DELETE"} {
			if slices.Contains(declared, m) || m == "HEAD" && slices.Contains(declared, "GET") {
				continue
			}
			if r := t.Session.RequestByMethod(t.Op, m); r != nil && !b.contract.Declares(m, r.Path) && !(m == "HEAD" && b.contract.Declares("GET", r.Path)) {
				out = append(out, r)
			}
		}
		return out
	}
	b.add(trial.StatusHTTP, checkText{
		name: "other-methods", ground: goodPractice, prod: conformance.Harmless, requests: 2, pointer: b.op.Pointer,
		summary: "undocumented methods do not succeed",
		sends:   "GET, HEAD, TRACE, PUT, PATCH and DELETE with the key",
		why:     "Nobody reviews or protects an undocumented operation.",
	}, trial.StageAround, func(t *trial.Trial) {
		for _, a := range t.SendAll(undeclared(t)) {
			if a.Failure == wire.ConnectionClosed {
				continue // a refusal, if a rude one
			}
			t.RequireResponse(a)
			if a.Status/100 == 2 || a.Status/100 == 5 && a.Status != http.StatusNotImplemented {
				t.Fail("a rejection of "+a.Request.Method, a.Summary(), a)
			}
		}
	})
	b.add(trial.StatusHTTP, checkText{
		name: "allow", ground: stacksDiffer, prod: conformance.Harmless, pointer: b.op.Pointer,
		summary: "a 405 response has an Allow header", sends: "GET, or PUT if the contract declares GET",
		why: "Allow lists the methods that the client may use instead (RFC 9110, section 15.5.6).",
	}, trial.StageAfter, func(t *trial.Trial) {
		requests := undeclared(t)
		if len(requests) == 0 {
			t.Skip("not judged: the contract declares every method on this path")
		}
		a := seenOr(t, requests[0], func(a *wire.Response) bool {
			return a.Request.Method == requests[0].Method && a.Request.Path == requests[0].Path
		})
		if a.Status != http.StatusMethodNotAllowed {
			t.Skip("not judged: " + requests[0].Method + " returns " + contract.StatusText(a.Status) + ", which needs no Allow")
		}
		switch allowed := a.Header.Values("Allow"); {
		case len(allowed) == 0:
			t.Fail("Allow: "+t.Op.Method, "405 Method Not Allowed without Allow", a)
		case !slices.Contains(listed(allowed), t.Op.Method):
			t.Fail("Allow: "+t.Op.Method, fmt.Sprintf("Allow: %q", strings.Join(allowed, ", ")), a)
		}
	})
	behindCheck(b)
	b.add(trial.StatusHTTP, checkText{
		name: "unknown-path", ground: goodPractice, prod: conformance.Harmless, pointer: "/paths",
		summary: "undocumented paths do not succeed", sends: "a path below the operation's path, with the key",
		why: "A server that accepts every path hides typing mistakes in clients.",
	}, trial.StageAround, func(t *trial.Trial) {
		r := t.Request().AtUnknownPath(url.PathEscape(markup))
		for range maxDeeper {
			if !b.contract.Declares(r.Method, r.Path) {
				t.Expect(r, "4XX", "3XX", "501")
				return
			}
			r = r.AtUnknownPath(url.PathEscape(markup)) // below what a variable stands for
		}
		t.Skip("not judged: the contract declares whatever stands below this path")
	})
}

// maxDeeper bounds how far below an operation an unknown path is looked for.
const maxDeeper = 4

// seenOr returns a response that another check was given to a request like this,
// or sends the request.
func seenOr(t *trial.Trial, r *wire.Request, same func(*wire.Response) bool) *wire.Response {
	var like []trial.SeenResponse
	for _, s := range t.Session.AllSeen() {
		if a := s.Response; s.Check.Operation == t.Check.Operation && a.Request.Op == r.Op && a.Failure == wire.NoFailure && same(a) {
			like = append(like, s)
		}
	}
	if len(like) > 0 {
		return t.Session.Sort(like)[0].Response
	}
	return t.Send(r)
}

// behindCheck looks at what comes on a connection behind a response, which most
// clients throw away, and some take for the next answer.
func behindCheck(b *builder) {
	b.add(trial.StatusHTTP, checkText{
		name: "nothing-behind", ground: httpSays, prod: conformance.Creates, pointer: b.op.Pointer + "/responses",
		summary: "a response has one length, and no bytes follow it (a body after a HEAD response is only a warning)", sends: "a valid request, one with an invalid body, one without a key, and HEAD, each on a new connection",
		why: "Bytes after a response are read as the start of the next one (RFC 9112, section 6.3). On a shared connection, that one belongs to another client.",
	}, trial.StageAround, func(t *trial.Trial) {
		if t.Session.Client.IsProxied {
			t.Skip("not visible through a proxy")
		}
		requests := []*wire.Request{t.Request()}
		if t.Op.TakesJSON() {
			requests = append(requests, t.Request().WithText([]byte("{"), wire.Breaks))
		}
		if len(t.Op.Security) > 0 {
			requests = append(requests, t.Request().WithKeys())
		}
		if head := t.Session.RequestByMethod(t.Op, "HEAD"); head != nil && t.Op.Method != "HEAD" {
			requests = append(requests, head)
		}
		requests = trial.Sample(t, requests)
		for i, r := range requests {
			requests[i] = r.Raw()
		}
		for _, a := range t.SendAll(requests) {
			if a.Request.IsElsewhere() && a.Failure == wire.ConnectionClosed {
				continue // a refusal, if a rude one
			}
			t.RequireResponse(a)
			if a.Proto == "HTTP/2.0" {
				t.Skip("not applicable: the target only speaks HTTP/2, whose frames end each response")
			}
			if length, coding := a.Header.Get("Content-Length"), a.Header.Get("Transfer-Encoding"); length != "" && coding != "" {
				t.Fail("Content-Length or Transfer-Encoding, not both (RFC 9112, section 6.2)", "both Content-Length: "+length+" and Transfer-Encoding: "+coding, a)
			}
			if a.Extra != "" && a.Request.Method == http.MethodHead { // as frameworks and servers do by default
				t.Warn("nothing after the response", fmt.Sprintf("%s after the response %s", wire.Quote(a.Extra), a.Summary()), a)
			}
			if a.Extra != "" {
				t.Fail("nothing after the response", fmt.Sprintf("%s after the response %s", wire.Quote(a.Extra), a.Summary()), a)
			}
		}
	})
}

// markupCheck looks for what was sent where a browser would run it, above all
// in the error pages that servers make for paths they do not know.
func markupCheck(b *builder) {
	b.addJudged(trial.StatusHTTP, checkText{
		name: "no-markup", ground: goodPractice, pointer: b.op.Pointer + "/responses",
		summary: "no HTML response repeats markup from the request",
		sends:   "nothing; it judges every response to a request that contains markup",
		why:     "A browser that opens the page would run the markup.",
	}, true, func(a *wire.Response) (wire.Finding, bool) {
		f := wire.Finding{Expected: "text from the request escaped or left out"}
		if name, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type")); name == "text/html" && bytes.Contains(a.Body, []byte(markup)) {
			f.Actual = "unescaped markup from the request in a text/html response"
		}
		return f, a.Arrived()
	})
}

func listed(values []string) []string {
	var out []string
	for _, v := range strings.Split(strings.Join(values, ","), ",") {
		out = append(out, strings.TrimSpace(v))
	}
	return out
}

// neverChecks are judged over every response to the operation itself.
func neverChecks(b *builder) {
	never := func(name string, g ground, summary, why string, around bool, wrong func(*wire.Response) string) {
		b.addJudged(trial.StatusHTTP, checkText{
			name: name, ground: g, pointer: b.op.Pointer + "/responses",
			summary: summary, sends: "nothing; it judges every response of the run", why: why,
		}, around, func(a *wire.Response) (problem wire.Finding, judged bool) {
			return wire.Finding{Expected: summary, Actual: wrong(a)}, a.Request.ProvokedStatus == ""
		})
	}
	never("answered", httpSays, "every request gets an HTTP response",
		"Without a response, a client cannot know whether its request took effect.", true, func(a *wire.Response) string {
			if a.IsMissing() {
				return trial.DescribeFailure(a)
			}
			return ""
		})
	never("no-redirect", httpSays, "no request is redirected",
		"A client that follows a redirect may send its key elsewhere or lose the request body.", false, func(a *wire.Response) string {
			if a.Status/100 == 3 {
				return a.Summary()
			}
			return ""
		})
	never("no-server-error", staysUp, "no request, valid or invalid, returns 5xx",
		"A 5xx blames the server, so clients retry the same request forever.", false, func(a *wire.Response) string {
			if a.IsBreakdown() {
				return a.Summary()
			}
			return ""
		})
}
