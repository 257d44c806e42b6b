package defect

import (
	"math"
	"net/http"
	"strconv"
)

// robustnessDefects fall over requests that are valid or not, as a server
// chooses, but never its fault.
func robustnessDefects() []Deviation {
	return []Deviation{
		must("deep-nesting-fails", "400/deep-nesting", "A body nested more than 100 levels deep brings about a 500.", crash(nested(100))),
		must("deep-nesting-dropped", "400/deep-nesting", "At a body nested more than 500 levels deep the connection is closed.", after(nested(500), dropped)),
		should("very-deep-nesting-fails", "400/deep-nesting", "A body nested more than 500 levels deep brings about a 500.", crash(nested(500))),
		must("very-deep-nesting-page", "http/no-server-error", "A body nested more than 500 levels deep is answered with the 500 page of a framework.", after(both(answered(201, 400), nested(500)), page(500, "Internal Server Error"))),
		should("long-number-fails", "400/long-number", "A number of more than 300 digits brings about a 500.", crash(hasNumber(func(n string) bool { return len(n) > 300 }))),
		should("huge-exponent-fails", "400/huge-exponent", "A number beyond a double's range brings about a 500.", crash(hasNumber(beyondDouble))),
		must("nul-fails-and-forgets", "400/user_id-nul", "U+0000 in a user id brings about a 500, after which every user has another id.", harmedBy(userText(containing("\x00")), idText(idOf))),
		must("nul-fails-for-good", "400/user_id-nul", "U+0000 in a user id brings about a 500, and so does every valid request after it.", harmedBy(userText(containing("\x00")), serverError())),
		should("nul-fails", "400/user_id-nul", "U+0000 in a user id brings about a 500.", crash(userText(containing("\x00")))),
		must("nul-cuts", "400/user_id-nul", "The echo ends before U+0000.", after(created, echo(until("\x00")))),
		must("nul-dropped", "400/user_id-nul", "U+0000 is missing in the echo.", before(userText(containing("\x00")), ask(func(x *exchange) string { return replace(`\u0000`, "")(rawUser(x.sent)) }))),
		should("lone-surrogate-fails", "400/user_id-lone-surrogate", "A surrogate without its other half brings about a 500.", crash(userRaw(hasLoneSurrogate))),
		should("lone-surrogate-replaced", "400/user_id-lone-surrogate", "A surrogate without its other half is taken for U+FFFD.", before(userRaw(hasLoneSurrogate), repaired(replaceSurrogates))),
		must("media-type-other-fails", "http/no-server-error", "Another media type brings about a 500.", crash(mediaTypeIs(otherMediaType))),
		should("media-type-other-page", "400/media-type-other", "Another media type is answered with the 406 page of a gateway.", after(both(rejected, mediaTypeIs(otherMediaType)), page(406, "Not Acceptable"))),
		must("media-type-none-fails", "http/no-server-error", "A request without a media type brings about a 500.", crash(mediaTypeIs(equals("")))),
		should("media-type-none-page", "400/media-type-none", "A request without a media type is answered with the 406 page of a gateway.", after(both(rejected, mediaTypeIs(equals(""))), page(406, "Not Acceptable"))),
		must("media-type-none-shape", "400/schema", "A request without a media type is answered with 400 in another shape.", after(both(rejected, mediaTypeIs(equals(""))), setBody(`{"title":"Bad Request"}`))),
		must("media-type-nonsense-fails", "http/no-server-error", "A media type that is none brings about a 500.", crash(mediaTypeIs(equals("?")))),
		should("media-type-nonsense-page", "400/media-type-nonsense", "A media type that is none is answered with the 406 page of a gateway.", after(both(rejected, mediaTypeIs(equals("?"))), page(406, "Not Acceptable"))),
		should("large-body-fails", "400/large-body", "A body of 1 MiB brings about a 500.", instead(bodyOver(1<<20), serverError())),
		must("large-body-bad-gateway", "http/no-server-error", "A body of 1 MiB is answered with the 502 page of a gateway.", instead(bodyOver(1<<20), page(http.StatusBadGateway, "Bad Gateway"))),
		should("duplicate-keys-fail", "400/duplicate-keys", "A property that is there twice brings about a 500.", crash(twiceNamed)),
		should("duplicate-keys-422", "400/duplicate-keys", "A property that is there twice is answered with 422.", after(both(answered(201, 400), twiceNamed), fail(422, "Duplicate property"))),
		must("byte-order-mark-fails", "http/no-server-error", "A byte order mark brings about a 500.", crash(withMark)),
		should("byte-order-mark-415", "400/byte-order-mark", "A byte order mark is answered with 415.", after(both(answered(201, 400), withMark), fail(415, "Unsupported media type"))),
	}
}

func beyondDouble(n string) bool {
	f, err := strconv.ParseFloat(n, 64)
	return err != nil && math.IsInf(f, 0)
}

func hasLoneSurrogate(raw string) bool { return replaceSurrogates(raw) != raw }
