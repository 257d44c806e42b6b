package defect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// wordingVariations word errors otherwise. The contract: "Human-readable error
// message."
func wordingVariations() []Deviation {
	return []Deviation{
		legal("wording-short", "All error messages are one word.", after(erred, setText(messageName, "Rejected."))),
		legal("wording-long", "Error messages are 5,000 characters long.", after(erred, setText(messageName, strings.Repeat("This request was not accepted. ", 160)))),
		legal("wording-by-case", "Each kind of bad request has a message of its own.", after(erred, decorated(newText(messageName), reason))),
		legal("wording-german", "Error messages are in German, with umlauts.", after(erred, setText(messageName, "Ungültige Anfrage: bitte überprüfen, größtmöglich"))),
		legal("wording-japanese", "Error messages are in Japanese.", after(erred, setText(messageName, "リクエストが正しくありません"))),
		legal("wording-of-lines", "Error messages have several lines and quotes.", after(erred, setText(messageName, "Not accepted:\n\t\"user_id\" <string>, required & non-null\n"))),
		legal("wording-quotes-value", "The message of a 400 quotes the value that was wrong.", after(both(rejected, wrongType), decorated(newText(messageName), func(x *exchange) string { return "user_id must be a string, not " + rawUser(x.sent) }))),
		legal("error-details", "Error bodies have a code, a request id and details beside the message.", after(erred, add("code", `"E_REQUEST"`), add("request_id", `"req_01J8"`), add("details", `[{"field":"user_id","rule":"type"}]`))),
		legal("error-details-null", "Error bodies have properties that are null.", after(erred, add("details", "null"), add("help", "null"))),
		legal("error-with-status", "Error bodies repeat the status, before the message.", after(erred, statusFirst)),
	}
}

// jsonVariations write the same JSON otherwise.
func jsonVariations() []Deviation {
	return []Deviation{
		legal("json-indented", "Bodies are indented.", after(always, reformatted(indented))),
		legal("json-tabs-and-returns", "Bodies are indented with tabs, and lines end in CR LF.", after(always, reformatted(withReturns))),
		legal("json-new-line-ends", "Bodies end in a new line.", after(isJSON, rewrite(func(s string) string { return strings.TrimSpace(s) + "\n" }))),
		legal("json-white-space-around", "White space stands before and behind bodies.", after(isJSON, ahead("\r\n\t "), behind(" \t\r\n\r\n"))),
		legal("json-escaped", `Characters beyond ASCII are written as \u escapes.`, after(isJSON, eachText(escapedBeyondASCII))),
		legal("json-all-escaped", `Every character of a text is written as a \u escape.`, after(isJSON, eachText(escapedAll))),
		legal("json-slashes-escaped", `Slashes are written as \/, and <, >, & as \u escapes.`, after(isJSON, eachText(replace("/", `\/`, "<", `\u003c`, ">", `\u003E`, "&", `\u0026`)))),
		legal("json-names-escaped", `Names of properties have \u escapes in them.`, after(isJSON, rewrite(replace(`"`+echoName, `"manufacturer\u005fuser_id`, `"`+idName, `"\u006eox_user_id`, `"`+messageName, `"erro\u0072`)))),
		legal("json-other-order", "The properties of a body come in the opposite order.", after(isJSON, shuffled(slices.Reverse[[]string]))),
		legal("json-random-order", "The properties of a body come in an order that changes.", after(isJSON, shuffled(func(m []string) { rand.Shuffle(len(m), func(i, j int) { m[i], m[j] = m[j], m[i] }) }))),
		legal("created-details", "A 201 has more properties than the contract names.", after(created, add("created", "true"), add("created_at", `"2026-01-14T09:30:00Z"`), add("links", `{"self":"/connections/17"}`))),
		legal("created-details-first", "A 201 has properties before those that the contract names.", after(created, rewrite(func(s string) string { return strings.Replace(s, "{", `{"version":2,"ok":true,`, 1) }))),
		legal("created-odd-names", "A 201 has properties with odd names: empty, with dots, in Greek.", after(created, add("", "0"), add("a.b/c~d", "[]"), add("Ωμέγα", "{}"), add("Nox_User_Id", "17"))),
		legal("created-big", "A 201 has a property of 20,000 characters.", after(created, add("terms", quote(strings.Repeat("terms and conditions ", 1000))))),
		legal("created-deep", "A 201 has a property nested forty levels deep.", after(created, add("tree", strings.Repeat(`[{"n":`, 20)+"null"+strings.Repeat("}]", 20)))),
		legal("created-numbers", "A 201 has numbers of many digits and exponents.", after(created, add("serial", "1764000000000000000017"), add("ratio", "-0.1250E-3"), add("zero", "-0"))),
	}
}

// reason is a message of its own for each kind of refusal.
func reason(x *exchange) string {
	switch {
	case keyless(x):
		return "The header x-api-key is missing."
	case refused(x):
		return fmt.Sprintf("The API key of %d characters is not known.", len(x.key()))
	case malformed(x):
		return fmt.Sprintf("The body is not JSON (%d bytes read).", len(x.sent))
	case userMissing(x):
		return "The property user_id is missing."
	case wrongType(x):
		return "The property user_id is of the wrong type."
	}
	return fmt.Sprintf("Sorry: %d.", x.status)
}

func statusFirst(x *exchange) {
	rewrite(func(s string) string {
		return strings.Replace(s, "{", `{"status":`+strconv.Itoa(x.status)+",", 1)
	})(x)
}

func isJSON(x *exchange) bool { return x.operation() && valid(x.body) }

// reformatted writes a body again if it is JSON.
func reformatted(f func([]byte) string) edit {
	return func(x *exchange) {
		if valid(x.body) {
			x.body = []byte(f(x.body))
		}
	}
}

func indented(text []byte) string {
	var b bytes.Buffer
	_ = json.Indent(&b, text, "", "    ") // it is valid
	return b.String() + "\n"
}

func withReturns(text []byte) string {
	var b bytes.Buffer
	_ = json.Indent(&b, text, "\t", "\t") // it is valid
	return strings.ReplaceAll("\t"+b.String()+"\n", "\n", "\r\n")
}

// eachText changes how the members that are texts are written; f sees what
// stands between the quotes.
func eachText(f func(string) string) edit {
	return func(x *exchange) {
		for _, m := range members(x.body) {
			mapRaw(m.name, func(raw string) string {
				if raw[0] != '"' {
					return raw
				}
				return `"` + f(raw[1:len(raw)-1]) + `"`
			})(x)
		}
	}
}

func escapedBeyondASCII(s string) string {
	return mapEach(s, func(r rune) bool { return r > 0x7f })
}

// escapedAll escapes every character but those of escapes that are there.
func escapedAll(s string) string {
	if strings.Contains(s, `\`) {
		return escapedBeyondASCII(s)
	}
	return mapEach(s, func(rune) bool { return true })
}

func mapEach(s string, is func(rune) bool) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case !is(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04X`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// shuffled changes the order of a body's members.
func shuffled(f func(members []string)) edit {
	return func(x *exchange) {
		var texts []string
		for _, m := range members(x.body) {
			texts = append(texts, string(x.body[m.nameStart:m.end]))
		}
		if len(texts) > 0 {
			f(texts)
			x.body = []byte("{" + strings.Join(texts, ",") + "}")
		}
	}
}
