package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/pflag"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/store"
)

// settings is what flags and environment ask for.
type settings struct {
	command        string   // "" to serve, else one of commands
	argv           []string // of exec: the program and its arguments
	listen         string
	state          string
	store          string
	require        []string     // of exec
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
	quiet          bool
	listDeviations bool
	version        bool
	help           bool
	usage          string // the help text
}

const examples = `nox-mock answers as the NOX manufacturer API does, for clients that are being built.

  nox-mock                                        three manufacturers with test keys on 127.0.0.1:4010
  nox-mock --listen 127.0.0.1:0 --address-file a  a free port; its base URL is written to the file a
  nox-mock --manufacturer acme=KEY                one manufacturer with a key of your own
  nox-mock --fixture FILE                         manufacturers and connections to begin with, as JSON
  nox-mock --spec FILE                            another contract, as YAML, JSON or Markdown; also a URL, or - for stdin
  nox-mock exec -- CMD ARGUMENTS                  serve on a free port while CMD runs, with NOX_BASE_URL and NOX_API_KEY set;
                                                  then print a scorecard of the client
  nox-mock --tls-auto                             HTTPS with a certificate of its own
  nox-mock ca                                     print the CA that clients of --tls-auto are to trust, and how
  nox-mock scenarios                              every way to bring about an outcome, as one table
  nox-mock healthcheck                            exit code 0 if a mock that runs here is ready
  nox-mock --defect NAME                          break the contract in one way; --list-deviations has the names

A request can ask for its outcome, by the header Prefer: code=500 or by a user_id such
as nox-mock:500; see nox-mock scenarios.

Flags, each also as an environment variable (--address-file is NOX_MOCK_ADDRESS_FILE;
a flag comes before it; lists are separated by commas):

%s
Exit codes: 0 stopped by a signal, 1 it could not be done or --require was not met, 2 usage, contract or configuration.
`

// commands are what the program can be told to do instead of serving.
func commands() []string { return []string{"ca", "exec", "healthcheck", "scenarios"} }

// envPrefix starts the environment variable of each flag.
const envPrefix = "NOX_MOCK_"

// parse reads args and, for flags that are not there, the environment.
func parse(args []string, getenv func(string) string) (settings, error) {
	var s settings
	if len(args) > 0 && slices.Contains(commands(), args[0]) {
		s.command, args = args[0], args[1:]
	}
	var manufacturers, cards []string
	var ids, tokenFile string
	f := pflag.NewFlagSet("nox-mock", pflag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.SortFlags = false
	f.StringVar(&s.listen, "listen", "127.0.0.1:4010", "`ADDRESS` to serve on; port 0 takes a free one")
	f.StringVar(&s.controlListen, "control-listen", "127.0.0.1:4011", "`ADDRESS` of the control API and its page for people, or off; a free port if --listen takes one and this is not given")
	f.StringVar(&s.controlToken, "control-token", "", "`TOKEN` that the control API asks for; needed off loopback; better --control-token-file")
	f.StringVar(&tokenFile, "control-token-file", "", "`FILE` that holds the token")
	f.StringArrayVar(&s.controlHosts, "control-host", nil, "`NAME` under which the control API may be called, beside localhost and IP addresses; again for more")
	f.StringVar(&s.tlsCert, "tls-cert", "", "serve HTTPS, the control API too, with the certificate in a PEM `FILE`, intermediate ones behind it")
	f.StringVar(&s.tlsKey, "tls-key", "", "PEM `FILE` with its key")
	f.BoolVar(&s.tlsAuto, "tls-auto", false, "serve HTTPS, the control API too, with a certificate that is made at each start, for localhost and the addresses served on, and signed by a CA that is kept: see nox-mock ca; a command of exec finds the CA in NOX_CA_CERT and NODE_EXTRA_CA_CERTS")
	f.StringArrayVar(&s.tlsNames, "tls-name", nil, "with --tls-auto: further `NAME` or IP address that the certificate is for; again for more")
	f.StringVar(&s.tlsDir, "tls-dir", "", "`FOLDER` to keep the CA in, instead of one of this user's configuration")
	f.IntVar(&s.maxConnections, "max-connections", 1024, "at most `N` connections at one time to each of the two ports; further ones wait")
	f.StringVar(&s.spec, "spec", "", "contract to serve instead of the embedded one: `FILE`, URL or -")
	f.StringArrayVar(&manufacturers, "manufacturer", nil, "manufacturer and its key, as `NAME=KEY`; again for more of either; replaces all others")
	f.StringVar(&s.fixture, "fixture", "", "JSON `FILE` with manufacturers and connections to begin with")
	f.StringVar(&s.state, "state", "", "JSON `FILE` to go on from, and to keep manufacturers and connections in; once it is there, --fixture is not looked at")
	f.StringVar(&s.store, "store", "", "`ADDRESS` of a Redis or Valkey (not a cluster) that any number of mocks may share, as redis://:PASSWORD@HOST:PORT/DB, rediss:// for TLS; better in NOX_MOCK_STORE. Manufacturers and connections are kept there; journal, faults, scorecard and metrics are of each mock alone. Once it holds some, --fixture is not looked at, and --manufacturer sets keys")
	f.StringVar(&ids, "ids", string(mock.DerivedIDs), "`KIND` of NOX ids: derived (the same after a restart) or random")
	f.BoolVar(&s.noOverrides, "no-overrides", false, "ignore the header Prefer and magic user_ids")
	f.BoolVar(&s.explainErrors, "explain-errors", false, "add the header "+mock.ExplainHeader+" to errors: rule, place, got, expected")
	f.IntVar(&s.journalEntries, "journal-entries", 1000, "remember the last `N` exchanges of each manufacturer")
	f.StringVar(&s.addressFile, "address-file", "", "write {\"base_url\": …, \"control_url\": …} to `FILE` once it serves, and remove it at the end")
	f.StringArrayVar(&s.defects, "defect", nil, "break the contract as `NAME` says; again for more")
	f.StringArrayVar(&s.variations, "variation", nil, "be unusual, within the contract, as `NAME` says; again for more")
	f.StringVar(&s.logFormat, "log-format", "text", "`FORMAT` of the request log on standard error: text or json")
	f.BoolVar(&s.quiet, "quiet", false, "no start-up message, no request log")
	f.StringSliceVar(&s.require, "require", nil, "with exec: fail unless these `STATUSES` were answered, as in 201,400,401,500")
	f.StringArrayVar(&cards, "scorecard", []string{"text"}, "with exec: write the scorecard as `FORMAT` (text, json, junit) to standard error, or FORMAT=FILE; - is standard output; again for more")
	f.BoolVar(&s.listDeviations, "list-deviations", false, "print the names for --defect and --variation, and stop")
	f.BoolVar(&s.version, "version", false, "print the version, and stop")
	f.BoolVarP(&s.help, "help", "h", false, "print this, and stop")
	if err := f.Parse(args); err != nil {
		return s, badUsage("%w; see nox-mock --help", cli.FlagError(err, f))
	}
	s.usage = usage(f)
	if s.help || s.version {
		return s, nil
	}
	if s.command == "exec" && f.ArgsLenAtDash() == 0 {
		s.argv = f.Args()
	} else if f.NArg() > 0 { // which may be a key that went astray
		return s, badUsage("arguments beside the flags are not understood, and there are %d; see nox-mock --help", f.NArg())
	}
	onLine := f.Changed("require") || f.Changed("scorecard")
	if err := readEnvironment(f, getenv); err != nil {
		return s, err
	}
	switch {
	case s.command == "exec":
		s.execDefaults(f)
	case onLine:
		return s, badUsage("--require and --scorecard go with nox-mock exec")
	case f.Changed("require") || f.Changed("scorecard"):
		return s, badUsage("the environment variables %s and %s go with nox-mock exec", variable("require"), variable("scorecard"))
	}
	for i, status := range s.require {
		s.require[i] = strings.TrimSpace(status)
	}
	var err error
	if s.scorecards, err = parseCardOutputs(cards); err != nil {
		return s, err
	}
	if !f.Changed("control-listen") && strings.HasSuffix(s.listen, ":0") {
		s.controlListen = "127.0.0.1:0"
	}
	if err := s.readToken(tokenFile); err != nil {
		return s, err
	}
	return s, s.check(manufacturers, ids)
}

// execDefaults are other than those of serving: a free port, and no words among
// those of the command.
func (s *settings) execDefaults(f *pflag.FlagSet) {
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
			return badUsage("--control-token and --control-token-file are both given; one is enough")
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return badUsage("the control token cannot be read: %w", err)
		}
		if s.controlToken = strings.TrimSpace(string(data)); s.controlToken == "" {
			return badUsage("the control token cannot be read: %s is empty", name)
		}
	}
	if strings.ContainsFunc(s.controlToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return badUsage("the control token may hold visible ASCII characters only, without spaces")
	}
	return nil
}

