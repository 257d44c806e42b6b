package defect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// formDefects stumble over what a request has beside user_id, or over how it
// is written.
func formDefects() []Deviation {
	named := func(names ...string) when {
		return func(x *exchange) bool {
			return posted(x) && slices.ContainsFunc(members(x.sent), func(s span) bool { return slices.Contains(names, s.name) })
		}
	}
	// assigned puts what the request has under a name into the answer.
	assigned := func(name, into string) mechanism {
		return after(created, func(x *exchange) {
			if s, ok := memberText(x.sent, name); ok {
				setText(into, s)(x)
			}
		})
	}
	var all []Deviation
	for _, e := range []struct {
		name, what string
		names      []string
	}{
		{"prototype-names", "hasOwnProperty or toString", []string{"hasOwnProperty", "toString"}},
		{"constructor", "constructor", []string{"constructor"}},
		{"proto", "__proto__", []string{"__proto__"}},
		{"operator", "$where", []string{"$where"}},
		{"dotted", "a.b", []string{"a.b"}},
		{"empty-name", "nothing", []string{""}},
		{"length", "length", []string{"length"}},
		{"type", "@type or $ref", []string{"@type", "$ref", "$type"}},
		{"id", "id or _id", []string{"id", "_id"}},
		{"array-name", "user_id[]", []string{"user_id[]"}},
	} {
		all = append(all, must("property-"+e.name+"-fails", "201/open-names", "A property that is called "+e.what+" brings about a 500.", crash(named(e.names...))))
		all = append(all, should("property-"+e.name+"-refused", "201/open-names", "A property that is called "+e.what+" is answered with 400.", after(both(created, named(e.names...)), fail(400, "Invalid property"))))
	}
	valued := func(pattern string) when {
		e := regexp.MustCompile(pattern)
		return sentLike(e.MatchString)
	}
	return append(all,
		must("mass-assigned-id", "201/open-names", "A nox_user_id in the request becomes the user's.", assigned(idName, idName)),
		must("mass-assigned-new-id", "201/open-names", "A nox_user_id in the request becomes that of a new user, and is kept.", assignedForNew(idName)),
		must("mass-assigned-echo", "201/open-names", "A manufacturer_user_id in the request is echoed.", assigned(echoName, echoName)),
		must("mass-assigned-id-property", "201/open-names", "An id in the request becomes the user's.", assigned("id", idName)),
		must("mass-assigned-manufacturer", "201/open-names", "A manufacturer in the request is taken for that of the user.", identity(func(x *exchange) string {
			s, _ := memberText(x.sent, "manufacturer_id")
			return x.id() + s
		})),
		must("other-alias-taken", "201/open-names", "userId counts for more than user_id.", assigned("userId", echoName)),
		must("nested-user-taken", "201/open-names", "A user_id within another property counts.", after(created, func(x *exchange) {
			for _, s := range members(x.sent) {
				if nested, ok := memberText(x.sent[s.start:s.end], userName); ok {
					setText(echoName, nested)(x)
				}
			}
		})),
		must("null-property-fails", "201/open-names", "A property that is null brings about a 500.", crash(valued(`:\s*null`))),
		must("fraction-fails", "201/open-names", "A number with fraction and exponent brings about a 500.", crash(valued(`[0-9]\.[0-9]+[eE]`))),
		must("array-property-fails", "201/open-names", "A property that is an array brings about a 500.", crash(valued(`:\s*\[`))),
		must("object-property-fails", "201/open-names", "A property that is an object brings about a 500.", crash(valued(`:\s*\{`))),
		must("boolean-property-fails", "201/open-names", "A property that is a boolean brings about a 500.", crash(valued(`:\s*(true|false)`))),
		must("many-properties-fail", "201/open-many", "More than 100 properties bring about a 500.", crash(func(x *exchange) bool { return posted(x) && len(members(x.sent)) > 100 })),
		must("many-properties-dropped", "201/open-many", "At more than 200 properties the connection is closed.", after(func(x *exchange) bool { return rejectable(x) && len(members(x.sent)) > 200 }, dropped)),
		must("many-properties-200", "201/open-many", "More than 150 properties are answered with 200.", after(func(x *exchange) bool { return created(x) && len(members(x.sent)) > 150 }, setStatus(200))),

		must("name-escapes-not-read", "201/resolve-forms", "user_id is not found if its name is written with escapes.", after(both(created, valued(`\\u00(75|5[fF])`)), fail(400, "user_id is required and must be a string"))),
		must("solidus-escape-kept", "201/resolve-forms", `An escaped solidus is echoed with its backslash.`, after(both(created, valued(`\\/`)), echo(replace("/", `\/`)))),
		must("solidus-escape-fails", "201/resolve-forms", "An escaped solidus brings about a 500.", crash(valued(`\\/`))),
		must("upper-hex-refused", "201/resolve-forms", "An escape in capital letters is answered with 400.", after(both(created, valued(`\\u00[0-9A-F][A-F]`)), fail(400, "Invalid JSON"))),
		must("id-by-hex-case", "201/resolve-forms", "The id depends on the case of an escape.", identity(func(x *exchange) string {
			return x.id() + regexp.MustCompile(`\\u00[0-9A-F][A-F]`).FindString(string(x.sent))
		})),
		must("last-property-not-read", "201/resolve-key-order", "A user_id behind other properties is not found.", after(func(x *exchange) bool { return created(x) && placeOf(x.sent, userName) > 0 }, fail(400, "user_id is required and must be a string"))),
		must("carriage-return-refused", "201/resolve-forms", "A carriage return between tokens is answered with 400.", after(func(x *exchange) bool { return created(x) && bytes.Contains(x.sent, []byte("\r")) }, fail(400, "Invalid JSON"))),
		must("leading-space-refused", "201/resolve-forms", "White space before the JSON text is answered with 400.", after(func(x *exchange) bool {
			return created(x) && len(bytes.TrimLeft(x.sent, " \t\r\n")) < len(x.sent)
		}, fail(400, "Invalid JSON"))),
	)
}

