package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

// output is one place that a result goes to.
type output struct {
	to     string // in words, for an error
	write  func(*conformance.Result) error
	record func(check string, x conformance.Exchange) // if set, takes each exchange during the run
}

const standardOutput = "standard output"

// outputs lists where the result goes: to standard output, unless a report
// takes that, and to every report. Annotations for GitHub take nothing: GitHub
// reads them out of a log that people read too.
func (o *options) outputs(std streams) ([]output, error) {
	var out []output
	taken := ""               // by which format
	to := map[string]string{} // the report that a file is for
	for _, r := range o.report {
		format, file, ok := strings.Cut(r, "=")
		if !ok || file == "" {
			return nil, fmt.Errorf("--report takes FORMAT=FILE, as in --report junit=report.xml, not %q", r)
		}
		if !slices.Contains(report.Formats(), format) {
			return nil, fmt.Errorf("--report %s: unknown format %q, the nearest is %s; the formats are %s", r, format,
				conformance.Nearest(format, report.Formats()), strings.Join(report.Formats(), ", "))
		}
		if file == "-" {
			if taken != "" {
				return nil, errors.New("only one report can go to standard output")
			}
			taken = format
			if format == "har" {
				out = append(out, harOutput(standardOutput, toStream(std.out)))
				continue
			}
			out = append(out, output{to: standardOutput, write: func(result *conformance.Result) error {
				return report.Write(std.out, format, result)
			}})
			continue
		}
		whole := file
		if absolute, err := filepath.Abs(file); err == nil {
			whole = absolute
		}
		if info, err := os.Stat(file); err != nil || info.Mode().IsRegular() { // devices take any number
			if other := to[whole]; other != "" {
				return nil, fmt.Errorf("--report %s and --report %s write to the same file", other, r)
			}
			to[whole] = r
		}
		if err := cli.CheckWritable(file); err != nil {
			return nil, fmt.Errorf("--report %s: the file cannot be written: %w", format, err)
		}
		if format == "har" {
			out = append(out, harOutput(file, toFile(file)))
			continue
		}
		out = append(out, output{to: file, write: func(result *conformance.Result) error {
			return writeReport(file, func(w io.Writer) error { return report.Write(w, format, result) })
		}})
	}
	if o.updateKnown != "" {
		if err := cli.CheckWritable(o.updateKnown); err != nil {
			return nil, fmt.Errorf("--update-known: the file cannot be written: %w", err)
		}
	}
	switch {
	case taken == "github": // the verdict stays the last line
		out = append(out, output{to: standardOutput, write: func(r *conformance.Result) error {
			return report.Text(std.out, r, o.textOptions(std.out))
		}})
	case taken != "":
	case o.output == "json":
		out = append([]output{{to: standardOutput, write: func(r *conformance.Result) error { return report.JSON(std.out, r) }}}, out...)
	default:
		out = append([]output{{to: standardOutput, write: func(r *conformance.Result) error {
			return report.Text(std.out, r, o.textOptions(std.out))
		}}}, out...)
	}
	return out, nil
}

func (o *options) textOptions(w io.Writer) report.TextOptions {
	options := report.TextOptions{Quiet: o.quiet, Verbose: o.verbose}
	if f, ok := terminal(w); ok {
		options.Color = o.getenv("NO_COLOR") == "" && o.getenv("TERM") != "dumb"
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			options.Width = width
		}
	}
	return options
}

func terminal(w io.Writer) (*os.File, bool) {
	f, ok := w.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// place opens a place that a report goes to. finish ends it: it keeps what was
// written, unless writing failed.
type place func() (w io.Writer, finish func(writing error) error, err error)

// toStream is a stream that stays open.
func toStream(w io.Writer) place {
	return func() (io.Writer, func(error) error, error) {
		return w, func(writing error) error { return writing }, nil
	}
}

// toFile is a file, which takes the place of an older one when it is whole.
func toFile(name string) place {
	return func() (io.Writer, func(error) error, error) {
		f, err := cli.CreateFile(name, reportMode)
		if err != nil {
			return nil, nil, unwritable(err)
		}
		return f, func(writing error) error { return unwritable(f.Finish(writing)) }, nil
	}
}

// reportMode is the mode of files that hold no secret.
const reportMode = 0o644

// writeReport writes a file so that it is there whole or not at all.
func writeReport(name string, write func(io.Writer) error) error {
	return unwritable(cli.WriteFile(name, reportMode, write))
}

func unwritable(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the report cannot be written: %w", err)
}
