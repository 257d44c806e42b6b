package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
	"nox.energy/contract/conformance/runner"
)

// newProgram declares the commands and their flags. The command that runs puts
// its exit code into code.
func newProgram(std streams, getenv func(string) string, code *int) (*cli.Program, error) {
	pages, err := topics()
	if err != nil {
		return nil, err
	}
	p := &cli.Program{
		Topics: pages,
		Variables: [][2]string{
			{"NOX_API_KEY", "API key of an enabled manufacturer; required by most checks"},
			{"NOX_OTHER_API_KEY", "key of another manufacturer, to check isolation"},
			{"NOX_DISABLED_API_KEY", "key of a disabled manufacturer, to check that it is refused"},
			{"NOX_API_KEY_<SCHEME>", "key for one security scheme, where it is not NOX_API_KEY"},
			{"NO_COLOR", "if set, the text report has no colors"},
			{"HTTP_PROXY, HTTPS_PROXY, NO_PROXY", "proxies, as other programs use them"},
		},
		ExitCodes: [][2]string{
			{"0", "the server conforms"},
			{"1", "a check that counts failed, or a known failure passes now"},
			{"2", "the command line, the contract or the configuration is invalid; nothing was sent"},
			{"3", "the run did not finish or reached no verdict: unreachable, key refused, interrupted"},
		},
	}
	command := func(c *cobra.Command, act func(ctx context.Context, flags *pflag.FlagSet, args []string) int) *cobra.Command {
		c.RunE = func(c *cobra.Command, args []string) error {
			*code = act(c.Context(), c.Flags(), args)
			return nil
		}
		return c
	}
	o := &options{getenv: getenv}
	p.Root = &cobra.Command{
		Use:   "nox-conformance [flags] BASE-URL",
		Short: "check whether a server keeps the contract of the NOX manufacturer API",
		Long: `nox-conformance checks whether a server keeps the contract of the NOX manufacturer API, or of
any other OpenAPI 3 document. It sends requests and compares each response with the contract.`,
		Example: `NOX_API_KEY=… nox-conformance http://127.0.0.1:4010/v2   # by its base URL
nox-conformance --provoke '500=Prefer: code=500' --require 201,400,401,500 URL
                                      # its 500 too; fail unless all four were seen
nox-conformance --report junit=report.xml --report html=report.html URL
nox-conformance --run '401/*' URL     # some checks only
nox-conformance --har traffic.har     # judge recorded traffic; send nothing
nox-conformance --self-test           # judge the built-in mock; needs nothing else
nox-conformance --explain 401/missing-key
nox-conformance help release-gate     # stop a release that breaks the contract`,
		Args: cobra.ArbitraryArgs,
	}
	o.declare(p.Root)
	command(p.Root, func(ctx context.Context, flags *pflag.FlagSet, args []string) int {
		if len(args) > 0 && args[0] == "" {
			return usage(std, &conformance.UsageError{Problem: "the base URL is empty: is the variable that holds it set?"})
		}
		if len(args) > 0 && !strings.Contains(args[0], "/") {
			if err := p.Unknown(p.Root, args); strings.HasPrefix(err.Error(), "unknown command") {
				return usage(std, err)
			}
		}
		return o.perform(ctx, flags, args, std)
	})
	re := &replayOptions{options: &options{getenv: getenv}}
	again := &cobra.Command{
		Use:   "replay [flags] REPORT [PATTERN…] | --target URL HAR…",
		Short: "run checks of a JSON report again, or send recorded traffic again",
		Long: `nox-conformance replay runs checks of a JSON report again and says of each whether it still
fails. Without patterns it runs those that failed, except for known failures.

Target, profile, contract and seed are those of the report; users are new ones. The report
contains neither keys nor headers nor certificates: pass them as for a run. Each check first
runs alone. If it passes then, it runs once more together with all checks of the report.

With recorded traffic, such as the mock's /journal.har, it sends the requests of the client to
--target with the keys of the environment. It judges each response by the contract, and reports
where it differs from the one that the client got: in status, shape, echo, or in which users
share an id. --run, --skip, --known, --require, --report and --output are for recorded traffic
alone.

Exit codes: 0 all pass now; 1 a check still fails; 2 usage, or an unusable report; 3 none
fails, but some were undecided.`,
		Example: `nox-conformance replay report.json
nox-conformance replay report.json 401/missing-key '201/echo-*'
nox-conformance replay --target http://127.0.0.1:4010/v2 report.json
nox-conformance replay --target https://staging.example/v2 journal.har`,
	}
	re.declare(again)
	comparing := &diffOptions{options: &options{getenv: getenv}}
	changes := &cobra.Command{
		Use:   "diff [flags] OLD NEW",
		Short: "compare two JSON reports: what broke, what was fixed, what is new",
		Long: `nox-conformance diff compares two JSON reports: what broke, what was fixed, what is new. It
sends nothing. A check broke if it fails in the new report, is not a known failure there, and
did not fail in the old one. Reports of different targets, contracts and versions can be
compared; the comparison says what differs.

Exit codes: 0 nothing broke; 1 something broke; 2 usage, or an unusable report; 3 no check
was judged in both reports.`,
		Example: "nox-conformance diff old.json new.json\nnox-conformance diff --output markdown old.json new.json",
	}
	comparing.declare(changes)
	past := &trendOptions{}
	history := &cobra.Command{
		Use:   "trend [flags] FOLDER",
		Short: "show past JSON reports on one HTML page",
		Long: `nox-conformance trend reads every JSON report in a folder and beneath it, and writes one
self-contained HTML page: for each target the runs, what did not pass in each, and since
when each check fails, passes, or comes and goes. It skips other files.

Exit codes: 0 the page was written; 2 usage, or no usable report; 3 the page could not be
written.`,
		Example: "nox-conformance trend reports >trend.html\nnox-conformance trend --output trend.html reports",
	}
	past.declare(history)
	weak := &cobra.Command{
		Use:   "lint CONTRACT",
		Short: "list what is weak or contradictory in a contract",
		Long: `nox-conformance lint reads a contract, an OpenAPI 3 document, and lists what its author may not
have meant, with lines: what means something else than it seems to, what no value can satisfy,
and which operations no check can judge. It sends nothing.

Exit codes: 0 no contradiction; 1 a contradiction; 2 usage, or a contract that cannot be read.`,
		Example: "nox-conformance lint openapi.yaml\nnox-conformance lint --output json openapi.yaml",
	}
	var lintFormat string
	cli.Section(weak, "Output", func(f *pflag.FlagSet) {
		f.StringVar(&lintFormat, "output", "text", "`FORMAT` format of standard output: text or json")
	})
	cli.Values(weak, "output", func() []string { return []string{"text", "json"} })
	embedded := &cobra.Command{
		Use:     "contract",
		Short:   "print the built-in contract as an OpenAPI document in YAML",
		Long:    "nox-conformance contract prints the OpenAPI document that a run judges by if it has no --spec.",
		Example: "nox-conformance contract >openapi.yaml",
	}
	p.Root.AddCommand(
		command(embedded, func(_ context.Context, _ *pflag.FlagSet, args []string) int { return printContract(args, std) }),
		command(weak, func(ctx context.Context, _ *pflag.FlagSet, args []string) int {
			return lint(ctx, lintFormat, args, std)
		}),
		command(again, func(ctx context.Context, flags *pflag.FlagSet, args []string) int {
			return re.replay(ctx, flags, args, std)
		}),
		command(history, func(_ context.Context, _ *pflag.FlagSet, args []string) int { return past.trend(args, std) }),
		command(changes, func(_ context.Context, _ *pflag.FlagSet, args []string) int { return comparing.diff(args, std) }),
	)
	return p.Init(), nil
}

