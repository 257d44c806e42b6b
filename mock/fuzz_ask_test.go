package mock_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/store"
)

// asked is what a mock does with a request whose path, Prefer and user_id are
// given. No delay is waited for.
func asked(t *testing.T, m *mock.Mock, r *http.Request, prefer, userID string) (w *httptest.ResponseRecorder, lost bool) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"user_id": userID})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	whole := httptest.NewRequest(r.Method, "/", strings.NewReader(string(body))).WithContext(ctx)
	whole.URL, whole.RequestURI, whole.Host = r.URL, r.RequestURI, r.Host
	whole.Header = clienttest.Headers("x-api-key", mock.DefaultManufacturers()[0].Keys[0], "Content-Type", "application/json")
	if prefer != "" {
		whole.Header.Set("Prefer", prefer)
	}
	w = httptest.NewRecorder()
	lost = serve(m, w, whole)
	for name, values := range w.Header() {
		if value := strings.Join(values, ""); len(value) > 1000 || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("the header %s is %q", name, value)
		}
	}
	if strings.Contains(w.Header().Get("Content-Type"), "json") && !json.Valid(w.Body.Bytes()) {
		t.Errorf("the response %q is not JSON", w.Body)
	}
	return w, lost
}

// FuzzAsk asks for outcomes by the header Prefer and by the user_id. What does not
// say code=, or start with nox-mock:, brings about nothing, nor does anything
// where overrides are off; who is refused is not connected.
func FuzzAsk(f *testing.F) {
	for _, prefer := range []string{
		"", "code=500", `Code = "400" ; q=1`, "return=minimal, code=401", "code=201,code=500", "code=503", "code=5xx", "code=", "cod=500", "status=500", "code=0500", "code=+500", "code=\u0665\u0660\u0660",
		"example=a, dynamic=true", "dynamic=TRUE;x", ",,;;==", "code=500\x80", "wait=500", strings.Repeat("code,", 50),
	} {
		f.Add(prefer, "u")
	}
	for _, userID := range []string{
		"nox-mock:400", "nox-mock:500", "nox-mock:201", "nox-mock:lost", "nox-mock:lost ", "nox-mock:delay=1ns", "nox-mock:delay=1h", "nox-mock:delay=-1s", "nox-mock:delay=1e9s", "nox-mock:delay=9999999999999999999h",
		"nox-mock:+50", "nox-mock:-500", "nox-mock:\u0665\u0660\u0660", "NOX-MOCK:500", "nox_mock:delay=2s", "noxmock-500", "nox-mok:delay=", "mock", "nox-mock:", "nox-mock:nox-mock:500", " nox-mock:500", "nox-mock:500\x00", "nox-mock:" + strings.Repeat("\u0130", 60),
	} {
		f.Add("", userID)
	}
	one, two := store.NewMemory(), store.NewMemory()
	m, err := mock.New(mock.Config{Store: one})
	if err != nil {
		f.Fatal(err)
	}
	deaf, err := mock.New(mock.Config{Store: two, NoOverrides: true})
	if err != nil {
		f.Fatal(err)
	}
	const form = "POST /v2" + clienttest.ConnectPath + " HTTP/1.1\r\nHost: localhost\r\n\r\n"
	f.Fuzz(func(t *testing.T, prefer, userID string) {
		if len(prefer)+len(userID) > 8<<10 || strings.ContainsAny(prefer, "\r\n") { // which no server lets pass
			return
		}
		userID = strings.ToValidUTF8(userID, "\ufffd")
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(form)))
		if err != nil {
			t.Fatal(err)
		}
		w, lost := asked(t, m, r, prefer, userID)
		magic := strings.HasPrefix(userID, mock.MagicPrefix)
		switch {
		case lost:
			if userID != mock.MagicPrefix+"lost" {
				t.Errorf("%q is lost", userID)
			}
		case w.Code == http.StatusCreated:
		case !slices.Contains([]int{400, 401, 500}, w.Code):
			t.Errorf("%d to Prefer %q, user_id %q", w.Code, prefer, userID)
		case !magic && !strings.Contains(strings.ToLower(prefer), "code"):
			t.Errorf("%d to Prefer %q, user_id %q, which ask for nothing", w.Code, prefer, userID)
		}
		_, connected, err := one.Connect(t.Context(), "acme", userID, "fresh", time.Now())
		if connected == (lost || w.Code == http.StatusCreated) || err != nil {
			t.Errorf("%d to Prefer %q, user_id %q: was it connected? %t, %v", w.Code, prefer, userID, !connected, err)
		}
		if w, lost := asked(t, deaf, r, prefer, userID); lost || w.Code != http.StatusCreated {
			t.Errorf("without overrides: %d to Prefer %q, user_id %q", w.Code, prefer, userID)
		}
		for _, each := range []*mock.Mock{m, deaf} { // so that each input is alone
			if err := each.Reset(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzPath sends request targets of any bytes, to the contract and to one with
// parameters in its paths. A path is found if its escapes mean the declared one,
// and no other way.
func FuzzPath(f *testing.F) {
	for _, target := range []string{
		"/v2" + clienttest.ConnectPath, "/v2" + clienttest.ConnectPath + "/", "/v2/" + clienttest.ConnectPath, "/v2/x/.." + clienttest.ConnectPath, "/v2/manufacturer/device%2Dconnections", "/v2/manufacturer%2Fdevice-connections", "/v2" + clienttest.ConnectPath + "?a=%", "/v2" + clienttest.ConnectPath + "#a", "/v2" + clienttest.ConnectPath + ";a=b",
		"http://other/v2" + clienttest.ConnectPath, "//other/v2" + clienttest.ConnectPath, "*", "/", "", "other:443", "/%", "/%zz", "/\u0130", "/\xff", "/v2/manufacturer/device-connection", "/v2" + strings.ToUpper(clienttest.ConnectPath), "/v2" + clienttest.ConnectPath + "%00", "/" + strings.Repeat("a/", 200),
		"/api/orders/12?expand=items&key=k", "/api/orders/%31%32", "/api/orders/special", "/api/orders//", "/api/orders/%2F", "/api/orders/-1e9", "/api/orders/%ff?expand=%ff&key",
	} {
		for _, method := range []string{"POST", "GET"} {
			f.Add(method, target)
		}
	}
	m, err := mock.New(mock.Config{})
	if err != nil {
		f.Fatal(err)
	}
	other, err := mock.New(mock.Config{Contract: parse(f, shop)})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method, target string) {
		if len(target) > 8<<10 {
			return
		}
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n")))
		if err != nil || r.Method != method || len(r.Header) > 0 {
			return // it is no request, or another one
		}
		w, _ := asked(t, m, r, "", "u")
		meant, err := url.PathUnescape(r.URL.EscapedPath())
		means := err == nil && meant == "/v2"+clienttest.ConnectPath && !strings.Contains(strings.ToLower(r.URL.EscapedPath()), "%2f")
		want := map[bool]int{true: http.StatusCreated, false: http.StatusNotFound}[means]
		if means && r.Method != http.MethodPost {
			want = http.StatusMethodNotAllowed
		}
		if w.Code != want {
			t.Errorf("%d to %s %q, want %d: %s", w.Code, method, target, want, w.Body)
		}
		if w, _ := asked(t, other, r, "", "u"); w.Code >= 500 {
			t.Errorf("%d to %s %q: %s", w.Code, method, target, w.Body)
		}
	})
}
