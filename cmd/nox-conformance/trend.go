package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

// trendOptions are the flags of a trend.
type trendOptions struct{ file string }

func (o *trendOptions) declare(c *cobra.Command) {
	cli.Section(c, "Output", func(f *pflag.FlagSet) {
		f.StringVar(&o.file, "output", "-", "`FILE` file to write the page to, - for standard output")
	})
}

// trend writes a page about the reports in a folder.
func (o *trendOptions) trend(args []string, std streams) int {
	if len(args) != 1 {
		return usage(std, fmt.Errorf("trend takes one folder with JSON reports, not %d", len(args)))
	}
	runs, skipped, err := pastRuns(args[0])
	if err != nil {
		return fail(std, err)
	}
	for _, reason := range skipped {
		fmt.Fprintf(std.err, "nox-conformance: skipped %v\n", reason)
	}
	if len(runs) == 0 {
		return usage(std, fmt.Errorf("%s: there is no JSON report in this folder; write one with --report json=FILE", args[0]))
	}
	write := func(w io.Writer) error { return report.Trend(w, runs) }
	if o.file == "-" {
		err = write(std.out)
	} else {
		err = cli.WriteFile(o.file, reportMode, write)
	}
	if err != nil {
		fmt.Fprintf(std.err, "nox-conformance: the page cannot be written: %v\n", err)
		return conformance.ExitInconclusive
	}
	return conformance.ExitConforms
}

// pastRuns reads the reports in a folder. skipped says which files with the
// extension .json are none.
func pastRuns(folder string) (runs []report.PastRun, skipped []error, err error) {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		if err == nil {
			err = errors.New("it is a file")
		}
		return nil, nil, &conformance.UsageError{Problem: fmt.Sprintf("%s is not a folder: %v", folder, cli.WithoutPath(err))}
	}
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !strings.EqualFold(filepath.Ext(path), ".json") {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		result, err := report.Read(f, name)
		if err != nil {
			skipped = append(skipped, err)
			return nil
		}
		runs = append(runs, report.PastRun{Name: filepath.ToSlash(name), Result: result})
		return nil
	})
	return runs, skipped, err
}
