package mock_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/control"
	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/store"
)

// encodings are the forms in which a client may write a key.
func encodings(key string) map[string]string {
	var escaped, percent strings.Builder
	for _, c := range []byte(key) {
		fmt.Fprintf(&escaped, `\u%04x`, c)
		fmt.Fprintf(&percent, "%%%02x", c)
	}
	all := map[string]string{
		"itself": key, "escaped": escaped.String(), "percent": percent.String(), "percent twice": url.QueryEscape(percent.String()),
		"hexadecimal": hex.EncodeToString([]byte(key)), "upper hexadecimal": strings.ToUpper(hex.EncodeToString([]byte(key))), "odd hexadecimal": "f" + hex.EncodeToString([]byte(key)),
		"half percent": percent.String()[:6] + key[2:],
	}
	for _, before := range []int{0, 2, 4} { // it begins at each place within three bytes
		plain := []byte("u:?>"[:before] + key + "?>")
		all[fmt.Sprintf("base64 after %d", before)] = base64.StdEncoding.EncodeToString(plain)
		all[fmt.Sprintf("base64 in URLs after %d", before)] = base64.RawURLEncoding.EncodeToString(plain)
	}
	all["base64 twice"] = base64.StdEncoding.EncodeToString([]byte(all["base64 after 4"]))
	all["percent of base64"] = url.QueryEscape(all["base64 after 2"])
	return all
}

// No output holds a key in any of these forms, wherever it was sent. Keys of the
// mock, keys known by their digests and the control token are looked for
// everywhere; any other key is, where the request presents it.
func TestNoKeyIsKeptInAnotherForm(t *testing.T) {
	const digestOnly, token, foreign = "c4n4ry-of-digest-1f2e3d", "c4n4ry-control-token-77", "c4n4ry-of-elsewhere-99"
	var log syncBuffer
	all := mock.DefaultManufacturers()
	all[0].KeyDigests = store.Manufacturer{Keys: []string{digestOnly}}.Digests()
	s, m := observed(t, mock.Config{Manufacturers: all, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	server := clienttest.Control(t, s, control.Config{Token: token})
	authorized := clienttest.Headers("Authorization", "Bearer "+token)
	keys := []string{s.APIKey, s.OtherAPIKey, digestOnly, token, foreign}
	if testing.Short() {
		keys = keys[2:3] // the race detector takes twenty times as long over each
	}
	for _, key := range keys {
		for name, written := range encodings(key) {
			for _, around := range []string{"%s", `a=%s&b {"k":"%s"}`} {
				text := strings.ReplaceAll(around, "%s", written)
				body, err := json.Marshal(map[string]string{"user_id": text, "note": text})
				if err != nil {
					t.Fatal(err)
				}
				if name == "escaped" {
					body = []byte(`{"user_id":"` + strings.ReplaceAll(text, `"`, `'`) + `"}`)
				}
				h := clienttest.Good(s, "X-Trace", text, "Referer", "https://example.com/?q="+text)
				if key == foreign {
					h.Set("X-Other-Key", key)
				}
				clienttest.Do(t, s, "POST", clienttest.ConnectPath+"?q="+url.QueryEscape(text), h, strings.NewReader(string(body)))
				clienttest.Do(t, s, "POST", "/x/"+url.PathEscape(text)+"/y", h, strings.NewReader(text))
				h.Del("x-api-key")
				clienttest.Do(t, s, "POST", clienttest.ConnectPath, h, nil)
			}
			if h := clienttest.Good(s, "X-Other-Key", key); name == "itself" || strings.Contains(name, "hexadecimal") { // as the name of a field
				h[encodings(key)[name]] = []string{"1"}
				clienttest.Do(t, s, "POST", clienttest.ConnectPath, h, strings.NewReader(clienttest.ValidBody))
			}
		}
	}
	clienttest.SetFault(t, s, fault.Fault{Kind: fault.Empty, Times: 1})
	entries := m.Journal().List(journal.Query{}).Entries
	outputs := map[string]string{"HAR": archive(t, entries), "log": log.String()}
	for _, path := range []string{"/journal?limit=1000", "/scorecard", "/", "/connections?manufacturer=acme&limit=1000", "/metrics"} {
		outputs[path] = clienttest.Ask(t, "GET", server+path, "", authorized).Body
	}
	for where, output := range outputs {
		output = strings.ToLower(output)
		for _, key := range []string{s.APIKey, s.OtherAPIKey, digestOnly, token, foreign} {
			for name, written := range encodings(key) {
				if where == "/connections?manufacturer=acme&limit=1000" && key == foreign {
					continue // a key of nobody is a user like any other
				}
				if at := strings.Index(output, strings.ToLower(written)); at >= 0 {
					t.Errorf("%s holds %s of %s: …%s…", where, name, key, output[max(0, at-100):min(len(output), at+len(written)+20)])
				}
			}
		}
	}
}

// What holds no key is shown as it came, whatever it looks like.
func TestOrdinaryTextIsKept(t *testing.T) {
	s := mocktest.NewServer(t)
	for _, userID := range []string{
		"550e8400-e29b-41d4-a716-446655440000", "auth0|5f7c8ec7c33c6c004bbafe82", "100%", "50%25", "a%zz", "Zm9vYmFyYmF6cXV4", "deadbeefdeadbeefdeadbeef",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0", "+49 30 1234567", strings.Repeat("0123456789abcdef", 20), "acme-test-key", "élève@example.com",
	} {
		clienttest.Connect(t, s, s.APIKey, userID)
		e := clienttest.Latest(s)
		if e.UserID == nil || *e.UserID != userID {
			t.Errorf("%q is shown as %v", userID, *e.UserID)
		}
		var body struct {
			UserID string `json:"user_id"`
		}
		if err := json.Unmarshal([]byte(e.Request.Body), &body); err != nil || body.UserID != userID {
			t.Errorf("%q is shown in %s", userID, e.Request.Body)
		}
	}
}

// A key that came later is hidden in what was recorded before, and a key that is
// no more in what was recorded while it was one.
func TestKeysOfOtherTimes(t *testing.T) {
	s := mocktest.NewServer(t)
	const later = "key-that-comes-later-42"
	for _, userID := range []string{later, s.APIKey} {
		clienttest.Connect(t, s, s.APIKey, userID)
	}
	one := store.Manufacturer{Name: "acme", Keys: []string{later}, Enabled: true}
	if _, err := s.Mock.SetManufacturer(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	if all := archive(t, s.Journal(journal.Query{})); strings.Contains(all, later) || strings.Contains(all, s.APIKey) {
		t.Errorf("the journal holds a key: %s", all)
	}
}
