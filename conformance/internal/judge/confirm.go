package judge

import (
	"errors"
	"fmt"
	"sync"

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
// none.
func requestProblem(j *Judge, r *wire.Request) (string, error) {
	found, err := j.requestProblems(r.InSimpleStyle().AsDocumented())
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0].text, nil
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
