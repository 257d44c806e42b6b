package defect

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// clientDefects stumble over what ordinary clients send without being asked
// to.
func clientDefects() []Deviation {
	var all []Deviation
	for _, h := range []struct {
		name, what, header string
		f                  func(string) bool
	}{
		{"axios-accept", "the Accept of axios", "Accept", containing("text/plain")},
		{"java-accept", "the Accept of Java", "Accept", containing("image/gif")},
		{"language", "Accept-Language", "Accept-Language", some},
		{"trace", "traceparent", "Traceparent", some},
		{"cookie", "a cookie", "Cookie", some},
		{"no-cache", "Cache-Control: no-cache", "Cache-Control", containing("no-cache")},
		{"postman-token", "Postman-Token", "Postman-Token", some},
		{"brotli", "br among the codings", "Accept-Encoding", containing("br")},
		{"deflate", "deflate among the codings", "Accept-Encoding", containing("deflate")},
		{"origin", "Origin", "Origin", some},
	} {
		w := both(created, headerIs(h.header, h.f))
		all = append(all, must("client-"+h.name+"-fails", "201/client-headers", "A request with "+h.what+" brings about a 500.", after(w, serverError())))
		all = append(all, must("client-"+h.name+"-refused", "201/client-headers", "A request with "+h.what+" is answered with 406.", after(w, fail(406, "Not acceptable"))))
	}
	for _, agent := range []string{"axios", "python-requests", "Java", "PostmanRuntime", "okhttp", "Go-http-client", "curl"} {
		all = append(all, must("agent-"+strings.ToLower(agent)+"-firewalled", "201/client-headers", "A firewall answers 403 to the User-Agent of "+agent+".", after(both(created, headerIs("User-Agent", containing(agent))), page(403, "Forbidden"))))
	}
	repeated := func(name string) when {
		return func(x *exchange) bool { return created(x) && len(x.request.Header[name]) > 1 }
	}
	return append(all,
		must("agent-missing-refused", "201/client-headers", "A request without User-Agent is answered with 403.", after(both(created, lacks("User-Agent")), page(403, "Forbidden"))),
		must("agent-missing-fails", "201/client-headers", "A request without User-Agent brings about a 500.", after(both(created, lacks("User-Agent")), serverError())),
		must("request-id-twice-fails", "201/client-headers", "Two X-Request-Id headers bring about a 500.", after(repeated("X-Request-Id"), serverError())),
		must("request-id-twice-refused", "201/client-headers", "Two X-Request-Id headers are answered with 400.", after(repeated("X-Request-Id"), fail(400, "Duplicate header"))),
		must("axios-answered-in-text", "201/content-type", "A client that takes text/plain is answered with it.", after(both(created, headerIs("Accept", containing("text/plain"))), contentType("text/plain"))),
		must("java-answered-in-html", "201/content-type", "A client that takes text/html is answered with a page.", after(both(created, headerIs("Accept", containing("text/html"))), page(201, "Created"))),
		must("coding-lies", "201/json", "To a client that takes br the answer says br, and is not in it.", after(both(created, headerIs("Accept-Encoding", containing("br"))), setHeader("Content-Encoding", "br"))),
		must("coding-unlabelled", "201/json", "To a client that takes gzip the answer is compressed, and does not say so.", after(both(created, accepts("gzip")), compressed("gzip", gzipped), without("Content-Encoding"))),
		must("coding-unknown", "201/json", "The answer names a content coding that there is not.", after(created, setHeader("Content-Encoding", "utf-8"))),
		must("coding-lies-for-errors", "400/json", "To a client that takes gzip an error says gzip, and is not in it.", after(both(rejected, accepts("gzip")), setHeader("Content-Encoding", "gzip"))),
		must("cached-by-request-id", "201/unknown-headers", "An answer is kept under its X-Correlation-Id, whoever is asked for.", keptBy("X-Correlation-Id")),
		must("cached-by-cookie", "201/unknown-headers", "An answer is kept under its Cookie, whoever is asked for.", keptBy("Cookie")),
		must("trace-header-fails", "201/unknown-headers", "A header of a tracing service brings about a 500.", after(both(created, has("X-Datadog-Trace-Id")), serverError())),
		must("coding-cut", "201/json", "A compressed answer lacks its end.", after(both(created, accepts("gzip")), compressed("gzip", gzipped), rewrite(func(s string) string { return s[:len(s)-10] }))),
		must("coding-twice", "201/json", "A compressed answer is compressed twice.", after(both(created, accepts("gzip")), compressed("gzip", gzipped), compressed("gzip", gzipped))),
		must("coding-raw-deflate", "201/json", "To a client that takes deflate the answer is compressed and says gzip.", after(both(created, accepts("deflate")), compressed("gzip", flated))),
		must("charset-quoted-refused", "201/client-headers", "A charset in quotes is answered with 415.", after(both(created, headerIs("Content-Type", containing(`"`))), fail(415, "Unsupported media type"))),
		should("charset-space-refused", "201/media-type-space", "White space before the semicolon of a media type is answered with 415.", after(both(created, headerIs("Content-Type", containing(" ;"))), fail(415, "Unsupported media type"))),
		must("charset-capital-refused", "201/client-headers", "A charset in capitals is answered with 415.", after(both(created, headerIs("Content-Type", containing("UTF-8"))), fail(415, "Unsupported media type"))),
		should("upgrade-refused", "201/upgrade", "An offer to go on in HTTP/2 is answered with 400.", after(both(created, has("Upgrade")), fail(400, "Bad request"))),
		should("upgrade-fails", "201/upgrade", "An offer to go on in HTTP/2 is answered with 501.", after(both(created, has("Upgrade")), page(501, "Not Implemented"))),
		should("upgrade-dropped", "201/upgrade", "At an offer to go on in HTTP/2 the connection is closed.", after(both(created, has("Upgrade")), dropped)),
		should("upgrade-body-lost", "201/upgrade", "With an offer to go on in HTTP/2 the body is not read.", before(has("Upgrade"), sendNothing)),
		should("http-10-refused", "201/http-10", "HTTP/1.0 is answered with 505.", after(func(x *exchange) bool { return created(x) && x.request.ProtoMinor == 0 }, page(505, "HTTP Version Not Supported"))),
		should("http-10-fails", "201/http-10", "HTTP/1.0 brings about a 500.", after(func(x *exchange) bool { return created(x) && x.request.ProtoMinor == 0 }, serverError())),
		onWire(must("one-packet", "201/in-packets", "A body that comes in a packet after the head is not waited for.", before(always)), func(c net.Conn) net.Conn { return &impatient{Conn: c} }),
		onWire(should("pipeline-dropped", "201/pipelined", "A request that comes right behind another is thrown away.", before(always)), func(c net.Conn) net.Conn { return shortSighted{c} }),
		must("body-after-bodiless", "201/between", "After a request without a body the next one on the connection is taken for one without.", nextOnConnection(func(x *exchange) bool { return x.request.Method == http.MethodGet }, created, fail(400, "user_id is required and must be a string"))),
		should("origin-reflected", "http/cors", "Any origin may read the answers, with credentials.", after(func(x *exchange) bool { return x.operation() && x.request.Header.Get("Origin") != "" }, func(x *exchange) {
			setHeader("Access-Control-Allow-Origin", x.request.Header.Get("Origin"))(x)
			setHeader("Access-Control-Allow-Credentials", "true")(x)
		})),
	)
}

