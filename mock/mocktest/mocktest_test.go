package mocktest_test

import (
	"net/http"
	"strings"
	"testing"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/store"
)

func TestServersShareNothing(t *testing.T) {
	one := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{IDs: mock.RandomIDs}))
	two := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{IDs: mock.RandomIDs}))
	if connect(one, `{"user_id":"u"}`) == connect(two, `{"user_id":"u"}`) {
		t.Error("two servers gave one id")
	}
}

func TestKeys(t *testing.T) {
	all := mock.DefaultManufacturers()
	s := mocktest.NewServer(t)
	if s.APIKey != all[0].Keys[0] || s.OtherAPIKey != all[1].Keys[0] || s.DisabledAPIKey != all[2].Keys[0] {
		t.Errorf("keys %q, %q, %q", s.APIKey, s.OtherAPIKey, s.DisabledAPIKey)
	}
	s = mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Manufacturers: []store.Manufacturer{
		{Name: "off", Keys: []string{"k0"}},
		{Name: "on", Keys: []string{"k1", "k2"}, Enabled: true},
	}}))
	if s.APIKey != "k1" || s.OtherAPIKey != "" || s.DisabledAPIKey != "k0" {
		t.Errorf("keys %q, %q, %q", s.APIKey, s.OtherAPIKey, s.DisabledAPIKey)
	}
}

func TestWrapper(t *testing.T) {
	teapot := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	}
	s := mocktest.NewServer(t, mocktest.WithWrapper(teapot))
	if got := connect(s, `{}`); !strings.HasPrefix(got, "418") {
		t.Errorf("the wrapper was passed by: %s", got)
	}
}

func TestClose(t *testing.T) {
	s := mocktest.NewServer(t)
	connect(s, `{"user_id":"u"}`)
	s.Close()
	s.Close()
	if got := connect(s, `{"user_id":"u"}`); !strings.Contains(got, "refused") {
		t.Errorf("a closed server answers: %s", got)
	}
}

func TestStartTellsWhatIsWrong(t *testing.T) {
	if _, err := mocktest.Start(mocktest.WithConfig(mock.Config{IDs: "serial"})); err == nil {
		t.Error("no error")
	}
}
