package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/spec"
	"nox.energy/contract/spec/drift"
)

// options are the flags as they were given.
type options struct {
	getenv func(string) string

	spec                                         string
	published, contractPath                      string
	run, skip, provoke, require, headers, report []string
	har                                          []string
	strict, noForeignIDs                         bool
	asOf                                         string
	profile                                      string
	rate                                         float64
	parallel                                     int
	timeout, deadline, wait, patience            time.Duration
	runID                                        string
	seed                                         int64
	output                                       string
	keyFile, otherKeyFile, disabledKeyFile       string
	caCert, clientCert, clientKey                string
	insecure                                     bool
	list, selfTest, version                      bool
	known, updateKnown                           string
	dryRun                                       bool
	explain                                      string
	quiet, verbose                               bool
}

func newOptions(getenv func(string) string) (*options, *pflag.FlagSet) {
	o := &options{getenv: getenv}
	f := pflag.NewFlagSet("nox-conformance", pflag.ContinueOnError)
	f.SortFlags = false
	f.Usage = func() {}
	f.BoolVar(&o.selfTest, "self-test", false, "judge the built-in mock, then show that each check can fail")
	f.StringArrayVar(&o.har, "har", nil, "judge recorded traffic in HAR 1.2, a `FILE` or - for standard input; any number; nothing is sent")
	f.BoolVar(&o.list, "list", false, "print the catalogue of checks")
	f.StringVar(&o.explain, "explain", "", "say why the check `ID` exists, with its clause")
	f.StringVar(&o.spec, "spec", "", "judge by another contract: a `FILE`, a URL, or - for standard input")
	f.StringVar(&o.contractPath, "contract-path", "", "`FILE` of the contract in your repository, which reports point to (default: the file of --spec)")
	f.StringVar(&o.published, "published", "", "fail if the contract that clients are shown, a `FILE`, a URL or -, breaks clients of this one")
	f.StringArrayVar(&o.run, "run", nil, "run only the checks whose id matches `PATTERN` (* within a segment, ** across)")
	f.StringArrayVar(&o.skip, "skip", nil, "leave out the checks whose id matches `PATTERN`")
	f.BoolVar(&o.strict, "strict", false, "count a warning as a failure")
	f.BoolVar(&o.noForeignIDs, "no-foreign-ids", false, "send no user_id without the mark of the run: it may be a real user's")
	f.StringVar(&o.asOf, "as-of", "", "only warn about what checks find that came after `VERSION` of this program")
	f.StringArrayVar(&o.provoke, "provoke", nil, "how the target is made to answer a status, as `STATUS=HOW`: a header or a JSON body")
	f.StringSliceVar(&o.require, "require", nil, "fail unless these `STATUSES` were exercised: 201,400,401,500")
	f.StringVar(&o.known, "known", "", "known failures in `FILE`, each with a reason and an expiry date")
	f.StringVar(&o.updateKnown, "update-known", "", "bring the known failures in `FILE` up to date with this run")
	f.BoolVar(&o.dryRun, "dry-run", false, "print every request without sending any")
	f.StringVar(&o.profile, "profile", string(conformance.Full), "`NAME` of the profile: full, or production: only what cannot harm")
	f.Float64Var(&o.rate, "rate", 0, "at most `NUMBER` requests a second (production: 5)")
	f.IntVar(&o.parallel, "parallel", 0, "`NUMBER` of requests at one time (default 16; production: 1)")
	f.DurationVar(&o.timeout, "timeout", 10*time.Second, "`TIME` that one answer may take")
	f.DurationVar(&o.deadline, "deadline", 0, "`TIME` that the run may take (default 10m, or longer if --rate or --wait needs it)")
	f.DurationVar(&o.wait, "wait", 0, "`TIME` to wait for a target that does not answer yet")
	f.DurationVar(&o.patience, "patience", time.Minute, "`TIME` to obey Retry-After while no request gets on")
	f.StringVar(&o.runID, "run-id", "", "`MARK` of the users that the run creates, to repeat a run")
	f.Int64Var(&o.seed, "seed", 0, "`NUMBER` that what is random begins with, to repeat a run")
	f.StringArrayVar(&o.report, "report", nil, "also write a report, as `FORMAT=FILE`, - for standard output; any number")
	f.StringVar(&o.output, "output", "text", "`FORMAT` of what goes to standard output: text or json")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print the verdict only")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "print every check and its exchanges")
	f.StringVar(&o.keyFile, "api-key-file", "", "`FILE` with the API key, instead of NOX_API_KEY")
	f.StringVar(&o.otherKeyFile, "other-api-key-file", "", "`FILE` with another manufacturer's key, instead of NOX_OTHER_API_KEY")
	f.StringVar(&o.disabledKeyFile, "disabled-api-key-file", "", "`FILE` with the key of a manufacturer that is not enabled, instead of NOX_DISABLED_API_KEY")
	f.StringArrayVar(&o.headers, "header", nil, "add a header to every request, as `NAME: VALUE`")
	f.StringVar(&o.caCert, "ca-cert", "", "trust the authorities in this PEM `FILE` too")
	f.StringVar(&o.clientCert, "client-cert", "", "PEM `FILE` with a client certificate")
	f.StringVar(&o.clientKey, "client-key", "", "PEM `FILE` with its key")
	f.BoolVar(&o.insecure, "insecure", false, "do not verify the target's certificate")
	f.BoolVar(&o.version, "version", false, "print the version")
	return o, f
}

