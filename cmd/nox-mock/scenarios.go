package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"nox.energy/contract/mock"
)

// scenarios prints every way to bring about a response, as a table.
func scenarios(stdout io.Writer) error {
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "LAYER\tASK\tOUTCOME")
	for _, s := range mock.Scenarios() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Layer, s.Ask, s.Outcome)
	}
	fmt.Fprint(w, `
A header or user_id in the request takes precedence over a fault; --no-overrides turns both
off. Each fault also takes:

  "user_id": "vip-*"     only these users; * stands for any characters
  "times": 2             fire this often (0: until it expires)
  "after": 3             let this many requests pass first
  "share": 0.1           fire for this share of requests; "seed" fixes which
  "delay": {"ms": 200}   or {"distribution": "uniform", "min_ms": 100, "max_ms": 900},
                         {"distribution": "log-normal", "median_ms": 200, "sigma": 0.5}
  "expires_in": 3600     seconds

Over HTTP/2, a fault that closes or resets the connection resets only the stream.
`)
	return w.Flush()
}