// assignedForNew gives a user the id that the first request for it names.
func assignedForNew(name string) mechanism {
	return after(created, func(x *exchange) {
		named, _ := memberText(x.sent, name)
		if id := x.memory.first(x.user(), named); id != "" {
			setText(idName, id)(x)
		}
	})
}

// elsewhereDefects take a user from where the contract names none.
func elsewhereDefects() []Deviation {
	taken := func(level func(name, caught, summary string, m mechanism) Deviation, name, what string, find func(x *exchange) string) Deviation {
		return level("user-from-"+name, "400/user_id-elsewhere", "Without a user_id "+what+" is taken for it.", before(func(x *exchange) bool {
			return userMissing(x) && find(x) != ""
		}, func(x *exchange) { askFor(find(x))(x) }))
	}
	within := func(name string) func(x *exchange) string {
		return func(x *exchange) string {
			s, ok := member(x.sent, name)
			if !ok {
				return ""
			}
			text, _ := memberText(x.sent[s.start:s.end], userName)
			return text
		}
	}
	named := func(name string) func(x *exchange) string {
		return func(x *exchange) string { text, _ := memberText(x.sent, name); return text }
	}
	return []Deviation{
		taken(must, "camel-case", "a userId", named("userId")),
		taken(must, "id", "an id", named("id")),
		taken(must, "echo-name", "a manufacturer_user_id", named(echoName)),
		taken(must, "data", "one inside data", within("data")),
		taken(should, "query", "one in the query", func(x *exchange) string { return x.request.URL.Query().Get(userName) }),
		taken(should, "header", "an X-User-Id header", func(x *exchange) string { return x.request.Header.Get("X-User-Id") }),
	}
}

