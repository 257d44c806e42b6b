package conformance_test

import (
	"encoding/json"
	"os"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/mock/mocktest"
)

func TestSoundMockConforms(t *testing.T) {
	srv := mocktest.NewServer(t)
	r, err := conformance.New(conformance.Config{Target: srv.URL, Keys: conformance.Keys{Key: srv.APIKey, Other: srv.OtherAPIKey, Disabled: srv.DisabledAPIKey},
		Provoke: []conformance.Provocation{{Status: "500", Header: "Prefer: code=500"}}})
	if err != nil {
		t.Fatal(err)
	}
	res := r.Run(t.Context())
	for _, c := range res.Checks {
		if c.Outcome != conformance.Pass {
			t.Errorf("%s %s: %s | want %s | got %s", c.Outcome, c.ID, c.Reason, c.Expected, c.Actual)
		}
	}
	t.Log(res.Verdict, res.Requests, res.DurationMS, res.Summary, res.Responses)
	if os.Getenv("DUMP") != "" {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", " ")
		_ = e.Encode(res)
	}
}
