package report

import (
	"fmt"
	"io"
	"strings"

	"nox.energy/contract/conformance"
)

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
		{"ctrf", CTRF},
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
		format, conformance.Nearest(strings.ToLower(format[:min(len(format), 40)]), names), strings.Join(names, ", "))
}
