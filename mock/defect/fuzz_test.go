package defect_test

import (
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"nox.energy/contract/mock/defect"
)

// Whatever a client sends, a deviation does not fall over: it answers, or
// closes the connection.
func FuzzRequests(f *testing.F) {
	var all []defect.Deviation
	for _, d := range overHTTP(append(defect.Defects(), defect.Variations()...)) {
		if !strings.HasPrefix(d.Name, "race-") && !strings.HasPrefix(d.Name, "slow") && d.Name != "uneven" { // they sleep
			all = append(all, d)
		}
	}
	corpus := experiments()
	seeds := 4 * len(all)
	if testing.Short() {
		seeds = len(all)
	}
	if flag.Lookup("test.fuzz").Value.String() != "" {
		seeds = 60 // or a short while ends before all of them have been tried, and nothing new is
	}
	for i := range seeds {
		if r := corpus[i*7%len(corpus)].requests[0]; len(r.body) < 3000 {
			f.Add(uint16(i), r.body, r.header.Get("X-Api-Key"), r.header.Get("Content-Type"), r.path)
		}
	}
	f.Fuzz(func(t *testing.T, which uint16, body, key, mediaType, path string) {
		d := all[int(which)%len(all)]
		h := d.Wrap(http.HandlerFunc(creating))
		for _, k := range []string{acmeKey, key} { // the first is one to learn
			r := httptest.NewRequest("POST", "/v2/manufacturer/device-connections", strings.NewReader(body))
			r.URL.Path = path
			r.Header.Set("X-Api-Key", k)
			r.Header.Set("Content-Type", mediaType)
			serve(t, d.Name, h, r)
		}
	})
}

// creating answers as a sound handler would if it read nothing.
func creating(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // a string never fails
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Header.Get("X-Api-Key") != acmeKey:
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":"Invalid API key"}`)
	case r.ContentLength%2 == 1:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"user_id is required and must be a string"}`)
	default:
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"manufacturer_user_id":"\u0000 __proto__ {{7*7}}","nox_user_id":"n"}`)
	}
}

func serve(t *testing.T, name string, h http.Handler, r *http.Request) {
	t.Helper()
	defer func() {
		if cause := recover(); cause != nil && cause != http.ErrAbortHandler {
			t.Errorf("%s fell over: %v", name, cause)
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), r)
}
