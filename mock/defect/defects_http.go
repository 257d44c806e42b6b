package defect

import (
	"net/http"
	"strings"
)

// httpDefects answer other methods and paths as nobody should.
func httpDefects() []Deviation {
	return []Deviation{
		must("every-31st-dropped", "http/answered", "At every 31st request the connection is closed without an answer.", after(nth(every(31), posted), dropped)),
		must("every-31st-redirected", "http/no-redirect", "Every 31st request is redirected to another node.", after(nth(every(31), posted), setStatus(307), setHeader("Location", "http://127.0.0.1:9/v2"+operationPath))),
		must("every-31st-unavailable", "http/no-server-error", "Every 31st request is answered with 503, without Retry-After.", after(nth(every(31), posted), page(http.StatusServiceUnavailable, "Service Unavailable"))),
		must("201-answer-behind", "http/nothing-behind", "A second answer stands behind a 201 on its connection.", after(created, written(writeBehind("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")))),
		must("400-text-behind", "http/nothing-behind", "The body of a 400 goes on beyond its Content-Length.", after(rejected, written(writeBehind("null")))),
		must("401-page-behind", "http/nothing-behind", "A page stands behind a 401 on its connection.", after(refused, written(writeBehind("<html></html>")))),
		should("head-text-behind", "http/nothing-behind", "The answer to HEAD has a body.", after(method(http.MethodHead), written(writeBehind(`{"error":"Method not allowed"}`)))),
		must("201-length-and-chunks", "http/nothing-behind", "A 201 comes in chunks and has a Content-Length as well.", after(created, written(writeBothLengths))),
		should("get-answers", "http/other-methods", "GET lists connections, without a key.", instead(method(http.MethodGet), ok(`{"connections":[]}`)...)),
		should("head-answers", "http/other-methods", "HEAD is answered with 200.", instead(method(http.MethodHead), ok("")...)),
		should("trace-answers", "http/other-methods", "TRACE is answered with the request.", instead(method(http.MethodTrace), contentType("message/http"), setStatus(200), traced)),
		should("put-creates", "http/other-methods", "PUT and PATCH do what POST does.", before(method(http.MethodPut, http.MethodPatch), asPost)),
		should("delete-answers", "http/other-methods", "DELETE is answered with 204.", instead(method(http.MethodDelete), setStatus(204))),
		should("any-method-creates", "http/other-methods", "The method is not looked at.", before(both((*exchange).operation, not(method(http.MethodPost))), asPost)),
		should("methods-fail", "http/other-methods", "Other methods bring about a 500.", after(both((*exchange).operation, not(posted)), serverError())),
		should("405-without-allow", "http/allow", "A 405 lacks Allow.", after(answered(405), without("Allow"))),
		should("405-allows-nothing", "http/allow", "The Allow of a 405 does not name POST.", after(answered(405), setHeader("Allow", "GET, HEAD"))),
		should("unknown-path-200", "http/unknown-path", "Other paths are answered with 200 and an empty object.", after(elsewhere, ok("{}")...)),
		should("unknown-path-page", "http/unknown-path", "Other paths are answered with 200 and the page of an application.", after(elsewhere, page(200, "NOX"))),
		should("unknown-path-fails", "http/unknown-path", "Other paths bring about a 500.", after(elsewhere, serverError())),
		should("unknown-path-as-markup", "http/no-markup", "Other paths are answered with a 404 page that quotes the path, unescaped.", after(elsewhere, quoting(404, func(x *exchange) string { return x.request.URL.Path }))),
		should("media-type-as-markup", "http/no-markup", "Another media type is answered with a 415 page that quotes the body, unescaped.", after(both(rejected, mediaTypeIs(otherMediaType)), quoting(415, askedText))),
		should("path-by-prefix", "http/unknown-path", "Whatever stands behind the path is served as well.", before(below, toOperation)),
	}
}

// quoting answers with a page that holds what a client sent, as it is.
func quoting(status int, sent func(*exchange) string) edit {
	return func(x *exchange) {
		page(status, http.StatusText(status))(x)
		x.body = append(x.body, "<p>Not understood: "+sent(x)+"</p>"...)
	}
}

// askedText is the user id that a request names, decoded.
func askedText(x *exchange) string {
	text, _ := memberText(x.sent, userName)
	return text
}

func ok(body string) []edit {
	return []edit{setStatus(200), contentType("application/json"), setBody(body)}
}

func asPost(x *exchange) { x.request.Method = http.MethodPost }

// traced repeats the head of the request.
func traced(x *exchange) {
	x.body = []byte(x.request.Method + " " + x.request.URL.RequestURI() + " HTTP/1.1\r\n")
	for name, values := range x.request.Header {
		for _, v := range values {
			x.body = append(x.body, name+": "+v+"\r\n"...)
		}
	}
}

// below holds for paths that begin with the operation's and go on.
func below(x *exchange) bool { return strings.Contains(x.request.URL.Path, operationPath+"/") }

func toOperation(x *exchange) {
	url := *x.request.URL
	base, _, _ := strings.Cut(url.Path, operationPath)
	url.Path, url.RawPath = base+operationPath, ""
	x.request.URL, x.request.RequestURI = &url, url.RequestURI()
}
