package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
)

// thoroughness is the value of --thorough: a time, or a number of requests.
type thoroughness conformance.Thorough

func (t *thoroughness) String() string {
	switch {
	case t.Time > 0:
		return t.Time.String()
	case t.Requests > 0:
		return strconv.Itoa(t.Requests)
	}
	return ""
}

func (t *thoroughness) Set(text string) error {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		*t = thoroughness{Requests: n}
		return nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		*t = thoroughness{Time: d}
		return nil
	}
	return errors.New("neither a duration nor a number of requests")
}

// Type says what the value must be.
func (t *thoroughness) Type() string {
	return "a duration such as 10m, or a number of requests such as 5000"
}

// announce says what random sequences cost before they start.
func (t thoroughness) announce(w io.Writer, rate float64) {
	if t == (thoroughness{}) {
		return
	}
	users := runner.MaxSequenceUsers
	if t.Requests > 0 {
		fmt.Fprintf(w, "nox-conformance: --thorough sends %d more requests and creates up to %d users\n", t.Requests, min(users, t.Requests))
		return
	}
	pace, requests := "as many requests as the target can handle", users
	if rate > 0 {
		requests = int(rate * t.Time.Seconds())
		pace = fmt.Sprintf("up to %d requests", requests)
	}
	fmt.Fprintf(w, "nox-conformance: --thorough sends %s for %s and creates up to %d users\n", pace, t.Time, min(users, requests))
}
