package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/mock/control"
	"nox.energy/contract/mock/scorecard"
)

// This file holds what helps those who build a client: flags, the environment of
// their command, and the schema of the files that they write.

// clientSettings is what the flags of declareClient ask for.
type clientSettings struct {
	patience time.Duration // of the scorecard
	origins  []string      // of browser pages that may call the mock
}

func declareClient(c *cobra.Command, s *settings) {
	cli.Section(c, "Client", func(f *pflag.FlagSet) {
		f.DurationVar(&s.client.patience, "scorecard-patience", scorecard.DefaultPatience, "`TIME` longest wait for a response that is no mistake")
		f.StringArrayVar(&s.client.origins, "cors", nil, "`ORIGIN` let browser pages of an origin call the mock, * for any")
	})
}

// check finds what the flags cannot mean.
func (c *clientSettings) check() error {
	if c.patience <= 0 {
		return badUsage("--scorecard-patience must be above 0, not %s", c.patience)
	}
	for _, origin := range c.origins {
		u, err := url.Parse(origin)
		if origin != "*" && (err != nil || u.Scheme == "" || u.Host == "" || u.String() != u.Scheme+"://"+u.Host) {
			return badUsage("--cors needs an origin, as in http://localhost:5173, or *, not %q", origin)
		}
	}
	return nil
}

// describeSilence tells how a command that never called the mock could have
// found it.
func (s *instance) describeSilence() string {
	var names []string
	for _, pair := range s.variables() {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	return fmt.Sprintf("the command never called the mock: it is at the URL in NOX_BASE_URL, and the command was given %s", strings.Join(names, ", "))
}

// mistakesError says which mistakes the client made, or that it made no request
// that could show any; nil if all is well.
func (s *instance) mistakesError(card scorecard.Card) error {
	var names []string
	for _, m := range card.In(scorecard.Made) {
		names = append(names, m.Name)
	}
	switch {
	case len(names) > 0:
		return fmt.Errorf("mistakes on the scorecard: %s", strings.Join(names, ", "))
	case card.Requests == 0:
		return errors.New(s.describeSilence())
	}
	return nil
}

// trustVariables name files with certificates that programs trust: Node's adds to
// those that it knows, the others replace them.
func trustVariables() []string {
	return []string{"NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
}

// trust returns variables by which a command trusts the CA of the mock as well as
// what it trusted before: where one names a file already, it names a copy with the
// CA behind it. notes say so. remove removes the copies.
func (s *instance) trust(getenv func(string) string) (pairs, notes []string, remove func(), err error) {
	remove = func() {}
	if s.identity == nil || s.identity.authority == nil {
		return nil, nil, remove, nil
	}
	file := s.identity.authority.file
	if getenv("NODE_EXTRA_CA_CERTS") == "" {
		pairs = append(pairs, "NODE_EXTRA_CA_CERTS="+file)
	}
	own, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, remove, fmt.Errorf("the CA cannot be read: %w", err)
	}
	folder := ""
	for _, name := range trustVariables() {
		before := getenv(name)
		if before == "" {
			continue
		}
		held, err := os.ReadFile(before)
		if err != nil {
			notes = append(notes, fmt.Sprintf("%s names %s, which cannot be read: the command does not trust the mock by it", name, before))
			continue
		}
		if folder == "" {
			if folder, err = os.MkdirTemp("", "nox-mock-"); err != nil {
				return nil, nil, remove, fmt.Errorf("no copy of the CAs can be made: %w", err)
			}
			remove = func() { os.RemoveAll(folder) }
		}
		made := filepath.Join(folder, strings.ToLower(name)+".pem")
		if err := os.WriteFile(made, bytes.Join([][]byte{held, own}, []byte("\n")), 0o600); err != nil {
			return nil, nil, remove, fmt.Errorf("no copy of the CAs can be made: %w", err)
		}
		pairs = append(pairs, name+"="+made)
		notes = append(notes, fmt.Sprintf("%s names a copy of %s for the command, with the CA of the mock added", name, before))
	}
	return pairs, notes, remove, nil
}

// minTokenLength is how long a control token must be where strangers can try
// others, in characters.
const minTokenLength = 16

// checkTokenLength refuses a token that could be guessed.
func checkTokenLength(token string) error {
	if len(token) < minTokenLength {
		return badUsage("the control token has %d characters; where others can reach the control API it needs %d or more, as from: openssl rand -hex 16", len(token), minTokenLength)
	}
	return nil
}

// readableSecrets warns of files with a secret that other users of the machine can
// read.
func (s *settings) readableSecrets() []string {
	var warnings []string
	for _, each := range []struct{ flag, file string }{{"control-token-file", s.tokenFile}, {"tls-key", s.tlsKey}} {
		if warning := cli.ReadableByOthers(each.file); warning != "" {
			warnings = append(warnings, "--"+each.flag+": "+warning)
		}
	}
	return warnings
}

// printSchema prints the JSON Schema of a file that people write.
func printSchema(stdout io.Writer, of string) error {
	if of != "fixture" {
		return badUsage("unknown schema %q; the only one is fixture", of)
	}
	data, err := control.FixtureSchema()
	if err != nil {
		return err
	}
	_, err = stdout.Write(append(data, '\n'))
	return err
}
