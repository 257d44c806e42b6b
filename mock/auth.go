package mock

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/store"
)

// requirement is one security requirement of the contract: all of its schemes
// must be met.
type requirement []*openapi3.SecurityScheme

// readSecurity returns the alternatives of which one must be met, in document
// order. None means that the operation needs no key.
func readSecurity(doc *openapi3.T, op *openapi3.Operation) ([]requirement, error) {
	declared := doc.Security
	if op.Security != nil {
		declared = *op.Security
	}
	var alternatives []requirement
	for _, names := range declared {
		var all requirement
		for _, name := range slices.Sorted(maps.Keys(names)) {
			ref := doc.Components.SecuritySchemes[name]
			if ref == nil || ref.Value == nil {
				return nil, fmt.Errorf("the security scheme %q is not declared", name)
			}
			if credentials(&http.Request{}, ref.Value) == nil {
				return nil, fmt.Errorf("the security scheme %q is of a kind that the mock cannot check", name)
			}
			all = append(all, ref.Value)
		}
		alternatives = append(alternatives, all)
	}
	return alternatives, nil
}

// caller is who a request comes from, as far as its keys tell.
type caller struct {
	manufacturer string // "" where the operation needs no key
	key          string // its fingerprint
}

// refusal says why a key will not do: the name of a rule, and words for the
// log.
type refusal struct{ rule, words string }

func (r *refusal) Error() string { return r.words }

// refused is what the journal has of an error of authenticate.
func (op *operation) refused(err error) journal.Why {
	why := journal.Why{Rule: "key", Reason: err.Error(), Got: err.Error(), Expected: "one key of a manufacturer that is enabled"}
	var r *refusal
	if errors.As(err, &r) {
		why.Rule = r.rule
	}
	if len(op.security) > 0 && len(op.security[0]) > 0 {
		switch scheme := op.security[0][0]; scheme.Type {
		case "apiKey":
			why.In, why.Pointer = scheme.In, scheme.Name
		default:
			why.In, why.Pointer = "header", "Authorization"
		}
	}
	return why
}

// authenticate finds the caller. The error says why there is none, in words for
// the log: a *refusal, or what ails the store.
func (m *Mock) authenticate(op *operation, r *http.Request) (caller, error) {
	var first error
	var who caller
	for _, all := range op.security {
		c, err := m.meets(all, r)
		if refused := (*refusal)(nil); err == nil || !errors.As(err, &refused) {
			return c, err
		}
		if first == nil {
			first, who = err, c
		}
	}
	return who, first
}

func (m *Mock) meets(all requirement, r *http.Request) (caller, error) {
	var who caller
	for _, scheme := range all {
		c, err := m.identify(r.Context(), credentials(r, scheme))
		if err != nil {
			return c, err
		}
		if who.manufacturer != "" && who.manufacturer != c.manufacturer {
			return caller{key: c.key}, &refusal{"key.conflict", "the keys belong to different manufacturers"}
		}
		who = c
	}
	return who, nil
}

func (m *Mock) identify(ctx context.Context, keys []string) (caller, error) {
	switch {
	case len(keys) == 0:
		return caller{}, &refusal{"key.missing", "no key"}
	case len(keys) > 1:
		return caller{}, &refusal{"key.repeated", fmt.Sprintf("%d keys", len(keys))}
	case keys[0] == "":
		return caller{}, &refusal{"key.empty", "empty key"}
	}
	who := caller{key: store.Fingerprint(keys[0])}
	known, err := m.registry.fresh(context.WithoutCancel(ctx))
	if err != nil {
		return who, err
	}
	found, ok := known.find(keys[0])
	if !ok {
		return who, &refusal{"key.unknown", "unknown key"}
	}
	who.manufacturer = found.manufacturer
	if !found.enabled {
		return who, &refusal{"manufacturer.not-enabled", "manufacturer not enabled"}
	}
	return who, nil
}

// credentials returns the keys that a request presents where scheme says they
// stand: normally one, empty if none, nil for a kind of scheme that cannot be
// checked. Tokens of OAuth 2.0 and OpenID Connect are taken as bearer keys.
func credentials(r *http.Request, scheme *openapi3.SecurityScheme) []string {
	found := []string{}
	switch {
	case scheme.Type == "apiKey" && scheme.In == "header":
		return append(found, r.Header.Values(scheme.Name)...)
	case scheme.Type == "apiKey" && scheme.In == "query":
		if r.URL != nil {
			found = append(found, r.URL.Query()[scheme.Name]...)
		}
		return found
	case scheme.Type == "apiKey" && scheme.In == "cookie":
		for _, c := range r.CookiesNamed(scheme.Name) {
			found = append(found, c.Value)
		}
		return found
	case scheme.Type == "http" && strings.EqualFold(scheme.Scheme, "basic"):
		if _, password, ok := r.BasicAuth(); ok {
			found = append(found, password)
		}
		return found
	case scheme.Type == "http" && strings.EqualFold(scheme.Scheme, "bearer"),
		scheme.Type == "oauth2", scheme.Type == "openIdConnect":
		for _, value := range r.Header.Values("Authorization") {
			if kind, token, _ := strings.Cut(value, " "); strings.EqualFold(kind, "bearer") {
				found = append(found, strings.TrimLeft(token, " "))
			}
		}
		return found
	}
	return nil
}

// challenge is the value of WWW-Authenticate (RFC 9110, section 11.6.1) for
// the first scheme of an operation. API keys have no registered scheme.
func (m *Mock) challenge(op *operation) string {
	realm := quoted(m.router.base)
	for _, all := range op.security {
		for _, scheme := range all {
			switch {
			case scheme.Type == "apiKey":
				return "ApiKey realm=" + realm + ", in=" + quoted(scheme.In) + ", name=" + quoted(scheme.Name)
			case strings.EqualFold(scheme.Scheme, "basic"):
				return "Basic realm=" + realm
			default:
				return "Bearer realm=" + realm
			}
		}
	}
	return "ApiKey realm=" + realm
}

// quoted writes a quoted-string (RFC 9110, section 5.6.4).
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
