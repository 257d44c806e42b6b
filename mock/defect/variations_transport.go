package defect

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// headerVariations send other headers.
func headerVariations() []Deviation {
	return []Deviation{
		legal("type-with-charset", "The media type has a charset parameter.", after(isJSON, contentType("application/json; charset=utf-8"))),
		legal("type-with-quoted-charset", "The media type has a charset in quotes and capitals, and no space.", after(isJSON, contentType(`application/json;charset="UTF-8"`))),
		legal("type-with-profile", "The media type has parameters of its own.", after(isJSON, contentType(`application/json; profile="https://nox.energy/v2"; v=2`))),
		legal("type-in-capitals", "The media type is written Application/JSON.", after(isJSON, contentType("Application/JSON"))),
		legal("names-in-lower-case", "Header names are in lower case.", after(always, lowerNames)),
		legal("request-ids", "Answers have request and trace ids.", after(always, requestIDs)),
		legal("security-headers", "Answers have the headers that browsers look for.", after(always, setHeader("Strict-Transport-Security", "max-age=63072000; includeSubDomains"), setHeader("X-Content-Type-Options", "nosniff"), setHeader("X-Frame-Options", "DENY"), setHeader("Content-Security-Policy", "default-src 'none'"))),
		legal("rate-limit-headers", "Answers say how much of the rate limit is left.", after(always, setHeader("Ratelimit-Policy", `"default";q=1000;w=60`), setHeader("Ratelimit", `"default";r=997;t=41`), setHeader("X-Ratelimit-Remaining", "997"))),
		legal("cookies", "Answers set cookies, as load balancers do.", after(always, setHeader("Set-Cookie", "lb=node-3; Path=/; HttpOnly", "s=1; Max-Age=60"))),
		legal("cors", "Answers allow other origins, and OPTIONS is answered with 204.", cors),
		legal("location", "A 201 has a Location.", after(created, locationOfUser)),
		legal("etag", "Answers have an ETag and a date of change.", after(isJSON, setHeader("Etag", `W/"17-a9"`), setHeader("Last-Modified", "Wed, 14 Jan 2026 09:30:00 GMT"))),
		legal("no-store", "Answers may not be stored.", after(always, setHeader("Cache-Control", "no-store"), setHeader("Pragma", "no-cache"))),
		legal("private-cache", "Answers may be kept by the client alone.", after(always, setHeader("Cache-Control", "private, max-age=60"), setHeader("Vary", "Accept, X-Api-Key"))),
		legal("other-scheme", "WWW-Authenticate names another scheme, with parameters.", after(refused, setHeader("Www-Authenticate", `Bearer realm="nox", error="invalid_token", charset="UTF-8"`))),
		legal("two-schemes", "There are two WWW-Authenticate headers.", after(refused, setHeader("Www-Authenticate", `ApiKey realm="nox"`, `Basic realm="nox"`))),
		legal("language", "Answers say their language and that they are not to be shown in place.", after(isJSON, setHeader("Content-Language", "en"), setHeader("Content-Disposition", `attachment; filename="answer.json"`))),
	}
}

// transportVariations put the same answers on the wire otherwise.
func transportVariations() []Deviation {
	return []Deviation{
		legal("closes-announced", "The connection is closed after each answer, and the answer says so.", after(always, setHeader("Connection", "close"))),
		legal("closes-unannounced", "The connection is closed after each answer, unannounced.", after(always, written(writeAndClose))),
		legal("closes-after-errors", "The connection is closed after each error, unannounced.", after(erred, written(writeAndClose))),
		legal("until-close", "Answers have no length and end with the connection.", after(always, written(writeUntilClose))),
		legal("in-chunks", "Answers come in chunks.", after(always, written(writeChunks(8)))),
		legal("in-single-bytes", "Answers come in chunks of one byte.", after(always, written(writeChunks(1)))),
		legal("line-behind", "An empty line stands behind each answer, and then the connection is closed.", after(always, written(writeBehind("\r\n")))),
		legal("with-trailer", "Answers come in chunks, with a trailer.", after(always, written(writeTrailer))),
		legal("early-hints", "A 103 comes before each answer.", after(always, written(writeHints))),
		legal("gzip", "Answers are compressed if the request allows it.", after(accepts("gzip"), compressed("gzip", gzipped))),
		legal("slow", "Each answer takes 20 ms.", before(always, pause(20*time.Millisecond))),
		legal("uneven", "Answers take up to 20 ms, one more, one less.", before(always, uneven)),
		legal("slow-to-wake", "The first answer takes 200 ms.", before(nth(the(1), always), pause(200*time.Millisecond))),
		legal("sometimes-429", "Every 50th request is answered with 429 and Retry-After: 0.", instead(nth(every(50), always), fail(http.StatusTooManyRequests, "Too many requests"), setHeader("Retry-After", "0"))),
		legal("once-429-page", "The 60th request is answered with the 429 page of a gateway, which does not say when to come back.", instead(nth(the(60), always), page(http.StatusTooManyRequests, "Too Many Requests"))),
		legal("sometimes-503", "Every 60th request is answered with 503 and Retry-After: 0.", instead(nth(every(60), always), fail(http.StatusServiceUnavailable, "Back in a moment"), setHeader("Retry-After", "0"))),
	}
}