// config turns the options into a configuration of the runner.
func (o *options) config(ctx context.Context, args []string, std streams) (conformance.Config, error) {
	cfg := conformance.Config{
		Run: o.run, Skip: o.skip, Strict: o.strict, NoForeignIDs: o.noForeignIDs, AsOf: o.asOf, Require: o.require,
		Profile: conformance.Profile(o.profile), Rate: o.rate, Parallel: o.parallel,
		Timeout: o.timeout, Deadline: o.deadline, Wait: o.wait, Patience: o.patience,
		RunID: o.runID, Seed: o.seed, Evidence: o.verbose,
		Version: cli.Version(), UserAgent: "nox-conformance/" + cli.Version(),
	}
	switch {
	case len(args) > 1: // which are not repeated here, as one may be a key that went astray
		return cfg, &conformance.UsageError{Problem: fmt.Sprintf("one target at a time, and there are %d arguments beside the flags", len(args))}
	case len(args) == 1:
		cfg.Target = args[0]
	}
	if !(o.rate >= 0) || math.IsInf(o.rate, 1) || o.parallel < 0 || o.timeout <= 0 || o.deadline < 0 || o.wait < 0 || o.patience <= 0 {
		return cfg, &conformance.UsageError{Problem: "--rate, --parallel, --timeout, --deadline, --wait and --patience must not be negative, nor --timeout or --patience zero"}
	}
	var err error
	if cfg.Contract, err = o.contract(ctx, std); err != nil {
		return cfg, err
	}
	if cfg.Contract, cfg.ContractPath, err = o.inRepository(ctx, cfg.Contract, std); err != nil {
		return cfg, err
	}
	if cfg.Drift, err = o.drift(cfg.Contract); err != nil {
		return cfg, err
	}
	if cfg.Published, err = o.publishedDrift(ctx, cfg.Contract, std); err != nil {
		return cfg, err
	}
	if cfg.Published != nil && len(cfg.Published.Changes) > 0 {
		cfg.Drift = append(cfg.Drift, *cfg.Published)
	}
	for _, p := range o.provoke {
		provocation, err := runner.ParseProvocation(p)
		if err != nil {
			return cfg, err
		}
		cfg.Provoke = append(cfg.Provoke, provocation)
	}
	if cfg.Header, err = parseHeaders(o.headers); err != nil {
		return cfg, err
	}
	if cfg.TLS, err = o.tls(); err != nil {
		return cfg, err
	}
	if cfg.Known, err = o.knownFailures(); err != nil {
		return cfg, err
	}
	cfg.Keys, err = o.keys()
	return cfg, err
}

