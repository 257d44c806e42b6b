package conformance

import (
	"net/http"
	"strings"

	"nox.energy/contract/conformance/internal/schema"
)

// latitudeChecks hold what HTTP and JSON let a client write in more than one
// way.
func (b *builder) latitudeChecks() {
	status := b.op.success()
	if status == "" {
		return
	}
	type way struct {
		name, summary, sends, why string
		ground                    ground
		change                    func(t *trial, r *request) *request
	}
	header := func(name string, values ...string) func(*trial, *request) *request {
		return func(_ *trial, r *request) *request { return r.withHeader(name, values...) }
	}
	ways := []way{
		{"accept-any", "a client that accepts anything is answered", "Accept: */*", "It is what most HTTP libraries send.", httpSays, header("Accept", "*/*")},
		{"accept-none", "a client that does not say what it accepts is answered", "no Accept header", "Accept is optional (RFC 9110, section 12.5.1).", httpSays, header("Accept")},
		{"accept-json", "a client that accepts JSON is answered", "Accept: application/json;q=0.9, */*;q=0.1", "It is what generated clients send.", httpSays, header("Accept", "application/json;q=0.9, */*;q=0.1")},
		{"unknown-headers", "headers that the contract does not name are ignored", "X-Request-Id, traceparent, another User-Agent and a header of no meaning", "Proxies and tracing add them on the way.", httpSays, func(_ *trial, r *request) *request {
			return r.withHeader("X-Request-Id", "conformance").withHeader("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").withHeader("X-Of-No-Meaning", "1").withHeader("User-Agent", "conformance")
		}},
	}
	if len(b.op.security) > 0 && b.op.security[0].kind == "apiKey" && b.op.security[0].in == "header" {
		name := b.op.security[0].name
		ways = append(ways, way{"header-name-case", "header names are read whatever their case", "the header " + oppositeCase(name), "Field names are case-insensitive (RFC 9110, section 5.1); HTTP/2 writes them in lower case.", httpSays,
			func(_ *trial, r *request) *request {
				return r.on(func(r *request) { r.keyName = oppositeCase(name) })
			}})
	}
	if b.op.body != nil {
		media := b.op.body.mediaType
		plain, _ := b.op.body.plain.(schema.Object)
		ways = append(ways,
			way{"media-type-charset", "a charset beside the media type is accepted", "Content-Type: " + media + "; charset=utf-8", "Many HTTP libraries add it.", httpSays, header("Content-Type", media+"; charset=utf-8")},
			way{"media-type-case", "the media type is read whatever its case", "Content-Type: " + otherCaseOf(media), "Media types are case-insensitive (RFC 9110, section 8.3.1).", httpSays, header("Content-Type", otherCaseOf(media))},
			way{"chunked", "a body in chunks is read", "Transfer-Encoding: chunked", "Clients that stream send it; HTTP/1.1 servers must read it (RFC 9112, section 7.1).", stacksDiffer, func(_ *trial, r *request) *request {
				return r.on(func(r *request) { r.chunked = true })
			}},
			way{"expect-continue", "a client that waits for 100 Continue is answered", "Expect: 100-continue", "curl and others send it with larger bodies (RFC 9110, section 10.1.1).", stacksDiffer, func(_ *trial, r *request) *request {
				return r.on(func(r *request) { r.expect100 = true })
			}},
		)
		if s := b.op.body.schema; s.TakesMore() && b.confirmed(plain.With([]string{"undeclared_property"}, "value"), fits) {
			ways = append(ways, way{"open-object", "a property that the schema does not name is ignored", "a body with one more property", "The schema allows it, so a client may send it; clients of the next version will.", roomInContract, func(t *trial, r *request) *request {
				return r.withBody(t.body(r.subject).With([]string{"undeclared_property"}, "value"), fits)
			}})
		}
	}
	for _, w := range ways {
		b.add(status, checkText{
			name: w.name, ground: w.ground, prod: Creates, pointer: b.op.Pointer + "/requestBody",
			summary: w.summary, sends: w.sends, why: w.why,
		}, stageAccept, func(t *trial) {
			user := t.firstUser() // whose id must not depend on any of this
			a := t.accepted(w.change(t, t.requestFor(user)))
			t.echoed(a, user)
		})
	}
	if b.op.body != nil {
		b.add(status, checkText{
			name: "after-error", ground: httpSays, prod: Creates,
			summary: "a connection is usable after a request on it was refused",
			sends:   "a broken body, then a valid request, on one connection",
			why:     "Clients keep connections; one bad request must not spoil the next.",
		}, stageReject, func(t *trial) {
			alone := func(r *request) { r.single = true }
			t.send(t.request().withText([]byte("{"), breaks).on(alone))
			t.expect(t.request().on(alone), status)
		}).requests = 2
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
