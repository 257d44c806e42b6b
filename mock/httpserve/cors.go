package httpserve

import (
	"net/http"
	"slices"
)

// AllowOrigins lets pages of other origins call h from a browser: it answers the
// preflight requests of the Fetch standard and marks the responses. * stands for
// every origin. The API that is mocked does not do so: what a browser sends holds
// the key for all to see.
func AllowOrigins(h http.Handler, origins []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin == "" || !slices.Contains(origins, origin) && !slices.Contains(origins, "*") {
			h.ServeHTTP(w, r)
			return
		}
		answer := w.Header()
		answer.Set("Access-Control-Allow-Origin", origin)
		answer.Add("Vary", "Origin")
		asked := r.Header.Get("Access-Control-Request-Method")
		if r.Method != http.MethodOptions || asked == "" {
			answer.Set("Access-Control-Expose-Headers", "*")
			h.ServeHTTP(w, r)
			return
		}
		answer.Set("Access-Control-Allow-Methods", asked)
		if names := r.Header.Get("Access-Control-Request-Headers"); names != "" {
			answer.Set("Access-Control-Allow-Headers", names)
		}
		if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
			answer.Set("Access-Control-Allow-Private-Network", "true")
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
