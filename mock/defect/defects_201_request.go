package defect

import (
	"net"
	"strings"
)

// requestDefects stumble over a valid request for the way in which it is
// written or sent.
func requestDefects() []Deviation {
	return []Deviation{
		must("charset-refused", "201/media-type-charset", "A media type with a charset parameter is answered with 415.", after(both(created, headerIs("Content-Type", containing(";"))), fail(415, "Unsupported media type"))),
		must("charset-fails", "http/no-server-error", "A media type with a charset parameter brings about a 500.", after(both(created, headerIs("Content-Type", containing(";"))), serverError())),
		must("media-type-case-refused", "201/media-type-case", "The media type is compared with case; another spelling is answered with 400.", after(both(created, headerIs("Content-Type", mixedCase)), fail(400, "Content-Type must be application/json"))),
		must("media-type-case-415", "201/media-type-case", "The media type is compared with case; another spelling is answered with 415.", after(both(created, headerIs("Content-Type", mixedCase)), fail(415, "Unsupported media type"))),
		onWire(must("header-name-case", "201/header-name-case", "The name of the key's header is compared with case, and all capitals are not known.", before(always)), func(c net.Conn) net.Conn { return caseConn{c} }),
		must("accept-any-refused", "201/accept-any", "Accept: */* is answered with 406.", after(both(created, headerIs("Accept", equals("*/*"))), fail(406, "Not acceptable"))),
		must("accept-any-as-html", "201/content-type", "Accept: */* is answered with HTML.", after(both(created, headerIs("Accept", equals("*/*"))), page(201, "Created"))),
		must("accept-none-refused", "201/accept-none", "A request without Accept is answered with 406.", after(both(created, lacks("Accept")), fail(406, "Not acceptable"))),
		must("accept-none-as-xml", "201/content-type", "A request without Accept is answered in XML.", after(both(created, lacks("Accept")), contentType("application/xml"), setBody("<connection/>"))),
		must("accept-quality-refused", "201/accept-json", "An Accept with quality values is answered with 406.", after(both(created, headerIs("Accept", containing(";q="))), fail(406, "Not acceptable"))),
		must("accept-quality-fails", "http/no-server-error", "An Accept with quality values brings about a 500.", after(both(created, headerIs("Accept", containing(";q="))), serverError())),
		must("unknown-headers-refused", "201/unknown-headers", "A request with a header that the server does not know is answered with 400.", after(both(created, strange), fail(400, "Unknown header"))),
		must("unknown-headers-firewalled", "201/unknown-headers", "A firewall answers 403 to a request with a header that it does not know.", after(both(created, strange), page(403, "Forbidden"))),
		should("undeclared-refused", "201/open-object", "A property that the contract does not name is answered with 400.", after(both(created, undeclared), fail(400, "Unknown property"))),
		must("undeclared-fails", "http/no-server-error", "A property that the contract does not name brings about a 500.", after(both(created, undeclared), serverError())),
		should("chunked-refused", "201/chunked", "A request sent in chunks is answered with 411.", after(both(created, chunked), fail(411, "Length required"))),
		should("chunked-not-read", "201/chunked", "A request sent in chunks is taken for one without a body.", before(chunked, sendNothing)),
		should("expect-refused", "201/expect-continue", "Expect: 100-continue is answered with 417.", after(both(created, has("Expect")), fail(417, "Expectation failed"))),
		must("expect-fails", "http/no-server-error", "Expect: 100-continue brings about a 500.", after(both(created, has("Expect")), serverError())),
		must("stale-answer-after-error", "201/after-error", "After an error the next request on the connection gets the error's answer.", nextOnConnection(erred, created, fail(400, "user_id is required and must be a string"))),
		must("unread-body-after-error", "201/after-error", "After an error the next request on the connection is not understood.", nextOnConnection(erred, created, page(400, "Bad Request"))),
	}
}

func mixedCase(s string) bool {
	essence, _, _ := strings.Cut(s, ";")
	return essence != strings.ToLower(essence)
}

// sendNothing lets the sound handler see no body.
func sendNothing(x *exchange) { x.send(nil) }

// strange holds for a request with a header beyond those that ordinary clients
// send to this operation.
func strange(x *exchange) bool {
	for name := range x.request.Header {
		switch name {
		case "Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "Connection",
			"Content-Encoding", "Content-Length", "Content-Type", "Cookie", "Expect", "Origin", "Prefer", "Referer",
			"User-Agent", keyHeader:
		default:
			return true
		}
	}
	return false
}
