package mock

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// registry knows the manufacturers by the digests of their keys.
type registry struct{ keys []registeredKey }

type registeredKey struct {
	digest       [sha256.Size]byte
	manufacturer string
	enabled      bool
}

func newRegistry(manufacturers []Manufacturer) *registry {
	r := &registry{}
	for _, m := range manufacturers {
		for _, key := range m.Keys {
			r.keys = append(r.keys, registeredKey{sha256.Sum256([]byte(key)), m.Name, m.Enabled})
		}
	}
	return r
}

// find looks a key up in a time that does not depend on how much of it is
// right: digests are compared, whole, against every key.
func (r *registry) find(key string) (found registeredKey, ok bool) {
	digest := sha256.Sum256([]byte(key))
	at := -1
	for i := range r.keys {
		equal := subtle.ConstantTimeCompare(digest[:], r.keys[i].digest[:])
		at = subtle.ConstantTimeSelect(equal, i, at)
	}
	if at < 0 {
		return registeredKey{}, false
	}
	return r.keys[at], true
}

// Fingerprint names a key without giving it away: the start of its SHA-256
// digest, in hexadecimal.
func Fingerprint(key string) string {
	digest := sha256.Sum256([]byte(key))
	return hex.EncodeToString(digest[:4])
}

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

// authenticate finds the caller. The error says why there is none, in words for
// the log.
func (m *Mock) authenticate(op *operation, r *http.Request) (caller, error) {
	var first error
	var who caller
	for _, all := range op.security {
		c, err := m.meets(all, r)
		if err == nil {
			return c, nil
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
		c, err := m.identify(credentials(r, scheme))
		if err != nil {
			return c, err
		}
		if who.manufacturer != "" && who.manufacturer != c.manufacturer {
			return caller{key: c.key}, errors.New("the keys belong to different manufacturers")
		}
		who = c
	}
	return who, nil
}

func (m *Mock) identify(keys []string) (caller, error) {
	switch {
	case len(keys) == 0:
		return caller{}, errors.New("no key")
	case len(keys) > 1:
		return caller{}, fmt.Errorf("%d keys", len(keys))
	case keys[0] == "":
		return caller{}, errors.New("empty key")
	}
	found, ok := m.registry.find(keys[0])
	who := caller{key: Fingerprint(keys[0])}
	if !ok {
		return who, errors.New("unknown key")
	}
	who.manufacturer = found.manufacturer
	if !found.enabled {
		return who, errors.New("manufacturer not enabled")
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
