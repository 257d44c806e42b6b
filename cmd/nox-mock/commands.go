package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/defect"
)

// envPrefix starts the environment variable of each flag.
const envPrefix = "NOX_MOCK_"

// streams are what the program reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// newProgram declares the commands and their flags.
func newProgram(std streams, environ []string) (*cli.Program, error) {
	pages, err := topics()
	if err != nil {
		return nil, err
	}
	p := &cli.Program{
		EnvPrefix: envPrefix,
		Topics:    pages,
		ExitCodes: [][2]string{
			{"0", "stopped by a signal, or the command succeeded"},
			{"1", "the mock could not serve, or --require or --fail-on-mistakes failed"},
			{"2", "the command line, the contract or the configuration is invalid"},
		},
	}
	// command completes c with its flags and what it does.
	command := func(c *cobra.Command, declare func(*cobra.Command, *settings), act func(context.Context, settings) error) *cobra.Command {
		s := &settings{command: c.Name()}
		declare(c, s)
		c.RunE = func(c *cobra.Command, args []string) error {
			if s.command == "exec" || s.command == "schema" {
				s.argv = args
			} else if len(args) > 0 {
				return p.Unknown(c, args)
			}
			if err := s.complete(c.Flags(), p, lookUp(environ)); err != nil {
				return err
			}
			s.silent = c.Flags().Changed("quiet") && s.quiet // exec is quiet by default
			if !s.silent {
				for _, problem := range append(p.UnknownVariables(environ), s.readableSecrets()...) {
					fmt.Fprintf(std.err, "nox-mock: warning: %s\n", problem)
				}
			}
			return act(c.Context(), *s)
		}
		return c
	}
	p.Root = command(&cobra.Command{
		Use:   "nox-mock [flags]",
		Short: "mock of the NOX manufacturer API",
		Long: `nox-mock responds as the NOX manufacturer API does, so that you can build and test a
client without it.

If --listen has port 0, --control-listen picks a free port too by default.`,
		Example: `nox-mock                                           # three manufacturers with test keys
nox-mock --listen 127.0.0.1:0 --address-file a.json  # on free ports, written to a.json
nox-mock --manufacturer acme=KEY                   # a manufacturer with a key of your own
nox-mock exec --require 201,400,401,500 -- ./run-tests
                                                   # serve while a command runs; then score it
nox-mock --tls-auto                                # HTTPS with a certificate of its own
nox-mock scenarios                                 # every way to bring about a response
nox-mock help lost-response                        # test a client against lost responses`,
		Args: cobra.ArbitraryArgs,
	}, declareServe, func(ctx context.Context, s settings) error {
		if s.listDeviations {
			return listDeviations(std.out)
		}
		if s.lint {
			return lint(ctx, s, std.in, std.out)
		}
		return serve(ctx, s, std.in, std.out, std.err)
	})
	p.Root.AddCommand(
		command(&cobra.Command{
			Use:   "exec [flags] -- COMMAND [ARGUMENT…]",
			Short: "serve while a command runs, then print a scorecard of the client",
			Long: `nox-mock exec serves on a free port while a command runs. The command finds the mock
in NOX_BASE_URL, NOX_CONTROL_URL and NOX_CA_CERT, and keys in NOX_API_KEY, NOX_OTHER_API_KEY
and NOX_DISABLED_API_KEY. Then nox-mock prints which responses the client met and which
mistakes it made. The exit code is the command's, or 1 if --require was not met, or with
--fail-on-mistakes if the client made a mistake.`,
			Example: `nox-mock exec -- npm test
nox-mock exec --require 201,400,401,500 --scorecard junit=client.xml -- ./run-tests`,
		}, declareExec, func(ctx context.Context, s settings) error { return execute(ctx, s, std.in, std.out, std.err) }),
		command(&cobra.Command{
			Use:   "healthcheck [flags]",
			Short: "exit with 0 if a mock on this machine is ready",
			Long: `nox-mock healthcheck asks a mock on this machine whether it is ready: the one that
--address-file names, or else the one at --control-listen.`,
			Example: "nox-mock healthcheck\nnox-mock healthcheck --address-file a.json",
		}, declareHealthcheck, healthcheck),
		command(&cobra.Command{
			Use:   "ca [flags]",
			Short: "print the CA certificate that clients of --tls-auto must trust",
			Long: `nox-mock ca prints the certificate of the CA that signs for --tls-auto, and on standard
error how to make curl, Node, Python and Go trust it.`,
			Example: "nox-mock ca >ca.pem",
		}, declareCA, func(_ context.Context, s settings) error { return printAuthority(s, std.out, std.err) }),
		command(&cobra.Command{
			Use:     "schema fixture",
			Short:   "print the JSON Schema of a fixture",
			Long:    "nox-mock schema prints the JSON Schema of the files that --fixture and --state read.",
			Example: "nox-mock schema fixture >fixture.schema.json",
		}, func(*cobra.Command, *settings) {}, func(_ context.Context, s settings) error {
			return printSchema(std.out, strings.Join(s.argv, " "))
		}),
		command(&cobra.Command{
			Use:     "scenarios",
			Short:   "print every way to bring about a response",
			Long:    "nox-mock scenarios prints what a request or a fault can ask for, as one table.",
			Example: "nox-mock scenarios",
		}, func(*cobra.Command, *settings) {}, func(context.Context, settings) error { return scenarios(std.out) }),
		command(&cobra.Command{
			Use:   "export [flags]",
			Short: "print a state file as a fixture",
			Long: `nox-mock export prints what --state FILE contains, in the form of --fixture, also while a
mock uses the file.`,
			Example: "nox-mock export --state state.json >fixture.json",
		}, declareState, func(ctx context.Context, s settings) error { return exportState(ctx, s, std.out) }),
	)
	return p.Init(), nil
}

