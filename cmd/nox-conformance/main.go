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
	"runtime"
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
)

// What the collector keeps the program under: while it reads a contract, whose own
// bounds hold it, and beyond what the contract takes, whatever a target sends.
// GOMEMLIMIT sets another limit for both.
const (
	memoryToRead = 400 << 20
	memoryToRun  = 160 << 20
)

// limitMemory allows some memory beyond what is in use now.
func limitMemory(more int64) {
	if os.Getenv("GOMEMLIMIT") == "" {
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		debug.SetMemoryLimit(int64(now.HeapAlloc) + more)
	}
}

func main() {
	limitMemory(memoryToRead)
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
