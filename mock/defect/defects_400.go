package defect

// validationDefects answer a request that is well-formed JSON, but not what
// the schema asks for, with something else than 400.
func validationDefects() []Deviation {
	return []Deviation{
		must("400-as-422", "400/user_id-missing", "Every 400 is a 422.", after(rejected, setStatus(422))),
		must("400-as-500", "400/user_id-missing", "Every 400 is a 500.", after(rejected, setStatus(500))),
		must("400-as-404", "400/user_id-missing", "Every 400 is a 404.", after(rejected, setStatus(404))),
		must("400-as-200", "400/user_id-missing", "Every 400 is a 200 with the error in the body.", after(rejected, setStatus(200))),
		must("400-as-401", "400/user_id-missing", "Every 400 is a 401.", after(rejected, setStatus(401))),
		must("missing-accepted", "400/user_id-missing", "A missing user_id is taken for an empty one.", before(userMissing, askFor(""))),
		must("missing-as-undefined", "400/user_id-missing", `A missing user_id is taken for "undefined".`, before(userMissing, askFor("undefined"))),
		must("missing-invented", "400/user_id-missing", "For a missing user_id the server makes one up.", before(userMissing, ask(func(*exchange) string { return quote(newID()) }))),
		must("missing-422", "400/user_id-missing", "A missing user_id is answered with 422.", after(both(rejected, userMissing), setStatus(422))),
		must("number-accepted", "400/user_id-number", "A number is taken for its digits.", before(userIs("number"), ask(askAsText))),
		must("number-422", "400/user_id-number", "A user_id of a wrong type is answered with 422.", after(both(rejected, wrongType), setStatus(422))),
		must("number-fails", "400/user_id-number", "A number brings about a 500.", crash(userIs("number"))),
		must("boolean-accepted", "400/user_id-boolean", `true is taken for "true".`, before(userIs("boolean"), ask(askAsText))),
		must("boolean-fails", "400/user_id-boolean", "A boolean brings about a 500.", crash(userIs("boolean"))),
		must("zero-accepted", "400/user_id-zero", "The number 0 is taken for a missing user_id, and that for an empty one.", before(userLiterally("0"), askFor(""))),
		must("zero-fails", "400/user_id-zero", "The number 0 brings about a 500.", crash(userLiterally("0"))),
		must("false-accepted", "400/user_id-false", "false is taken for an empty user_id.", before(userLiterally("false"), askFor(""))),
		must("false-fails", "400/user_id-false", "false brings about a 500.", crash(userLiterally("false"))),
		must("null-accepted", "400/user_id-null", "null is taken for an empty user_id.", before(userIs("null"), askFor(""))),
		must("null-as-text", "400/user_id-null", `null is taken for "null".`, before(userIs("null"), askFor("null"))),
		must("null-fails", "400/user_id-null", "null brings about a 500.", crash(userIs("null"))),
		must("object-accepted", "400/user_id-object", `An object is taken for "[object Object]".`, before(userIs("object"), askFor("[object Object]"))),
		must("object-fails", "400/user_id-object", "An object brings about a 500.", crash(userIs("object"))),
		must("array-accepted", "400/user_id-array", "Of an array the first element is taken.", before(userIs("array"), ask(firstElement))),
		must("array-joined", "400/user_id-array", "The elements of an array are taken as one text.", before(userIs("array"), ask(askAsText))),
		must("array-fails", "400/user_id-array", "An array brings about a 500.", crash(userIs("array"))),
		must("empty-array-accepted", "400/user_id-empty-array", "An empty array is taken for an empty user_id.", before(userIs("empty array"), askFor(""))),
		must("empty-array-fails", "400/user_id-empty-array", "An empty array brings about a 500.", crash(userIs("empty array"))),
		must("empty-object-accepted", "400/user_id-empty-object", `An empty object is taken for "{}".`, before(userIs("empty object"), ask(askAsText))),
		must("empty-object-fails", "400/user_id-empty-object", "An empty object brings about a 500.", crash(userIs("empty object"))),
		should("name-case-ignored", "400/user_id-name-case", "user_id is found under a name in any case.", before(userNamed(noSpace), ask(askAsText))),
		must("name-case-fails", "http/no-server-error", "A property User_Id brings about a 500.", crash(userNamed(noSpace))),
		must("name-space-ignored", "400/user_id-name-space", "user_id is found under a name with spaces around it.", before(userNamed(unlike(noSpace)), ask(askAsText))),
		must("name-space-fails", "400/user_id-name-space", "A property name with spaces brings about a 500.", crash(userNamed(unlike(noSpace)))),

		must("every-7th-missing-accepted", "400/steady", "Every 7th request without user_id is accepted.", before(nth(every(7), userMissing), askFor("undefined"))),
		must("every-7th-400-as-500", "400/steady", "Every 7th 400 is a 500.", after(nth(every(7), rejected), serverError())),
		must("every-7th-400-as-422", "400/steady", "Every 7th 400 is a 422.", after(nth(every(7), rejected), setStatus(422))),
		must("every-7th-400-dropped", "400/steady", "Instead of every 7th 400 the connection is closed.", after(nth(every(7), rejected), dropped)),
		may("rejected-user-created", "400/nothing-kept", "A rejected request creates its user, and the 400 names the id.", creatingRejected()),
	}
}

// crash answers 500, once the key has been found good.
func crash(w when) mechanism {
	return after(both(answered(201, 400), w), serverError())
}

// creatingRejected creates the users that a rejected request names.
func creatingRejected() mechanism {
	return func(x *exchange) {
		x.serve()
		if !rejected(x) {
			return
		}
		status, header, body := x.status, x.header, x.body
		var ids []string
		for _, user := range textsIn(x.sent) {
			askFor(user)(x)
			if x.serve(); created(x) {
				ids = append(ids, quote(x.id()))
			}
		}
		x.status, x.header, x.body = status, header, body
		if len(ids) > 0 {
			add(idName, ids[0])(x)
		}
	}
}

// wrongType holds for a user_id that is there and is no string.
func wrongType(x *exchange) bool {
	return userIs("number", "boolean", "null", "object", "empty object", "array", "empty array")(x)
}