// shapeDefects take a user id as a whole for something else.
func shapeDefects() []Deviation {
	var all []Deviation
	turned := func(name, caught, what, pattern string, f func(string) string) {
		all = append(all, must("echo-"+name, "201/"+caught, "A user id that looks like "+what+" is echoed as something else.", after(created, echo(only(regexp.MustCompile(pattern).MatchString, f)))))
	}
	to := func(text string) func(string) string { return func(string) string { return text } }
	const words, numbers, texts = "echo-words", "echo-number-like", "echo-text-like"
	turned("yaml-no", words, "no", `^(?i:no|n|off)$`, to("false"))
	turned("yaml-yes", words, "yes", `^(?i:yes|y|on)$`, to("true"))
	turned("none-emptied", words, "None", `^None$`, to(""))
	turned("nil-emptied", words, "nil", `^nil$`, to("null"))
	turned("capital-null", words, "NULL", `^NULL$`, to(""))
	turned("infinity", words, "Infinity", `^-?Infinity$`, to("null"))
	turned("database-null", words, "a null in a dump", `^\\N$`, to(""))
	turned("empty-array", words, "an empty array", `^\[\]$`, to(""))
	turned("empty-object", words, "an empty object", `^\{\}$`, to("[object Object]"))
	turned("dots", words, "a parent folder", `^\.\.?$`, to(""))
	turned("percent-dot", words, "a percent code", `^%2[eE]$`, to("."))
	turned("zero-emptied", words, "zero", `^0$`, to(""))
	turned("negative", numbers, "a negative number", `^-[0-9]+$`, func(s string) string { return s[1:] })
	turned("small-exponent", numbers, "a number with exponent", `^[0-9]+[eE][0-9]+$`, func(s string) string { return strings.ToUpper(s) + "0" })
	turned("octal", numbers, "an octal number", `^0[0-7]+$`, func(s string) string { return strings.TrimLeft(s, "0") })
	turned("grouped", numbers, "a number with separators", `^[0-9]{1,3}([,_][0-9]{3})+$`, replace(",", "", "_", ""))
	turned("decimal-comma", numbers, "a number with a decimal comma", `^[0-9]+,[0-9]+$`, replace(",", "."))
	turned("sexagesimal", numbers, "a time of day", `^[0-9]{1,2}:[0-9]{2}$`, replace(":", ""))
	turned("date", numbers, "a date", `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, func(s string) string { return s + "T00:00:00Z" })
	turned("telephone", numbers, "a telephone number", `^\+[0-9 ()-]+$`, replace(" ", "", "(", "", ")", "", "-", ""))
	turned("card-masked", numbers, "the number of a card", `^[0-9]{13,19}$`, func(s string) string { return "************" + lastFour(s) })
	turned("long-number", "echo-digits", "a number of many digits", `^[0-9]{17,}$`, func(s string) string { return asDouble(s) })
	turned("address-anonymised", numbers, "an IP address", `^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$`, func(s string) string { return s[:strings.LastIndex(s, ".")] + ".0" })
	turned("array-joined", texts, "an array", `^\[.+\]$`, func(s string) string { return strings.Trim(s, "[]") })
	turned("formula-guarded", texts, "a formula", `^[=@+-].*[A-Za-z]`, func(s string) string { return "'" + s })
	turned("variable-expanded", texts, "a variable", `\$\{[^}]*\}|\$[A-Z]+`, func(s string) string { return regexp.MustCompile(`\$\{[^}]*\}|\$[A-Z]+`).ReplaceAllString(s, "") })
	turned("ldap-escaped", texts, "a filter of LDAP", `\*\)\(`, replace("*", `\2a`, "(", `\28`, ")", `\29`))
	turned("token-decoded", texts, "a token", `^eyJ[\w-]+\.[\w-]+\.`, until("."))
	turned("quotes-off", texts, "a quoted text", `^".*"$`, func(s string) string { return strings.Trim(s, `"`) })
	turned("url-shortened", texts, "a URL", `^https?://`, func(s string) string { return strings.TrimSuffix(strings.SplitN(s, "?", 2)[0], "/") })
	turned("at-dropped", texts, "a handle", `^@`, func(s string) string { return s[1:] })
	turned("base64-decoded", texts, "Base64", `^[A-Za-z0-9+/]{8,}={1,2}$`, to("decoded"))
	turned("mail-lower-domain", "echo-plus", "an e-mail address", `^[^@]+@[^@]+$`, func(s string) string {
		i := strings.LastIndex(s, "@")
		return s[:i] + strings.ToLower(s[i:])
	})
	turned("surname-fixed", "echo-apostrophe", "a name", `^O'`, func(s string) string { return "O’" + s[2:] })
	refusing := func(name, caught, pattern string) {
		e := regexp.MustCompile(pattern)
		all = append(all,
			must(name+"-refused", "201/"+caught, fmt.Sprintf("A user id like %s is answered with 400.", pattern), after(echoes(e.MatchString), fail(400, "user_id is required and must be a string"))),
			must(name+"-fails", "201/"+caught, fmt.Sprintf("A user id like %s brings about a 500.", pattern), after(echoes(e.MatchString), serverError())))
	}
	refusing("zero-text", words, `^0$`)
	refusing("sign-alone", words, `^[-.]$`)
	refusing("reserved-word", words, `^(?i:admin|root|me)$`)
	refusing("negative-text", numbers, `^-[0-9]`)
	refusing("long-digits", "echo-digits", `^[0-9]{19,}$`)
	refusing("at-first", texts, `^@`)
	refusing("bracketed", texts, `^\[`)
	refusing("url-like", texts, `^https?://`)
	return append(all,
		should("dots-firewalled", "201/"+words, "A firewall answers 403 to a user id of two dots.", after(echoes(equals("..")), page(403, "Forbidden"))),
		should("ldap-firewalled", "201/"+texts, "A firewall answers 403 to a user id that looks like a filter of LDAP.", after(echoes(containing("*)(")), page(403, "Forbidden"))),
		should("token-firewalled", "201/"+texts, "A firewall answers 403 to a user id that looks like a URL.", after(echoes(func(s string) bool { return strings.HasPrefix(s, "https://") }), page(403, "Forbidden"))),
	)
}

