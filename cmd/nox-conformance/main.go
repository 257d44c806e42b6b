// Command nox-conformance judges whether a server keeps the contract of the NOX
// manufacturer API. See --help.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"nox.energy/contract/conformance"
)

const (
	// ending is how long after a signal the program may take to write what it
	// found.
	ending = 2 * time.Second
	// memory is what the collector keeps the program under, whatever a target
	// sends. GOMEMLIMIT sets another.
	memory = 160 << 20
	// memoryPerByte is what the program may use beyond that for each byte of the
	// contract: it keeps more than a hundred once a schema is compiled, and a
	// collector at its limit does little but collect.
	memoryPerByte = 256
)

// allowMemory raises the limit of the collector for a contract of size bytes. A
// limit that GOMEMLIMIT sets stays.
func allowMemory(size int) {
	if limit := int64(memory + memoryPerByte*size); os.Getenv("GOMEMLIMIT") == "" && debug.SetMemoryLimit(-1) < limit {
		debug.SetMemoryLimit(limit)
	}
}

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memory)
	}
	log.SetOutput(io.Discard)    // net/http logs bytes of odd answers, which may hold a key
	cobra.MousetrapHelpText = "" // so that a double click on Windows is no special case
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // from now on a second signal ends the process at once
		time.Sleep(ending)
		fmt.Fprintln(os.Stderr, "nox-conformance: interrupted, and some report could not be written in time")
		os.Exit(conformance.ExitInconclusive)
	}()
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}, os.Getenv))
}
