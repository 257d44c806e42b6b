package cli_test

import (
	"testing"

	"nox.energy/contract/cmd/internal/cli"
)

func TestBuildInWords(t *testing.T) {
	for want, b := range map[string]cli.Build{
		"(devel)": {Version: "(devel)"},
		"v1.2.3 (commit 0123456789ab, 2026-11-26)": {Version: "v1.2.3", Commit: "0123456789abcdef0123", Date: "2026-11-26T04:00:00Z"},
		"v1.2.3 (commit abc)":                      {Version: "v1.2.3", Commit: "abc"},
		"v1.2.3 (2026-11-26)":                      {Version: "v1.2.3", Date: "2026-11-26"},
	} {
		if got := b.String(); got != want {
			t.Errorf("%+v is %q, want %q", b, got, want)
		}
	}
	if v := cli.ReadBuild().Version; v == "" {
		t.Error("no version")
	}
}
