package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"regexp"

	"github.com/spf13/pflag"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
)

// recordingFlags are the flags of a replay that go with recorded traffic only: a
// report has answered them.
func recordingFlags() []string {
	return []string{"run", "skip", "known", "require", "report", "output"}
}

// harStart is how an HTTP Archive begins.
var harStart = regexp.MustCompile(`^(\x{feff})?\s*\{\s*"log"\s*:`)

// sniffRecording reports whether a file, or standard input for "-", holds
// recorded traffic. Of standard input nothing is lost.
func sniffRecording(name string, std *streams) bool {
	const enough = 512
	if name == "-" {
		input := bufio.NewReader(std.in)
		std.in = input
		start, _ := input.Peek(enough) // an error shows when it is read
		return harStart.Match(start)
	}
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	start := make([]byte, enough)
	n, _ := f.Read(start) // an error shows when it is read
	return harStart.Match(bytes.TrimRight(start[:n], "\x00"))
}

// replayRecordings sends recorded requests to a target and judges the responses,
// by the contract and by what the client was answered.
func (o *replayOptions) replayRecordings(ctx context.Context, flags *pflag.FlagSet, args []string, std streams) int {
	switch {
	case !flags.Changed("target"):
		return usage(std, &conformance.UsageError{Problem: "a recording does not say where to send its requests: name the target with --target URL"})
	case flags.Changed("same-users"):
		return usage(std, &conformance.UsageError{Problem: "--same-users goes with a report: the requests of a recording are sent as they are"})
	}
	cfg, err := o.config(ctx, []string{o.target}, std)
	if err != nil {
		return fail(std, err)
	}
	outputs, err := o.outputs(std)
	if err != nil {
		return usage(std, err)
	}
	cfg.Record = recordTo(outputs)
	recordings := make([]*runner.Recording, len(args))
	for i, name := range args {
		if recordings[i], err = readRecording(name, std.in); err != nil {
			return fail(std, err)
		}
	}
	result, err := runner.ReplayHAR(ctx, cfg, recordings...)
	if err != nil {
		return fail(std, err)
	}
	return o.deliver(result, cfg.Known, outputs, std)
}
