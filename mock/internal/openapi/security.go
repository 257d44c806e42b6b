package openapi

import (
	"cmp"
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Requirement is one security requirement of the contract: all of its schemes
// must be met.
type Requirement []scheme

// scheme is a way to present a key, as the contract declares it.
type scheme struct{ declared *openapi3.SecurityScheme }

// readSecurity returns the alternatives of which one must be met, in document
// order. None means that the operation needs no key. An alternative that names a
// scheme that the document does not declare, or of a kind that a key does not
// answer, is none: who could meet it is not known.
func readSecurity(doc *openapi3.T, op *openapi3.Operation) []Requirement {
	declared := doc.Security
	if op.Security != nil {
		declared = *op.Security
	}
	var alternatives []Requirement
	for _, names := range declared {
		var all Requirement
		known := true
		for _, name := range slices.Sorted(maps.Keys(names)) {
			var declared *openapi3.SecurityScheme
			if doc.Components != nil && doc.Components.SecuritySchemes[name] != nil {
				declared = doc.Components.SecuritySchemes[name].Value
			}
			switch {
			case declared != nil && declared.Type == "mutualTLS": // the connection's business
			case declared == nil || (scheme{declared}).Credentials(&http.Request{}) == nil:
				known = false
			default:
				all = append(all, scheme{declared})
			}
		}
		if known {
			alternatives = append(alternatives, all)
		}
	}
	return alternatives
}

// Credentials returns the keys that a request presents in the place that the
// scheme names: normally one, empty if none, nil for a kind of scheme that the
// mock cannot check. Tokens of OAuth 2.0 and OpenID Connect count as bearer keys; of
// another HTTP scheme, such as Digest, what follows its name must be a key, so that
// nobody gets in without one.
func (s scheme) Credentials(r *http.Request) []string {
	scheme, found := s.declared, []string{}
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
		if user, password, ok := r.BasicAuth(); ok {
			found = append(found, cmp.Or(password, user)) // many send a key as the user, without a password
		}
		return found
	case scheme.Type == "http", scheme.Type == "oauth2", scheme.Type == "openIdConnect":
		for _, value := range r.Header.Values("Authorization") {
			if kind, token, _ := strings.Cut(value, " "); strings.EqualFold(kind, s.word()) {
				found = append(found, strings.TrimLeft(token, " "))
			}
		}
		return found
	}
	return nil
}

// word is what the scheme is called in the header Authorization.
func (s scheme) word() string {
	if s.declared.Type == "http" && !strings.EqualFold(s.declared.Scheme, "bearer") {
		return s.declared.Scheme
	}
	return "Bearer"
}

// KeyPlace returns where the first scheme wants its key, as "header" and
// "X-API-Key"; "" for an operation that needs none.
func (op *Operation) KeyPlace() (in, name string) {
	switch {
	case len(op.Security) == 0 || len(op.Security[0]) == 0:
		return "", ""
	case op.Security[0][0].declared.Type == "apiKey":
		return op.Security[0][0].declared.In, op.Security[0][0].declared.Name
	}
	return "header", "Authorization"
}

// Challenge returns the value of WWW-Authenticate (RFC 9110, section 11.6.1) for
// the first scheme of the operation. API keys have no registered scheme.
func (op *Operation) Challenge(realm string) string {
	realm = QuotedString(realm)
	for _, all := range op.Security {
		for _, s := range all {
			switch {
			case s.declared.Type == "apiKey":
				return "ApiKey realm=" + realm + ", in=" + QuotedString(s.declared.In) + ", name=" + QuotedString(s.declared.Name)
			case strings.EqualFold(s.declared.Scheme, "basic"):
				return "Basic realm=" + realm
			default:
				return s.word() + " realm=" + realm
			}
		}
	}
	return "ApiKey realm=" + realm
}

// QuotedString writes a quoted-string (RFC 9110, section 5.6.4).
func QuotedString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// present adds key to a request in the place that the scheme names.
func (s scheme) present(req *http.Request, key string) {
	scheme := s.declared
	switch {
	case scheme.Type == "apiKey" && scheme.In == "query":
		query := req.URL.Query()
		query.Set(scheme.Name, key)
		req.URL.RawQuery = query.Encode()
	case scheme.Type == "apiKey" && scheme.In == "cookie":
		req.AddCookie(&http.Cookie{Name: scheme.Name, Value: key})
	case scheme.Type == "apiKey":
		req.Header.Set(scheme.Name, key)
	case strings.EqualFold(scheme.Scheme, "basic"):
		req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(":"+key)))
	default:
		req.Header.Set("Authorization", s.word()+" "+key)
	}
}
