package defect

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
)

// idVariations give NOX ids of another form. The contract asks for a string.
func idVariations() []Deviation {
	return []Deviation{
		legal("id-like-a-path", "The id looks like a path on a server.", after(created, mapText(idName, func(s string) string { return "/home/users/" + s }))),
		legal("number-beyond-double", "A 201 holds a number beyond a double's range under a name of its own.", after(created, add("serial", "1e400"))),
		legal("message-of-words", "The message of a 401 tells to select a key from a list and to update the request.", after(refused, setText("error", "Select a key from the list, then update your request and set the header."))),
		legal("id-uuid", "Ids are UUIDs.", after(created, idText(idOf))),
		legal("id-uuid-upper-case", "Ids are UUIDs in upper case and braces.", after(created, idText(func(s string) string { return "{" + strings.ToUpper(idOf(s)) + "}" }))),
		legal("id-ulid", "Ids are ULIDs.", after(created, idText(ulid))),
		legal("id-digits", "Ids are digits.", after(created, idText(decimal))),
		legal("id-counted-up", "Ids are 1, 2, 3 …, as text.", numbered(anybody, "")),
		legal("id-zero-first", "Ids are digits that begin with zeros.", after(created, idText(func(s string) string { return "000" + decimal(s) }))),
		legal("id-very-long", "Ids are 4,000 characters long.", after(created, idText(func(s string) string { return strings.Repeat(idOf(s), 112) }))),
		legal("id-unicode", "Ids have letters beyond ASCII and beyond U+FFFF.", after(created, idText(func(s string) string { return "ключ-日本-🔑-" + idOf(s) }))),
		legal("id-escaped", "Ids have quotes, backslashes and control characters.", after(created, idText(func(s string) string { return "a\"b\\c\n\t<&>'" + idOf(s) }))),
		legal("id-base64", "Ids are Base64, with + and / and =.", after(created, idText(func(s string) string { return base64.StdEncoding.EncodeToString(sum(s)) }))),
		legal("id-like-url", "Ids are URLs.", after(created, idText(func(s string) string { return "https://id.nox.energy/subscribers/" + idOf(s) + "?v=2#me" }))),
		legal("id-like-json", "Ids look like JSON.", after(created, idText(func(s string) string { return `{"id":"` + idOf(s) + `"}` }))),
		legal("id-with-spaces", "Ids begin and end with a space.", after(created, idText(func(s string) string { return " " + idOf(s) + " " }))),
		legal("id-holds-user", "Ids hold the user's own id.", after(created, func(x *exchange) { setText(idName, "nox:"+hex.EncodeToString(sum(x.id())[:4])+":"+x.echoed())(x) })),
	}
}

// idText derives another form from the sound id, one for one.
func idText(f func(string) string) edit { return mapText(idName, f) }

func sum(s string) []byte {
	h := sha256.Sum256([]byte(s))
	return h[:]
}

func ulid(s string) string {
	crockford := base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)
	return "0" + crockford.EncodeToString(sum(s)[:16])[:25]
}

func decimal(s string) string { return new(big.Int).SetBytes(sum(s)[:16]).String() }
