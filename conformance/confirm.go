package conformance

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	validerrors "github.com/pb33f/libopenapi-validator/errors"
)

// confirm validates the request once more, as sent, against the contract. It
// returns what is wrong with the experiment, nil when it is what the check
// says it is.
func (j *judge) confirm(r *request) error {
	if r.intent == open {
		return nil
	}
	problem, err := j.confirmed.of(r, func() (string, error) { return j.problem(r) })
	switch {
	case err != nil:
		return err
	case r.intent == fits && problem != "":
		return fmt.Errorf("the request was meant to fit the contract and does not: %s", problem)
	case r.intent == breaks && problem == "":
		return errors.New("the request was meant to break the contract and fits it")
	}
	return nil
}

// problem is the first rule of the contract that the request breaks, "" for
// none. Its key is not looked at.
func (j *judge) problem(r *request) (string, error) {
	copied := r.clone()
	copied.barrier, copied.chunked, copied.expect100 = nil, false, false
	if len(copied.keys) == 0 || copied.keys[0].in != declared {
		copied.keys = append(copied.keys, credential{value: "any"}) // the key is not this clause's business
	}
	base, err := url.Parse(strings.TrimSuffix(j.contract.canonicalURL(r.path, ""), r.path))
	if err != nil {
		return "", err
	}
	req, err := copied.httpRequest(base, nil)
	if err != nil {
		return "", err
	}
	problem := ""
	if ok, errs := j.validator.ValidateHttpRequestSync(req); !ok {
		problem = firstOf(errs)
	}
	if isJSON(req.Header.Get("Content-Type")) && len(r.body) > 0 {
		if p := jsonProblem(r.body); p != "" {
			problem = p
		}
	}
	return problem, nil
}

// firstOf puts the first problem that is not about the key into words.
func firstOf(errs []*validerrors.ValidationError) string {
	for _, e := range errs {
		if e.ValidationType == "security" {
			continue
		}
		for _, s := range e.SchemaValidationErrors {
			return strings.TrimSpace(s.FieldPath + " " + s.Reason)
		}
		return e.Message
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

func (c *confirmations) of(r *request, ask func() (string, error)) (string, error) {
	if len(r.body) > maxRemembered {
		return ask()
	}
	key := r.contents()
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
