package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"nox.energy/contract/mock/defect"
)

// findDeviations returns the deviations asked for, the defects first.
func findDeviations(settings settings) ([]defect.Deviation, error) {
	var found []defect.Deviation
	for _, name := range settings.defects {
		d, err := defect.Find(name)
		switch {
		case err != nil:
			return nil, badUsage("--defect: %w; --list-deviations lists them", err)
		case d.Level == "":
			return nil, badUsage("--defect: %q keeps the contract; use --variation %s", name, name)
		}
		found = append(found, d)
	}
	for _, name := range settings.variations {
		d, err := defect.Find(name)
		switch {
		case err != nil:
			return nil, badUsage("--variation: %w; --list-deviations lists them", err)
		case d.Level != "":
			return nil, badUsage("--variation: %q breaks the contract; use --defect %s", name, name)
		}
		found = append(found, d)
	}
	return found, nil
}

// listDeviations prints every name with what it does.
func listDeviations(stdout io.Writer) error {
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "Defects, which break the contract (--defect NAME):")
	for _, d := range defect.Defects() {
		fmt.Fprintf(w, "  %s\t%s\n", d.Name, d.Summary)
	}
	fmt.Fprintln(w, "\nVariations, which the contract allows (--variation NAME):")
	for _, d := range defect.Variations() {
		fmt.Fprintf(w, "  %s\t%s\n", d.Name, d.Summary)
	}
	return w.Flush()
}
