package checks

import (
	"net/http"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// latitudeChecks hold what HTTP and JSON let a client write in more than one
// way.
func latitudeChecks(b *builder) {
	status := b.op.SuccessStatus()
	if status == "" {
		return
	}
	type way struct {
		name, summary, sends, why string
		ground                    ground
		change                    func(t *trial.Trial, r *wire.Request) *wire.Request
	}
	header := func(name string, values ...string) func(*trial.Trial, *wire.Request) *wire.Request {
		return func(_ *trial.Trial, r *wire.Request) *wire.Request { return r.WithHeader(name, values...) }
	}
	ways := []way{
		{"accept-any", "Accept: */* is accepted", "Accept: */*", "Most HTTP libraries send this header.", httpSays, header("Accept", "*/*")},
		{"accept-none", "a missing Accept header is accepted", "no Accept header", "Accept is optional (RFC 9110, section 12.5.1).", httpSays, header("Accept")},
		{"accept-json", "an Accept header that prefers JSON is accepted", "Accept: application/json;q=0.9, */*;q=0.1", "Generated clients send this header.", httpSays, header("Accept", "application/json;q=0.9, */*;q=0.1")},
		{"unknown-headers", "undocumented headers are ignored", "traceparent, X-Forwarded-For and other headers of proxies, browsers and tracing tools, the same for two users", "Proxies and tracing tools add headers on the way.", httpSays, func(t *trial.Trial, r *wire.Request) *wire.Request {
			for name, value := range addedHeaders() {
				if sent := r.Header.Get(name); name == "Cookie" && sent != "" {
					value = sent + "; " + value
				}
				r = r.WithHeader(name, value)
			}
			return r
		}},
	}
	if len(b.op.Security) > 0 && b.op.Security[0].Kind == "apiKey" && b.op.Security[0].In == "header" {
		name := b.op.Security[0].Name
		ways = append(ways, way{"header-name-case", "header names are case-insensitive", "the header " + oppositeCase(name), "HTTP requires it (RFC 9110, section 5.1), and HTTP/2 sends names in lower case.", httpSays,
			func(_ *trial.Trial, r *wire.Request) *wire.Request {
				return r.WithKeyName(oppositeCase(name))
			}})
	}
	if b.op.Body != nil {
		media := b.op.Body.MediaType
		plain, _ := b.op.Body.Minimal.(schema.Object)
		typed := []way{
			{"media-type-charset", "a charset parameter in the media type is accepted", "Content-Type: " + media + "; charset=utf-8", "Many HTTP libraries add the charset.", httpSays, header("Content-Type", media+"; charset=utf-8")},
			{"media-type-space", "white space before a media type parameter is accepted", "Content-Type: " + media + " ; charset=utf-8", "HTTP allows it (RFC 9110, section 5.6.6).", stacksDiffer, header("Content-Type", media+" ; charset=utf-8")},
			{"media-type-case", "the media type is case-insensitive", "Content-Type: " + otherCaseOf(media), "HTTP requires it (RFC 9110, section 8.3.1).", httpSays, header("Content-Type", otherCaseOf(media))},
		}
		if media == b.op.Body.ContentType() { // parameters of its own are left as they are
			ways = append(ways, typed...)
		}
		ways = append(ways,
			way{"chunked", "a chunked request body is accepted", "Transfer-Encoding: chunked", "Streaming clients send chunks, and HTTP/1.1 servers must read them (RFC 9112, section 7.1).", stacksDiffer, func(_ *trial.Trial, r *wire.Request) *wire.Request {
				return r.Chunked()
			}},
			way{"expect-continue", "Expect: 100-continue is supported", "Expect: 100-continue", "curl and other clients send it with large bodies (RFC 9110, section 10.1.1).", stacksDiffer, func(_ *trial.Trial, r *wire.Request) *wire.Request {
				return r.ExpectContinue()
			}},
		)
		if s := b.op.Body.Schema; s.AllowsUndeclared() && b.confirmed(plain.With([]string{"undeclared_property"}, "value"), wire.Fits) {
			ways = append(ways, way{"open-object", "an undocumented property is ignored", "a valid body with one more property", "The schema allows it, and clients of the next version will send one.", roomInContract, func(t *trial.Trial, r *wire.Request) *wire.Request {
				return r.WithBody(t.Body(r.Subject).With([]string{"undeclared_property"}, "value"), wire.Fits)
			}})
		}
	}
	for _, w := range ways {
		b.add(status, checkText{
			name: w.name, ground: w.ground, prod: conformance.Creates, pointer: b.op.Pointer + "/requestBody",
			summary: w.summary, sends: w.sends, why: w.why,
		}, trial.StageAccept, func(t *trial.Trial) {
			user := t.FirstUser() // whose id must not depend on any of this
			a := t.ExpectSuccess(w.change(t, t.RequestFor(user)))
			t.RequireEcho(a)
			if w.name == "unknown-headers" && !t.IsSparing() { // which a cache may take for the request
				user = t.MailUser()
				t.RequireEcho(t.ExpectSuccess(w.change(t, t.RequestFor(user))))
			}
		})
	}
	if b.op.TakesJSON() {
		b.add(status, checkText{
			name: "after-error", ground: httpSays, prod: conformance.Creates, requests: 2,
			summary: "a connection still works after a rejected request",
			sends:   "an invalid body, then a valid request, on one connection",
			why:     "Clients reuse connections. One bad request must not break the next.",
		}, trial.StageReject, func(t *trial.Trial) {
			t.Send(t.Request().WithText([]byte("{"), wire.Breaks).Single())
			t.Expect(t.Request().Single(), status)
		})
	}
}

// addedHeaders are what a request gathers on its way, and what browsers add.
func addedHeaders() map[string]string {
	const trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	return map[string]string{
		"X-Request-Id": "conformance", "X-Correlation-Id": "conformance", "X-Of-No-Meaning": "1", "User-Agent": "conformance",
		"Traceparent": "00-" + trace + "-" + span + "-01", "Tracestate": "vendor=1", "Baggage": "key=value", "B3": trace + "-" + span + "-1",
		"X-B3-Traceid": trace, "X-B3-Spanid": span, "X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678", "X-Cloud-Trace-Context": trace + "/1;o=1",
		"Sentry-Trace": trace + "-" + span + "-1", "X-Datadog-Trace-Id": "1234567890123456789", "Uber-Trace-Id": trace + ":" + span + ":0:1", "Newrelic": "e30=",
		"X-Forwarded-For": "203.0.113.7, 198.51.100.1", "X-Forwarded-Proto": "https", "X-Real-Ip": "203.0.113.7", "Forwarded": "for=203.0.113.7;proto=https", "Via": "1.1 proxy", "Cdn-Loop": "proxy",
		"Accept-Language": "de, *;q=0.5", "Accept-Encoding": "identity", "Cache-Control": "no-cache", "Pragma": "no-cache", "Cookie": "theme=dark", "Te": "trailers", "Priority": "u=1, i", "Dnt": "1",
		"Sec-Fetch-Mode": "cors", "X-Requested-With": "XMLHttpRequest",
	}
}

// oppositeCase writes each letter of a name in the case it does not have.
func oppositeCase(name string) string {
	if upper := strings.ToUpper(name); upper != name {
		return upper
	}
	return strings.ToLower(name)
}

func otherCaseOf(media string) string {
	return http.CanonicalHeaderKey(strings.ToLower(media[:strings.Index(media, "/")])) + "/" + strings.ToUpper(media[strings.Index(media, "/")+1:])
}
