package runner_test

import (
	"crypto/tls"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/mock/mocktest"
)

// Every request of a run is recorded, whether a check shows it or not.
func TestRecordEveryExchange(t *testing.T) {
	t.Parallel()
	s := mocktest.NewServer(t)
	cfg := configFor(s)
	recorded, cut, checks := 0, 0, map[string]bool{}
	cfg.Record = func(check string, x conformance.Exchange) {
		recorded++
		checks[check] = true
		if x.Response == nil || !strings.HasPrefix(x.Response.HTTPVersion, "HTTP/1.") || len(x.Request.Body) > 16<<10 || x.Curl != "" {
			t.Errorf("%s: recorded as %.300v", check, x)
		}
		if x.Request.Size > 16<<10 {
			cut++
		}
		for _, value := range x.Request.Headers {
			if strings.Contains(value, s.APIKey) {
				t.Errorf("%s shows the key", check)
			}
		}
	}
	r := judge(t, cfg)
	if recorded != r.Requests || len(checks) < 100 || cut == 0 {
		t.Errorf("%d exchanges of %d checks are recorded of %d requests, %d of them cut", recorded, len(checks), r.Requests, cut)
	}
}

// What is repeated is recorded each time, and a long body is cut.
func TestRecordRepetitionsAndLongBodies(t *testing.T) {
	t.Parallel()
	var begun atomic.Bool
	s := mocktest.NewServer(t, mocktest.WithWrapper(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !begun.Swap(true) {
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			_, _ = w.Write(make([]byte, 1<<20))
		})
	}))
	cfg := configFor(s)
	cfg.Run = []string{"201/minimal"}
	var all []conformance.Exchange
	cfg.Record = func(_ string, x conformance.Exchange) { all = append(all, x) }
	judge(t, cfg)
	if len(all) < 2 || all[0].Response.Status != http.StatusTooManyRequests {
		t.Fatalf("recorded: %.500v", all)
	}
	if p := all[1].Response; p.Size != 1<<20 || len(p.Body) > 16<<10 {
		t.Errorf("of %d bytes, %d are recorded", p.Size, len(p.Body))
	}
}

func TestRecordNamesHTTP2(t *testing.T) {
	t.Parallel()
	cfg := overTLS(t, func(*tls.Config) {}, sameListener)
	cfg.Run = []string{"**/201/minimal"}
	versions := map[string]bool{}
	cfg.Record = func(_ string, x conformance.Exchange) {
		if x.Response == nil {
			t.Logf("no response: %s", x.Error)
			return
		}
		versions[x.Response.HTTPVersion] = true
	}
	r := judge(t, cfg)
	if len(versions) != 1 || !versions["HTTP/2"] {
		t.Errorf("%s, recorded: %v", r.Reason, versions)
	}
	if v := r.Checks[0].Exchanges[0].Response.HTTPVersion; v != "HTTP/2" {
		t.Errorf("the result says %q", v)
	}
}
