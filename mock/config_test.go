package mock_test

import (
	"reflect"
	"strings"
	"testing"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/store"
	"nox.energy/contract/spec"
)

func TestNewRefuses(t *testing.T) {
	one := []store.Manufacturer{{Name: "a", Keys: []string{"k-secret"}, Enabled: true}}
	for name, x := range map[string]struct {
		config mock.Config
		want   string
	}{
		"no name":     {mock.Config{Manufacturers: []store.Manufacturer{{Keys: []string{"k-secret"}}}}, "manufacturers[0]: a manufacturer needs a name"},
		"name twice":  {mock.Config{Manufacturers: append(one, store.Manufacturer{Name: "a", Keys: []string{"l"}})}, `manufacturers[1]: the name "a" is taken`},
		"no key":      {mock.Config{Manufacturers: []store.Manufacturer{{Name: "a"}}}, "at least one key"},
		"empty key":   {mock.Config{Manufacturers: []store.Manufacturer{{Name: "a", Keys: []string{"k-secret", ""}}}}, "manufacturers[0].keys[1]: a key may not be empty"},
		"key in two":  {mock.Config{Manufacturers: append(one, store.Manufacturer{Name: "b", Keys: []string{"k-secret"}})}, `manufacturers[1].keys[0]: this key of "b" is also a key of "a"`},
		"key twice":   {mock.Config{Manufacturers: []store.Manufacturer{{Name: "a", Keys: []string{"l", "k-secret", "k-secret"}}}}, `manufacturers[0].keys[2]: this key of "a" stands there twice`},
		"not UTF-8":   {mock.Config{Manufacturers: []store.Manufacturer{{Name: "\xff", Keys: []string{"k-secret"}}}}, "manufacturers[0]: the name of a manufacturer must be UTF-8"},
		"long name":   {mock.Config{Manufacturers: []store.Manufacturer{{Name: strings.Repeat("é", 201), Keys: []string{"k-secret"}}}}, "at most 200 characters, not 201"},
		"all":         {mock.Config{Manufacturers: []store.Manufacturer{{Name: "*", Keys: []string{"k-secret"}}}}, `"*" cannot be the name of a manufacturer`},
		"odd key":     {mock.Config{Manufacturers: []store.Manufacturer{{Name: "a", Keys: []string{"k-secret\n"}}}}, "visible ASCII"},
		"stranger":    {mock.Config{Connections: []store.Connection{{Manufacturer: "nobody"}}}, `connections[0]: there is no manufacturer "nobody"`},
		"user twice":  {mock.Config{Connections: []store.Connection{{Manufacturer: "acme", UserID: "u", NoxUserID: "1"}, {Manufacturer: "acme", UserID: "u", NoxUserID: "2"}}}, `user_id "u" of "acme" stands twice`},
		"id twice":    {mock.Config{Connections: []store.Connection{{Manufacturer: "acme", UserID: "u", NoxUserID: "1"}, {Manufacturer: "acme", UserID: "v", NoxUserID: "1"}}}, `connections[1]: nox_user_id "1" belongs to user_id "u"`},
		"unknown ids": {mock.Config{IDs: "serial"}, `"derived" or "random", not "serial"`},
	} {
		_, err := mock.New(x.config)
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, x.want)
		}
		if err != nil && (strings.Contains(err.Error(), "k-secret") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: the error gives a key away or is more than a sentence: %v", name, err)
		}
	}
}

func parse(t testing.TB, document string) *spec.Document {
	t.Helper()
	d, err := spec.Parse("test", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestReadFixture(t *testing.T) {
	got, err := store.ReadFixture(strings.NewReader(`{
		"manufacturers": [{"name": "a", "keys": ["k", "l"], "enabled": true}, {"name": "b", "keys": ["m"], "enabled": false}, {"name": "c", "keys": ["n"]}],
		"connections": [{"manufacturer": "a", "user_id": "", "nox_user_id": "1"}, {"manufacturer": "a", "user_id": "v"}]
	}`))
	want := store.Fixture{
		Manufacturers: []store.Manufacturer{{Name: "a", Keys: []string{"k", "l"}, Enabled: true}, {Name: "b", Keys: []string{"m"}}, {Name: "c", Keys: []string{"n"}, Enabled: true}},
		Connections:   []store.Connection{{Manufacturer: "a", NoxUserID: "1"}, {Manufacturer: "a", UserID: "v"}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if none, err := store.ReadFixture(strings.NewReader(`{"manufacturers": []}`)); err != nil || none.Manufacturers == nil {
		t.Errorf("%+v, %v", none, err)
	}
	if empty, err := store.ReadFixture(strings.NewReader(`{}`)); err != nil || empty.Manufacturers != nil {
		t.Errorf("%+v, %v", empty, err)
	}
}

func TestReadFixtureNamesThePlace(t *testing.T) {
	for _, x := range [][2]string{
		{"", "line 1: not valid JSON"},
		{"{\n\"manufacturers\": [\n{\"name\": \"a\",}]}", "line 3: not valid JSON"},
		{"{\n\"manufacturer\": []}", "line 2: unknown property at /manufacturer"},
		{"{\"connections\": [\n{\"user_id\": 1}]}", "line 2: a value of another kind is needed at /connections/0/user_id"},
		{"{\"manufacturers\": [\n\n{\"name\": \"a\", \"keys\": \"k\"}]}", "line 3: a value of another kind is needed at /manufacturers/0/keys"},
		{"{\"connections\": [], \n\"connections\": []}", "line 2: a property stands twice at /connections"},
		{`{"manufacturers": [{"keys": ["k"]}]}`, `manufacturers[0]: "name" is missing`},
		{`{"manufacturers": [{"name": "a", "keys": ["k"]}, {"name": "b", "keys": ["k"]}]}`, "manufacturers[1].keys[0]"},
		{`{"connections": [{"manufacturer": "a", "user_id": "u", "times_asked": -1}]}`, `connections[0]: "times_asked" is 0 to 9007199254740992, not -1`},
		{`{"connections": [{"manufacturer": "a", "user_id": "u", "times_asked": 9007199254740993}]}`, `connections[0]: "times_asked" is 0 to`},
		{`{"connections": [{"manufacturer": "a"}]}`, `connections[0]: "user_id" is missing`},
		{"[]", "line 1: a value of another kind is needed"},
		{"{} {}", "line 1: not valid JSON"},
	} {
		_, err := store.ReadFixture(strings.NewReader(x[0]))
		if err == nil || !strings.HasPrefix(err.Error(), x[1]) {
			t.Errorf("%s: error %v, want %q", x[0], err, x[1])
		}
	}
}

func embedded(t testing.TB) *spec.Document {
	t.Helper()
	d, err := spec.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return d
}
