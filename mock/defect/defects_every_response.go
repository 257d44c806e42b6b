package defect

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// everyResponseDefects break a clause that holds for every answer, whatever
// its status. One defect of each check is there for each documented status;
// the further mechanisms stand at one or two.
func everyResponseDefects() []Deviation {
	return slices.Concat(mediaTypeDefects(), textDefects(), errorBodyDefects(), createdBodyDefects(), telltaleDefects())
}

// mediaTypeDefects spoil the Content-Type.
func mediaTypeDefects() []Deviation {
	return slices.Concat(
		on(documented(), must, "%d-without-content-type", "content-type", "A %d comes without Content-Type.", without("Content-Type")),
		on(statuses(201), must, "%d-as-html", "content-type", "A %d is JSON but says text/html.", contentType("text/html; charset=utf-8")),
		on(statuses(400), must, "%d-as-plain-text", "content-type", "A %d is JSON but says text/plain.", contentType("text/plain; charset=utf-8")),
		on(statuses(201), must, "%d-as-text-json", "content-type", "A %d says text/json, a name that was never registered.", contentType("text/json")),
		on(statuses(201), must, "%d-as-hal", "content-type", "A %d says application/hal+json, which the contract does not name.", contentType("application/hal+json")),
		on(statuses(400), must, "%d-as-problem", "content-type", "A %d says application/problem+json, which the contract does not name.", contentType("application/problem+json")),
		on(statuses(201), must, "%d-as-two-types", "content-type", "A %d has two Content-Type headers that disagree.", contentType("application/json", "text/html")),
		on(statuses(201), must, "%d-as-nonsense", "content-type", "The Content-Type of a %d is no media type.", contentType("json")),
		on(statuses(401, 500), must, "%d-as-page", "content-type", "A %d is the web page of a gateway.", htmlPage),
		on(statuses(500), must, "%d-in-plain-text", "content-type", "A %d is a line of plain text.", contentType("text/plain"), setBody("Internal Server Error\n")),
	)
}

// textDefects spoil the body as a JSON text, or its framing.
func textDefects() []Deviation {
	return slices.Concat(
		on(documented(), must, "%d-text-cut-short", "json", "The JSON text of a %d lacks its last two characters.", rewrite(chopped)),
		on(statuses(201, 401), must, "%d-empty", "json", "A %d has an empty body.", setBody("")),
		on(statuses(201), must, "%d-blank", "json", "A %d has a body of white space.", setBody(" \n")),
		on(statuses(201), must, "%d-trailing-text", "json", "Something else stands behind the JSON text of a %d.", behind("\n<!-- served by edge-3 -->")),
		on(statuses(201), must, "%d-leading-text", "json", "A guard against script inclusion stands before the JSON text of a %d.", ahead(")]}',\n")),
		on(statuses(201), must, "%d-two-texts", "json", "The body of a %d is there twice.", rewrite(func(s string) string { return s + s })),
		on(statuses(201), must, "%d-compressed-in-name", "json", "A %d says that it is compressed, and is not.", setHeader("Content-Encoding", "gzip")),
		on(statuses(201), must, "%d-byte-order-mark", "json", "The body of a %d begins with a byte order mark.", ahead(byteOrderMark)),
		on(statuses(201, 400), must, "%d-invalid-utf8", "json", "The body of a %d holds a letter in ISO 8859-1.", rewrite(latinUmlaut)),
		on(statuses(201), must, "%d-utf16", "json", "The body of a %d is in UTF-16.", rewrite(inUTF16)),
		on(statuses(401), must, "%d-single-quotes", "json", "The body of a %d is in single quotes.", rewrite(replace(`"`, `'`))),
		on(statuses(201), must, "%d-trailing-comma", "json", "A comma stands behind the last member of a %d.", rewrite(replace("}", ",}"))),
		on(statuses(201, 400), must, "%d-length-too-long", "json", "The Content-Length of a %d counts bytes that never come.", written(writeShort)),
		on(statuses(201), must, "%d-chunks-unfinished", "json", "A %d is sent in chunks, and the last never comes.", written(writeUnfinished)),
	)
}

