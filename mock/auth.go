package mock

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/store"
)

// caller is who a request comes from, as far as its keys tell.
type caller struct {
	manufacturer string // "" where the operation needs no key
	key          string // its fingerprint
}

// refusal says why a key will not do: the name of a rule, and words for the
// log.
type refusal struct{ rule, words string }

func (r *refusal) Error() string { return r.words }

// refusalReason describes an error of authenticate for the journal.
func refusalReason(op *openapi.Operation, err error) journal.Why {
	why := journal.Why{Rule: "key", Reason: err.Error(), Got: err.Error(), Expected: "one key of a manufacturer that is enabled"}
	var r *refusal
	if errors.As(err, &r) {
		why.Rule = r.rule
	}
	why.In, why.Pointer = op.KeyPlace()
	return why
}

// authenticate finds the caller. The error says why there is none, in words for
// the log: a *refusal, or what ails the store.
func (g *registry) authenticate(op *openapi.Operation, r *http.Request) (caller, error) {
	var first error
	var who caller
	for _, all := range op.Security {
		c, err := g.meets(all, r)
		if refused := (*refusal)(nil); err == nil || !errors.As(err, &refused) {
			return c, err
		}
		if first == nil {
			first, who = err, c
		}
	}
	return who, first
}

func (g *registry) meets(all openapi.Requirement, r *http.Request) (caller, error) {
	var who caller
	for _, scheme := range all {
		c, err := g.identify(r.Context(), scheme.Credentials(r))
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

func (g *registry) identify(ctx context.Context, keys []string) (caller, error) {
	switch {
	case len(keys) == 0:
		return caller{}, &refusal{"key.missing", "no key"}
	case len(keys) > 1:
		return caller{}, &refusal{"key.repeated", fmt.Sprintf("%d keys", len(keys))}
	case keys[0] == "":
		return caller{}, &refusal{"key.empty", "empty key"}
	}
	who := caller{key: store.Fingerprint(keys[0])}
	known, err := g.fresh(context.WithoutCancel(ctx))
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