func requestIDs(x *exchange) {
	setHeader("X-Request-Id", newID())(x)
	setHeader("Traceparent", "00-"+strings.ReplaceAll(newID(), "-", "")+"-00f067aa0ba902b7-01")(x)
	setHeader("Server", "edge")(x)
	setHeader("Via", "1.1 edge-3")(x)
	setHeader("Server-Timing", "app;dur=1.7")(x)
}

// lowerNames writes header names as HTTP/2 does. A name with no values keeps
// net/http from adding its own.
func lowerNames(x *exchange) {
	for name, values := range x.header {
		x.header[name] = nil
		x.header[strings.ToLower(name)] = values
	}
}

func cors(x *exchange) {
	x.serve()
	if method(http.MethodOptions)(x) {
		x.status, x.header, x.body = http.StatusNoContent, http.Header{"Allow": {"POST, OPTIONS"}}, nil
	}
	setHeader("Access-Control-Allow-Origin", "*")(x)
	setHeader("Access-Control-Allow-Headers", "x-api-key, content-type")(x)
	setHeader("Access-Control-Allow-Methods", "POST, OPTIONS")(x)
}

func uneven(*exchange) { time.Sleep(rand.N(20 * time.Millisecond)) }

func accepts(coding string) when {
	return func(x *exchange) bool {
		return len(x.body) > 0 && strings.Contains(x.request.Header.Get("Accept-Encoding"), coding)
	}
}

// compressed compresses the body by what pack makes, and names a coding for it.
func compressed(coding string, pack func(io.Writer) io.WriteCloser) edit {
	return func(x *exchange) {
		var b bytes.Buffer
		z := pack(&b)
		_, _ = z.Write(x.body) // a buffer never fails
		_ = z.Close()
		x.body = b.Bytes()
		setHeader("Content-Encoding", coding)(x)
		setHeader("Vary", "Accept-Encoding")(x)
	}
}

func gzipped(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
func zlibbed(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }
func flated(w io.Writer) io.WriteCloser {
	z, _ := flate.NewWriter(w, flate.BestSpeed) // a level that there is
	return z
}

func writeAndClose(w http.ResponseWriter, x *exchange) {
	writeWhole(w, x)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func writeUntilClose(w http.ResponseWriter, x *exchange) {
	w.Header().Set("Transfer-Encoding", "identity") // net/http: no length, no chunks
	writeHead(w, x)
	_, _ = w.Write(x.body)
}

func writeChunks(size int) func(http.ResponseWriter, *exchange) {
	return func(w http.ResponseWriter, x *exchange) {
		writeHead(w, x)
		for rest := x.body; len(rest) > 0; {
			n := min(size, len(rest))
			_, _ = w.Write(rest[:n])
			_ = http.NewResponseController(w).Flush()
			rest = rest[n:]
		}
	}
}

func writeTrailer(w http.ResponseWriter, x *exchange) {
	w.Header().Set("Trailer", "Server-Timing")
	writeHead(w, x)
	_, _ = w.Write(x.body)
	w.Header().Set("Server-Timing", "app;dur=1.7")
}

func writeHints(w http.ResponseWriter, x *exchange) {
	w.Header().Set("Link", "</docs>; rel=help")
	w.WriteHeader(http.StatusEarlyHints)
	w.Header().Del("Link")
	writeWhole(w, x)
}
