package safe

import (
	"fmt"
	"net/url"
	"strings"
)

// URL encodes what may not stand in a URL (RFC 3986, section 2) and leaves
// the rest alone, so that a sound URL stays the same byte for byte. What is no
// absolute URL even so becomes about:invalid.
func URL(s string) string {
	var b strings.Builder
	tail, fragment := false, false // behind a "?" or "#", behind a "#"
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])),
			c <= ' ', c >= 0x7f, strings.IndexByte("\"<>\\^`{|}", c) >= 0,
			c == '#' && fragment, (c == '[' || c == ']') && tail:
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
		fragment = fragment || c == '#'
		tail = tail || c == '?' || c == '#'
	}
	if u, err := url.Parse(b.String()); err != nil || !u.IsAbs() {
		return "about:invalid"
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
