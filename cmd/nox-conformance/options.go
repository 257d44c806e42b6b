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

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/spec"
	"nox.energy/contract/spec/drift"
)

// options holds the values of the flags.
type options struct {
	getenv func(string) string

	spec, rules                                  string
	serverVariables                              []string
	published, contractPath                      string
	run, skip, provoke, require, headers, report []string
	har                                          []string
	strict, noForeignIDs                         bool
	asOf                                         string
	profile                                      string
	rate                                         float64
	parallel                                     int
	timeout, deadline, wait, patience            time.Duration
	thorough                                     thoroughness
	runID                                        string
	seed                                         int64
	output                                       string
	keyFile, otherKeyFile, disabledKeyFile       string
	caCert, clientCert, clientKey                string
	insecure                                     bool
	list, selfTest                               bool
	known, updateKnown                           string
	dryRun                                       bool
	explain                                      string
	quiet, verbose                               bool
}

// config makes the configuration of the runner.
func (o *options) config(ctx context.Context, args []string, std streams) (conformance.Config, error) {
	cfg := conformance.Config{
		Run: o.run, Skip: o.skip, Strict: o.strict, NoForeignIDs: o.noForeignIDs, AsOf: o.asOf, Require: o.require,
		Profile: conformance.Profile(o.profile), Rate: o.rate, Parallel: o.parallel,
		Timeout: o.timeout, Deadline: o.deadline, Wait: o.wait, Patience: o.patience, Thorough: conformance.Thorough(o.thorough),
		RunID: o.runID, Seed: o.seed, Evidence: o.verbose,
		KeyFor:  o.getenv,
		Version: cli.ReadBuild().String(), UserAgent: "nox-conformance/" + cli.Version(),
	}
	switch {
	case len(args) > 1: // not quoted: one may be a misplaced key
		return cfg, &conformance.UsageError{Problem: fmt.Sprintf("expected one target, not %d arguments", len(args))}
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
	if cfg.Rules, err = o.readRules(); err != nil {
		return cfg, err
	}
	if cfg.Contract, cfg.ContractPath, err = o.findInRepository(ctx, cfg.Contract, std); err != nil {
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

// knownFailures reads the file of --known, or else of --update-known, which need not
// exist.
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

// contract loads the contract that --spec names, or the embedded one.
func (o *options) contract(ctx context.Context, std streams) (*spec.Document, error) {
	doc, err := spec.Embedded()
	if o.spec != "" {
		doc, err = cli.Interruptible(ctx, func() (*spec.Document, error) { return spec.Load(ctx, o.spec, std.in) })
	}
	if err != nil || len(o.serverVariables) == 0 {
		return doc, err
	}
	values := map[string]string{}
	for _, each := range o.serverVariables {
		name, value, ok := strings.Cut(each, "=")
		if _, twice := values[name]; !ok || name == "" || twice {
			return nil, &conformance.UsageError{Problem: fmt.Sprintf("--server-variable %q: use NAME=VALUE, each name once", each)}
		}
		values[name] = value
	}
	if doc, err = doc.WithServerVariables(values); err != nil {
		return nil, &conformance.UsageError{Problem: "--server-variable: " + err.Error()}
	}
	return doc, nil
}

// readRules reads the file of --rules.
func (o *options) readRules() ([]conformance.Rule, error) {
	if o.rules == "" {
		return nil, nil
	}
	f, err := os.Open(o.rules)
	if err != nil {
		return nil, fmt.Errorf("--rules: %w", err)
	}
	defer f.Close()
	return conformance.ReadRules(f, o.rules)
}

// drift returns how the contract differs from the embedded one.
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

// publishedDrift returns how the published contract differs from the one in force:
// without changes if they agree, nil if --published is not set.
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

// keys reads the API keys from files or environment variables.
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
		if *k.to = strings.TrimRight(strings.TrimPrefix(string(data), "\ufeff"), "\r\n"); *k.to == "" {
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
			return nil, &conformance.UsageError{Problem: fmt.Sprintf("--ca-cert: %s contains no PEM certificate", o.caCert)}
		}
		cfg.RootCAs = pool
	}
	if (o.clientCert == "") != (o.clientKey == "") {
		return nil, &conformance.UsageError{Problem: "--client-cert and --client-key require each other"}
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
