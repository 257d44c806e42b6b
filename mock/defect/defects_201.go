package defect

// createdDefects answer a valid request with something else than 201, always
// or now and then.
func createdDefects() []Deviation {
	return []Deviation{
		must("status-200", "201/minimal", "A created connection is answered with 200.", after(created, setStatus(200))),
		must("status-202", "201/minimal", "A created connection is answered with 202.", after(created, setStatus(202))),
		must("status-204", "201/minimal", "A created connection is answered with 204 and no body.", after(created, setStatus(204), setBody(""), without("Content-Type"))),
		must("status-200-when-known", "201/resolve-at-once", "A user who is known already is answered with 200.", after(again, setStatus(200))),
		must("status-409-when-known", "201/resolve-at-once", "A user who is known already is answered with 409.", after(again, fail(409, "user_id already exists"))),
		must("status-400-when-known", "201/resolve-at-once", "A user who is known already is answered with 400.", after(again, fail(400, "user_id already exists"))),
		must("location-only", "201/content-type", "A 201 has a Location and nothing else.", after(created, locationOfUser, setBody(""), without("Content-Type"))),
		must("redirect-307", "201/minimal", "A valid request is redirected to another version.", instead(both(posted, not(keyless)), setStatus(307), setHeader("Location", "/v3"+operationPath))),
		must("redirect-303", "201/minimal", "A created connection is answered with 303 and a Location.", after(created, setStatus(303), locationOfUser)),
		must("echo-canned", "201/echo-case", "The echo is that of the documentation's example, whoever was asked for.", after(created, setText(echoName, exampleUser))),
		must("example-refused", "201/example", "The documentation's example is refused as a placeholder.", after(echoes(equals(exampleUser)), fail(400, "user_id is a placeholder"))),
		must("example-fails", "201/example", "The documentation's example brings about a 500.", after(echoes(equals(exampleUser)), serverError())),

		must("every-7th-500", "201/repeat", "Every 7th valid request is answered with 500.", after(nth(every(7), created), serverError())),
		must("every-7th-bad-gateway", "201/repeat", "Every 7th valid request is answered with the 502 page of a gateway.", after(nth(every(7), created), page(502, "Bad Gateway"))),
		must("every-7th-200", "201/repeat", "Every 7th valid request is answered with 200.", after(nth(every(7), created), setStatus(200))),
		must("every-7th-refused", "201/repeat", "Every 7th good key is refused.", after(nth(every(7), created), fail(401, "Invalid API key"))),
		must("every-7th-without-id", "201/repeat", "Every 7th 201 lacks nox_user_id.", after(nth(every(7), created), remove(idName))),
		must("every-7th-other-id", "201/repeat", "Every 7th 201 names a new nox_user_id.", after(nth(every(7), created), decorated(newText(idName), randomID))),
		must("every-7th-other-echo", "201/repeat", "Every 7th 201 echoes somebody else.", after(nth(every(7), created), setText(echoName, "user-4711"))),
		must("every-7th-as-html", "201/content-type", "Every 7th 201 says text/html.", after(nth(every(7), created), contentType("text/html"))),
		must("every-7th-cut-short", "201/json", "Every 7th 201 is cut short.", after(nth(every(7), created), written(writeShort))),
		must("every-7th-dropped", "201/repeat", "At every 7th valid request the connection is closed without an answer.", after(nth(every(7), created), dropped)),
		must("wears-out", "201/repeat", "After each 12 good answers three are 500.", after(nth(theLast(3, 15), created), serverError())),
	}
}

const exampleUser = "manufacturer_user_id_123" // in the contract

func locationOfUser(x *exchange) {
	setHeader("Location", x.request.URL.Path+"/"+x.id())(x)
}

func newText(name string) func(string) edit {
	return func(value string) edit { return setText(name, value) }
}

func randomID(*exchange) string { return newID() }
