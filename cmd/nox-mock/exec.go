package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"nox.energy/contract/mock/scorecard"
)

// exitStatus ends the program with this code and no message.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// childGrace is how long a command may run after SIGTERM before it is killed.
const childGrace = 5 * time.Second

// execute serves on free ports while a command runs, then writes the scorecard.
// The exit code is the command's, or 1 if it is 0 and a required response was
// not met, or a mistake was made and must not be.
func execute(ctx context.Context, settings settings, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(settings.argv) == 0 {
		return badUsage("exec needs a command, as in nox-mock exec -- ./run-tests")
	}
	s, err := open(ctx, settings, strings.NewReader(""), stderr)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.mock.CheckRequired(settings.require); err != nil {
		return badUsage("--require: %w", err)
	}
	remove, err := s.announce(settings.addressFile)
	if err != nil {
		return err
	}
	defer remove()
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- s.run(serving) }()
	code, err := s.runCommand(ctx, settings.argv, stdin, stdout, stderr)
	stop()
	if err = errors.Join(err, <-served); err != nil {
		return err
	}
	s.flushLog() // it comes before the scorecard
	card := s.mock.Scorecard(nil, settings.require, true)
	if err := writeScorecards(card, settings.scorecards, stdout, stderr); err != nil {
		return err
	}
	if card.Requests == 0 && !settings.silent && !(code == 0 && settings.failOnMistakes) { // of which it is the error
		fmt.Fprintf(stderr, "nox-mock: %s\n", s.describeSilence())
	}
	if code != 0 {
		return exitStatus(code)
	}
	if unmet := card.Unmet(); len(unmet) > 0 {
		var names []string
		for _, r := range unmet {
			names = append(names, r.Status)
		}
		return fmt.Errorf("required but not met: %s", strings.Join(names, ", "))
	}
	if settings.failOnMistakes {
		return s.mistakesError(card)
	}
	return nil
}

// runCommand runs the command with the mock's variables in its environment and
// returns its exit code. If a signal ended the command, the code is 128 plus the
// signal, as in shells.
func (s *instance) runCommand(ctx context.Context, argv []string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Stdin, c.Stdout, c.Stderr = stdin, stdout, stderr
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = childGrace
	trusted, notes, remove, err := s.trust(os.Getenv)
	defer remove()
	if err != nil {
		return 0, err
	}
	for _, note := range notes {
		fmt.Fprintf(stderr, "nox-mock: %s\n", note)
	}
	var unset []string
	c.Env, unset = s.environment(os.Environ())
	c.Env = append(c.Env, trusted...)
	if len(unset) > 0 {
		fmt.Fprintf(stderr, "nox-mock: unset for the command, as this mock has no value for them: %s\n", strings.Join(unset, ", "))
	}
	err = c.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit):
		if status, is := exit.Sys().(syscall.WaitStatus); is && status.Signaled() {
			return 128 + int(status.Signal()), nil
		}
		return exit.ExitCode(), nil
	case ctx.Err() != nil:
		return 128 + int(syscall.SIGTERM), nil
	}
	return 0, fmt.Errorf("the command cannot be run: %w", err)
}

// environment returns outer with the mock's variables set. It removes variables of
// another server, such as a key, for which this mock has no value, and returns their
// names as unset.
func (s *instance) environment(outer []string) (made, unset []string) {
	own := s.variables()
	for _, pair := range outer {
		name, value, _ := strings.Cut(pair, "=")
		given := slices.ContainsFunc(own, func(pair string) bool { return strings.HasPrefix(pair, name+"=") })
		switch {
		case !given && slices.Contains(mockVariables(), name):
			if value != "" {
				unset = append(unset, name)
			}
		case !given:
			made = append(made, pair)
		}
	}
	slices.Sort(unset)
	return append(made, own...), unset
}

// mockVariables lists the variables that describe a mock and nothing else.
func mockVariables() []string {
	return []string{"NOX_BASE_URL", "NOX_CONTROL_URL", "NOX_CA_CERT", "NOX_API_KEY", "NOX_OTHER_API_KEY", "NOX_DISABLED_API_KEY"}
}

// variables returns the variables that this mock has a value for.
func (s *instance) variables() []string {
	pairs := []string{"NOX_BASE_URL=" + s.base}
	if s.control != "" {
		pairs = append(pairs, "NOX_CONTROL_URL="+s.control)
	}
	if s.identity != nil && s.identity.authority != nil {
		pairs = append(pairs, "NOX_CA_CERT="+s.identity.authority.file)
	}
	enabled := []string{"NOX_API_KEY", "NOX_OTHER_API_KEY"}
	disabled := []string{"NOX_DISABLED_API_KEY"}
	for _, m := range s.config.Manufacturers {
		names := &enabled
		if !m.Enabled {
			names = &disabled
		}
		if len(m.Keys) > 0 && len(*names) > 0 {
			pairs = append(pairs, (*names)[0]+"="+m.Keys[0])
			*names = (*names)[1:]
		}
	}
	return pairs
}

// cardOutput is the format and destination of a scorecard.
type cardOutput struct {
	format string
	file   string // "" is standard error, "-" standard output
}

// parseCardOutputs reads FORMAT or FORMAT=FILE.
func parseCardOutputs(texts []string) ([]cardOutput, error) {
	var all []cardOutput
	for _, text := range texts {
		format, file, _ := strings.Cut(text, "=")
		if err := (scorecard.Card{}).Write(io.Discard, format); err != nil {
			return nil, badUsage("--scorecard: %w, or FORMAT=FILE", err)
		}
		all = append(all, cardOutput{format, file})
	}
	return all, nil
}

func writeScorecards(card scorecard.Card, outputs []cardOutput, stdout, stderr io.Writer) error {
	for _, o := range outputs {
		var b bytes.Buffer
		if err := card.Write(&b, o.format); err != nil {
			return err
		}
		var err error
		switch o.file {
		case "":
			_, err = stderr.Write(b.Bytes())
		case "-":
			_, err = stdout.Write(b.Bytes())
		default:
			err = writeData(o.file, b.Bytes(), 0o644)
		}
		if err != nil {
			return fmt.Errorf("the scorecard cannot be written: %w", err)
		}
	}
	return nil
}
