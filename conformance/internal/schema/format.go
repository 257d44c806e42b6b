package schema

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// formatSample is the i-th value of a format of OpenAPI 3.0.3 ("Data Types") or
// JSON Schema (validation, section 7.3); "" for a format that is not known.
// Values differ for every i below a thousand.
func formatSample(format string, i int) string {
	switch format {
	case "date":
		return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i).Format(time.DateOnly)
	case "date-time":
		return time.Date(2026, 3, 1, 12, 0, i, 0, time.UTC).Format(time.RFC3339)
	case "time":
		return time.Date(2026, 3, 1, 12, 0, i, 0, time.UTC).Format("15:04:05Z")
	case "duration":
		return fmt.Sprintf("PT%dM", 15+i)
	case "email", "idn-email":
		return numbered("somebody%s@example.com", i)
	case "uuid":
		return fmt.Sprintf("6f1c1d4e-8d5b-4c59-9a55-0b7f3a9f%04x", 0x3b10+i)
	case "uri", "url", "iri", "uri-reference", "iri-reference":
		return numbered("https://example.com/path%s", i)
	case "hostname", "idn-hostname":
		return numbered("host%s.example.com", i)
	case "ipv4":
		return fmt.Sprintf("192.0.%d.%d", 2+i/250, 1+i%250)
	case "ipv6":
		return fmt.Sprintf("2001:db8::%x", 1+i)
	case "byte":
		return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "something%d", i))
	case "json-pointer":
		return numbered("/sample%s", i)
	case "relative-json-pointer":
		return strconv.Itoa(i) + "/sample"
	}
	return ""
}

// numbered puts a number into a text; nothing for the first.
func numbered(format string, i int) string {
	if i == 0 {
		return fmt.Sprintf(format, "")
	}
	return fmt.Sprintf(format, "-"+strconv.Itoa(i))
}

// longInFormat makes a value of a format with a number of characters; "" where
// the format leaves no room for that.
func longInFormat(format string, length int) string {
	switch format {
	case "uri", "url", "iri", "uri-reference", "iri-reference":
		const start = "https://example.com/"
		if length > len(start) {
			return start + strings.Repeat("x", length-len(start))
		}
	case "email":
		const end = "@example.com"
		if local := length - len(end); local > 0 && local <= 64 { // RFC 5321, section 4.5.3.1.1
			return strings.Repeat("x", local) + end
		}
	}
	return ""
}

// brokenFormat are two values that are not in a format: one nearly, one not at
// all; "" for a format that is not known.
func brokenFormat(format string) (near, wrong string) {
	switch format {
	case "date":
		return "2026-02-30", "soon"
	case "date-time":
		return "2026-03-01 12:00", "soon"
	case "time":
		return "25:00:00Z", "noon"
	case "duration":
		return "P1H", "an hour"
	case "email", "idn-email":
		return "somebody@", "nobody"
	case "uuid":
		return "6f1c1d4e-8d5b-4c59-9a55-0b7f3a9f3b1", "no uuid"
	case "uri", "url", "iri":
		return "//example.com/path", "not a uri at all"
	case "hostname":
		return "-host.example.com", "no host name"
	case "ipv4":
		return "192.0.2.256", "here"
	case "ipv6":
		return "2001:db8::1::2", "here"
	case "byte":
		return "c29tZXRoaW5n=", "?!"
	case "json-pointer":
		return "sample", "sample~2"
	case "uri-reference", "iri-reference":
		return "/100%", "\\\\ %%"
	case "regex":
		return "(sample", "["
	}
	return "", ""
}

// integerFormat is the greatest number of a format of integers, nil for others;
// the least is one below its negative.
func integerFormat(format string) *big.Int {
	bits := map[string]uint{"int8": 7, "int16": 15, "int32": 31, "int64": 63}[format]
	if bits == 0 {
		return nil
	}
	one := big.NewInt(1)
	return new(big.Int).Sub(new(big.Int).Lsh(one, bits), one)
}

// InIntegerFormat reports whether a number is within a format of integers, as int32.
func InIntegerFormat(format string, n *big.Rat) bool {
	most := integerFormat(format)
	if most == nil {
		return true
	}
	least := new(big.Int).Not(most)
	return n.Cmp(new(big.Rat).SetInt(most)) <= 0 && n.Cmp(new(big.Rat).SetInt(least)) >= 0
}
