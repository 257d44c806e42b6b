// Command nox-conformance judges whether a server keeps the contract of the NOX
// manufacturer API. See --help.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	log.SetOutput(io.Discard)    // net/http logs bytes of odd answers, which may hold a key
	cobra.MousetrapHelpText = "" // so that a double click on Windows is no special case
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // from now on a second signal ends the process at once
	}()
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}, os.Getenv))
}
