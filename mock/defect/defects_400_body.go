package defect

import (
	"bytes"
	"encoding/json"
	"strings"
)

// bodyDefects take a body that is no object, or none at all, for a valid one,
// or answer it with something else than 400.
func bodyDefects() []Deviation {
	return []Deviation{
		must("body-array-accepted", "400/body-array", "Of an array the first object is taken for the body.", before(bodyIs("array"), sendFirst)),
		must("body-empty-array-accepted", "400/body-array", "An array is taken for an object without properties, and that for a user without id.", before(bodyIs("array", "empty array"), askFor(""))),
		must("body-list-accepted", "400/body-array-of-text", "An array of texts is read as the properties in their order.", before(bodyIs("array"), sendFirstText)),
		must("body-empty-list-accepted", "400/body-empty-array", "An empty array is taken for an empty object, and that for a user without id.", before(bodyIs("empty array"), askFor(""))),
		must("body-array-fails", "400/body-array", "An array for a body brings about a 500.", crash(bodyIs("array", "empty array"))),
		must("body-string-accepted", "400/body-string", "A string for a body is taken for the user id.", before(bodyIs("string"), ask(askWhole))),
		must("body-string-fails", "400/body-string", "A string for a body brings about a 500.", crash(bodyIs("string"))),
		must("body-number-accepted", "400/body-number", "A number for a body is taken for the user id.", before(bodyIs("number"), ask(askWhole))),
		must("body-number-fails", "400/body-number", "A number for a body brings about a 500.", crash(bodyIs("number"))),
		must("body-boolean-accepted", "400/body-boolean", "A boolean for a body is taken for the user id.", before(bodyIs("boolean"), ask(askWhole))),
		must("body-boolean-422", "400/body-boolean", "A boolean for a body is answered with 422.", after(both(rejected, bodyIs("boolean")), setStatus(422))),
		must("body-null-accepted", "400/body-null", "null for a body is taken for an empty user id.", before(bodyIs("null"), askFor(""))),
		must("body-null-fails", "400/body-null", "null for a body brings about a 500.", crash(bodyIs("null"))),
		must("body-none-accepted", "400/body-none", "A request that speaks of no body creates an anonymous user.", before(unannounced, askFor("anonymous"))),
		must("body-none-415", "400/body-none", "A request without a body is answered with 415.", after(both(rejected, bodyEmpty), setStatus(415))),
		must("body-empty-accepted", "400/body-empty", "An empty body is taken for an empty object, and that for a user without id.", before(bodyEmpty, askFor(""))),
		must("body-empty-fails", "400/body-empty", "An empty body brings about a 500.", crash(bodyEmpty)),
		must("body-blank-accepted", "400/body-blank", "A body of white space creates a user without id.", before(bodyBlank, askFor(""))),
		must("body-blank-fails", "400/body-blank", "A body of white space brings about a 500.", crash(bodyBlank)),
	}
}

