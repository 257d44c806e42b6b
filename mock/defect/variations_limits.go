package defect

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// strictVariations draw a limit, or are lenient, where the contract says
// nothing: long and odd user ids, media types, encodings.
func strictVariations() []Deviation {
	other := not(mediaTypeIs(equals("application/json")))
	return []Deviation{
		legal("refuses-over-64", "A user id of more than 64 characters is answered with 400.", after(echoes(longer(64)), fail(400, "user_id is longer than 64 characters"))),
		legal("refuses-format", "A user id with a character that only formats others is answered with 400.", after(echoes(containingRune(isFormat)), fail(400, "user_id must be visible"))),
		legal("length-411", "A request that speaks of no body is answered with the 411 page of a gateway.", after(both(rejected, unannounced), page(http.StatusLengthRequired, "Length Required"))),
		legal("long-key-page", "A key of more than 500 characters is answered with the 400 page of a gateway.", after(both(refused, keyIs(longer(500))), page(400, "Request Header Or Cookie Too Large"))),
		legal("api-key-query-page", "A query that holds api_key is answered with the 400 page of a gateway.", after(both(refused, func(x *exchange) bool { return x.request.URL.Query().Has("api_key") }), page(400, "Bad Request"))),
		legal("non-ascii-key-page", "A key beyond ASCII is answered with 400 and no body.", after(both(refused, keyIs(beyondASCII)), setStatus(400), without("Content-Type"), setBody(""))),
		legal("refuses-over-255", "A user id of more than 255 characters is answered with 400.", after(echoes(longer(255)), fail(400, "user_id is longer than 255 characters"))),
		legal("refuses-over-255-bytes", "A user id of more than 255 bytes is answered with 400.", after(echoes(func(s string) bool { return len(s) > 255 }), fail(400, "user_id is longer than 255 bytes"))),
		legal("refuses-over-999", "A user id of more than 999 characters is answered with 400.", after(echoes(longer(999)), fail(400, "user_id is longer than 999 characters"))),
		legal("refuses-control", "A user id with a control character is answered with 400.", after(echoes(hasControl), fail(400, "user_id must be printable"))),
		legal("refuses-empty", "An empty user id is answered with 400.", after(echoes(equals("")), fail(400, "user_id must not be empty"))),
		legal("refuses-blank", "An empty or blank user id is answered with 400.", after(echoes(blank), fail(400, "user_id must not be blank"))),
		legal("refuses-noncharacters", "A user id with a character that Unicode leaves unassigned is answered with 400.", after(echoes(containingRune(func(r rune) bool { return r&0xfffe == 0xfffe || r == utf8.RuneError || unicode.Is(unicode.Co, r) })), fail(400, "user_id must be text"))),
		legal("media-type-415", "Another media type, or none, is answered with 415 in the contract's error shape.", after(both(rejected, other), setStatus(http.StatusUnsupportedMediaType))),
		legal("media-type-415-page", "Another media type, or none, is answered with the 415 page of a gateway.", after(both(rejected, other), page(http.StatusUnsupportedMediaType, "Unsupported Media Type"))),
		legal("media-type-ignored", "JSON is read whatever the media type.", before(both(posted, other), asJSON)),
		legal("large-413", "A body of 1 MiB and more is answered with 413 in the contract's error shape.", instead(bodyOver(1<<20), fail(http.StatusRequestEntityTooLarge, "The body is too large"))),
		legal("large-refused-early", "A body of 64 KiB and more is answered with 400.", after(both(rejectable, bodyOver(64<<10)), fail(400, "The body is too large"))),
		legal("encoding-415", "A content coding is answered with 415 in the contract's error shape.", after(both(rejected, has("Content-Encoding")), setStatus(http.StatusUnsupportedMediaType))),
		legal("byte-order-mark-ignored", "A byte order mark before the body is skipped.", before(withMark, repaired(dropMark))),
		legal("first-of-duplicates", "Of properties with one name the first counts.", before(twiceNamed, repaired(oneOfTwice(false)))),
		legal("last-of-duplicates", "Of properties with one name the last counts.", before(twiceNamed, repaired(oneOfTwice(true)))),
		legal("lone-surrogates-kept", "A surrogate without its other half is kept, and echoed as it came.", keepingSurrogates()),
		legal("nul-refused", "U+0000 in a user id is answered with 400.", after(echoes(containing("\x00")), fail(400, "user_id must not hold U+0000"))),
		legal("deep-refused", "A body nested more than 32 levels deep is answered with 400.", after(both(rejectable, nested(32)), fail(400, "The body is nested too deeply"))),
		legal("huge-numbers-refused", "A number beyond a double's range or of more than 300 digits is answered with 400.", after(both(rejectable, hasNumber(func(n string) bool { return len(n) > 300 || beyondDouble(n) })), fail(400, "A number is too large"))),
		legal("long-key-400", "A key of more than 500 characters is answered with 400.", after(both(refused, keyIs(longer(500))), fail(400, "The API key is too long"))),
		legal("non-ascii-key-400", "A key beyond ASCII is answered with 400.", after(both(refused, keyIs(beyondASCII)), fail(400, "The API key must be ASCII"))),
	}
}

func rejectable(x *exchange) bool { return answered(201, 400)(x) }

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// asJSON lets the sound handler see the media type that it reads.
func asJSON(x *exchange) { x.request.Header.Set("Content-Type", "application/json") }

// keepingSurrogates has the sound handler see a stand-in for a user id that it
// would refuse, and puts the user id back into the answer as it was written.
func keepingSurrogates() mechanism {
	lone := userRaw(hasLoneSurrogate)
	return func(x *exchange) {
		if !lone(x) {
			x.serve()
			return
		}
		raw := rawUser(x.sent)
		standIn := "\uE000" + hex.EncodeToString([]byte(raw))
		x.send(bytes.Replace(x.sent, []byte(raw), []byte(quote(standIn)), 1))
		x.serve()
		mapRaw(echoName, func(string) string { return raw })(x)
	}
}