// characterDefects change, refuse or fall over characters of one class.
func characterDefects() []Deviation {
	between := func(from, to rune) func(rune) bool { return func(r rune) bool { return r >= from && r <= to } }
	var all []Deviation
	for _, c := range []struct {
		name, what, caught string
		is                 func(rune) bool
		printable          bool
		by                 string
	}{
		{"no-break-space", "A no-break space", "echo-characters", between('\u00a0', '\u00a0'), true, " "},
		{"curly-quote", "A curly quote", "echo-characters", between('\u2018', '\u201f'), true, "'"},
		{"long-dash", "A long dash", "echo-characters", between('\u2010', '\u2015'), true, "-"},
		{"superscript", "A superscript", "echo-characters", between('\u00b2', '\u00b3'), true, "2"},
		{"full-width", "A character of full width", "echo-characters", between('\uff01', '\uff5e'), true, "?"},
		{"hangul", "A letter of Hangul", "echo-multibyte", between('\uac00', '\ud7a3'), true, "?"},
		{"thai", "A letter of Thai", "echo-characters", between('\u0e00', '\u0e7f'), true, "?"},
		{"devanagari", "A letter of Devanagari", "echo-characters", between('\u0900', '\u097f'), true, "?"},
		{"cyrillic", "A letter of Cyrillic", "echo-characters", between('\u0400', '\u04ff'), true, "?"},
		{"currency", "The sign of a currency", "echo-characters", between('\u20a0', '\u20bf'), true, "EUR"},
		{"skin-tone", "A skin tone of an emoji", "echo-characters", between('\U0001f3fb', '\U0001f3ff'), true, ""},
		{"joiner", "A zero-width joiner", "echo-invisible", between('\u200d', '\u200d'), false, ""},
		{"zero-width-space", "A zero-width space", "echo-invisible", between('\u200b', '\u200b'), false, ""},
		{"soft-hyphen", "A soft hyphen", "echo-invisible", between('\u00ad', '\u00ad'), false, "-"},
		{"order-mark-inside", "A byte order mark inside", "echo-invisible", between('\ufeff', '\ufeff'), false, ""},
		{"direction-mark", "A mark of direction", "echo-invisible", between('\u200e', '\u200f'), false, ""},
		{"variation-selector", "A variation selector", "echo-invisible", between('\ufe00', '\ufe0f'), false, ""},
		{"line-separator", "A line separator", "echo-invisible", between('\u2028', '\u2029'), false, "\n"},
		{"second-control", "A control character beyond U+007F", "echo-control", between('\u0080', '\u009f'), false, "?"},
		{"carriage-return", "A carriage return", "echo-control", between('\r', '\r'), false, ""},
		{"final-newline", "A line feed", "echo-control", between('\n', '\n'), false, ""},
		{"noncharacter", "A noncharacter", "echo-noncharacter", func(r rune) bool { return r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef }, false, "\ufffd"},
		{"private-use", "A character of private use", "echo-noncharacter", func(r rune) bool { return unicode.Is(unicode.Co, r) }, false, "?"},
		{"replacement", "U+FFFD", "echo-noncharacter", between('\ufffd', '\ufffd'), false, "?"},
	} {
		all = append(all,
			must(c.name+"-replaced", "201/"+c.caught, c.what+" in a user id is echoed as something else, or not at all.", after(created, echo(mapRunes(c.is, c.by)))),
			must(c.name+"-fails", "201/"+c.caught, c.what+" in a user id brings about a 500.", after(echoes(containingRune(c.is)), serverError())))
		if c.printable {
			all = append(all, must(c.name+"-refused", "201/"+c.caught, c.what+" in a user id is answered with 400.", after(echoes(containingRune(c.is)), fail(400, "user_id has an invalid character"))))
		}
	}
	return append(all,
		must("echo-width-folded", "201/echo-characters", "Characters of full width are echoed as ordinary ones.", after(created, echo(func(s string) string { return width.Fold.String(s) }))),
		must("echo-hangul-composed", "201/echo-characters", "Letters of Hangul are put together in the echo.", after(created, echo(func(s string) string {
			if strings.ContainsFunc(s, between('\u1100', '\u11ff')) {
				return norm.NFC.String(s)
			}
			return s
		}))),
		must("echo-hangul-taken-apart", "201/echo-multibyte", "Letters of Hangul are taken apart in the echo.", after(created, echo(func(s string) string {
			if strings.ContainsFunc(s, between('\uac00', '\ud7a3')) {
				return norm.NFD.String(s)
			}
			return s
		}))),
		must("echo-digits-of-ascii", "201/echo-characters", "Digits of other scripts are echoed as those of ASCII.", after(created, echo(asciiDigits))),
		must("bracket-open-fails", "201/echo-unpaired", "A bracket that is not closed brings about a 500.", after(echoes(func(s string) bool { return strings.Count(s, "(") > strings.Count(s, ")") }), serverError())),
		must("echo-bracket-closed", "201/echo-unpaired", "A bracket that is not closed is closed in the echo.", after(created, echo(func(s string) string {
			return s + strings.Repeat("]", max(0, strings.Count(s, "[")-strings.Count(s, "]")))
		}))),
		must("less-than-cut", "201/echo-unpaired", "The echo ends before a < that is not closed.", after(created, echo(func(s string) string {
			if i := strings.LastIndex(s, "<"); i >= 0 && !strings.Contains(s[i:], ">") {
				return s[:i]
			}
			return s
		}))),
		must("echo-newlines-changed", "201/echo-control", "CR LF is echoed as LF.", after(created, echo(replace("\r\n", "\n")))),
		must("echo-query-escaped", "201/echo-characters", "The echo is escaped for a query where it is not ASCII.", after(created, echo(only(func(s string) bool { return strings.Contains(s, "\u00a0") }, url.QueryEscape)))),
		must("ascii-control-of-json", "201/echo-characters", "A no-break space is taken for the end.", after(created, echo(until("\u00a0")))),
	)
}