// errorBodyDefects answer an error with a body that is not the contract's.
func errorBodyDefects() []Deviation {
	return slices.Concat(
		on(statuses(400, 401, 500), must, "%d-message-property", "schema", `The message of a %d is called "message".`, rename(messageName, "message")),
		on(statuses(400), must, "%d-capital-name", "schema", `The message of a %d is called "Error".`, rename(messageName, "Error")),
		on(statuses(400), must, "%d-error-object", "schema", "The error of a %d is an object with code and message.", mapRaw(messageName, within(`{"code":"E17","message":%}`))),
		on(statuses(400), must, "%d-error-list", "schema", `A %d has a list of "errors".`, around(`{"errors":[%]}`)),
		on(statuses(401), must, "%d-error-array", "schema", "The error of a %d is an array of texts.", mapRaw(messageName, within(`[%]`))),
		on(statuses(400), must, "%d-error-number", "schema", "The error of a %d is a number.", setRaw(messageName, "17")),
		on(statuses(401), must, "%d-error-boolean", "schema", "The error of a %d is true.", setRaw(messageName, "true")),
		on(statuses(401), must, "%d-error-null", "schema", "The error of a %d is null.", setRaw(messageName, "null")),
		on(statuses(400), must, "%d-problem-body", "schema", "A %d has a problem body (RFC 9457) under application/json.", setBody(`{"type":"about:blank","title":"Bad Request","status":400}`)),
		on(statuses(401), must, "%d-text-body", "schema", "The body of a %d is a JSON string.", setBody(`"Unauthorized"`)),
		on(statuses(400), must, "%d-null-body", "schema", "The body of a %d is null.", setBody("null")),
		on(statuses(500), must, "%d-object-empty", "schema", "The body of a %d is an empty object.", setBody("{}")),
		on(statuses(400, 401, 500), should, "%d-message-empty", "non-empty", "The message of a %d is empty.", setText(messageName, "")),
		on(statuses(400), should, "%d-message-blank", "non-empty", "The message of a %d is white space.", setText(messageName, " \t")),
	)
}

// createdBodyDefects answer 201 with a body that is not the contract's.
func createdBodyDefects() []Deviation {
	return slices.Concat(
		on(statuses(201), must, "id-missing", "schema", "A 201 lacks nox_user_id.", remove(idName)),
		on(statuses(201), must, "id-null", "schema", "The nox_user_id is null.", setRaw(idName, "null")),
		on(statuses(201), must, "id-number", "schema", "The nox_user_id is a number.", setRaw(idName, "4711")),
		on(statuses(201), must, "id-object", "schema", "The nox_user_id is an object.", mapRaw(idName, within(`{"id":%}`))),
		on(statuses(201), must, "id-array", "schema", "The nox_user_id is an array.", mapRaw(idName, within(`[%]`))),
		on(statuses(201), must, "id-named-id", "schema", "The NOX id is called id.", rename(idName, "id")),
		on(statuses(201), must, "id-named-in-camel-case", "schema", "The NOX id is called noxUserId.", rename(idName, "noxUserId")),
		on(statuses(201), must, "id-named-in-capitals", "schema", "The NOX id is called NOX_USER_ID.", rename(idName, "NOX_USER_ID")),
		on(statuses(201), must, "id-empty", "non-empty", "The nox_user_id is empty.", setText(idName, "")),
		on(statuses(201), must, "echo-missing", "schema", "A 201 lacks manufacturer_user_id.", remove(echoName)),
		on(statuses(201), must, "echo-null", "schema", "The manufacturer_user_id is null.", setRaw(echoName, "null")),
		on(statuses(201), must, "echo-named-as-asked", "schema", "The echo is called user_id, as in the request.", rename(echoName, userName)),
		on(statuses(201), must, "echo-named-in-camel-case", "schema", "The echo is called manufacturerUserId.", rename(echoName, "manufacturerUserId")),
		on(statuses(201), must, "created-wrapped", "schema", `A 201 is wrapped in {"data": …}.`, around(`{"data":%}`)),
		on(statuses(201), must, "created-in-array", "schema", "A 201 is an array of one.", around(`[%]`)),
		on(statuses(201), must, "created-in-string", "schema", "A 201 is a JSON string that holds the JSON.", rewrite(quote)),
		on(statuses(201), must, "created-null", "schema", "The body of a 201 is null.", setBody("null")),
		on(statuses(201), must, "created-object-empty", "schema", "The body of a 201 is an empty object.", setBody("{}")),
	)
}

