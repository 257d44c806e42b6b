package defect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"
)

// lookalikeDefects take a user id that looks like something else than a text
// for what it looks like, and echo it as that is usually written.
func lookalikeDefects() []Deviation {
	return []Deviation{
		must("echo-boolean-capitalised", "201/echo-boolean", `The user id "true" is echoed as "True".`, after(created, echo(only(equals("true"), func(string) string { return "True" })))),
		must("boolean-text-refused", "201/echo-boolean", `The user id "true" is refused as a boolean.`, after(echoes(equals("true")), fail(400, "user_id is required and must be a string"))),
		must("echo-false-emptied", "201/echo-false", `The user id "false" is echoed as "".`, after(created, echo(only(equals("false"), func(string) string { return "" })))),
		must("echo-nan-as-null", "201/echo-not-a-number", `The user id "NaN" is echoed as "null".`, after(created, echo(only(equals("NaN"), func(string) string { return "null" })))),
		must("echo-undefined-emptied", "201/echo-undefined", `The user id "undefined" is echoed as "".`, after(created, echo(only(equals("undefined"), func(string) string { return "" })))),
		must("echo-exponent-expanded", "201/echo-exponent", "A user id that looks like a number with an exponent is echoed without it.", after(created, echo(only(exponent.MatchString, expanded)))),
		must("echo-fraction-shortened", "201/echo-fraction", "Zeros at the end of a user id that looks like a fraction are dropped.", after(created, echo(only(fraction.MatchString, func(s string) string { return strings.TrimRight(s, "0") })))),
		must("echo-hexadecimal-read", "201/echo-hexadecimal", "A user id that looks like a hexadecimal number is echoed as a decimal one.", after(created, echo(only(hexadecimal.MatchString, expanded)))),
		must("echo-sign-dropped", "201/echo-signed", "The plus sign before digits is missing in the echo.", after(created, echo(only(signed.MatchString, func(s string) string { return s[1:] })))),
		must("echo-uuid-lower-cased", "201/echo-uuid", "A user id that is a UUID is echoed in lower case.", after(created, echo(only(uuidLike.MatchString, strings.ToLower)))),
		must("echo-date-in-utc", "201/echo-date", "A user id that looks like a point in time is echoed in UTC.", after(created, echo(inUTC))),
		must("echo-json-compacted", "201/echo-json", "A user id that looks like JSON is echoed without white space.", after(created, echo(compacted))),
		must("json-text-refused", "201/echo-json", "A user id that looks like JSON is refused as an object.", after(echoes(likeObject), fail(400, "user_id is required and must be a string"))),
	}
}

var (
	exponent    = regexp.MustCompile(`^[0-9]+e[0-9]+$`)
	fraction    = regexp.MustCompile(`^[0-9]+\.[0-9]*0$`)
	hexadecimal = regexp.MustCompile(`^0x[0-9A-Fa-f]+$`)
	signed      = regexp.MustCompile(`^\+[0-9]+$`)
	uuidLike    = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
)

// only changes a text for which is holds.
func only(is func(string) bool, f func(string) string) func(string) string {
	return func(s string) string {
		if is(s) {
			return f(s)
		}
		return s
	}
}

// expanded writes a number in decimal digits.
func expanded(s string) string {
	if n, ok := new(big.Rat).SetString(s); ok && len(s) < 8 {
		return fmt.Sprint(n.Num())
	}
	return s
}

func inUTC(s string) string {
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at.UTC().Format(time.RFC3339)
	}
	return s
}

func likeObject(s string) bool { return strings.HasPrefix(s, "{") && json.Valid([]byte(s)) }

func compacted(s string) string {
	var b bytes.Buffer
	if likeObject(s) && json.Compact(&b, []byte(s)) == nil {
		return b.String()
	}
	return s
}