// jsonDefects understand a text that is not JSON, or answer it with something
// else than 400.
func jsonDefects() []Deviation {
	return []Deviation{
		must("malformed-fails", "400/json-cut-short", "Any text that is not JSON brings about a 500.", crash(malformed)),
		must("malformed-422", "400/json-cut-short", "Any text that is not JSON is answered with 422.", after(both(rejected, malformed), setStatus(422))),
		must("cut-short-accepted", "400/json-cut-short", "A text cut short is completed.", before(malformed, repaired(closeAll))),
		should("trailing-comma-accepted", "400/json-trailing-comma", "A trailing comma is overlooked.", before(malformed, repaired(dropTrailingCommas))),
		must("unclosed-accepted", "400/json-unclosed", "The brace at the end may be missing.", before(malformed, repaired(func(s string) string { return s + "}" }))),
		should("leading-comma-accepted", "400/json-leading-comma", "A comma before the first property is overlooked.", before(malformed, repaired(replace("{,", "{")))),
		should("missing-comma-accepted", "400/json-missing-comma", "White space is as good as a comma.", before(malformed, repaired(addCommas))),
		should("line-comment-accepted", "400/json-line-comment", "Comments to the end of the line are skipped.", before(malformed, repaired(dropLineComments))),
		should("extra-brace-accepted", "400/json-extra-brace", "A brace too many is overlooked.", before(malformed, repaired(func(s string) string { return strings.TrimSuffix(s, "}") }))),
		should("leading-zero-accepted", "400/json-leading-zero", "A number may begin with a zero.", before(malformed, repaired(dropLeadingZeros))),
		should("tab-accepted", "400/json-tab", "A tab in a string needs no escape.", before(malformed, repaired(replace("\t", `\t`)))),
		should("single-quotes-accepted", "400/json-single-quotes", "Single quotes are as good as double ones.", before(malformed, repaired(doubleQuotes))),
		should("comment-accepted", "400/json-comment", "Comments are skipped.", before(malformed, repaired(dropComments))),
		should("json5-accepted", "400/json-comment", "The text is read as JSON5.", before(malformed, repaired(json5))),
		should("trailing-text-accepted", "400/json-trailing-text", "What stands behind the JSON text is not read.", before(both(malformed, not(manyTexts)), repaired(firstText))),
		must("trailing-text-fails", "http/no-server-error", "Text behind the JSON text brings about a 500.", crash(both(malformed, begun))),
		should("first-of-two-texts", "400/json-two-texts", "Of two JSON texts the first is taken.", before(manyTexts, repaired(firstText))),
		should("last-of-two-texts", "400/json-two-texts", "Of two JSON texts the last is taken.", before(manyTexts, repaired(lastText))),
		should("unquoted-key-accepted", "400/json-unquoted-key", "Names need no quotes.", before(malformed, repaired(quoteNames))),
		should("nan-accepted", "400/json-nan", "NaN is taken for a value.", before(malformed, repaired(quoteNaN))),
		must("nan-fails", "http/no-server-error", "NaN brings about a 500.", crash(both(malformed, sentLike(notANumber.MatchString)))),
		should("bare-word-accepted", "400/json-bare-word", "A bare word is taken for a string.", before(malformed, repaired(quoteBareWords))),
		must("bare-word-fails", "http/no-server-error", "A bare word brings about a 500.", crash(both(malformed, sentLike(fixedBy(quoteBareWords))))),
		should("control-character-accepted", "400/json-control-character", "Control characters in strings need no escape.", before(malformed, repaired(escapeControls))),
		should("invalid-utf8-replaced", "400/json-invalid-utf8", "Bytes that are not UTF-8 are taken for U+FFFD.", before(malformed, repaired(replaceInvalid))),
		should("invalid-utf8-as-latin1", "400/json-invalid-utf8", "A text that is not UTF-8 is read as ISO 8859-1.", before(malformed, repaired(latin1))),
		should("invalid-utf8-fails", "400/json-invalid-utf8", "Bytes that are not UTF-8 bring about a 500.", crash(both(malformed, sentLike(fixedBy(replaceInvalid))))),
		should("utf16-accepted", "400/json-utf16", "A text in UTF-16 is read as well.", before(malformed, repaired(fromUTF16))),
		should("bad-escape-accepted", "400/json-bad-escape", "A bad escape is taken for the character escaped.", before(malformed, repaired(dropBackslashes))),
	}
}

// manyTexts holds for a body of several JSON texts, each whole.
func manyTexts(x *exchange) bool {
	dec, n := json.NewDecoder(bytes.NewReader(x.sent)), 0
	for dec.More() {
		var text json.RawMessage
		if dec.Decode(&text) != nil {
			return false
		}
		n++
	}
	return posted(x) && n > 1
}

// begun holds for a body that begins with a whole JSON text.
func begun(x *exchange) bool { return firstText(string(x.sent)) != string(x.sent) }

// sentLike holds for a body for which f holds.
func sentLike(f func(string) bool) when {
	return func(x *exchange) bool { return posted(x) && f(string(x.sent)) }
}

// fixedBy tells whether f makes JSON of a text that is none.
func fixedBy(f func(string) string) func(string) bool {
	return func(s string) bool { return valid([]byte(f(s))) }
}

func json5(s string) string {
	return dropTrailingCommas(quoteNames(doubleQuotes(dropComments(s))))
}

// sendFirst lets the sound handler see the first element of an array.
func sendFirst(x *exchange) {
	var elements []json.RawMessage
	if json.Unmarshal(x.sent, &elements) == nil && len(elements) > 0 {
		x.send(elements[0])
	}
}

// sendFirstText has the first element of an array, if that is a text, for the
// user id.
func sendFirstText(x *exchange) {
	var texts []string
	if json.Unmarshal(x.sent, &texts) == nil && len(texts) > 0 {
		askFor(texts[0])(x)
	}
}

// firstElement is the first element of a user_id that is an array, as text.
func firstElement(x *exchange) string {
	var elements []json.RawMessage
	if json.Unmarshal([]byte(rawUser(x.sent)), &elements) != nil || len(elements) == 0 {
		return quote("")
	}
	if elements[0][0] == '"' {
		return string(elements[0])
	}
	return quote(string(elements[0]))
}

func noSpace(name string) bool { return strings.TrimSpace(name) == name }

// unlike is the opposite of a condition on a text.
func unlike(f func(string) bool) func(string) bool {
	return func(s string) bool { return !f(s) }
}