// knownFailures reads the file of known failures: the one that excuses them,
// or the one that is brought up to date, which need not be there yet.
func (o *options) knownFailures() ([]conformance.Known, error) {
	name := o.known
	if name == "" {
		name = o.updateKnown
	}
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) && name == o.updateKnown {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("--known: %w", err)
	}
	defer f.Close()
	return conformance.ReadKnown(f, name)
}

// contract loads the contract in force; nil is the embedded one.
func (o *options) contract(ctx context.Context, std streams) (*spec.Document, error) {
	if o.spec == "" {
		return spec.Embedded()
	}
	return spec.Load(ctx, o.spec, std.in)
}

// drift tells how the contract differs from the one that the program was made
// for.
func (o *options) drift(contract *spec.Document) ([]spec.Drift, error) {
	if o.spec == "" {
		return nil, nil
	}
	embedded, err := spec.Embedded()
	if err != nil {
		return nil, err
	}
	// A contract of another API may be one that cannot be compared.
	if d, err := drift.Between(embedded, contract); err == nil && d != nil {
		return []spec.Drift{*d}, nil
	}
	return nil, nil
}

// publishedDrift tells how the contract that clients are shown differs from the
// one in force: without changes if it does not, nil if none was named.
func (o *options) publishedDrift(ctx context.Context, contract *spec.Document, std streams) (*spec.Drift, error) {
	if o.published == "" {
		return nil, nil
	}
	published, err := spec.Load(ctx, o.published, std.in)
	if err != nil {
		return nil, err
	}
	d, err := drift.Between(contract, published)
	switch {
	case err != nil:
		return nil, err
	case d != nil:
		return d, nil
	case published.SHA256() != contract.SHA256():
		return nil, &conformance.UsageError{Problem: fmt.Sprintf("--published: %s and %s have no operation in common", published.Source(), contract.Source())}
	}
	return &spec.Drift{From: contract.Edition(), To: published.Edition()}, nil
}

// keys reads the secrets: from a file where one is named, else from the
// environment.
func (o *options) keys() (conformance.Keys, error) {
	var keys conformance.Keys
	for _, k := range []struct {
		to                   *string
		file, flag, variable string
	}{
		{&keys.Key, o.keyFile, "--api-key-file", "NOX_API_KEY"},
		{&keys.Other, o.otherKeyFile, "--other-api-key-file", "NOX_OTHER_API_KEY"},
		{&keys.Disabled, o.disabledKeyFile, "--disabled-api-key-file", "NOX_DISABLED_API_KEY"},
	} {
		*k.to = o.getenv(k.variable)
		if k.file == "" {
			continue
		}
		data, err := os.ReadFile(k.file)
		if err != nil {
			return keys, fmt.Errorf("%s: %w", k.flag, err)
		}
		if *k.to = strings.TrimRight(string(data), "\r\n"); *k.to == "" {
			return keys, &conformance.UsageError{Problem: fmt.Sprintf("%s: %s is empty", k.flag, k.file)}
		}
	}
	return keys, nil
}

func parseHeaders(lines []string) (http.Header, error) {
	h := http.Header{}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" || strings.ContainsAny(name, " \t") || strings.ContainsAny(value, "\r\n") {
			return nil, &conformance.UsageError{Problem: "--header takes NAME: VALUE, as in 'X-Gateway-Token: …'"}
		}
		h.Add(name, strings.TrimSpace(value))
	}
	return h, nil
}

func (o *options) tls() (*tls.Config, error) {
	cfg := &tls.Config{InsecureSkipVerify: o.insecure}
	if o.caCert != "" {
		pem, err := os.ReadFile(o.caCert)
		if err != nil {
			return nil, fmt.Errorf("--ca-cert: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, &conformance.UsageError{Problem: fmt.Sprintf("--ca-cert: %s holds no PEM certificate", o.caCert)}
		}
		cfg.RootCAs = pool
	}
	if (o.clientCert == "") != (o.clientKey == "") {
		return nil, &conformance.UsageError{Problem: "--client-cert and --client-key belong together: give both"}
	}
	if o.clientCert != "" {
		pair, err := tls.LoadX509KeyPair(o.clientCert, o.clientKey)
		if err != nil {
			return nil, &conformance.UsageError{Problem: fmt.Sprintf("--client-cert, --client-key: %v", err)}
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}
