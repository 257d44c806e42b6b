package programs_test

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nox.energy/contract/spec"
)

// TestNewman lets a client that was not written here judge the mock, by the
// assertions of a Postman collection; and sees it judge.
func TestNewman(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts node")
	}
	newman := need(t, cmp.Or(os.Getenv("NOX_NEWMAN"), "newman"))
	mock := builtMock(t)
	export := filepath.Join(t.TempDir(), "newman.json")
	const run = `"$0" run ` + clientsFolder + `/newman.json --color off --reporters cli,json --reporter-json-export "$1" \
		--env-var "base_url=$NOX_BASE_URL" --env-var "api_key=$NOX_API_KEY" \
		--env-var "other_api_key=$NOX_OTHER_API_KEY" --env-var "disabled_api_key=$NOX_DISABLED_API_KEY"`

	out, code, card := execMock(t, mock, []string{"--require", "201,400,401,500"}, "sh", "-euc", run, newman, export)
	if code != 0 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if got := metBy(card); got != "201×4 400×4 401×3 500×2" {
		t.Errorf("it met %s", got)
	}
	data, err := os.ReadFile(export)
	if err != nil {
		t.Fatal(err)
	}
	type count struct{ Total, Failed int }
	var report struct {
		Run struct {
			Stats struct{ Requests, Assertions count }
		}
	}
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	if got := report.Run.Stats; got.Requests != (count{13, 0}) || got.Assertions != (count{62, 0}) {
		t.Errorf("newman counts %+v", got)
	}

	out, code, _ = execMock(t, mock, []string{"--defect", "echo-lower-cased"}, "sh", "-euc", run, newman, export)
	if code == 0 || !strings.Contains(out, "the user_id comes back as it was sent") {
		t.Errorf("with a defect: exit code %d\n%s", code, out)
	}
}

// TestDredd lets another program that reads the contract by itself compare each
// documented response with the mock's; and sees it compare.
func TestDredd(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts node")
	}
	dredd := need(t, cmp.Or(os.Getenv("NOX_DREDD"), "dredd"))
	mock := builtMock(t)
	contract, err := spec.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	document := filepath.Join(t.TempDir(), "contract.yaml")
	if err := os.WriteFile(document, contract.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	const run = `"$0" "$1" "$NOX_BASE_URL" --hookfiles ` + clientsFolder + `/dredd-hooks.js --no-color`

	out, code, card := execMock(t, mock, []string{"--require", "201,400,401,500"}, "sh", "-euc", run, dredd, document)
	if code != 0 || !strings.Contains(out, "complete: 4 passing, 0 failing, 0 errors, 0 skipped, 4 total") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if got := metBy(card); got != "201×1 400×1 401×1 500×1" {
		t.Errorf("it met %s", got)
	}

	out, code, _ = execMock(t, mock, []string{"--defect", "401-message-property"}, "sh", "-euc", run, dredd, document)
	if code == 0 || !strings.Contains(out, "complete: 3 passing, 1 failing") {
		t.Errorf("with a defect: exit code %d\n%s", code, out)
	}
}