// sizeDefects cut, or break down over, what is just over a limit.
func sizeDefects() []Deviation {
	var all []Deviation
	for _, n := range []int{100, 150, 190, 191, 200, 250, 300, 400, 500, 767, 1023, 1024, 2000, 2047, 4000, 4095} {
		all = append(all, must(fmt.Sprintf("echo-cut-after-%d", n), "201/echo-lengths", fmt.Sprintf("The echo is cut after %d characters.", n), after(created, echo(cut(n)))))
	}
	for _, n := range []int{64, 100, 127, 190, 500, 1000} {
		all = append(all, must(fmt.Sprintf("fails-beyond-%d", n), "201/echo-lengths", fmt.Sprintf("A user id of more than %d characters brings about a 500.", n), after(echoes(longer(n)), serverError())))
	}
	for _, n := range []int{64, 128, 255, 1000, 4000} {
		all = append(all, must(fmt.Sprintf("dropped-beyond-%d", n), "201/echo-lengths", fmt.Sprintf("At a user id of more than %d characters the connection is closed.", n), after(echoes(longer(n)), dropped)),
			must(fmt.Sprintf("422-beyond-%d", n), "201/echo-lengths", fmt.Sprintf("A user id of more than %d characters is answered with 422.", n), after(echoes(longer(n)), fail(422, "user_id is too long"))))
	}
	all = append(all,
		must("refused-over-40", "201/echo-length-64", "A user id of more than 40 characters is refused.", after(echoes(longer(40)), fail(400, "user_id is too long"))),
		must("fails-over-64-bytes", "201/echo-multibyte-64", "A user id of more than 64 bytes brings about a 500.", after(echoes(func(s string) bool { return len(s) > 64 }), serverError())),
		must("echo-cut-at-64-bytes", "201/echo-multibyte-64", "The echo is cut after 64 bytes.", after(created, echo(func(s string) string { return strings.ToValidUTF8(s[:min(len(s), 64)], "") }))),
		must("refused-over-100-bytes", "201/echo-multibyte-64", "A user id of more than 100 bytes is refused.", after(echoes(func(s string) bool { return len(s) > 100 }), fail(400, "user_id is too long"))),
		must("echo-cut-at-120-bytes", "201/echo-multibyte-64", "The echo is cut after 120 bytes.", after(created, echo(func(s string) string { return strings.ToValidUTF8(s[:min(len(s), 120)], "") }))),
	)
	for _, n := range []int{8, 16, 32, 60} {
		all = append(all, must(fmt.Sprintf("body-over-%d-kib-fails", n), "400/body-sizes", fmt.Sprintf("A body of more than %d KiB brings about a 500.", n), instead(bodyOver(n<<10), serverError())),
			must(fmt.Sprintf("body-over-%d-kib-dropped", n), "400/body-sizes", fmt.Sprintf("At a body of more than %d KiB the connection is closed.", n), after(both(rejectable, bodyOver(n<<10)), dropped)),
			must(fmt.Sprintf("body-over-%d-kib-cut", n), "400/content-type", fmt.Sprintf("Of a body of more than %d KiB the rest is not read, and what there is is answered with a page.", n), after(both(rejectable, bodyOver(n<<10)), page(400, "Bad Request"))))
	}
	for _, n := range []int{20, 32, 64, 120, 200} {
		all = append(all, must(fmt.Sprintf("depth-over-%d-fails", n), "400/depths", fmt.Sprintf("A body nested more than %d levels deep brings about a 500.", n), crash(nested(n))),
			must(fmt.Sprintf("depth-over-%d-dropped", n), "400/depths", fmt.Sprintf("At a body nested more than %d levels deep the connection is closed.", n), after(both(rejectable, nested(n)), dropped)))
	}
	return all
}

