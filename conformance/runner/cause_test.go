package runner_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/mock/defect"
	"nox.energy/contract/mock/mocktest"
)

// broken serves a mock with defects.
func broken(t *testing.T, names ...string) conformance.Config {
	t.Helper()
	return configFor(mocktest.NewServer(t, mocktest.WithWrapper(func(h http.Handler) http.Handler {
		for _, name := range names {
			d, err := defect.Find(name)
			if err != nil {
				t.Fatal(err)
			}
			h = d.Wrap(h)
		}
		return h
	})))
}

// failing are the causes of a result that fail the run.
func failing(r *conformance.Result) (out []conformance.Cause) {
	for _, c := range r.Causes {
		if outcomeOf(r, c.Check) == conformance.Fail {
			out = append(out, c)
		}
	}
	return out
}

func outcomeOf(r *conformance.Result, id string) conformance.Outcome {
	for _, c := range r.Checks {
		if c.ID == id {
			return c.Outcome
		}
	}
	return ""
}

// TestOneCauseIsToldOnce judges servers with one mistake or two: each is one
// cause, led by the check that tells it best, in words that name it.
func TestOneCauseIsToldOnce(t *testing.T) {
	t.Parallel()
	type cause struct{ lead, words string }
	for names, want := range map[string][]cause{
		"race-two-ids":                   {{"201/simultaneous", "concurrent first requests for one user_id get different"}},
		"race-500":                       {{"201/simultaneous", "concurrent first requests for one user_id: some get 500"}},
		"race-409":                       {{"201/simultaneous", "some get 409 Conflict"}},
		"race-empty-id":                  {{"201/simultaneous", "concurrent first requests"}},
		"every-7th-other-id":             {{"201/", "one user_id gets several values"}}, // which check meets it in which moment is chance // no race, though races show it
		"echo-trimmed":                   {{"201/echo-outer-space", "without its outer white space"}},
		"echo-lower-cased":               {{"201/echo-case", "in another letter case"}},
		"echo-decomposed":                {{"201/echo-multibyte", "in another Unicode normal form"}},
		"echo-html-escaped":              {{"201/echo-html", "escaped for HTML"}},
		"echo-quotes-doubled":            {{"201/echo-html", "comes back changed"}},
		"echo-cut-at-63":                 {{"201/echo-length-64", "truncated after 63 characters"}},
		"echo-prefixed":                  {{"201/echo-case", "comes back changed"}},
		"echo-hashed":                    {{"201/echo-case", "as another text"}},
		"echo-ascii-only":                {{"201/echo-multibyte", "non-ASCII"}},
		"apostrophe-firewalled":          {{"201/echo-apostrophe", "403 Forbidden with an HTML page looks like a firewall or proxy, not the API"}},
		"401-as-403":                     {{"401/missing-key", "403 Forbidden where the contract requires 401"}},
		"400-as-422":                     {{"400/user_id-missing", "422 Unprocessable Entity where the contract requires 400"}},
		"any-key-accepted":               {{"401/unknown-key", "201 Created where the contract requires 401"}},
		"every-31st-redirected":          {{"http/no-redirect", "307 Temporary Redirect instead"}},
		"id-of-everybody":                {{"201/create-distinct", "different values of user_id"}, {"201/tenants", "two manufacturers"}},
		"id-by-body":                     {{"201/resolve-", "several values"}, {"201/tenants", "two manufacturers"}},
		"400-message-property":           {{"400/schema", "broken rule: every 400 body matches its schema"}},
		"echo-trimmed,echo-html-escaped": {{"201/echo-html", "HTML"}, {"201/echo-outer-space", "outer white space"}},
		"missing-key-accepted,key-half":  {{"401/missing-key", "no key"}, {"401/key-short-end", "without its last character"}},
		"echo-compatible":                {{"201/echo-multibyte", "in another Unicode normal form"}}, // the check over the whole run meets more of it
		"echo-after-other-manufacturer":  {{"201/tenants", "comes back changed"}},
		"missing-accepted":               {{"400/user_id-missing", "201 Created where the contract requires 400"}}, // of the other manufacturer as well
		"401-as-403,400-as-422":          {{"400/user_id-missing", "422"}, {"401/missing-key", "403"}},
	} {
		if testing.Short() && len(names)%7 != 0 { // a sample will do
			continue
		}
		t.Run(names, func(t *testing.T) {
			t.Parallel()
			r := judge(t, broken(t, strings.Split(names, ",")...))
			got := failing(r)
			for i, c := range got {
				if i >= len(want) || !strings.Contains(c.Check+"$", "/"+want[i].lead) || !strings.Contains(c.Summary, want[i].words) {
					t.Errorf("cause %d: %s (%s), of %d checks; want %v", i+1, c.Summary, c.Check, len(c.Checks), want)
				}
			}
			if len(got) < len(want) {
				t.Errorf("%d causes, want %v", len(got), want)
			}
			causesAreSound(t, r)
		})
	}
}

// causesAreSound demands of any result that its causes name each failure and
// warning once, and agree with what its checks say.
func causesAreSound(t *testing.T, r *conformance.Result) {
	t.Helper()
	of := map[string]string{}
	for _, cause := range r.Causes {
		if len(cause.Checks) == 0 || cause.Checks[0] != cause.Check || cause.Summary == "" {
			t.Errorf("a cause %+v", cause)
		}
		for _, id := range cause.Checks {
			if of[id] != "" {
				t.Errorf("%s has two causes", id)
			}
			of[id] = cause.Check
		}
	}
	for _, c := range r.Checks {
		bad := c.Outcome == conformance.Fail || c.Outcome == conformance.Warn
		switch {
		case bad && !c.Known && of[c.ID] == "":
			t.Errorf("%s %s has no cause", c.ID, c.Outcome)
		case bad && c.Cause != "" && of[c.ID] != c.Cause:
			t.Errorf("%s falls to %s, and the list says %s", c.ID, c.Cause, of[c.ID])
		case c.Cause != "" && outcomeOf(r, c.Cause) != conformance.Fail && outcomeOf(r, c.Cause) != conformance.Warn:
			t.Errorf("%s falls to %s, which did not fail", c.ID, c.Cause)
		}
	}
}

// TestStatusesNeverShareACause: a proxy's page beside errors of the API is told
// on its own, and the clause over all responses counts both.
func TestStatusesNeverShareACause(t *testing.T) {
	t.Parallel()
	r := judge(t, configFor(around(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			switch {
			case bytes.Contains(body, []byte("DROP TABLE")):
				w.Header().Set("Content-Type", "text/html")
				w.WriteHeader(http.StatusBadGateway)
				io.WriteString(w, "<html><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></html>")
				return
			case bytes.Contains(body, []byte("{{7*7}}")), bytes.Contains(body, []byte("null")):
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusInternalServerError)
				io.WriteString(w, `{"error":"Internal server error"}`)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(w, r)
		})
	})))
	causesAreSound(t, r)
	got := failing(r)
	if len(got) != 2 || !strings.Contains(got[0].Summary, "500 Internal Server Error") || !strings.Contains(got[1].Summary, `looks like a proxy that got no response from the API (it says "nginx")`) {
		t.Errorf("causes: %+v", got)
	}
	for _, c := range r.Checks {
		if strings.HasSuffix(c.ID, "/http/no-server-error") && (!strings.Contains(c.Actual, "500 Internal Server Error (") || !strings.Contains(c.Actual, "502 Bad Gateway (")) {
			t.Errorf("no-server-error says %q", c.Actual)
		}
	}
}
