package store_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"nox.energy/contract/mock/store"
)

// fixtures are texts for both fuzz targets.
func fixtures() []string {
	const digest = `"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"`
	return []string{
		``, `{}`, `null`, `[]`, "\ufeff{}", "{\n", `{"manufacturers":null,"connections":[]}`,
		`{"manufacturers":[{"name":"acme","keys":["k"],"key_sha256":[` + digest + `],"enabled":false}],"connections":[{"manufacturer":"acme","user_id":"u","nox_user_id":"n","first_asked":"2026-01-02T03:04:05.000000006Z","times_asked":3}]}`,
		`{"manufacturers":[{"name":"acme","keys":["k"]},{"name":"acme","keys":["l"]}]}`, `{"manufacturers":[{"keys":["k"]}]}`, `{"manufacturers":[{"name":"a","keys":["k","k"]}]}`,
		`{"connections":[{"manufacturer":"","user_id":"\u0000\ud83d\ude42"}]}`, `{"connections":[{"user_id":"\ud800"}]}`, `{"connections":[{"user_id":"a","user_id":"b"}]}`,
		`{"connections":[{"user_id":"a","times_asked":-1}]}`, `{"connections":[{"user_id":"a","times_asked":1e400}]}`, `{"connections":[{"user_id":"a","first_asked":"9999-99-99"}]}`, `{"more":[]}`,
	}
}

// FuzzFixture reads fixtures of any bytes. What is read means the same after it
// was written and read again.
func FuzzFixture(f *testing.F) {
	for _, text := range fixtures() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		made, err := store.ReadFixture(bytes.NewReader(text))
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		written, err := json.Marshal(made)
		if err != nil {
			t.Fatalf("%q cannot be written: %v", text, err)
		}
		again, err := store.ReadFixture(bytes.NewReader(written))
		if err != nil || !reflect.DeepEqual(made, again) {
			t.Errorf("%q is %+v, and written as %s it is %+v, %v", text, made, written, again, err)
		}
	})
}

// FuzzState opens state files of any bytes. One that cannot be read stays as it
// was; what is read is there when it is opened again, with what came since.
func FuzzState(f *testing.F) {
	for _, text := range fixtures() {
		f.Add([]byte(text))
		f.Add([]byte("{\"nox_mock_state\":1}\n" + text + "\n"))
	}
	for _, text := range []string{
		`{"nox_mock_state":1}`, "{\"nox_mock_state\":2}\n", "{\"nox_mock_state\":1} {}\n", "{\"nox_mock_state\":1}\n\n\r\n{\"clear\":\"acme\"}\n{\"clear\":\"ac",
		"{\"nox_mock_state\":1}\n" + `{"connections":[{"manufacturer":"a","user_id":"u","nox_user_id":"n"}]}` + "\n" + `{"connections":[{"manufacturer":"a","user_id":"u","nox_user_id":"m"},{"manufacturer":"a","user_id":"v","nox_user_id":"n"}]}` + "\n",
		"{\"nox_mock_state\":1}\n" + `{"connections":[{"manufacturer":"a","user_id":"u","nox_user_id":"n"},{"manufacturer":"a","user_id":"v","nox_user_id":"n"}]}` + "\n",
		"{\"nox_mock_state\":1}\n" + `{"clear":"a","connections":[{"manufacturer":"a","user_id":"u","nox_user_id":""}],"manufacturers":[]}`,
	} {
		f.Add([]byte(text))
	}
	name := filepath.Join(f.TempDir(), "state")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		kept, fixture, err := store.OpenFile(name)
		if left, _ := os.ReadFile(name); !bytes.Equal(left, text) {
			t.Errorf("%q became %q before anything was to be written", text, left)
		}
		if err != nil || fixture != nil {
			return
		}
		if err := kept.Start(func(err error) { t.Error(err) }); err != nil {
			t.Fatal(err)
		}
		if _, _, err := kept.Connect(t.Context(), "fuzz", "one more", "its id", time.Unix(1, 2).UTC()); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		manufacturers, version, err := kept.Manufacturers(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		before := kept.Connections()
		if err := kept.Close(); err != nil {
			t.Fatal(err)
		}
		again, fixture, err := store.OpenFile(name)
		if err != nil || fixture != nil {
			t.Fatalf("%q cannot be read once it was written: %+v, %v", text, fixture, err)
		}
		others, otherVersion, err := again.Manufacturers(t.Context(), "")
		if err != nil || (version == "") != (otherVersion == "") || !reflect.DeepEqual(manufacturers, others) {
			t.Errorf("%q: the manufacturers %+v became %+v, %v", text, manufacturers, others, err)
		}
		if after := again.Connections(); !reflect.DeepEqual(before, after) {
			t.Errorf("%q: the connections %+v became %+v", text, before, after)
		}
	})
}
