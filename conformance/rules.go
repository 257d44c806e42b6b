package conformance

import (
	_ "embed"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/pb33f/go-yaml"
)

//go:embed rules.yaml
var shippedRules string

// ShippedRules are the rules of the embedded contract, in the form that [ReadRules]
// reads.
func ShippedRules() string { return shippedRules }

// Rule is what a contract says of an operation in words, and no schema can.
type Rule struct {
	Operation string // its operationId; empty: every operation whose schemas have these properties
	Subject   string // property of the request body: whom or what the operation is about
	Echo      string // property of the success: the subject, exactly as it was sent
	Identity  string // property of the success: one for each subject, for ever
	// AdmitsDisabled says that the operation takes the key of a manufacturer that is
	// not enabled.
	AdmitsDisabled bool

	place string // where the rule stands
	line  int
}

// Errorf returns a [*UsageError] that names the rule's file and line.
func (r *Rule) Errorf(format string, args ...any) error {
	return UsageErrorf("%s:%d: "+format, append([]any{r.place, r.line}, args...)...)
}

// ReadRules reads a file of rules in YAML or JSON: a list under "rules". An error is
// a [*UsageError] that names the line.
func ReadRules(from io.Reader, name string) ([]Rule, error) {
	data, err := io.ReadAll(io.LimitReader(from, maxRules+1))
	if err != nil {
		return nil, UsageErrorf("%s: the rules cannot be read: %v", name, err)
	}
	if len(data) > maxRules {
		return nil, UsageErrorf("%s: the rules are longer than %d bytes", name, maxRules)
	}
	var document yaml.Node
	d := yaml.NewDecoder(strings.NewReader(string(data)))
	if err := d.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		first, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "yaml: "), "\n")
		return nil, UsageErrorf("%s: the rules are neither YAML nor JSON: %s", name, first)
	}
	list := &document
	at := func(n *yaml.Node) *Rule { return &Rule{place: name, line: max(1, n.Line)} }
	if document.Kind == yaml.DocumentNode && len(document.Content) == 1 {
		list = document.Content[0]
	}
	if list.Kind != yaml.MappingNode || len(list.Content) != 2 || list.Content[0].Value != "rules" || list.Content[1].Kind != yaml.SequenceNode {
		return nil, at(list).Errorf("expected a list of rules under \"rules\", and nothing else")
	}
	var out []Rule
	for _, item := range list.Content[1].Content {
		r := at(item)
		if err := r.read(item); err != nil {
			return nil, err
		}
		out = append(out, *r)
	}
	if len(out) == 0 {
		return nil, at(list.Content[1]).Errorf("the list of rules is empty")
	}
	return out, nil
}

// maxRules bounds a file of rules.
const maxRules = 1 << 20

func (r *Rule) read(item *yaml.Node) error {
	if item.Kind != yaml.MappingNode {
		return r.Errorf("a rule has fields such as \"operation\" and \"echo\"")
	}
	disabled := ""
	fields := map[string]*string{"operation": &r.Operation, "subject": &r.Subject, "echo": &r.Echo, "identity": &r.Identity, "not_enabled": &disabled}
	names := []string{"operation", "subject", "echo", "identity", "not_enabled"}
	for i := 0; i+1 < len(item.Content); i += 2 {
		key, value := item.Content[i], item.Content[i+1]
		r.line = key.Line
		to, known := fields[key.Value]
		switch {
		case !known:
			return r.Errorf("unknown field %q; the nearest is %s", key.Value, Nearest(key.Value, names))
		case *to != "":
			return r.Errorf("%s stands twice in one rule", key.Value)
		case value.Kind != yaml.ScalarNode || value.Value == "":
			return r.Errorf("%s needs a name", key.Value)
		}
		*to = value.Value
	}
	if disabled != "" && !slices.Contains([]string{"refused", "admitted"}, disabled) {
		return r.Errorf("not_enabled is refused or admitted, not %q", disabled)
	}
	r.AdmitsDisabled = disabled == "admitted"
	r.line = item.Line
	switch {
	case r.Subject == "" && (r.Echo != "" || r.Identity != ""):
		return r.Errorf("echo and identity need a subject: the property of the request that they are about")
	case r.Subject == "" && disabled == "":
		return r.Errorf("the rule says nothing; it needs a subject or not_enabled")
	case r.Subject == "" && r.Operation == "":
		return r.Errorf("a rule without a subject needs an operation")
	}
	return nil
}
