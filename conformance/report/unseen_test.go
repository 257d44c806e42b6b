package report_test

import "unicode"

// isUnseen tells whether a character of a report could steer a terminal or
// hide in it.
func isUnseen(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}
