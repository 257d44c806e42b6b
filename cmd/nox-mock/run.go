package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/store"
	"nox.energy/contract/spec"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // the mock failed
	exitUsage   = 2 // flags, contract or configuration
)

// usageError is an error that the user can fix: in a flag, a file or the contract.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func badUsage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// run is the whole program. It returns the exit code.
func run(ctx context.Context, args []string, std streams, environ []string) int {
	p, err := newProgram(std, environ)
	if err == nil {
		err = p.Run(ctx, args, std.in, std.out, std.err)
	}
	if err == nil {
		return exitOK
	}
	if status := exitStatus(0); errors.As(err, &status) {
		return int(status)
	}
	fmt.Fprintf(std.err, "nox-mock: %v\n", err)
	commandLine := (*cli.UsageError)(nil)
	if usage := (usageError{}); errors.As(err, &usage) || errors.As(err, &commandLine) {
		return exitUsage
	}
	return exitFailure
}

// configure makes the configuration from flags and files.
func configure(ctx context.Context, settings settings, stdin io.Reader) (mock.Config, error) {
	config := mock.Config{
		IDs:           settings.ids,
		NoOverrides:   settings.noOverrides,
		ExplainErrors: settings.explainErrors,
		Journal:       journal.Limits{Entries: settings.journalEntries},
		Manufacturers: settings.manufacturers,

		ScorecardPatience: settings.client.patience,
	}
	if settings.spec != "" {
		contract, err := loadContract(ctx, settings.spec, stdin)
		if err != nil {
			return config, err
		}
		config.Contract = contract
	}
	if settings.state != "" {
		found, err := openState(ctx, resolveLink(settings.state), &config)
		if err != nil || found {
			return config, err
		}
	}
	if settings.fixture != "" {
		fixture, err := readFixture(settings.fixture)
		if err != nil {
			return config, err
		}
		config.Connections = fixture.Connections
		if config.Manufacturers == nil {
			config.Manufacturers = fixture.Manufacturers
		}
	}
	if config.Manufacturers == nil {
		config.Manufacturers = mock.DefaultManufacturers()
	}
	return config, nil
}

func loadContract(ctx context.Context, source string, stdin io.Reader) (*spec.Document, error) {
	contract, err := cli.Interruptible(ctx, func() (*spec.Document, error) { return spec.Load(ctx, source, stdin) })
	if err != nil && !errors.Is(err, cli.ErrInterrupted) {
		err = usageError{err}
	}
	return contract, err
}

// lint prints what the author of the contract may not have meant.
func lint(ctx context.Context, settings settings, stdin io.Reader, stdout io.Writer) error {
	contract, err := spec.Embedded()
	if settings.spec != "" {
		contract, err = loadContract(ctx, settings.spec, stdin)
	}
	if err != nil {
		return err
	}
	lines, contradictions := contract.Lint()
	for _, line := range lines {
		fmt.Fprintln(stdout, line)
	}
	if contradictions > 0 {
		return fmt.Errorf("the contract contradicts itself in %d places", contradictions)
	}
	return nil
}

func readFixture(name string) (store.Fixture, error) {
	f, err := os.Open(name)
	if err != nil {
		return store.Fixture{}, badUsage("the fixture cannot be read: %w", err)
	}
	defer f.Close()
	fixture, err := store.ReadFixture(f)
	if err != nil {
		return store.Fixture{}, badUsage("the fixture %s cannot be used: %w", name, err)
	}
	return fixture, nil
}

func keysNotEnabled(manufacturers []store.Manufacturer) []string {
	var keys []string
	for _, m := range manufacturers {
		if !m.Enabled {
			keys = append(keys, m.Keys...)
		}
	}
	return keys
}
