package main

import (
	"os"
	"strings"

	"github.com/spf13/pflag"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/store"
)

// settings holds the values of flags and environment variables.
type settings struct {
	command        string
	argv           []string // of exec: the program and its arguments
	listen         string
	state          string
	store          string
	require        []string     // of exec
	failOnMistakes bool         // of exec
	scorecards     []cardOutput // of exec
	controlListen  string
	controlToken   string
	controlHosts   []string
	tlsCert        string
	tlsKey         string
	tlsAuto        bool
	tlsNames       []string
	tlsDir         string
	maxConnections int
	spec           string
	fixture        string
	addressFile    string
	manufacturers  []store.Manufacturer // nil: not given
	ids            mock.IDs
	noOverrides    bool
	explainErrors  bool
	journalEntries int
	defects        []string
	variations     []string
	logFormat      string
	logLevel       logLevel
	quiet          bool
	silent         bool // quiet was asked for
	listDeviations bool
	lint           bool
	client         clientSettings

	pairs     []string // NAME=KEY, as given
	idKind    string
	tokenFile string
	cards     []string // FORMAT[=FILE], as given
}

// complete sets flags from the environment and reports what is invalid.
func (s *settings) complete(f *pflag.FlagSet, p *cli.Program, getenv func(string) string) error {
	if err := readEnvironment(f, p, getenv); err != nil {
		return err
	}
	if s.command != "nox-mock" && s.command != "exec" {
		return nil
	}
	if s.command == "exec" {
		s.applyExecDefaults(f)
	}
	for i, status := range s.require {
		s.require[i] = strings.TrimSpace(status)
	}
	var err error
	if s.scorecards, err = parseCardOutputs(s.cards); err != nil {
		return err
	}
	if !f.Changed("control-listen") && strings.HasSuffix(s.listen, ":0") {
		s.controlListen = "127.0.0.1:0"
	}
	if err := s.readToken(s.tokenFile); err != nil {
		return err
	}
	return s.check()
}

// applyExecDefaults changes two defaults for exec: a free port, and no request log
// among the output of the command.
func (s *settings) applyExecDefaults(f *pflag.FlagSet) {
	if !f.Changed("listen") {
		s.listen = "127.0.0.1:0"
	}
	if !f.Changed("quiet") {
		s.quiet = true
	}
}

// readToken reads the file with the control token.
func (s *settings) readToken(name string) error {
	if name != "" {
		if s.controlToken != "" {
			return badUsage("--control-token and --control-token-file exclude each other")
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return badUsage("the control token cannot be read: %w", err)
		}
		if s.controlToken = strings.TrimSpace(strings.TrimPrefix(string(data), "\ufeff")); s.controlToken == "" {
			return badUsage("the control token cannot be read: %s is empty", name)
		}
	}
	if strings.ContainsFunc(s.controlToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return badUsage("the control token may contain only visible ASCII characters, no spaces")
	}
	return nil
}

func (s *settings) check() (err error) {
	if s.ids, err = mock.ParseIDs(s.idKind); err != nil {
		return badUsage("--ids: %w", err)
	}
	if s.logFormat != "text" && s.logFormat != "json" {
		return badUsage("--log-format must be \"text\" or \"json\", not %q", s.logFormat)
	}
	if s.journalEntries < 1 {
		return badUsage("--journal-entries must be 1 or more, not %d", s.journalEntries)
	}
	if s.state != "" && s.store != "" {
		return badUsage("--state and --store exclude each other: a file belongs to one mock, a store is shared")
	}
	if s.maxConnections < 1 {
		return badUsage("--max-connections must be 1 or more, not %d", s.maxConnections)
	}
	if err = s.checkTLS(); err != nil {
		return err
	}
	if err = s.client.check(); err != nil {
		return err
	}
	s.manufacturers, err = parseManufacturers(s.pairs)
	return err
}

// readEnvironment sets each flag that was not given from its variable.
func readEnvironment(f *pflag.FlagSet, p *cli.Program, getenv func(string) string) error {
	var failed error
	f.VisitAll(func(flag *pflag.Flag) {
		name := p.Variable(flag.Name)
		text := getenv(name)
		if flag.Changed || text == "" || failed != nil || flag.Name == "help" || flag.Name == "version" {
			return
		}
		values := []string{text}
		if strings.HasPrefix(flag.Value.Type(), "string") && flag.Value.Type() != "string" {
			values = strings.Split(text, ",")
		}
		for _, value := range values {
			if err := f.Set(flag.Name, strings.TrimSpace(value)); err != nil {
				failed = badUsage("the environment variable %s must be %s", name, cli.ValueOf(flag))
			}
		}
	})
	return failed
}

// parseManufacturers reads NAME=KEY pairs. Its errors never contain a key.
func parseManufacturers(pairs []string) ([]store.Manufacturer, error) {
	var all []store.Manufacturer
	index := map[string]int{}
	for i, pair := range pairs {
		name, key, ok := strings.Cut(pair, "=")
		if !ok || name == "" || key == "" {
			return nil, badUsage("--manufacturer takes NAME=KEY, as in --manufacturer acme=secret; value number %d does not have this form", i+1)
		}
		at, known := index[name]
		if !known {
			at = len(all)
			index[name] = at
			all = append(all, store.Manufacturer{Name: name, Enabled: true})
		}
		all[at].Keys = append(all[at].Keys, key)
	}
	return all, nil
}
