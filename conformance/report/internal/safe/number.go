package safe

import (
	"math"
	"strconv"
	"strings"
)

// Count writes "1 check", "2 checks", "1,200 checks".
func Count(n int, noun string) string { return Several(n, noun, noun+"s") }

// Several writes a number before the word for one, or the word for many.
func Several(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(int64(n)) + " " + many
}

// Thousands writes 1048576 as "1,048,576".
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Duration writes milliseconds for people: "0.4 ms", "312 ms", "2.5 s".
func Duration(ms float64) string {
	switch ms = Finite(ms); {
	case ms < 100:
		return strconv.FormatFloat(ms, 'f', 1, 64) + " ms"
	case ms < 1000:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	}
	return strconv.FormatFloat(ms/1000, 'f', 1, 64) + " s"
}

// Finite turns what no format can write as a number into 0.
func Finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}
