package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"nox.energy/contract/mock"
)

// scenarios prints the ways to bring about an outcome, as one table.
func scenarios(stdout io.Writer) error {
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "LAYER\tASK\tOUTCOME")
	for _, s := range mock.Scenarios() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Layer, s.Ask, s.Outcome)
	}
	fmt.Fprint(w, `
What a request asks for itself (header, user_id) comes before what was set for
many (control API); --no-overrides turns the first two off. Every fault may also
have "user_id" (of these users only; * stands for any characters), "times" (fires
so often), "after" (so many requests pass first), "share" and "seed" (of the
requests), "delay" ({"ms": 200}, {"distribution": "uniform", "min_ms": 100,
"max_ms": 900} or {"distribution": "log-normal", "median_ms": 200, "sigma": 0.5})
and "expires_in" (seconds; an hour by default). Over HTTP/2, which needs TLS, what
resets or closes the connection resets the stream of that request alone.
`)
	return w.Flush()
}