// typeDefects take a user_id of a wrong type for a text, or break down over it,
// where the first of its type is refused as it should be.
func typeDefects() []Deviation {
	var all []Deviation
	for _, e := range []struct{ name, what, pattern string }{
		{"negative", "A negative number", `^-[0-9]+$`},
		{"fraction", "A number with a fraction", `^-?[0-9]+\.[0-9]+$`},
		{"exponent", "A number with an exponent", `^-?[0-9.]+[eE]`},
		{"long-integer", "An integer beyond 64 bits", `^[0-9]{20,}$`},
		{"wide-integer", "An integer beyond 53 bits", `^[0-9]{16,19}$`},
		{"array-of-null", "[null]", `^\[\s*null`},
		{"array-of-number", "An array that begins with a number", `^\[\s*[0-9]`},
		{"array-of-array", "An array of arrays", `^\[\s*\[`},
		{"array-of-object", "An array of objects", `^\[\s*\{`},
		{"array-of-two", "An array of several texts", `^\["[^"]*",`},
		{"operator", `{"$ne": …}`, `^\{\s*"\$`},
		{"nested", `{"user_id": …}`, `^\{\s*"user_id"`},
		{"with-id", `{"id": …}`, `^\{\s*"id"`},
		{"with-text", `An object that has a toString`, `^\{\s*"toString"`},
		{"with-length", `An object that has a length`, `^\{\s*"length"`},
		{"long-array", "An array of many elements", `^\[.{400,}`},
	} {
		is := userRaw(regexp.MustCompile("(?s)" + e.pattern).MatchString)
		all = append(all, must("type-"+e.name+"-accepted", "400/user_id-more-types", e.what+" is taken for a user_id.", before(is, ask(askAsText))))
		all = append(all, must("type-"+e.name+"-fails", "400/user_id-more-types", e.what+" for a user_id brings about a 500.", crash(is)))
		switch e.name {
		case "long-integer": // which some parsers hand on as a text
			all[len(all)-1].Level, all[len(all)-2].Level = "should", "should"
		case "with-text": // which validators in JavaScript fail to quote
			all[len(all)-1].Level = "should"
		}
	}
	unlikely := userRaw(regexp.MustCompile(`^[-0-9]`).MatchString)
	return append(all,
		must("type-one-accepted", "400/user_id-more-types", "The number 1 is taken for a user_id.", before(userLiterally("1"), ask(askAsText))),
		must("type-other-numbers-422", "400/user_id-more-types", "A number beyond 53 bits is answered with 422.", after(both(both(rejected, unlikely), userRaw(func(s string) bool { return len(s) > 16 })), setStatus(422))),
		must("type-object-422", "400/user_id-more-types", "An operator for a user_id is answered with 422.", after(both(rejected, userRaw(func(s string) bool { return strings.Contains(s, "$ne") })), setStatus(422))),
	)
}