// declare declares the flags of a run.
func (o *options) declare(c *cobra.Command) {
	cli.Section(c, "Instead of a target", func(f *pflag.FlagSet) {
		f.BoolVar(&o.selfTest, "self-test", false, "judge the built-in mock, then show that each check can fail")
		f.StringArrayVar(&o.har, "har", nil, "`FILE` judge recorded traffic in HAR 1.2, - for standard input")
		f.BoolVar(&o.list, "list", false, "print the catalogue of checks")
		f.StringVar(&o.explain, "explain", "", "`ID` explain why a check exists, with its clause")
	})
	cli.Section(c, "Target", func(f *pflag.FlagSet) {
		f.StringVar(&o.keyFile, "api-key-file", "", "`FILE` file with the API key, instead of NOX_API_KEY")
		f.StringVar(&o.otherKeyFile, "other-api-key-file", "", "`FILE` the same, instead of NOX_OTHER_API_KEY")
		f.StringVar(&o.disabledKeyFile, "disabled-api-key-file", "", "`FILE` the same, instead of NOX_DISABLED_API_KEY")
		f.StringArrayVar(&o.headers, "header", nil, "`NAME: VALUE` header to add to every request")
		f.StringVar(&o.caCert, "ca-cert", "", "`FILE` PEM file with further CAs to trust")
		f.StringVar(&o.clientCert, "client-cert", "", "`FILE` PEM file with a client certificate")
		f.StringVar(&o.clientKey, "client-key", "", "`FILE` PEM file with its private key")
		f.BoolVar(&o.insecure, "insecure", false, "accept any certificate")
	})
	cli.Section(c, "Contract", func(f *pflag.FlagSet) {
		f.StringVar(&o.spec, "spec", "", "`FILE` another OpenAPI document: a file, a URL or - (help documents)")
		f.StringVar(&o.rules, "rules", "", "`FILE` rules beyond the schemas (nox-conformance help rules)")
		f.StringArrayVar(&o.serverVariables, "server-variable", nil, "`NAME=VALUE` variable in the contract's server URLs")
		f.StringVar(&o.contractPath, "contract-path", "", "`FILE` the contract in your repository, for reports to point to")
		f.StringVar(&o.published, "published", "", "`FILE` fail if the published contract breaks clients of this one")
	})
	cli.Section(c, "Checks", func(f *pflag.FlagSet) {
		f.StringArrayVar(&o.run, "run", nil, "`PATTERN` run only these checks (* within a segment, ** across)")
		f.StringArrayVar(&o.skip, "skip", nil, "`PATTERN` skip these checks")
		f.StringArrayVar(&o.provoke, "provoke", nil, "`STATUS=HOW` header or JSON body that brings about a status")
		f.StringSliceVar(&o.require, "require", nil, "`STATUSES` fail unless these were exercised: 201,400,401,500")
		f.BoolVar(&o.strict, "strict", false, "count warnings as failures")
		f.BoolVar(&o.noForeignIDs, "no-foreign-ids", false, "send no user_id that may be a real user's, such as 17 or NO")
		f.StringVar(&o.known, "known", "", "`FILE` known failures, each with a reason and an expiry date")
		f.StringVar(&o.updateKnown, "update-known", "", "`FILE` update the known failures with this run")
		f.StringVar(&o.asOf, "as-of", "", "`VERSION` only warn about checks newer than this version")
	})
	cli.Section(c, "Pace", func(f *pflag.FlagSet) {
		f.StringVar(&o.profile, "profile", string(conformance.Full), "`NAME` full, or production: only harmless requests")
		f.BoolVar(&o.dryRun, "dry-run", false, "print every request without sending any")
		f.Float64Var(&o.rate, "rate", 0, "`N` maximum requests a second (production: 5)")
		f.IntVar(&o.parallel, "parallel", 0, "`N` maximum concurrent requests (full: 16, production: 1)")
		f.DurationVar(&o.timeout, "timeout", 10*time.Second, "`DURATION` maximum time to wait for a response")
		f.DurationVar(&o.deadline, "deadline", 0, "`DURATION` maximum duration of the run (10m, or as --rate needs)")
		f.DurationVar(&o.wait, "wait", 0, "`DURATION` wait for a target that does not respond yet")
		f.DurationVar(&o.patience, "patience", time.Minute, "`DURATION` maximum pause that Retry-After may ask for")
		f.Var(&o.thorough, "thorough", "`LIMIT` also send random sequences, up to a duration or number (10m, 5000)")
		f.StringVar(&o.runID, "run-id", "", "`ID` part of every user id, to repeat a run or find its users")
		f.Int64Var(&o.seed, "seed", 0, "`N` seed of random values, to repeat a run")
	})
	cli.Section(c, "Output", func(f *pflag.FlagSet) {
		f.StringArrayVar(&o.report, "report", nil, "`FORMAT=FILE` write a report, - for standard output (formats below)")
		f.StringVar(&o.output, "output", "text", "`FORMAT` format of standard output: text or json")
		f.BoolVarP(&o.quiet, "quiet", "q", false, "print the verdict only")
		f.BoolVarP(&o.verbose, "verbose", "v", false, "print every check with its exchanges")
	})
	c.Annotations = map[string]string{cli.FlagsNote: "Formats of --report: " + strings.Join(report.Formats(), ", ") + "."}
	cli.Values(c, "profile", func() []string { return []string{string(conformance.Full), string(conformance.Production)} })
	cli.Values(c, "output", func() []string { return []string{"text", "json"} })
	cli.Values(c, "report", func() []string {
		var formats []string
		for _, f := range report.Formats() {
			formats = append(formats, f+"=")
		}
		return formats
	})
	for _, flag := range []string{"run", "skip", "explain"} {
		cli.Values(c, flag, checkIDs)
	}
}

