package httpserve_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/internal/clienttest"
)

// Pages of an origin that is allowed may call; of others they may not; and who is
// no page notices nothing.
func TestAllowOrigins(t *testing.T) {
	answers := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	h := httpserve.AllowOrigins(answers, []string{"http://localhost:5173"})
	preflight := []string{"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type,x-api-key"}
	for _, x := range []struct {
		name, method, origin string
		header               []string
		status               int
		allowed              string
	}{
		{"no page", "POST", "", nil, 418, ""},
		{"a page", "POST", "http://localhost:5173", nil, 418, "http://localhost:5173"},
		{"preflight", "OPTIONS", "http://localhost:5173", preflight, 204, "http://localhost:5173"},
		{"OPTIONS of its own", "OPTIONS", "http://localhost:5173", nil, 418, "http://localhost:5173"},
		{"another page", "POST", "http://evil.example", nil, 418, ""},
		{"another page's preflight", "OPTIONS", "http://evil.example", preflight, 418, ""},
	} {
		r := httptest.NewRequest(x.method, "http://127.0.0.1/", nil)
		if r.Header = clienttest.Headers(x.header...); x.origin != "" {
			r.Header.Set("Origin", x.origin)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		got := w.Header()
		if w.Code != x.status || got.Get("Access-Control-Allow-Origin") != x.allowed || got.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %d %v", x.name, w.Code, got)
		}
		if w.Code == 204 && (got.Get("Access-Control-Allow-Headers") != "content-type,x-api-key" || got.Get("Access-Control-Allow-Methods") != "POST") {
			t.Errorf("%s: %v", x.name, got)
		}
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "http://127.0.0.1/", nil)
	r.Header.Set("Origin", "https://any.example")
	httpserve.AllowOrigins(answers, []string{"*"}).ServeHTTP(w, r)
	if w.Header().Get("Access-Control-Allow-Origin") != "https://any.example" {
		t.Errorf("*: %v", w.Header())
	}
}
