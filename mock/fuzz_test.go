package mock_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/internal/clienttest"
)

// FuzzBody holds that no body brings about anything but 201 and 400 (or what it
// asks for by a magic id), and that a 201 is an exact echo.
func FuzzBody(f *testing.F) {
	for _, x := range exchanges {
		if len(x.body) < 1000 {
			f.Add([]byte(x.body))
		}
	}
	f.Add([]byte(`{"user_id":"\ud83d\ude42\u0000\/"}`))
	f.Add([]byte(`{"user_id":"u","a":{"b":[1,-0.0e+5,true,null,{}]}}`))
	m, err := mock.New(mock.Config{})
	if err != nil {
		f.Fatal(err)
	}
	key := mock.DefaultManufacturers()[0].Keys[0]
	f.Fuzz(func(t *testing.T, body []byte) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // no delay that the body asks for is waited for
		r := httptest.NewRequest("POST", "/v2"+clienttest.ConnectPath, strings.NewReader(string(body))).WithContext(ctx)
		r.Header = clienttest.Headers("x-api-key", key, "Content-Type", "application/json")
		w := httptest.NewRecorder()
		lost := serve(m, w, r)
		var sent map[string]any
		err := json.Unmarshal(body, &sent)
		userID, isString := sent["user_id"].(string)
		asked, isMagic := strings.CutPrefix(userID, mock.MagicPrefix)
		switch {
		case lost:
			if asked != "lost" {
				t.Errorf("%q is lost", body)
			}
		case w.Code == http.StatusCreated:
			var got map[string]string
			if err != nil || !isString || !utf8.Valid(body) {
				t.Errorf("201 to the invalid body %q", body)
			}
			if json.Unmarshal(w.Body.Bytes(), &got) != nil || got["manufacturer_user_id"] != userID || got["nox_user_id"] == "" {
				t.Errorf("201 to %q with the body %s", body, w.Body)
			}
		case w.Code == http.StatusBadRequest:
			if err == nil && isString && !isMagic && strings.Count(string(body), `"`) == 4 && strings.HasPrefix(string(body), `{"user_id":"`) && utf8.Valid(body) && !strings.Contains(string(body), `\u`) {
				t.Errorf("400 to the valid body %q: %s", body, w.Body)
			}
		case isMagic && asked == strconv.Itoa(w.Code):
		default:
			t.Errorf("%d to %q: %s", w.Code, body, w.Body)
		}
		if !lost && !json.Valid(w.Body.Bytes()) {
			t.Errorf("the answer %q is not JSON", w.Body)
		}
	})
}

// serve is ServeHTTP that tells whether the answer was deliberately lost.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (lost bool) {
	defer func() {
		if cause := recover(); cause == http.ErrAbortHandler {
			lost = true
		} else if cause != nil {
			panic(cause)
		}
	}()
	h.ServeHTTP(w, r)
	return false
}
