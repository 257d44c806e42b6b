package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"text/tabwriter"
	"time"

	"nox.energy/contract/mock/defect"
)

// findDeviations returns the deviations that the flags name, defects first.
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

// checkDeviations reports a deviation that cannot show in the way the mock serves.
func (s *instance) checkDeviations() error {
	for _, d := range s.deviations {
		never := unusedListener{}
		switch {
		case d.OverTLS() && s.identity == nil:
			return badUsage("%s shows only over TLS; add --tls-auto, or --tls-cert and --tls-key", d.Name)
		case d.Listen(never) != never && s.identity != nil:
			return badUsage("%s changes the bytes on the wire and does not work with TLS", d.Name)
		}
	}
	return nil
}

// unusedListener tells a deviation that changes the listener from one that returns it
// as it is.
type unusedListener struct{ net.Listener }

// deviating wraps the mock and its listener in the deviations. plain is a listener
// for plain HTTP on the port of TLS, nil for most deviations.
func (s *instance) deviating(h http.Handler, l net.Listener) (deviating http.Handler, main, plain net.Listener) {
	for _, d := range s.deviations {
		h = d.Wrap(defect.WithNotEnabled(h, keysNotEnabled(s.config.Manufacturers)...))
		l = d.Listen(l)
	}
	for _, d := range s.deviations {
		if secure, second := d.Split(l); second != nil {
			return h, secure, second
		}
	}
	return h, l, nil
}

// deviating returns the TLS configuration with the deviations applied.
func (i *identity) deviating(all []defect.Deviation) (*tls.Config, error) {
	if !slices.ContainsFunc(all, defect.Deviation.OverTLS) {
		return i.config, nil
	}
	config := i.config.Clone()
	if i.leaves != nil { // deviations change fixed certificates
		leaf, err := i.authority.issue(i.leaves.names, time.Now())
		if err != nil {
			return nil, err
		}
		config.GetCertificate, config.Certificates = nil, []tls.Certificate{*leaf}
	}
	config.Certificates = slices.Clone(config.Certificates)
	for _, d := range all {
		d.Secure(config)
	}
	return config, nil
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