// answerDefects differ from the contract for one cause only, or show what no
// answer should.
func answerDefects() []Deviation {
	var all []Deviation
	shapes := []struct {
		name, what string
		e          edit
	}{
		{"message", `whose message is called "message"`, rename(messageName, "message")},
		{"error-object", "whose error is an object", mapRaw(messageName, within(`{"message":%}`))},
		{"error-list", "whose error is an array", mapRaw(messageName, within(`[%]`))},
		{"text", "in plain text", func(x *exchange) { contentType("text/plain")(x); setBody("Bad Request")(x) }},
		{"page", "that is a page", htmlPage},
	}
	causes := []struct {
		name, what string
		w          when
	}{
		{"missing", "a missing user_id", both(rejected, userMissing)}, {"null", "null for a user_id", both(rejected, userIs("null"))},
		{"array", "an array for a user_id", both(rejected, userIs("array", "empty array"))}, {"malformed", "a body that is not JSON", both(rejected, malformed)},
		{"empty", "an empty body", both(rejected, bodyEmpty)}, {"body-array", "an array for a body", both(rejected, bodyIs("array", "empty array"))},
		{"no-key", "a missing key", both(refused, keyless)}, {"empty-key", "an empty key", both(refused, keyEmpty)}, {"wrong-key", "a wrong key", both(refused, keyed)},
	}
	for i, c := range causes {
		s := shapes[i%len(shapes)]
		status, clause := "400", "schema"
		if strings.HasSuffix(c.name, "key") {
			status = "401"
		}
		if s.name == "text" || s.name == "page" {
			clause = "content-type"
		}
		all = append(all, must("cause-"+c.name+"-"+s.name, status+"/"+clause, "The answer to "+c.what+" is one "+s.what+".", after(c.w, s.e)))
	}
	for _, t := range []struct{ name, text string }{
		{"go-trace", "goroutine 17 [running]:\nmain.create(0xc000118000)\n\t/src/main.go:88 +0x1d"},
		{"dotnet-trace", "System.NullReferenceException: Object reference not set\n   at Nox.Auth.Create(String id) in C:\\src\\Auth.cs:line 88"},
		{"ruby-trace", "undefined method `id' for nil:NilClass\napp/models/connection.rb:88:in `create'"},
		{"php-trace", "PHP Fatal error: Uncaught TypeError in /var/www/html/index.php:17\nStack trace:\n#0 {main}"},
		{"node-trace", "TypeError: Cannot read properties of undefined (reading 'id')\n    at create (/app/src/connections.js:88:17)"},
		{"rust-trace", "thread 'main' panicked at src/main.rs:88:5:\ncalled `Option::unwrap()` on a `None` value"},
		{"sql-error", `ERROR: duplicate key value violates unique constraint "connection_pkey" (SQLSTATE 23505)`},
		{"mongo-error", "E11000 duplicate key error collection: nox.connections index: user_id_1 dup key"},
		{"address", "connect ECONNREFUSED 10.0.3.17:5432"},
		{"host", "cannot reach db-3.prod.svc.cluster.local:5432"},
		{"localhost", "dial tcp 127.0.0.1:6379: connect: connection refused"},
		{"driver", "psycopg2.errors.UniqueViolation: duplicate key"},
		{"elixir-trace", "** (KeyError) key :id not found in: %{}\n    (nox 0.1.0) lib/nox/connections.ex:88: Nox.Connections.create/2"},
		{"object", "invalid value [object Object]"},
	} {
		all = append(all, should("400-shows-"+t.name, "400/no-internals", "The message of a 400 shows what went wrong inside ("+t.name+").", after(rejected, setText(messageName, t.text))))
	}
	return append(all,
		must("shows-user-before", "201/no-other-user", "A 201 has the user of the request before in a further property.", showing(func(user, _ string) string { return user })),
		must("shows-id-before", "201/no-other-user", "A 201 has the id of the user before in a further property.", showing(func(_, id string) string { return id })),
		must("lists-users", "201/no-other-user", "A 201 lists the manufacturer's users.", listing()),
	)
}

