package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/store"
)

// greeting returns the start-up message: where the mock is, whose keys it accepts,
// and a curl line to copy. It shows the built-in test keys, and only the digests of
// other keys.
func greeting(s *instance) (string, error) {
	m, config := s.mock, s.config
	own := reflect.DeepEqual(config.Manufacturers, mock.DefaultManufacturers())
	var b bytes.Buffer
	contract := m.Contract()
	fmt.Fprintf(&b, "nox-mock %s serves %q, version %q, at\n\n  %s\n\n", cli.Version(), contract.Title(), contract.Version(), s.base)
	if s.control != "" {
		fmt.Fprintf(&b, "Dashboard and control API: %s/\n\n", s.control)
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, each := range config.Manufacturers {
		state := "enabled"
		if !each.Enabled {
			state = "not enabled"
		}
		keys := each.Keys
		if !own {
			keys = nil
			for _, digest := range each.Digests() {
				keys = append(keys, "(key with SHA-256 "+digest[:8]+"…)")
			}
		}
		for _, key := range keys {
			fmt.Fprintf(w, "  %s\t%s\t%s\n", each.Name, key, state)
		}
	}
	w.Flush()
	if names := s.remaining(); len(names) > 0 {
		fmt.Fprintf(&b, "\nKept from before, though not in --manufacturer: %s\nTo remove one: DELETE /manufacturers/NAME at the control API\n", strings.Join(names, ", "))
	}
	for _, d := range s.deviations {
		fmt.Fprintf(&b, "\nDeviates as %s: %s\n", d.Name, d.Summary)
	}
	if s.identity != nil && s.identity.authority != nil {
		fmt.Fprintf(&b, "\nThe certificate is signed by the CA in %s (see nox-mock ca)\n", s.identity.authority.file)
	}
	line, err := s.tryIt(own)
	if err != nil {
		return "", err
	}
	b.WriteString(line)
	if s.store != nil {
		fmt.Fprintf(&b, "\nState is shared in %s\n", s.store.Address())
	}
	b.WriteString("\nPress Ctrl-C to stop.\n")
	return b.String(), nil
}

// remaining returns the manufacturers that a state file or store has, and the
// command line, which names some, does not.
func (s *instance) remaining() (names []string) {
	if len(s.given) == 0 || s.kept == nil && s.store == nil {
		return nil
	}
	for _, each := range s.config.Manufacturers {
		if store.IndexManufacturer(s.given, each.Name) < 0 {
			names = append(names, each.Name)
		}
	}
	return names
}

// keyPlaceholder takes the place of a key that is not shown. It needs no escaping in
// a header, a query or a cookie.
const keyPlaceholder = "NOX-API-KEY-PLACEHOLDER"

// tryIt returns a curl line for the shell. If the key is not shown, the line reads it
// from NOX_API_KEY.
func (s *instance) tryIt(own bool) (string, error) {
	key := keyPlaceholder
	for _, each := range s.config.Manufacturers {
		if own && each.Enabled {
			key = each.Keys[0]
			break
		}
	}
	req, err := s.mock.ExampleRequest("", s.base, key)
	if err != nil { // the contract has no example
		return "", nil
	}
	var options []string
	if s.identity != nil && s.identity.authority != nil {
		options = []string{"--cacert", quote(s.identity.authority.file)}
	}
	line, err := curl(req, options...)
	if err != nil {
		return "", err
	}
	if !own && strings.Contains(line, "authorization: Basic") { // the placeholder is encoded
		return "", nil
	}
	if own {
		return "\nTry it:\n\n  " + line + "\n", nil
	}
	line = strings.ReplaceAll(line, keyPlaceholder, `'"$NOX_API_KEY"'`)
	return "\nTry it, with a key in NOX_API_KEY:\n\n  " + line + "\n", nil
}

// curl formats a request as a curl line for a POSIX shell. The options must be
// quoted.
func curl(req *http.Request, options ...string) (string, error) {
	words := append([]string{"curl", "-i"}, options...)
	if req.Method != http.MethodGet && (req.Method != http.MethodPost || req.Body == nil) {
		words = append(words, "-X", req.Method)
	}
	words = append(words, quote(req.URL.String()))
	for _, name := range slices.Sorted(maps.Keys(req.Header)) {
		for _, value := range req.Header[name] {
			words = append(words, "-H", quote(strings.ToLower(name)+": "+value))
		}
	}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return "", err
		}
		words = append(words, "--data-raw", quote(string(body)))
	}
	return strings.Join(words, " "), nil
}

// quote quotes a word for a POSIX shell.
func quote(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