// checkIDs are the ids of the checks of the embedded contract, without the
// operation.
func checkIDs() []string {
	checks, err := runner.Catalogue(nil)
	if err != nil { // then there is nothing to complete
		return nil
	}
	var ids []string
	for _, c := range checks {
		ids = append(ids, strings.TrimPrefix(c.ID, c.Operation+"/"))
	}
	return ids
}

// declare declares the flags of a replay: those of its own, and those of a run
// that a report cannot replace.
func (o *replayOptions) declare(c *cobra.Command) {
	cli.Section(c, "Replay", func(f *pflag.FlagSet) {
		f.StringVar(&o.target, "target", "", "`URL` base URL of another target than the report's")
		f.BoolVar(&o.sameUsers, "same-users", false, "send the user ids of the report again")
	})
	run := &cobra.Command{}
	o.options.declare(run)
	for _, name := range []string{
		"api-key-file", "other-api-key-file", "disabled-api-key-file", "header", "ca-cert", "client-cert", "client-key", "insecure", "spec", "rules", "server-variable",
		"provoke", "strict", "no-foreign-ids", "as-of", "profile", "rate", "parallel", "timeout", "deadline", "wait", "patience", "quiet", "verbose",
	} {
		c.Flags().AddFlag(run.Flags().Lookup(name))
	}
	for _, name := range recordingFlags() {
		c.Flags().AddFlag(run.Flags().Lookup(name))
	}
}

// diffOptions are the flags of a comparison.
type diffOptions struct {
	*options
	format string
}

func (o *diffOptions) declare(c *cobra.Command) {
	cli.Section(c, "Output", func(f *pflag.FlagSet) {
		f.StringVar(&o.format, "output", "text", "`FORMAT` format of standard output: "+strings.Join(report.ComparisonFormats(), ", "))
		f.BoolVarP(&o.quiet, "quiet", "q", false, "print only how many checks changed")
		f.BoolVarP(&o.verbose, "verbose", "v", false, "print every change, however many there are")
	})
	cli.Values(c, "output", report.ComparisonFormats)
}