func declareState(c *cobra.Command, s *settings) {
	cli.Section(c, "Serving", func(f *pflag.FlagSet) { declareStateFlag(f, s) })
}

func declareStateFlag(f *pflag.FlagSet, s *settings) {
	f.StringVar(&s.state, "state", "", "`FILE` file that keeps manufacturers and connections")
}

func declareServe(c *cobra.Command, s *settings) {
	cli.Section(c, "Serving", func(f *pflag.FlagSet) {
		f.StringVar(&s.listen, "listen", "127.0.0.1:4010", "`ADDRESS` address to serve on; port 0 picks a free one")
		f.StringVar(&s.controlListen, "control-listen", "127.0.0.1:4011", "`ADDRESS` address of control API and dashboard, or off")
		f.StringVar(&s.addressFile, "address-file", "", "`FILE` write {\"base_url\": …, \"control_url\": …} to a file while serving")
		f.StringVar(&s.spec, "spec", "", "`FILE` another OpenAPI document: a file, a URL or - (help documents)")
		if c.Name() != "exec" {
			f.BoolVar(&s.lint, "lint", false, "list what is weak or contradictory in the contract, with lines")
		}
		f.IntVar(&s.maxConnections, "max-connections", 1024, "`N` maximum concurrent connections to each port")
	})
	cli.Section(c, "Manufacturers and state", func(f *pflag.FlagSet) {
		f.StringArrayVar(&s.pairs, "manufacturer", nil, "`NAME=KEY` manufacturer with a key, instead of the built-in ones")
		f.StringVar(&s.fixture, "fixture", "", "`FILE` JSON file with manufacturers and connections to start with")
		declareStateFlag(f, s)
		f.StringVar(&s.store, "store", "", "`ADDRESS` Redis or Valkey that mocks share, as redis://HOST:PORT/DB")
		f.StringVar(&s.idKind, "ids", string(mock.DerivedIDs), "`KIND` NOX ids: derived (same after a restart) or random")
	})
	cli.Section(c, "Behavior", func(f *pflag.FlagSet) {
		f.BoolVar(&s.noOverrides, "no-overrides", false, "ignore the header Prefer and magic user ids")
		f.BoolVar(&s.explainErrors, "explain-errors", false, "explain each error in the header "+mock.ExplainHeader)
		f.StringArrayVar(&s.defects, "defect", nil, "`NAME` break the contract in this way")
		f.StringArrayVar(&s.variations, "variation", nil, "`NAME` differ in this way, which the contract allows")
		if c.Name() != "exec" {
			f.BoolVar(&s.listDeviations, "list-deviations", false, "print the names for --defect and --variation")
		}
	})
	declareClient(c, s)
	cli.Section(c, "TLS", func(f *pflag.FlagSet) {
		f.BoolVar(&s.tlsAuto, "tls-auto", false, "serve HTTPS with a certificate signed by a local CA (nox-mock ca)")
		f.StringArrayVar(&s.tlsNames, "tls-name", nil, "`NAME` further host name or IP address for --tls-auto")
		declareFolder(f, s)
		f.StringVar(&s.tlsCert, "tls-cert", "", "`FILE` serve HTTPS with the certificate chain in a PEM file")
		f.StringVar(&s.tlsKey, "tls-key", "", "`FILE` private key of --tls-cert, in a PEM file")
	})
	cli.Section(c, "Control API", func(f *pflag.FlagSet) {
		f.StringVar(&s.tokenFile, "control-token-file", "", "`FILE` require the token in a file; needed off loopback")
		f.StringVar(&s.controlToken, "control-token", "", "`TOKEN` the same; other users of the machine may see the token")
		f.StringArrayVar(&s.controlHosts, "control-host", nil, "`NAME` accept a host name, besides localhost and IP addresses")
	})
	cli.Section(c, "Output", func(f *pflag.FlagSet) {
		f.StringVar(&s.logFormat, "log-format", "text", "`FORMAT` format of the request log: text or json")
		f.Var(&s.logLevel, "log-level", "`LEVEL` lowest level to log: debug, info, warn or error")
		f.IntVar(&s.journalEntries, "journal-entries", 1000, "`N` exchanges to keep for each manufacturer")
		f.BoolVar(&s.quiet, "quiet", false, "print neither the start-up message nor the request log, only errors")
	})
	cli.Values(c, "ids", func() []string { return []string{string(mock.DerivedIDs), string(mock.RandomIDs)} })
	cli.Values(c, "log-format", func() []string { return []string{"text", "json"} })
	cli.Values(c, "log-level", func() []string { return []string{"debug", "info", "warn", "error"} })
	cli.Values(c, "defect", func() []string { return names(defect.Defects()) })
	cli.Values(c, "variation", func() []string { return names(defect.Variations()) })
}

