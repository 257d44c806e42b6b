package spec

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pb33f/go-yaml"
)

// The core schema of YAML 1.2 (section 10.3.2). What YAML 1.1 made of yes, on,
// 0777, 1_000, 12:30 or 2026-01-02 is text, as most authors mean it.
var (
	yamlNull    = regexp.MustCompile(`^(null|Null|NULL|~|)$`)
	yamlBool    = regexp.MustCompile(`^(true|True|TRUE|false|False|FALSE)$`)
	yamlInteger = regexp.MustCompile(`^[-+]?[0-9]+$`)
	yamlOctal   = regexp.MustCompile(`^0o[0-7]+$`)
	yamlHex     = regexp.MustCompile(`^0x[0-9a-fA-F]+$`)
	yamlBeyond  = regexp.MustCompile(`^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
	yamlFloat   = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	jsonNumber  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)
)

// scalarKind is the JSON type of a scalar.
type scalarKind int

const (
	isText scalarKind = iota
	isNull
	isBool
	isNumber
)

// resolve reads a scalar: its type, and its text as JSON writes it (of a
// string, without the quotes).
func resolve(n *yaml.Node) (scalarKind, string) {
	tag := ""
	if n.Style&yaml.TaggedStyle != 0 {
		tag = n.ShortTag()
	}
	quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	if tag == "!!str" || tag == "!!binary" || tag == "!!timestamp" || quoted && tag == "" {
		return isText, n.Value
	}
	v := n.Value
	switch {
	case yamlNull.MatchString(v):
		return isNull, "null"
	case yamlBool.MatchString(v):
		return isBool, strings.ToLower(v)
	}
	if text, ok := numberText(v); ok {
		return isNumber, text
	}
	return isText, v
}

// numberText writes a number of YAML as JSON does, digit by digit.
func numberText(v string) (text string, ok bool) {
	switch {
	case jsonNumber.MatchString(v), yamlBeyond.MatchString(v): // see isFinite
		return v, true
	case yamlOctal.MatchString(v), yamlHex.MatchString(v):
		n, ok := new(big.Int).SetString(v, 0)
		if !ok {
			return "", false
		}
		return n.String(), true
	case yamlInteger.MatchString(v), yamlFloat.MatchString(v):
		sign := ""
		if strings.HasPrefix(v, "-") {
			sign = "-"
		}
		v = strings.TrimLeft(v, "+-")
		exponent := ""
		if at := strings.IndexAny(v, "eE"); at >= 0 {
			v, exponent = v[:at], v[at:]
		}
		whole, fraction, _ := strings.Cut(v, ".")
		if whole = strings.TrimLeft(whole, "0"); whole == "" {
			whole = "0"
		}
		if fraction != "" {
			fraction = "." + fraction
		}
		return sign + whole + fraction + exponent, true
	}
	return "", false
}

// isFinite reports whether a number can be kept in a float64, as most readers
// of JSON do.
func isFinite(text string) bool {
	f, err := strconv.ParseFloat(text, 64)
	return err == nil && !math.IsInf(f, 0)
}

const hexDigits = "0123456789abcdef"

// appendText appends a string as JSON, escaped so that a YAML parser takes it
// as well.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r >= 0xfffe && r <= 0xffff:
			b = append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
