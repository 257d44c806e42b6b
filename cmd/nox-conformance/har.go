package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"nox.energy/contract/conformance/runner"
)

// judgeRecordings judges recorded traffic and sends nothing.
func (o *options) judgeRecordings(ctx context.Context, args []string, std streams) int {
	cfg, err := o.config(ctx, args, std)
	if err != nil {
		return fail(std, err)
	}
	outputs, err := o.outputs(std)
	if err != nil {
		return usage(std, err)
	}
	recordings := make([]*runner.Recording, len(o.har))
	for i, name := range o.har {
		if recordings[i], err = readRecording(name, std.in); err != nil {
			return fail(std, err)
		}
	}
	result, err := runner.JudgeHAR(ctx, cfg, recordings...)
	if err != nil {
		return fail(std, err)
	}
	return o.deliver(result, cfg.Known, outputs, std)
}

// readRecording reads a file, or standard input for "-".
func readRecording(name string, in io.Reader) (*runner.Recording, error) {
	if name == "-" {
		return runner.ReadHAR(in, "standard input")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("--har: %w", err)
	}
	defer f.Close()
	return runner.ReadHAR(f, name)
}
