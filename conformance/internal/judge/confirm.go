package judge

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/wire"
)

// Confirm validates a request, as sent, against the contract. It returns an
// error if the request is not what the check says.
func (j *Judge) Confirm(r *wire.Request) error {
	if r.Intent == wire.Either {
		return nil
	}
	problem, err := j.confirmed.of(r, func() (string, error) { return requestProblem(j, r) })
	switch {
	case err != nil:
		return err
	case r.Intent == wire.Fits && problem != "":
		return fmt.Errorf("the request should be valid but is not: %s", problem)
	case r.Intent == wire.Breaks && problem == "":
		return errors.New("the request should be invalid but is valid")
	}
	return nil
}

// requestProblem is the first rule of the contract that the request breaks, "" for
// none. Its key is not looked at.
func requestProblem(j *Judge, r *wire.Request) (string, error) {
	r = r.InSimpleStyle()
	copied := r.AsDocumented()
	if len(copied.Keys) == 0 || copied.Keys[0].Place != contract.AsDeclared {
		copied.Keys = append(copied.Keys, wire.Credential{Value: "any"}) // the key is not this clause's business
	}
	base, err := url.Parse(strings.TrimSuffix(j.Contract.CanonicalURL(r.Path, ""), r.Path))
	if err != nil {
		return "", err
	}
	req, err := copied.HTTPRequest(base, nil)
	if err != nil {
		return "", err
	}
	broken := ""
	found := j.validator.request(r.Op, req)
	if b := r.Op.Body; b != nil && !r.Op.TakesJSON() && r.Body != nil {
		found = slices.DeleteFunc(found, func(p problem) bool { return p.kind == "requestBody" }) // which reads JSON alone
		broken = formProblem(j, b, r.Body)
	}
	if len(found) > 0 {
		broken = firstOf(found)
	}
	if contract.IsJSON(req.Header.Get("Content-Type")) && len(r.Body) > 0 {
		if p := wire.JSONProblem(r.Body); p != "" {
			broken = p
		}
	}
	return broken, nil
}

// formProblem is the first rule of its schema that a form or text breaks.
func formProblem(j *Judge, b *contract.RequestBody, body []byte) string {
	value, err := b.Decode(body)
	switch {
	case err != nil:
		return err.Error()
	case b.SchemaPointer() == "":
		return ""
	}
	return j.validator.value(b.SchemaPointer(), schema.Encode(value))
}

// firstOf puts the first problem that is not about the key into words.
func firstOf(problems []problem) string {
	for _, e := range problems {
		if e.kind == "security" {
			continue
		}
		for _, s := range e.failures {
			return strings.TrimSpace(s.path + " " + s.reason)
		}
		return e.message
	}
	return ""
}

// confirmations remembers what the validator said of each request, since many
// are sent more than once.
type confirmations struct {
	mu   sync.Mutex
	said map[string]string
}

// maxRemembered bounds the body of a request that is remembered.
const maxRemembered = 4 << 10

func (c *confirmations) of(r *wire.Request, ask func() (string, error)) (string, error) {
	if len(r.Body) > maxRemembered {
		return ask()
	}
	key := r.ContentKey()
	c.mu.Lock()
	problem, known := c.said[key]
	c.mu.Unlock()
	if known {
		return problem, nil
	}
	problem, err := ask()
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.said == nil {
			c.said = map[string]string{}
		}
		c.said[key] = problem
	}
	return problem, err
}
