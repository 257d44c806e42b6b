package runner

import (
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/checks"
	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/spec"
)

var headerLine = regexp.MustCompile("^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$") // a field line, RFC 9110 section 5

// ParseProvocation reads STATUS=HOW, where HOW is a header line or a JSON
// body: "500=Prefer: code=500".
func ParseProvocation(s string) (conformance.Provocation, error) {
	status, how, ok := strings.Cut(s, "=")
	status, how = strings.TrimSpace(status), strings.TrimSpace(how)
	if !ok || len(status) != 3 || how == "" {
		return conformance.Provocation{}, conformance.UsageErrorf("%q is not STATUS=HOW; use a form such as 500='Prefer: code=500' or 500='{\"user_id\":\"…\"}'", s)
	}
	if strings.HasPrefix(how, "{") || strings.HasPrefix(how, "[") {
		return conformance.Provocation{Status: status, Body: how}, nil
	}
	if !headerLine.MatchString(how) {
		return conformance.Provocation{}, conformance.UsageErrorf("%q in %q is neither a header (Name: value) nor a JSON body", how, s)
	}
	return conformance.Provocation{Status: status, Header: how}, nil
}

func setDefaults(c *conformance.Config) {
	if c.Published != nil && len(c.Run) > 0 { // it was asked for, whatever else is run
		c.Run = append(slices.Clone(c.Run), trial.StatusHTTP+"/"+checks.PublishedCheckName)
	}
	if c.Profile == "" {
		c.Profile = conformance.Full
	}
	if c.Parallel <= 0 {
		c.Parallel = 16
		if c.Profile == conformance.Production {
			c.Parallel = 1
		}
	}
	if c.Rate <= 0 && c.Profile == conformance.Production {
		c.Rate = productionRate
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Patience <= 0 {
		c.Patience = time.Minute
	}
	if c.UserAgent == "" {
		c.UserAgent = "nox-conformance"
	}
}

// parseTarget reads the base URL.
func parseTarget(target string) (*url.URL, error) {
	if target == "" {
		return nil, conformance.UsageErrorf("no target: pass its base URL with the base path, such as http://127.0.0.1:4010/v2")
	}
	u, err := url.Parse(target)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, conformance.UsageErrorf("%q is not a base URL: it needs http:// or https://, a host and the base path, such as http://127.0.0.1:4010/v2", withoutUserInfo(target))
	case u.User != nil:
		return nil, conformance.UsageErrorf("the base URL contains a user name or password; pass the API key in NOX_API_KEY and other credentials with --header")
	case u.Port() != "" && !isPort(u.Port()):
		return nil, conformance.UsageErrorf("invalid port %s in the base URL: use 1 to 65535", u.Port())
	}
	base := *u
	base.Path, base.RawPath = strings.TrimRight(u.Path, "/"), ""
	base.RawQuery, base.ForceQuery, base.Fragment, base.RawFragment = "", false, "", ""
	if u.RawQuery != "" || u.ForceQuery || strings.Contains(target, "#") { // which may hold a key
		return nil, conformance.UsageErrorf("the base URL has a query or fragment, but must end with the base path: use %s", base.String())
	}
	return &base, nil
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

// refuseOperation refuses a target that ends with the path of an operation,
// unless a server of the contract does so as well.
func refuseOperation(c *contract.Contract, target *url.URL) error {
	for _, server := range c.Document.Servers() {
		if u, err := url.Parse(server); err == nil && strings.TrimRight(u.Path, "/") == target.Path {
			return nil
		}
	}
	given := strings.Split(target.Path, "/")
	for _, op := range c.Operations {
		path := strings.Split(strings.Trim(op.Path, "/"), "/")
		from := len(given) - len(path)
		if from < 1 || !endsWith(given[from:], path) {
			continue
		}
		base := *target
		base.Path = strings.Join(given[:from], "/")
		return conformance.UsageErrorf("%s includes the path of %s, but must end with the base path: use %s", target, op.ID, base.String())
	}
	return nil
}

// endsWith reports whether segments of a path are those of a template, at least
// one of them by its name.
func endsWith(segments, template []string) bool {
	named := false
	for i, t := range template {
		variable := strings.HasPrefix(t, "{") && strings.HasSuffix(t, "}")
		if !variable && t != segments[i] {
			return false
		}
		named = named || !variable && t != ""
	}
	return named
}

// refuseKnown refuses known failures that are about no check, or about several.
func refuseKnown(known []conformance.Known, all []*trial.Check) error {
	var ids []string
	for _, c := range all {
		ids = append(ids, c.IDs()...)
	}
	for _, k := range known {
		var meant []string
		for _, id := range ids {
			if k.Covers(id) && !slices.Contains(meant, id) {
				meant = append(meant, id)
			}
		}
		switch {
		case meant == nil:
			return conformance.UsageErrorf("the known failure %s matches no check; the nearest is %s", k.ID, conformance.Nearest(k.ID, ids))
		case len(meant) > 1:
			return conformance.UsageErrorf("the known failure %s may be any of %s: write one id in full, or an entry for each", k.ID, strings.Join(meant, ", "))
		}
	}
	return nil
}

func withoutUserInfo(target string) string {
	scheme, rest, found := strings.Cut(target, "://")
	if at := strings.LastIndex(rest, "@"); found && at >= 0 {
		return scheme + "://…@" + rest[at+1:]
	}
	return target
}

// refuseServerOfContract keeps the full profile away from the real thing.
func refuseServerOfContract(doc *spec.Document, target *url.URL, p conformance.Profile) error {
	if p != conformance.Full {
		return nil
	}
	for _, server := range doc.Servers() {
		u, err := url.Parse(server)
		if err == nil && u.Host != "" && canonicalHost(u) == canonicalHost(target) {
			return conformance.UsageErrorf("%s is a server of the contract, and the full profile would create many users there: use --profile production or a staging server", u.Hostname())
		}
	}
	return nil
}

// canonicalHost returns the host of a URL in the one spelling that all of its
// spellings share. The port is left out: whatever its port, a production host
// is one.
func canonicalHost(u *url.URL) string {
	host := u.Hostname()
	if address, err := netip.ParseAddr(host); err == nil {
		return address.Unmap().WithZone("").String()
	}
	// What is no valid name is still put into lower case and ASCII.
	ascii, _ := idna.New(idna.MapForLookup(), idna.StrictDomainName(false)).ToASCII(host)
	return strings.TrimSuffix(ascii, ".")
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func validate(c *conformance.Config, doc *spec.Document, target *url.URL) error {
	if c.Profile != conformance.Full && c.Profile != conformance.Production {
		return conformance.UsageErrorf("unknown profile %q; use full or production", c.Profile)
	}
	if c.Profile == conformance.Production && c.Thorough != (conformance.Thorough{}) {
		return conformance.UsageErrorf("--thorough creates thousands of users, so --profile production does not allow it; use a staging server")
	}
	if c.Thorough.Time < 0 || c.Thorough.Requests < 0 {
		return conformance.UsageErrorf("--thorough: the time and the number of requests must not be negative")
	}
	if _, ok := checks.ParseVersion(c.AsOf); c.AsOf != "" && !ok {
		return conformance.UsageErrorf("--as-of %q is not a version; use a form such as --as-of %s", c.AsOf, checks.FirstVersion)
	}
	if err := refuseServerOfContract(doc, target, c.Profile); err != nil {
		return err
	}
	for _, k := range []struct{ name, value string }{{"the API key", c.Keys.Key}, {"the other API key", c.Keys.Other}, {"the disabled API key", c.Keys.Disabled}} {
		if err := refuseKey(k.name, k.value); err != nil {
			return err
		}
	}
	if k := c.Keys; k.Key != "" && (k.Key == k.Other || k.Key == k.Disabled) || k.Other != "" && k.Other == k.Disabled {
		return conformance.UsageErrorf("two of the API keys are equal; each must belong to a different manufacturer")
	}
	documented := map[string]bool{}
	var known []string
	for _, op := range doc.Operations() {
		for _, s := range op.Statuses {
			if !documented[s] {
				known = append(known, s)
			}
			documented[s] = true
		}
	}
	for _, s := range c.Require {
		if !documented[s] {
			return conformance.UsageErrorf("--require %s: the contract documents no such response, only %s", s, strings.Join(known, ", "))
		}
	}
	for _, p := range c.Provoke {
		if !documented[p.Status] && !slices.Contains(known, "default") {
			return conformance.UsageErrorf("--provoke %s: the contract documents no such response, only %s", p.Status, strings.Join(known, ", "))
		}
		if p.Header != "" && (!headerLine.MatchString(p.Header) || strings.ContainsFunc(strings.ReplaceAll(p.Header, "\t", " "), isControl)) {
			return conformance.UsageErrorf("--provoke %s: %q is not a valid header", p.Status, p.Header)
		}
	}
	return nil
}

// refuseKey refuses a key that no header can carry.
func refuseKey(name, value string) error {
	if i := strings.IndexFunc(value, isControl); i >= 0 {
		return conformance.UsageErrorf("%s contains a control character at position %d, which a header cannot carry; check for a line break at its end", name, i+1)
	}
	if strings.Trim(value, " ") != value {
		return conformance.UsageErrorf("%s begins or ends with a space, which a header cannot carry", name)
	}
	return nil
}

// schemeKeys are the keys that the configuration has for one security scheme each.
func schemeKeys(cfg *conformance.Config, c *contract.Contract) (map[string]string, error) {
	out := map[string]string{}
	for _, op := range c.Operations {
		for _, schemes := range append(slices.Clone(op.Alternatives), op.Security) {
			for _, s := range schemes {
				name := trial.KeyVariable(s)
				if cfg.KeyFor == nil || cfg.KeyFor(name) == "" {
					continue
				}
				out[s.ID] = cfg.KeyFor(name)
				if err := refuseKey(name, out[s.ID]); err != nil {
					return nil, err
				}
			}
		}
	}
	return out, nil
}

// refuseHeaders refuses headers for every request that the requests have
// themselves: they would break all of them.
func refuseHeaders(c *conformance.Config, read *contract.Contract) error {
	for _, name := range slices.Sorted(maps.Keys(c.Header)) {
		for _, value := range c.Header[name] {
			if !headerLine.MatchString(name+":"+value) || strings.ContainsFunc(strings.ReplaceAll(value, "\t", " "), isControl) {
				return conformance.UsageErrorf("--header %q: the header name is invalid, or the value contains a control character", name)
			}
		}
		switch http.CanonicalHeaderKey(name) {
		case "Content-Type", "Content-Length", "Transfer-Encoding", "Host", "Connection", "Expect", "Te", "Trailer", "Upgrade":
			return conformance.UsageErrorf("--header %s: each check sets this header itself, so it cannot be the same in every request", name)
		}
		for _, op := range read.Operations {
			for _, scheme := range op.Security {
				if in, field := scheme.Field(); in == string(contract.InHeader) && strings.EqualFold(field, name) {
					return conformance.UsageErrorf("--header %s: this header carries the API key, which the checks change; pass the key in NOX_API_KEY or with --api-key-file", name)
				}
			}
		}
	}
	return nil
}

// configure reads the contract of a configuration, fills in its defaults and holds
// what it says of the target to the contract.
func configure(cfg *conformance.Config) (*trial.Contract, *url.URL, error) {
	c, err := trial.LoadContract(cfg.Contract)
	if err != nil {
		return nil, nil, err
	}
	if cfg.Rules != nil {
		if err := c.Bind(cfg.Rules); err != nil {
			return nil, nil, err
		}
	}
	setDefaults(cfg)
	target, err := parseTarget(cfg.Target)
	if err != nil {
		return nil, nil, err
	}
	for _, check := range []func() error{
		func() error { return validate(cfg, c.Document, target) },
		func() error { return refuseHeaders(cfg, c.Contract) },
		func() error { return refuseOperation(c.Contract, target) },
	} {
		if err := check(); err != nil {
			return nil, nil, err
		}
	}
	if cfg.Keys.Key == "" && slices.ContainsFunc(c.Operations, func(op *contract.Operation) bool { return len(op.Security) > 0 }) {
		return nil, nil, conformance.UsageErrorf("no API key: set NOX_API_KEY, or pass a file that contains it with --api-key-file")
	}
	return c, target, nil
}
