package drift_test

import (
	"errors"
	"strings"
	"testing"

	"nox.energy/contract/spec"
	"nox.energy/contract/spec/drift"
)

func parse(t *testing.T, text string) *spec.Document {
	t.Helper()
	d, err := spec.Parse("published.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestBetween(t *testing.T) {
	t.Parallel()
	embedded, err := spec.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	text := string(embedded.Bytes())
	for _, c := range []struct {
		old, new string // of the contract's text
		effect   spec.Effect
		says     string
	}{
		{"'201'", "'200'", spec.Breaks, "201"},
		{"name: x-api-key", "name: x-api-token", spec.Breaks, "x-api-token"},
		{"type: string", "type: integer", spec.Breaks, "user_id"},
		{"        - nox_user_id\n", "", spec.Breaks, "nox_user_id"},
		{"url: https://auth.nox.energy/v2", "url: https://auth.nox.energy/v3", spec.Breaks, "https://auth.nox.energy/v2"},
		{"type: string", "type: string\n          maxLength: 64", spec.Breaks, "maxLength"},
		{"          type: string", "          type: string\n        note:\n          type: string", spec.Harmless, "note"},
		{"that was provided.", "which the request names.", spec.Unjudged, "words"},
		{"version: 2.0.0", "version: 2.0.1", spec.Unjudged, "words"},
	} {
		changed := strings.Replace(text, c.old, c.new, 1)
		if changed == text {
			t.Fatalf("%q is not in the contract", c.old)
		}
		d, err := drift.Between(embedded, parse(t, changed))
		if err != nil || d == nil {
			t.Errorf("%q: %v, %v", c.new, d, err)
			continue
		}
		first := d.Changes[0]
		if first.Effect != c.effect || !strings.Contains(first.Text, c.says) || d.Breaks != (c.effect == spec.Breaks) {
			t.Errorf("%q: breaks %t, %+v", c.new, d.Breaks, d.Changes)
		}
		if d.From != embedded.Edition() || d.To.Source != "published.yaml" {
			t.Errorf("from %+v to %+v", d.From, d.To)
		}
	}
}

func TestNothingToCompare(t *testing.T) {
	t.Parallel()
	embedded, err := spec.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	same := parse(t, string(embedded.Bytes()))
	other := parse(t, "openapi: 3.0.3\ninfo: {title: Another, version: '1'}\nservers: [{url: 'https://example.com'}]\npaths:\n  /a:\n    get: {responses: {'200': {description: ok}}}\n")
	for name, to := range map[string]*spec.Document{"the same": same, "another API": other} {
		if d, err := drift.Between(embedded, to); d != nil || err != nil {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
}

func TestDocumentThatTheComparisonCannotRead(t *testing.T) {
	t.Parallel()
	embedded, err := spec.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	broken := parse(t, strings.Replace(string(embedded.Bytes()), "type: string", "type: string\n          minLength: a few", 1))
	var refused *spec.Error
	if d, err := drift.Between(embedded, broken); !errors.As(err, &refused) || d != nil || !strings.HasPrefix(refused.Error(), "published.yaml") {
		t.Errorf("%+v, %v", d, err)
	}
}