func names(all []defect.Deviation) []string {
	var out []string
	for _, d := range all {
		out = append(out, d.Name)
	}
	return out
}

// declareExec declares the flags of serving too. Those behind the command are
// the command's.
func declareExec(c *cobra.Command, s *settings) {
	c.Flags().SetInterspersed(false)
	cli.Section(c, "Scorecard", func(f *pflag.FlagSet) {
		f.StringSliceVar(&s.require, "require", nil, "`STATUSES` fail unless the client met each: 201,400,401,500")
		f.BoolVar(&s.failOnMistakes, "fail-on-mistakes", false, "fail if the client made a mistake, or sent no request")
		f.StringArrayVar(&s.cards, "scorecard", []string{"text"}, "`FORMAT[=FILE]` write the scorecard: text, json or junit")
	})
	declareServe(c, s)
	c.Flags().Lookup("listen").DefValue = "127.0.0.1:0"
	c.Flags().Lookup("control-listen").DefValue = "127.0.0.1:0"
}

func declareHealthcheck(c *cobra.Command, s *settings) {
	cli.Section(c, "Mock", func(f *pflag.FlagSet) {
		f.StringVar(&s.addressFile, "address-file", "", "`FILE` address file of the mock")
		f.StringVar(&s.controlListen, "control-listen", "127.0.0.1:4011", "`ADDRESS` control address of the mock")
	})
}

func declareCA(c *cobra.Command, s *settings) {
	cli.Section(c, "CA", func(f *pflag.FlagSet) {
		declareFolder(f, s)
		f.BoolVar(&s.quiet, "quiet", false, "print the certificate only")
	})
}

func declareFolder(f *pflag.FlagSet, s *settings) {
	f.StringVar(&s.tlsDir, "tls-dir", "", "`FOLDER` folder of the CA, instead of your configuration folder")
}

// lookUp returns what os.Getenv returns, for environ.
func lookUp(environ []string) func(string) string {
	return func(name string) string {
		for _, pair := range slices.Backward(environ) {
			if value, ok := strings.CutPrefix(pair, name+"="); ok {
				return value
			}
		}
		return ""
	}
}
