package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/term"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

// output is one destination of a result.
type output struct {
	to     string // for error messages
	write  func(*conformance.Result) error
	record func(check string, x conformance.Exchange) // if set, takes each exchange during the run
}

// deliver writes a result. Where that breaks down, the other outputs are still
// written.
func (o output) deliver(result *conformance.Result) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s cannot be written: nox-conformance itself failed (%v)\n%s", o.to, p, debug.Stack())
		}
	}()
	return o.write(result)
}

const standardOutput = "standard output"

// outputs returns the destinations of the result: standard output, unless a report
// goes there, and every report. Annotations for GitHub go there beside the text, as
// GitHub reads them from the log.
func (o *options) outputs(std streams) ([]output, error) {
	var out []output
	taken := ""               // the format that takes standard output
	to := map[string]string{} // the report of each file
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
		if info, err := os.Stat(file); err != nil || info.Mode().IsRegular() { // several reports may go to a device
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
	case taken == "github": // keep the verdict on the last line
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

// place opens the destination of a report. finish closes it; it discards what was
// written if writing failed.
type place func() (w io.Writer, finish func(writing error) error, err error)

// toStream writes to a stream and leaves it open.
func toStream(w io.Writer) place {
	return func() (io.Writer, func(error) error, error) {
		return w, func(writing error) error { return writing }, nil
	}
}

// toFile writes to a file, which replaces an older one when it is complete.
func toFile(name string) place {
	return func() (io.Writer, func(error) error, error) {
		f, err := cli.CreateFile(name, reportMode)
		if err != nil {
			return nil, nil, cannotWrite(err)
		}
		return f, func(writing error) error { return cannotWrite(f.Finish(writing)) }, nil
	}
}

// reportMode is the mode of files that hold no secret.
const reportMode = 0o644

// writeReport writes a file whole or not at all.
func writeReport(name string, write func(io.Writer) error) error {
	return cannotWrite(cli.WriteFile(name, reportMode, write))
}

func cannotWrite(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the report cannot be written: %w", err)
}