func (s *settings) check(manufacturers []string, ids string) (err error) {
	if s.ids, err = mock.ParseIDs(ids); err != nil {
		return badUsage("--ids: %w", err)
	}
	if s.logFormat != "text" && s.logFormat != "json" {
		return badUsage("--log-format must be \"text\" or \"json\", not %q", s.logFormat)
	}
	if s.journalEntries < 1 {
		return badUsage("--journal-entries must be 1 or more, not %d", s.journalEntries)
	}
	if s.state != "" && s.store != "" {
		return badUsage("--state and --store are both given, but the state is kept in one place: a file of one mock, or a store that several share")
	}
	if s.maxConnections < 1 {
		return badUsage("--max-connections must be 1 or more, not %d", s.maxConnections)
	}
	if err = s.checkTLS(); err != nil {
		return err
	}
	s.manufacturers, err = parseManufacturers(manufacturers)
	return err
}

// readEnvironment sets the flags that were not given from their variables.
func readEnvironment(f *pflag.FlagSet, getenv func(string) string) error {
	var failed error
	f.VisitAll(func(flag *pflag.Flag) {
		name := variable(flag.Name)
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

func variable(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// parseManufacturers reads NAME=KEY pairs. Its errors never hold a key.
func parseManufacturers(pairs []string) ([]store.Manufacturer, error) {
	var all []store.Manufacturer
	index := map[string]int{}
	for i, pair := range pairs {
		name, key, ok := strings.Cut(pair, "=")
		if !ok || name == "" || key == "" {
			return nil, badUsage("--manufacturer needs NAME=KEY, as in --manufacturer acme=secret; number %d is not", i+1)
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

// usage is the text of --help: examples first.
func usage(f *pflag.FlagSet) string {
	var flags strings.Builder
	w := tabwriter.NewWriter(&flags, 0, 0, 2, ' ', 0)
	f.VisitAll(func(flag *pflag.Flag) {
		value, text := pflag.UnquoteUsage(flag)
		if flag.Value.Type() == "bool" {
			value = ""
		} else if flag.DefValue != "" && flag.DefValue != "[]" {
			text += " (default " + flag.DefValue + ")"
		}
		fmt.Fprintf(w, "  --%s\t%s\n", strings.TrimSpace(flag.Name+" "+value), text)
	})
	w.Flush()
	return fmt.Sprintf(examples, flags.String())
}
