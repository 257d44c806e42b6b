package main

import (
	"bytes"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/defect"
)

// TestRecordedVariationsConform records a run against correct but unusual
// servers and judges the recording: what the run forgave, the recording must be
// forgiven too.
func TestRecordedVariationsConform(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, name := range []string{
		"error-details-null", "json-all-escaped", "created-deep", "first-of-duplicates", "last-of-duplicates", "lone-surrogates-kept",
		"nul-refused", "deep-refused", "huge-numbers-refused", "long-key-400", "byte-order-mark-ignored", "media-type-ignored", "gzip",
	} {
		d, err := defect.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := serve(t.Context(), mock.DefaultManufacturers(), d)
		if err != nil {
			t.Fatal(err)
		}
		live, err := runner.New(conformance.Config{Target: b.target, Keys: keysOf(mock.DefaultManufacturers()), RunID: "recorded", Seed: 1, Evidence: true})
		if err != nil {
			t.Fatal(err)
		}
		var har bytes.Buffer
		if err := report.HAR(&har, live.Run(t.Context())); err != nil {
			t.Fatal(err)
		}
		b.stop()
		rec, err := runner.ReadHAR(&har, d.Name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := runner.JudgeHAR(t.Context(), conformance.Config{}, rec)
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict != conformance.Conforms {
			t.Errorf("%s: %s: %s", d.Name, r.Verdict, r.Reason)
		}
		for _, c := range r.Checks {
			if c.Outcome == conformance.Fail || c.Outcome == conformance.Err {
				t.Errorf("%s: %s: %s, expected %s: %s", d.Name, c.ID, c.Actual, c.Expected, c.Exchanges[0].Curl)
			}
		}
	}
}