// telltaleDefects show what an answer should not, or let it be kept.
func telltaleDefects() []Deviation {
	return slices.Concat(
		on(statuses(201), should, "%d-name-twice", "unique-names", "The nox_user_id of a %d is there twice, with two values.", twice(idName)),
		on(statuses(400, 401, 500), should, "%d-name-twice", "unique-names", "The error of a %d is there twice, with two values.", twice(messageName)),
		on(statuses(201, 401), should, "%d-shows-sql", "no-internals", "A %d shows the SQL that was run.", add("debug", quote(sqlText))),
		on(statuses(400, 500), should, "%d-shows-trace", "no-internals", "A %d shows a stack trace.", add("trace", quote(stackTrace))),
		on(statuses(400), should, "%d-shows-path", "no-internals", "A %d shows a path on the server's disk.", add("source", quote(sourcePath))),
		on(statuses(500), should, "%d-message-with-trace", "no-internals", "The message of a %d is a stack trace of Java.", setText(messageName, javaTrace)),
		on(documented(), should, "%d-repeats-key", "no-key", "The body of a %d repeats the key that was sent.", repeatKey),
		on(statuses(201, 401), should, "%d-key-in-header", "no-key", "A header of a %d repeats the key that was sent.", keyInHeader),
		on(statuses(201), should, "id-cacheable", "no-shared-cache", "A 201 may be kept by anybody for a day.", setHeader("Cache-Control", "public, max-age=86400")),
		on(statuses(201), should, "id-cacheable-by-proxies", "no-shared-cache", "A 201 may be kept by proxies for an hour.", setHeader("Cache-Control", "s-maxage=3600")),
	)
}

// on makes a row for each status; a %d in name or summary becomes the status,
// which also begins the id of the check.
func on(statuses []int, level func(name, caught, summary string, m mechanism) Deviation, name, check, summary string, edits ...edit) []Deviation {
	var rows []Deviation
	for _, status := range statuses {
		s := strconv.Itoa(status)
		fill := func(text string) string { return strings.ReplaceAll(text, "%d", s) }
		rows = append(rows, level(fill(name), s+"/"+check, fill(summary), after(answered(status), edits...)))
	}
	return rows
}

func statuses(s ...int) []int { return s }
func documented() []int       { return statuses(201, 400, 401, 500) }

const (
	stackTrace = "Traceback (most recent call last):\n  File \"/srv/app/connections.py\", line 88, in create\n    row = cursor.fetchone()\nTypeError: 'NoneType' object is not subscriptable"
	javaTrace  = "java.lang.NullPointerException: userId\n\tat energy.nox.auth.ConnectionService.create(ConnectionService.java:88)\n\tat java.base/java.lang.Thread.run(Thread.java:840)"
	sourcePath = "/srv/app/releases/20260114/src/connections/create.py, line 88"
	sqlText    = "SELECT id FROM subscriber WHERE manufacturer_id = 17 AND user_id = $1"
)

// within puts text into a pattern, at its %.
func within(pattern string) func(string) string {
	return func(s string) string { return strings.Replace(pattern, "%", s, 1) }
}

// twice puts a member of the same name before the one that is there.
func twice(name string) edit {
	return func(x *exchange) {
		if s, ok := member(x.body, name); ok {
			x.body = splice(x.body, s.nameStart, s.nameStart, quote(name)+`:"other",`)
		}
	}
}

func repeatKey(x *exchange) {
	if k := x.key(); k != "" {
		add("key", quote(k))(x)
	}
}

func keyInHeader(x *exchange) {
	if k := x.key(); k != "" {
		setHeader("X-Consumer-Key", k)(x)
	}
}

func htmlPage(x *exchange) { page(x.status, http.StatusText(x.status))(x) }

func chopped(s string) string {
	s = strings.TrimSpace(s)
	return s[:max(0, len(s)-2)]
}

// latinUmlaut adds a property in ISO 8859-1.
func latinUmlaut(s string) string {
	return strings.Replace(s, "{", "{\"hint\":\"gepr\xfcft\",", 1)
}

func inUTF16(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteByte(byte(r >> 8)) // beyond U+FFFF it is wrong as well: all the better
		b.WriteByte(byte(r))
	}
	return b.String()
}

func writeShort(w http.ResponseWriter, x *exchange) {
	w.Header().Set("Content-Length", strconv.Itoa(len(x.body)+10))
	writeHead(w, x)
	_, _ = w.Write(x.body) // net/http closes the connection, as bytes are missing
}

func writeUnfinished(w http.ResponseWriter, x *exchange) {
	writeHead(w, x)
	_, _ = w.Write(x.body)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