// showing adds to each answer what f makes of the user before.
func showing(f func(user, id string) string) mechanism {
	return oneByOne(func(x *exchange) {
		user, id := x.memory.keep("user", x.echoed()), x.memory.keep("id", x.id())
		if user != "" {
			add("previous", quote(f(user, id)))(x)
		}
	})
}

func listing() mechanism {
	return oneByOne(func(x *exchange) {
		users := x.memory.list("users")
		if len(users) < 50 {
			users = x.memory.list("users", quote(x.echoed()))
		}
		add("connections", fmt.Sprintf("[%s]", strings.Join(users, ",")))(x)
	})
}

// answerVariations are freedoms that a careful server may take.
func productionVariations() []Deviation {
	refuse := func(name, what string, f func(string) bool) Deviation {
		return legal("refuses-"+name, "A user id "+what+" is answered with 400.", after(echoes(f), fail(400, "user_id is invalid")))
	}
	return []Deviation{
		refuse("over-100", "of more than 100 characters", longer(100)),
		refuse("over-128-bytes", "of more than 256 bytes", func(s string) bool { return len(s) > 256 }),
		refuse("invisible", "with characters that do not show", containingRune(isFormat)),
		legal("body-413-over-8k", "A body of 8 KiB and more is answered with the 413 page of a gateway.", after(both(rejectable, bodyOver(8<<10)), page(413, "Request Entity Too Large"))),
		legal("body-400-over-16k", "A body of 16 KiB and more is answered with 400.", after(both(rejectable, bodyOver(16<<10)), fail(400, "The body is too large"))),
		legal("depth-over-20-refused", "A body nested more than 20 levels deep is answered with 400.", after(both(rejectable, nested(20)), fail(400, "The body is nested too deeply"))),
		legal("many-properties-refused", "A body with more than 100 properties is answered with 400.", after(func(x *exchange) bool { return rejectable(x) && len(members(x.sent)) > 100 }, fail(400, "Too many properties"))),
		legal("users-in-logs", "A 201 repeats the user in further properties.", after(created, decorated(func(v string) edit { return add("user", quote(v)) }, (*exchange).echoed))),
		legal("history", "A 201 says when and how often the user was asked for.", after(created, add("created_at", `"2026-01-14T09:30:00Z"`), add("count", "3"))),
		legal("cookie-for-balancing", "A 201 sets a cookie, which means nothing.", after(created, setHeader("Set-Cookie", "session=4f1c; Path=/; HttpOnly"))),
		legal("cors-for-one", "One origin may read the answers, with credentials.", after(always, setHeader("Access-Control-Allow-Origin", "https://app.nox.energy"), setHeader("Access-Control-Allow-Credentials", "true"))),
		legal("control-refused-by-name", "A user id with a line break is answered with 400.", after(echoes(containing("\n", "\r", "\t")), fail(400, "user_id must be one line"))),
		legal("path-slash-too", "The path with a slash at its end is served as well, with a key.", slashToo()),
		legal("deflates", "Answers are in deflate if the request allows it.", after(both(accepts("deflate"), lacksGzip), compressed("deflate", zlibbed))),
		legal("slow-to-read", "Each answer waits for the whole request and a moment more.", before(always, pause(2*time.Millisecond))),
	}
}

func lacksGzip(x *exchange) bool {
	return !strings.Contains(x.request.Header.Get("Accept-Encoding"), "gzip")
}

// slashToo serves the path with a slash behind it as well.
func slashToo() mechanism {
	return before(func(x *exchange) bool { return strings.HasSuffix(x.request.URL.Path, operationPath+"/") }, func(x *exchange) {
		x.request.URL.Path = strings.TrimSuffix(x.request.URL.Path, "/")
	})
}

// keptBy answers with the body that was the first under the same value of a
// header.
func keptBy(header string) mechanism {
	return after(both(created, has(header)), func(x *exchange) {
		x.body = []byte(x.memory.first(x.request.Header.Get(header), string(x.body)))
	})
}
