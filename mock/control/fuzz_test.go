package control_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/control"
)

// FuzzControl sends requests of any kind to the control API. None breaks it, or
// gets a key out of it; it says all that it has in JSON, and what it exports can be
// imported.
func FuzzControl(f *testing.F) {
	m, err := mock.New(mock.Config{})
	if err != nil {
		f.Fatal(err)
	}
	began, err := m.Export(f.Context(), nil)
	if err != nil {
		f.Fatal(err)
	}
	key := mock.DefaultManufacturers()[0].Keys[0]
	h, err := control.New(m, control.Config{})
	if err != nil {
		f.Fatal(err)
	}
	document, err := h.Document()
	if err != nil {
		f.Fatal(err)
	}
	for _, op := range document.Operations() {
		for _, query := range []string{"", "?manufacturer=acme", "?manufacturer=*&limit=1&user_id=%00", "?cursor=%ff&limit=99999999999999999999&since=-1"} {
			f.Add(op.Method, strings.NewReplacer("{", "", "}", "").Replace(op.Path)+query, "")
		}
	}
	for _, each := range [][3]string{
		{"POST", "/faults", `{"manufacturer":"acme","kind":"status","status":503,"times":2,"body":"\u0000"}`},
		{"POST", "/faults", `{"manufacturer":"acme","kind":"slow","delay":{"distribution":"log-normal","median_ms":1e308,"sigma":1e308},"share":1e-320,"user_id":"` + strings.Repeat("*a", 50) + `"}`},
		{"POST", "/import", `{"manufacturers":[{"name":"a/b?c","keys":["k"]}],"connections":[{"manufacturer":"a/b?c","user_id":""}]}`},
		{"POST", "/import", `{"connections":[{"manufacturer":"acme","user_id":"` + key + `","nox_user_id":"n"},{"manufacturer":"acme","user_id":"u","nox_user_id":"n"}]}`},
		{"PUT", "/manufacturers/acme", `{"enabled":false}`}, {"POST", "/manufacturers", `{"name":"b","keys":["l"]}`}, {"DELETE", "/manufacturers/%61cme", ""},
		{"POST", "/try", `{"operation":"createManufacturerDeviceConnection","manufacturer":"acme","body":"{\"user_id\":\"nox-mock:delay=1m\"}","headers":{"Prefer":"code=500"}}`},
		{"POST", "/reset", `{"manufacturer":"nobody"}`}, {"POST", "/verify", `{"count":-1,"user_id":"*"}`}, {"GET", "/page/../../go.mod", ""}, {"HEAD", "/", ""},
	} {
		f.Add(each[0], each[1], each[2])
	}
	f.Fuzz(func(t *testing.T, method, target, body string) {
		if len(target)+len(body) > 16<<10 {
			return
		}
		whole := method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"
		r, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader(whole), strings.NewReader(body))))
		if err != nil || r.Method != method || len(r.Header) != 2 {
			return
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // no events or delays are waited for
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.WithContext(ctx))
		said := w.Body.String()
		switch {
		case w.Code == 500, w.Code > 503, w.Code < 200:
			t.Errorf("%d to %s %q %s: %s", w.Code, method, target, body, said)
		case strings.Contains(w.Header().Get("Content-Type"), "json") && !json.Valid(w.Body.Bytes()) && method != http.MethodHead:
			t.Errorf("%s %q %s: %q is not JSON", method, target, body, said)
		case strings.Contains(said, key):
			t.Errorf("%s %q %s: a key stands in %s", method, target, body, said)
		case w.Header().Get("X-Content-Type-Options") != "nosniff":
			t.Errorf("%s %q may be taken for another kind", method, target)
		}
		exported, err := m.Export(t.Context(), nil)
		if err == nil && r.Method != http.MethodGet {
			_, err = mock.New(mock.Config{Manufacturers: exported.Manufacturers, Connections: exported.Connections})
		}
		if err != nil {
			t.Errorf("%s %q %s leaves what cannot be exported, or imported again: %v", method, target, body, err)
		}
		if r.Method != http.MethodGet { // so that each input is alone
			for _, each := range exported.Manufacturers {
				if err := m.RemoveManufacturer(t.Context(), each.Name); err != nil {
					t.Fatal(err)
				}
			}
			if err := m.Import(t.Context(), began); err != nil {
				t.Fatal(err)
			}
		}
	})
}
