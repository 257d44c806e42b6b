package report

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"nox.energy/contract/conformance"
)

// errNoResult is what every writer returns for a nil result.
var errNoResult = errors.New("there is no result to report")

// format is one report format: its name and its writer.
type format struct {
	name  string
	write func(io.Writer, *conformance.Result) error
}

func formats() []format {
	return []format{
		{"text", plainText},
		{"json", JSON},
		{"junit", JUnit},
		{"html", HTML},
		{"sarif", SARIF},
		{"markdown", Markdown},
		{"github", GitHub},
		{"gitlab", GitLab},
		{"har", HAR},
	}
}

func plainText(w io.Writer, r *conformance.Result) error { return Text(w, r, TextOptions{}) }

// Formats returns the names that [Write] takes, in the order of the
// documentation.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// Write writes r to w in the named format. An unknown format is an error that
// names the nearest one and all there are.
func Write(w io.Writer, format string, r *conformance.Result) error {
	for _, f := range formats() {
		if f.name == format {
			return f.write(w, r)
		}
	}
	names := Formats()
	return fmt.Errorf("unknown report format %.40q; did you mean %q? The formats are %s",
		format, nearest(format, names), strings.Join(names, ", "))
}

// nearest returns the name with the least edit distance to s, the first of
// several.
func nearest(s string, names []string) string {
	best, least := "", -1
	for _, name := range names {
		if d := distance(strings.ToLower(s), name); least < 0 || d < least {
			best, least = name, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes. a is cut to a length at which
// no format can be near any more.
func distance(a, b string) int {
	a = a[:min(len(a), 40)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
