package defect

import (
	"html"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// echoDefects change the user id that a 201 echoes, or fail over it. The
// contract: "The manufacturer's user ID that was provided."
func echoDefects() []Deviation {
	return slices.Concat(asciiEchoDefects(), lookalikeDefects(), unicodeEchoDefects(), lengthEchoDefects())
}

func asciiEchoDefects() []Deviation {
	return []Deviation{
		must("echo-lower-cased", "201/echo-case", "The echo is in lower case.", after(created, echo(strings.ToLower))),
		must("echo-upper-cased", "201/echo-case", "The echo is in upper case.", after(created, echo(strings.ToUpper))),
		must("echo-of-nox-id", "201/echo-case", "The echo is the NOX id.", after(created, decorated(newText(echoName), (*exchange).id))),
		must("echo-prefixed", "201/echo-case", "The echo has the manufacturer's name before it.", after(created, echo(func(s string) string { return "acme:" + s }))),
		must("echo-of-request-before", "201/echo-case", "The echo is that of the request before.", previous()),
		must("echo-hashed", "201/echo-case", "The echo is a hash of the user id.", after(created, echo(idOf))),
		must("echo-digits-as-number", "201/schema", "A user id of digits is echoed as a number.", after(echoes(digits), mapRaw(echoName, unquoted))),
		must("echo-digits-with-fraction", "201/echo-digits", `A user id of digits is echoed as it comes from a spreadsheet: "17.0".`, after(echoes(digits), echo(func(s string) string { return s + ".0" }))),
		must("echo-leading-zeros-dropped", "201/echo-leading-zeros", "Leading zeros of a user id of digits are dropped.", after(echoes(digits), echo(func(s string) string { return strings.TrimLeft(s, "0") }))),
		must("echo-inner-spaces-collapsed", "201/echo-inner-space", "Spaces in the echo are collapsed into one.", after(created, echo(inner(func(s string) string { return strings.Join(strings.Fields(s), " ") })))),
		must("echo-inner-spaces-dropped", "201/echo-inner-space", "The echo has no spaces inside.", after(created, echo(inner(replace(" ", ""))))),
		must("echo-inner-spaces-percent", "201/echo-inner-space", "Spaces inside the echo are percent-encoded.", after(created, echo(inner(replace(" ", "%20"))))),
		must("echo-trimmed", "201/echo-outer-space", "Outer white space of the echo is cut off.", after(created, echo(strings.TrimSpace))),
		must("echo-trimmed-behind", "201/echo-outer-space", "White space behind the echo is cut off, as a padded column does.", after(created, echo(func(s string) string { return strings.TrimRight(s, " ") }))),
		must("outer-space-refused", "201/echo-outer-space", "A user id with outer white space is refused.", after(echoes(func(s string) bool { return strings.TrimSpace(s) != s }), fail(400, "user_id must not begin or end with white space"))),
		must("echo-html-escaped", "201/echo-html", "The echo is escaped for HTML.", after(created, echo(html.EscapeString))),
		must("echo-tags-stripped", "201/echo-html", "Tags are stripped from the echo.", after(created, echo(func(s string) string { return tag.ReplaceAllString(s, "") }))),
		should("html-firewalled", "201/echo-html", "A firewall answers 403 to a user id with a tag.", after(echoes(tag.MatchString), page(403, "Forbidden"))),
		must("echo-quotes-escaped", "201/echo-quotes", "Quotes in the echo get a backslash.", after(created, echo(replace(`"`, `\"`, `'`, `\'`)))),
		must("echo-quotes-doubled", "201/echo-quotes", "Quotes in the echo are doubled, as in CSV and SQL.", after(created, echo(replace(`"`, `""`, `'`, `''`)))),
		must("echo-quotes-dropped", "201/echo-quotes", "Quotes are missing in the echo.", after(created, echo(replace(`"`, "", `'`, "")))),
		must("echo-quotes-raw", "201/json", "Quotes stand in the echo unescaped, so that the JSON breaks.", after(created, mapRaw(echoName, replace(`\"`, `"`)))),
		must("echo-backslashes-dropped", "201/echo-backslash", "Backslashes are missing in the echo.", after(created, echo(replace(`\`, "")))),
		must("echo-backslashes-doubled", "201/echo-backslash", "Backslashes in the echo are doubled.", after(created, echo(replace(`\`, `\\`)))),
		must("echo-backslash-escapes-read", "201/echo-backslash", `\n and \t in the echo have become line feed and tab.`, after(created, echo(replace(`\n`, "\n", `\t`, "\t", `\\`, `\`, `\`, "")))),
		must("echo-percent-decoded", "201/echo-percent", "The echo is percent-decoded.", after(created, echo(percentDecoded))),
		must("echo-percent-encoded", "201/echo-percent", "The echo is percent-encoded.", after(created, echo(url.PathEscape))),
		must("echo-percent-decoded-if-valid", "201/echo-percent-encoded", "The echo is percent-decoded where that can be done.", after(created, echo(func(s string) string {
			if decoded, err := url.PathUnescape(s); err == nil {
				return decoded
			}
			return s
		}))),
		must("echo-brackets-dropped", "201/echo-punctuation", "Brackets are missing in the echo.", after(created, echo(replace("[", "", "]", "")))),
		must("percent-format", "201/echo-percent", "A user id with a per cent sign is taken for a format.", after(created, echo(replace("%", "%!(NOVERB)")))),
		must("echo-plus-as-space", "201/echo-plus", "A plus sign is echoed as a space.", after(created, echo(replace("+", " ")))),
		must("echo-plus-encoded", "201/echo-plus", "A plus sign is echoed as %2B.", after(created, echo(replace("+", "%2B")))),
		must("echo-path-cleaned", "201/echo-slash", "The echo is cleaned as a path is.", after(echoes(containing("/")), echo(path.Clean), echo(replace("/", "")))),
		must("echo-base-name", "201/echo-slash", "The echo is what stands behind the last slash.", after(echoes(containing("/")), echo(path.Base))),
		must("slash-unknown-path", "201/echo-slash", "A user id with a slash is answered with 404.", after(echoes(containing("/")), page(404, "Not Found"))),
		must("echo-template-evaluated", "201/echo-template", "Templates in the user id are evaluated.", after(created, echo(evaluated))),
		must("echo-template-emptied", "201/echo-template", "Placeholders in the user id are filled with nothing.", after(created, echo(func(s string) string { return template.ReplaceAllString(s, "") }))),
		must("template-fails", "201/echo-template", "A user id with a placeholder brings about a 500.", after(echoes(template.MatchString), serverError())),
		must("apostrophe-firewalled", "201/echo-apostrophe", "A firewall answers 403 to a user id with an apostrophe, as in O'Brien.", after(echoes(containing("'")), page(403, "Forbidden"))),
		should("sql-firewalled", "201/echo-sql", "A firewall answers 403 to a user id that looks like SQL.", after(echoes(likeSQL.MatchString), page(403, "Forbidden"))),
		must("sql-injected", "201/echo-sql", "A user id that looks like SQL brings about a 500.", after(echoes(likeSQL.MatchString), serverError())),
		must("echo-sql-cut", "201/echo-sql", "The echo ends before what looks like SQL.", after(created, echo(func(s string) string { return likeSQL.ReplaceAllString(s, "") }))),
		must("echo-proto-as-object", "201/echo-proto", `The user id __proto__ is echoed as "[object Object]".`, after(created, echo(replace("__proto__", "[object Object]", "constructor", "function Object() { [native code] }")))),
		must("proto-fails", "201/echo-proto", "The user id __proto__ brings about a 500.", after(echoes(containing("__proto__", "constructor")), serverError())),
		must("echo-null-as-null", "201/schema", `The user id "null" is echoed as null.`, after(echoes(equals("null")), setRaw(echoName, "null"))),
		must("echo-null-empty", "201/echo-null", `The user id "null" is echoed as "".`, after(echoes(equals("null")), setText(echoName, ""))),
		must("echo-null-dropped", "201/echo-null", `The words null and undefined are missing in the echo.`, after(created, echo(replace("null", "", "undefined", "")))),
		must("null-text-refused", "201/echo-null", `The user id "null" is refused as missing.`, after(echoes(equals("null")), fail(400, "user_id is required and must be a string"))),
		must("echo-control-dropped", "201/echo-control", "Control characters are missing in the echo.", after(created, echo(mapRunes(unicode.IsControl, "")))),
		must("echo-control-as-space", "201/echo-control", "Control characters are echoed as spaces.", after(created, echo(mapRunes(unicode.IsControl, " ")))),
		must("echo-empty-replaced", "201/echo-empty", "An empty user id is echoed as \"undefined\".", after(echoes(func(s string) bool { return s == "" }), echo(func(string) string { return "undefined" }))),
		must("echo-blank-emptied", "201/echo-blank", "A user id of spaces is echoed as nothing.", after(created, echo(func(s string) string {
			if strings.TrimSpace(s) == "" {
				return ""
			}
			return s
		}))),
		must("echo-invisible-dropped", "201/echo-invisible", "Characters that do not show are missing in the echo.", after(created, echo(mapRunes(func(r rune) bool { return unicode.Is(unicode.Cf, r) || r == '\u2028' }, "")))),
		must("control-fails", "201/echo-control", "A control character in a user id brings about a 500.", after(echoes(hasControl), serverError())),
	}
}

func unicodeEchoDefects() []Deviation {
	return []Deviation{
		must("echo-mojibake", "201/echo-multibyte", "UTF-8 in the user id is read as ISO 8859-1.", after(created, echo(latin1))),
		must("echo-ascii-only", "201/echo-multibyte", "Characters beyond ASCII are echoed as question marks.", after(created, echo(mapRunes(beyond(unicode.MaxASCII), "?")))),
		must("echo-accents-dropped", "201/echo-multibyte", "Letters are echoed without their accents.", after(created, echo(func(s string) string { return mapRunes(isMark, "")(norm.NFD.String(s)) }))),
		must("multibyte-refused", "201/echo-multibyte", "A user id beyond ASCII is refused.", after(echoes(containingRune(beyond(unicode.MaxASCII))), fail(400, "user_id must be ASCII"))),
		must("echo-astral-replaced", "201/echo-astral", "Characters beyond U+FFFF are echoed as U+FFFD.", after(created, echo(mapRunes(beyond(0xffff), "\uFFFD")))),
		must("echo-astral-dropped", "201/echo-astral", "The echo ends before the first character beyond U+FFFF, as a three-byte column does.", after(created, echo(untilAstral))),
		must("astral-fails", "201/echo-astral", "A character beyond U+FFFF brings about a 500.", after(echoes(containingRune(beyond(0xffff))), serverError())),
		must("echo-composed", "201/echo-combining", "The echo is in normal form C.", after(created, echo(norm.NFC.String))),
		must("echo-marks-dropped", "201/echo-combining", "Combining marks are missing in the echo.", after(created, echo(mapRunes(isMark, "")))),
		must("echo-decomposed", "201/echo-precomposed", "The echo is in normal form D.", after(created, echo(norm.NFD.String))),
		must("echo-compatible", "201/echo-precomposed", "The echo is in normal form KD.", after(created, echo(norm.NFKD.String))),
		must("echo-right-to-left-turned", "201/echo-right-to-left", "Text from right to left is turned round in the echo.", after(echoes(containingRune(rightToLeft)), echo(reversed))),
		must("echo-right-to-left-dropped", "201/echo-right-to-left", "Letters and controls of right-to-left text are missing in the echo.", after(created, echo(mapRunes(rightToLeft, "")), echo(mapRunes(isFormat, "")))),
	}
}

func lengthEchoDefects() []Deviation {
	return []Deviation{
		must("length-1-refused", "201/echo-length-1", "A user id of one character is refused.", after(echoes(func(s string) bool { return len([]rune(s)) == 1 }), fail(400, "user_id is too short"))),
		must("length-1-padded", "201/echo-length-1", "A user id of one character is echoed with zeros before it.", after(created, echo(func(s string) string { return strings.Repeat("0", max(0, 3-len(s))) + s }))),
		must("echo-cut-at-32", "201/echo-length-36", "The echo is cut after 32 characters.", after(created, echo(cut(32)))),
		must("length-36-as-uuid", "201/echo-length-36", "A user id of 36 characters is echoed without dashes, as a UUID column does.", after(echoes(func(s string) bool { return len(s) == 36 }), echo(replace("-", "", "_", "")), echo(cut(32)))),
		must("echo-cut-at-63", "201/echo-length-64", "The echo is cut after 63 characters.", after(created, echo(cut(63)))),
		must("refused-over-50", "201/echo-length-64", "A user id of more than 50 characters is refused.", after(echoes(longer(50)), fail(400, "user_id is too long"))),
		must("echo-cut-at-64", "201/echo-lengths", "The echo is cut after 64 characters.", after(created, echo(cut(64)))),
		must("echo-cut-at-128", "201/echo-lengths", "The echo is cut after 128 characters.", after(created, echo(cut(128)))),
		must("fails-over-200", "201/echo-lengths", "A user id of more than 200 characters brings about a 500.", after(echoes(longer(200)), serverError())),
		must("echo-cut-at-255", "201/echo-lengths", "The echo is cut after 255 characters.", after(created, echo(cut(255)))),
		must("fails-over-255", "201/echo-lengths", "A user id of more than 255 characters brings about a 500.", after(echoes(longer(255)), serverError())),
		must("echo-cut-at-512", "201/echo-lengths", "The echo is cut after 512 characters.", after(created, echo(cut(512)))),
		must("echo-elided", "201/echo-lengths", "The echo of a long user id ends in an ellipsis.", after(echoes(longer(500)), echo(cut(497)), echo(func(s string) string { return s + "..." }))),
		must("413-over-500", "201/echo-lengths", "A user id of more than 500 characters is answered with 413.", after(echoes(longer(500)), fail(413, "Payload too large"))),
	}
}

var (
	tag      = regexp.MustCompile(`<[^>]*>`)
	template = regexp.MustCompile(`\{\{.*?\}\}|\$\{.*?\}|#\{.*?\}|<%.*?%>`)
	product  = regexp.MustCompile(`(\d)\s*\*\s*(\d)`)
	likeSQL  = regexp.MustCompile(`(?i)(--|;|'\s*(or|and|union)\b|\b(drop|delete|select|insert|union)\b\s).*`)
)

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func unquoted(raw string) string {
	s := strings.TrimLeft(strings.Trim(raw, `"`), "0")
	if s == "" {
		return "0"
	}
	return s
}

// inner changes what stands between the outer white space.
func inner(f func(string) string) func(string) string {
	return func(s string) string {
		core := strings.TrimSpace(s)
		return strings.Replace(s, core, f(core), 1)
	}
}

func percentDecoded(s string) string {
	if decoded, err := url.PathUnescape(s); err == nil {
		return decoded
	}
	return strings.ReplaceAll(s, "%", "")
}

// evaluated does what a template engine does to the usual probe.
func evaluated(s string) string {
	return template.ReplaceAllStringFunc(s, func(t string) string {
		if m := product.FindStringSubmatch(t); m != nil {
			a, _ := strconv.Atoi(m[1]) // one digit each
			b, _ := strconv.Atoi(m[2])
			return strconv.Itoa(a * b)
		}
		return "undefined"
	})
}

func beyond(last rune) func(rune) bool { return func(r rune) bool { return r > last } }
func isMark(r rune) bool               { return unicode.Is(unicode.Mn, r) }
func isFormat(r rune) bool             { return unicode.Is(unicode.Cf, r) }

func untilAstral(s string) string {
	if i := strings.IndexFunc(s, beyond(0xffff)); i >= 0 {
		return s[:i]
	}
	return s
}