// malformedDefects take, or break down over, one kind of text that is not JSON.
func malformedDefects() []Deviation {
	var all []Deviation
	for _, e := range []struct {
		name, what string
		is         func(string) bool
	}{
		{"no-value", "a property without a value", func(s string) bool { return strings.Contains(s, ":}") || strings.Contains(s, ": }") }},
		{"short-escape", "an escape that is too short", regexp.MustCompile(`\\u[0-9a-fA-F]{0,3}"`).MatchString},
		{"lone-brace", "a closing brace alone", func(s string) bool { return s == "}" }},
		{"lone-bracket", "an opening bracket alone", func(s string) bool { return s == "[" }},
		{"lone-quote", "a quote alone", func(s string) bool { return s == `"` }},
		{"many-brackets", "thousands of brackets", func(s string) bool { return strings.Count(s, "[") > 2000 }},
		{"cut-name", "a name without anything behind it", func(s string) bool { return regexp.MustCompile(`^\{"\w+"\}?$`).MatchString(s) }},
		{"form", "a web form", func(s string) bool { return strings.HasPrefix(s, "user_id=") }},
		{"xml", "XML", func(s string) bool { return strings.HasPrefix(s, "<") }},
		{"word", "a word", func(s string) bool { return regexp.MustCompile(`^[a-z]+$`).MatchString(s) && !json.Valid([]byte(s)) }},
		{"backslash", "a backslash at the end", func(s string) bool { return strings.HasSuffix(s, `\"}`) }},
		{"binary", "bytes of no text", func(s string) bool { return strings.HasPrefix(s, "\x1f\x8b") || strings.HasPrefix(s, "\x00") }},
		{"half-character", "half a character at the end", func(s string) bool {
			return regexp.MustCompile(`[\xc3\xe2\xf0]"\}$`).MatchString(strings.ToValidUTF8(s, "")) || strings.Contains(s, "\xc3\"}") || strings.Contains(s, "\xe2\x82\"}")
		}},
		{"double-comma", "two commas", func(s string) bool { return strings.Contains(s, ",,") }},
		{"double-colon", "two colons", func(s string) bool { return strings.Contains(s, "::") }},
		{"mixed-brackets", "a bracket that closes a brace", func(s string) bool { return strings.HasPrefix(s, "{") && strings.HasSuffix(s, "]") }},
	} {
		is := both(malformed, sentLike(e.is))
		all = append(all, must("malformed-"+e.name+"-fails", "400/json-kinds", "A body with "+e.what+" brings about a 500.", crash(is)),
			must("malformed-"+e.name+"-422", "400/json-kinds", "A body with "+e.what+" is answered with 422.", after(both(rejected, is), setStatus(422))))
		if e.name != "half-character" && e.name != "double-comma" {
			all = append(all, must("malformed-"+e.name+"-accepted", "400/json-kinds", "A body with "+e.what+" creates a user.", before(is, askFor("undefined"))))
		}
	}
	for i, d := range all { // what only a client can notice that sends it
		switch d.Name {
		case "malformed-many-brackets-fails", "malformed-many-brackets-accepted", "malformed-short-escape-accepted", "malformed-half-character-fails", "malformed-double-comma-fails":
			all[i].Level = "should"
		}
	}
	return append(all,
		must("malformed-page", "400/content-type", "A body that is cut within a name is answered with a page.", after(both(rejected, both(malformed, sentLike(func(s string) bool { return strings.HasPrefix(s, "{\"") && !strings.Contains(s, ":") }))), page(400, "Bad Request"))),
		must("malformed-brackets-dropped", "400/json-kinds", "At thousands of brackets the connection is closed.", after(both(rejected, sentLike(func(s string) bool { return strings.Count(s, "[") > 2000 })), dropped)),
	)
}
